/* prompts/list, prompts/get and completion/complete: what a person can start by
 * a slash command of the client.
 *
 *   /resume the API  ->  one user message: what to do, and below it what the
 *                        memory says of it (the method `resume`)
 *
 * A prompt does not depend on the profile of tools: it is the person who asks,
 * and memory-mcp reads for them. What it tells the model to call is there in
 * the profile that it names. */
#ifndef MCP_SERVER_MCP_MCP_PROMPTS_H
#define MCP_SERVER_MCP_MCP_PROMPTS_H

#include "mcp-server/mcp/session.h"

void mcp_prompts_list(struct session_request *r);
void mcp_prompts_get(struct session_request *r);
void mcp_complete(struct session_request *r);

#endif
