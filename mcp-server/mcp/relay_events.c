/* One subscription at memory-db for all of this client's: asked for when the
 * first is wanted, kept over reconnects by the client library. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/log.h"
#include "mcp-server/mcp/relay_int.h"

/* Pause before events are asked for again. */
#define RESUBSCRIBE_MS 2000

static void
subscribe_done(void *ctx, int rc, json_t *reply, const struct err *e)
{
	struct relay *r = ctx;

	(void)reply;
	r->subscribe = NULL;
	r->subscribed = rc == 0;
	if (rc == 0)
		return;
	log_event(LOG_WARN, "no events", 0, LOG_S("error", e->text));
	r->resubscribe_ns = clock_mono_ns() + RESUBSCRIBE_MS * MS;
}

static void
unsubscribe_done(void *ctx, int rc, json_t *reply, const struct err *e)
{
	(void)ctx;
	(void)reply;
	if (rc)
		log_event(LOG_DEBUG, TOOL_NAME(unsubscribe), 0,
			LOG_S("error", e->text));
}

void
relay_events(struct relay *r, bool wanted, relay_event_fn fn, void *ctx)
{
	r->events_wanted = wanted;
	r->event_fn = fn;
	r->event_ctx = ctx;
}

void
relay_keep_subscription(struct relay *r)
{
	if (r->events_wanted && !r->subscribed && !r->subscribe &&
		clock_mono_ns() >= r->resubscribe_ns) {
		r->subscribe = relay_call(r, TOOL_NAME(subscribe),
			json_object(), false, subscribe_done, r);
	} else if (!r->events_wanted && r->subscribed) {
		r->subscribed = false;
		if (!relay_call(r, TOOL_NAME(unsubscribe), json_object(), false,
			    unsubscribe_done, NULL))
			log_event(LOG_WARN, TOOL_NAME(unsubscribe), 0,
				LOG_S("error", "out of memory"));
	}
}

void
relay_deliver_events(struct relay *r)
{
	json_t *next;
	bool any = false;

	while (r->subscribed &&
		mc_json_next_event(r->client, 0, &next) == MEMORY_OK) {
		AUTO_JSON json_t *event = next;

		if (!r->event_fn)
			continue;
		r->event_fn(r->event_ctx, event);
		any = true;
	}
	if (any)
		r->event_fn(r->event_ctx, NULL);
}
