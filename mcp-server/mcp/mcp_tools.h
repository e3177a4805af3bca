/* tools/list and tools/call. */
#ifndef MCP_SERVER_MCP_MCP_TOOLS_H
#define MCP_SERVER_MCP_MCP_TOOLS_H

#include "mcp-server/mcp/session.h"

void mcp_tools_list(struct session_request *r);
void mcp_tools_call(struct session_request *r);

/* The list alone: deterministic, in the order of the records (tool.order). Returns new, or
 * NULL: no memory. */
json_t *mcp_tools_json(const struct profile *p) MUST_CHECK;

/* Answers -32602 and returns true when a list request has a cursor: lists
 * have one page. */
bool mcp_bad_cursor(struct session_request *r);

#endif
