/* memory://knowledge-graph and memory://entity/{name}. */
#ifndef MCP_SERVER_MCP_MCP_RESOURCES_H
#define MCP_SERVER_MCP_MCP_RESOURCES_H

#include "mcp-server/mcp/session.h"

void mcp_resources_list(struct session_request *r);
void mcp_resources_templates(struct session_request *r);
void mcp_resources_read(struct session_request *r);

/* Answers with the era's code for a resource that does not exist. */
void resource_not_found(struct session_request *r, const char *uri);

/* Can this be subscribed to? Says nothing about whether the entity exists. */
bool resource_is_known(const char *uri);

/* Did a change event of memory-db touch the resource? */
bool resource_is_touched(const char *uri, json_t *event);

#endif
