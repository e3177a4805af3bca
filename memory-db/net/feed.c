/* The change feed. An event is made once and copied to each subscriber. A
 * subscriber that does not read would make the service keep events for it
 * without end; it gets one event `lost` instead, and reads what it missed with
 * changes_since. */
#include "memory-db/net/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"

void
feed_subscribe(struct conn *c, const char *namespace_, bool all)
{
	if (!c->is_subscribed)
		c->server->subscribers_n++;
	c->is_subscribed = true;
	c->wants_all = all;
	snprintf(c->feed_namespace, sizeof c->feed_namespace, "%s", namespace_);
	c->feed_behind = 0;
	c->feed_lost = 0;
}

void
feed_unsubscribe(struct conn *c)
{
	if (c->is_subscribed)
		c->server->subscribers_n--;
	c->is_subscribed = false;
	c->feed_lost = 0;
}

/* Sets a text member unless there is none. */
static int
feed_set_text(json_t *o, const char *key, const char *text)
{
	return text ? jx_set(o, key, json_string(text)) : 0;
}

/* Appends the event as a line. */
static int
event_line(const struct job *j, const struct change_note *n, struct buf *out)
{
	AUTO_JSON json_t *o = json_object();
	char at[CLOCK_TEXT_SIZE];

	clock_format(n->at, at);
	if (!o || jx_set(o, "event", json_string("change")) ||
		jx_set(o, "change", json_integer(n->change)) ||
		jx_set(o, "namespace", json_string(n->namespace_)) ||
		jx_set(o, "at", json_string(at)) ||
		feed_set_text(o, "client", j->ctx.client) ||
		feed_set_text(o, "session", j->ctx.session) ||
		feed_set_text(o, "kind", n->kind) ||
		jx_set(o, "entities",
			n->entities ? json_incref(n->entities)
				    : json_array()) ||
		(n->more > 0 && jx_set(o, "more", json_integer(n->more))) ||
		jx_dump(o, out) || buf_addc(out, '\n'))
		return MDB_E_NOMEM;
	return 0;
}

/* The name in the note is that of the namespace; the writer may have called it
 * by an alias, and so may the subscriber. */
static bool
wants(const struct conn *c, const struct job *j, const struct change_note *n)
{
	const char *name = n->namespace_;

	if (!c->is_subscribed)
		return false;
	return c->wants_all || strcmp(name, "default") == 0 ||
	       strcmp(name, c->feed_namespace) == 0 ||
	       (!j->ctx.user_scope && j->ctx.namespace_ &&
		       strcmp(j->ctx.namespace_, c->feed_namespace) == 0);
}

void
feed_publish(struct server *s, const struct job *j, const struct change_note *n)
{
	AUTO_BUF struct buf line = {0};
	struct conn *c, *next;
	int64_t change = n->change;
	bool is_lost;

	if (change > s->last_change)
		s->last_change = change;
	if (s->subscribers_n == 0)
		return;
	is_lost = event_line(j, n, &line) != 0;
	for (c = s->conns; c; c = next) {
		next = c->next; /* conn_send may close c */
		if (!wants(c, j, n))
			continue;
		if (c->feed_lost == 0 &&
			(is_lost || c->feed_behind >= LIMIT_FEED_EVENTS ||
				conn_unsent(c) + line.len >
					LIMIT_CONN_OUTPUT_BYTES))
			c->feed_lost = change;
		if (c->feed_lost) {
			/* Told as soon as the output is empty. */
			server_mark_dirty(s, c);
			continue;
		}
		c->feed_behind++;
		conn_send(c, line.data, line.len);
	}
}

void
feed_own(struct server *s, struct job *j)
{
	for (const struct effect *x = j->effects.first; x; x = x->next)
		if (x->kind == EFFECT_FEED)
			feed_publish(s, j, &x->note);
	job_done(j);
	free(j);
}

void
feed_drained(struct conn *c)
{
	char line[80];
	int n;

	c->feed_behind = 0;
	if (!c->is_subscribed || c->feed_lost == 0)
		return;
	n = snprintf(line, sizeof line,
		"{\"event\":\"lost\",\"change\":%lld}\n",
		(long long)c->feed_lost);
	c->feed_lost = 0;
	conn_send(c, line, (size_t)n);
}
