/* Resource subscriptions of both eras, fed by memory-db's change events. */
#ifndef MCP_SERVER_MCP_SUBSCRIBE_H
#define MCP_SERVER_MCP_SUBSCRIBE_H

#include "mcp-server/mcp/session.h"

/* legacy: resources/subscribe and unsubscribe */
void subscribe_legacy_add(struct session_request *r);
void subscribe_legacy_remove(struct session_request *r);
/* modern: subscriptions/listen */
void subscribe_listen(struct session_request *r);

/* Ends the listen request with this id, silently; false: there is none. */
bool subscribe_cancel(struct session *s, const json_t *id);
/* Ends all with their result, at the end of the session. */
void subscribe_end_all(struct session *s);
void subscribe_free_all(struct session *s);

#endif
