/* Events of libmemory-client: what `subscribe` sends, kept until asked for.
 * The queue is bounded; what does not fit, and what happened while there was
 * no connection, is told by one `lost` event, as the service itself does. It
 * comes after the subscription was renewed: who reads again then misses
 * nothing. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/client/memory_client_int.h"

static struct mc_event *
pop(memory_client *c)
{
	struct mc_event *event = c->events;

	c->events = event->next;
	if (c->events == NULL)
		c->events_tail = &c->events;
	c->events_n--;
	return event;
}

static void
event_free(struct mc_event *event)
{
	free(event->text);
	json_decref(event->json);
	free(event);
}

void
mc_events_clear(memory_client *c)
{
	while (c->events != NULL)
		event_free(pop(c));
	c->lost = false;
	c->lost_after = 0;
}

/* Changes after `from` are unknown: told after the events that wait. Two gaps
 * become one, from the beginning of the first. */
static void
lose(memory_client *c, int64_t from)
{
	if (!c->lost || from < c->lost_from)
		c->lost_from = from;
	c->lost = true;
	c->lost_after = c->events_n;
}

void
mc_events_from(memory_client *c, const json_t *reply, bool gap)
{
	if (gap)
		lose(c, c->seen_change);
	(void)jx_integral(json_object_get(reply, "change"), &c->seen_change);
	if (!gap)
		c->taken_change = c->seen_change;
}

void
mc_event_add(memory_client *c, const json_t *msg, const char *line, size_t n)
{
	struct mc_event *event = calloc(1, sizeof(*event));

	if (event != NULL && c->gives_json)
		event->json = json_incref((json_t *)(uintptr_t)msg);
	else if (event != NULL)
		event->text = strndup(line, n);
	if (event == NULL || (event->text == NULL && event->json == NULL)) {
		free(event);
		lose(c, c->seen_change);
		return;
	}
	if (c->events_n >= MC_EVENTS_MAX) {
		int64_t from = c->lost && c->lost_from < c->taken_change
				       ? c->lost_from
				       : c->taken_change;

		mc_events_clear(c);
		lose(c, from);
	}
	(void)jx_integral(json_object_get(msg, "change"), &event->change);
	c->seen_change = event->change;
	*c->events_tail = event;
	c->events_tail = &event->next;
	c->events_n++;
}

/* True while the reply of a subscribe is awaited. */
static bool
subscribing(const memory_client *c)
{
	for (const struct mc_call *p = c->calls; p != NULL; p = p->next)
		if (p->kind == MC_SUBSCRIBE)
			return true;
	return false;
}

static int
take_lost(memory_client *c, char **ret_text, json_t **ret_json)
{
	char text[64];

	snprintf(text, sizeof(text), "{\"event\":\"lost\",\"change\":%lld}",
		(long long)c->lost_from);
	if (c->gives_json)
		*ret_json = jx_parse(text, strlen(text), NULL);
	else
		*ret_text = strdup(text);
	if (c->gives_json ? *ret_json == NULL : *ret_text == NULL)
		return mc_nomem(c);
	c->lost = false;
	return MEMORY_OK;
}

/* Something to hand out: MEMORY_OK, MEMORY_NO_MEMORY, or MEMORY_TIMED_OUT. */
static int
take_event(memory_client *c, char **ret_text, json_t **ret_json)
{
	if (c->lost && c->lost_after == 0)
		return take_lost(c, ret_text, ret_json);
	if (c->events == NULL)
		return MEMORY_TIMED_OUT;
	struct mc_event *event = pop(c);

	if (c->lost_after > 0)
		c->lost_after--;
	c->taken_change = event->change;
	if (c->gives_json)
		*ret_json = take_ptr(event->json);
	else
		*ret_text = take_ptr(event->text);
	event_free(event);
	return MEMORY_OK;
}

int
memory_client_next_event(memory_client *c, int timeout_ms, char **ret_event)
{
	if (ret_event == NULL)
		return mc_fail(c, MEMORY_BAD_ARGUMENT, "ret_event is NULL");
	*ret_event = NULL;
	return mc_next_event(c, timeout_ms, ret_event, NULL);
}

int
mc_next_event(memory_client *c, int timeout_ms, char **ret_text,
	json_t **ret_json)
{
	int64_t until = mc_until(timeout_ms);

	for (;;) {
		int r = mc_pump(c);
		int taken = take_event(c, ret_text, ret_json);

		if (taken != MEMORY_TIMED_OUT)
			return taken;
		if (r != MEMORY_OK)
			return mc_nomem(c);
		if (!c->subscribed && !subscribing(c))
			return mc_fail(c, MEMORY_BAD_ARGUMENT,
				"there is no "
				"subscription: call `subscribe` first");
		if (clock_mono_ns() >= until)
			return mc_fail(c, MEMORY_TIMED_OUT,
				"no event within %d ms", timeout_ms);
		mc_wait(c, until);
	}
}
