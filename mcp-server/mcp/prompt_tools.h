/* Which tools that a prompt speaks of an agent does not have. */
#ifndef MCP_SERVER_MCP_PROMPT_TOOLS_H
#define MCP_SERVER_MCP_PROMPT_TOOLS_H

#include "common/buf.h"
#include "mcp-server/mcp/profile.h"

/* Adds a sentence to out that names them with their profiles; none where the
 * agent has them all. 0 or MDB_E_NOMEM. */
int prompt_tools_add(const char *says, const struct profile *has,
	struct buf *out) MUST_CHECK;

#endif
