/* Shared by session.c (answers) and session_lines.c (what comes in). */
#ifndef MCP_SERVER_MCP_SESSION_INT_H
#define MCP_SERVER_MCP_SESSION_INT_H

#include "mcp-server/mcp/session.h"

struct session_batch {
	json_t *answers; /* owned */
	size_t pending;	 /* requests, and one while it is being read */
};

/* One request of the batch less; the last one sends the answers. */
void session_batch_release(struct session *s, struct session_batch *b);

/* Takes value_new also on failure (NULL: no memory). */
struct session_request *session_request_new(struct session *s,
	json_t *value_new, const struct jsonrpc_msg *m, struct session_batch *b,
	size_t bytes);

/* Answers what is no request, or could not become one. */
void session_answer_error(struct session *s, struct session_batch *b,
	json_t *id, int code, const char *text);

#endif
