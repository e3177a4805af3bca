/* Inside the relay: relay.c has the calls, relay_events.c the subscription. */
#ifndef MCP_SERVER_MCP_RELAY_INT_H
#define MCP_SERVER_MCP_RELAY_INT_H

#include "common/limits.h"
#include "common/client/memory_client.h"
#include "common/client/memory_client_int.h"
#include "mcp-server/mcp/relay.h"
#include "mcp-server/mcp/service.h"

#define MS 1000000LL /* in nanoseconds */

enum service_state { SERVICE_UNKNOWN, SERVICE_CHECKING, SERVICE_READY };

struct relay_call {
	struct relay_call *next;
	struct relay *relay;
	const char *method;	       /* a literal of the caller */
	json_t *params;		       /* owned; NULL: none */
	char key[LIMIT_KEY_BYTES + 1]; /* "" for reads */
	relay_done_fn fn;
	relay_text_fn text_fn; /* instead of fn */
	void *ctx;
	bool sent;
	unsigned long long ticket;
	int64_t deadline_ns;
	int64_t unreachable_ns; /* since when; 0: it was reached last time */
	int64_t busy_until_ns;	/* how long `busy` is borne; 0: not yet said */
	int64_t retry_ns;	/* not before */
};

struct relay {
	struct relay_options o;
	memory_client *client;
	struct relay_call *calls, **tail; /* in order of submission */
	enum service_state service;
	struct service_check check;
	int give_up_ms;
	char key_prefix[24];
	uint64_t key_n;
	bool events_wanted, subscribed;
	struct relay_call *subscribe;
	int64_t resubscribe_ns;
	relay_event_fn event_fn;
	void *event_ctx;
};

/* Asks for events when they are wanted and not under way. */
void relay_keep_subscription(struct relay *r);
/* Hands out those that have come. */
void relay_deliver_events(struct relay *r);

#endif
