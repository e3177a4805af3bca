/* What of an agent's arguments reaches memory-db, and what is added. */
#ifndef MCP_SERVER_MCP_MCP_ARGS_H
#define MCP_SERVER_MCP_MCP_ARGS_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "mcp-server/mcp/profile.h"

/* Takes out of args (changed in place) what this profile does not know. The
 * nine tools ignore it: names are appended to `ignored`. Other tools refuse
 * it. 0, MDB_E_INVALID or MDB_E_NOMEM. */
int mcp_args_filter(const struct tool *t, const struct profile *p, json_t *args,
	json_t *ignored, struct err *e) MUST_CHECK;

/* Flags of the parameters that this profile does not show of the tool. */
unsigned mcp_args_hidden(const struct tool *t, const struct profile *p);

/* Adds budgets, modes and the client's name. 0 or MDB_E_NOMEM. */
int mcp_args_complete(const struct tool *t, const struct profile *p,
	const char *client, json_t *args) MUST_CHECK;

/* Adds the parameters that are shown by profile to an inputSchema: scope,
 * as_of, branch. 0 or MDB_E_NOMEM. */
int mcp_args_schema(const struct tool *t, const struct profile *p,
	json_t *schema) MUST_CHECK;

/* The string at a path like "observations[2].entityName", or NULL. */
const char *mcp_args_at(json_t *args, const char *path);

#endif
