/* The end of the service:
 *
 *   serving -> finishing (reads nothing, waits for accepted work)
 *           -> flushing (waits for clients to take their replies) -> ended
 *
 * A client that takes nothing is waited for no longer than FLUSH_NS. */
#include "memory-db/net/server_int.h"

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/net/listen.h"
#include "memory-db/net/notify.h"

/* Clients get this long to take their last replies. */
#define FLUSH_NS (5 * 1000000000LL)

void
server_stop(struct server *s, int exit_code, const char *why)
{
	struct conn *c, *next;

	if (s->phase != SERVER_SERVING)
		return;
	log_event(exit_code ? LOG_ERROR : LOG_INFO, "stopping", 0,
		LOG_S("why", why), LOG_I("requests", s->requests_n),
		LOG_I("connections", s->conns_n));
	s->phase = SERVER_FINISHING;
	s->exit_code = exit_code;
	notify_send("STOPPING=1");
	listen_stop(s);
	if (s->work)
		work_end_long(s->work);
	for (c = s->conns; c; c = next) {
		next = c->next;
		conn_update(c);
	}
}

void
server_end_advance(struct server *s)
{
	int64_t now = clock_mono_ns();
	const struct conn *c;

	if (s->phase == SERVER_FINISHING && s->requests_n == 0) {
		s->phase = SERVER_FLUSHING;
		s->flush_until_ns = now + FLUSH_NS;
	}
	if (s->phase != SERVER_FLUSHING)
		return;
	for (c = s->conns; c; c = c->next)
		if (conn_unsent(c) > 0 && now < s->flush_until_ns)
			return;
	ev_break(s->loop, EVBREAK_ALL);
}
