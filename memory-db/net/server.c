/* The loop. A turn: what arrived is read and gathered; at its end the
 * gathered jobs go to the workers in one push each and every connection with
 * output gets one write. Workers wake the loop once for all that is done.
 *
 * How it ends is in server_end.c. */
#include "memory-db/net/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "memory-db/net/dispatch.h"
#include "memory-db/net/feed.h"
#include "memory-db/net/lease.h"
#include "memory-db/net/listen.h"
#include "memory-db/net/notify.h"
#include "memory-db/net/request.h"
#include "memory-db/net/server_int.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/work/script_methods.h"

#define SECOND_NS 1000000000LL
/* Clients wait this long for a migration before they are let in and told. */
#define MIGRATION_GRACE_NS (SECOND_NS / 2)
/* Whether database and socket are still there is looked at this often. */
#define CHECK_NS (2 * SECOND_NS)

/* --- lists of the turn ---------------------------------------------------- */
/* The input budget has room again: asks those that waited for it. */
static void
feed_starved(struct server *s)
{
	struct conn *c, *next;

	if (!s->has_room || s->starved_n == 0)
		return;
	s->has_room = false;
	for (c = s->conns; c; c = next) {
		next = c->next;
		if (c->is_starved)
			conn_update(c);
	}
}

/* Input that waited for its connection. What stays goes to the next turn. */
static void
resume_waiting(struct server *s)
{
	struct conn *list = s->resumed, *c;

	s->resumed = NULL;
	while ((c = list)) {
		list = c->next_resumed;
		c->is_resumed = false;
		if (conn_resume(c))
			server_mark_resumed(s, c);
	}
}

static void
flush_dirty(struct server *s)
{
	struct conn *c;

	/* A flush may make new output (an event that was held back). */
	while ((c = s->dirty)) {
		s->dirty = c->next_dirty;
		c->is_dirty = false;
		conn_flush(c);
	}
}

/* Those that are still in a list of the next turn live until then. */
static void
free_dead(struct server *s)
{
	struct conn *c, **at = &s->dead;

	while ((c = *at)) {
		if (c->is_resumed || c->is_dirty) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		conn_free(c);
	}
}

/* --- a turn --------------------------------------------------------------- */
static void
on_turn_end(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct server *s = w->data;

	(void)events;
	feed_starved(s);
	resume_waiting(s);
	dispatch_flush(s);
	flush_dirty(s);
	if (s->phase != SERVER_SERVING)
		server_end_advance(s);
	if (s->resumed)
		ev_idle_start(loop, &s->busy);
	else
		ev_idle_stop(loop, &s->busy);
	free_dead(s);
}

static void
on_busy(struct ev_loop *loop, ev_idle *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

/* --- workers -------------------------------------------------------------- */
static void
announce(struct server *s, const char *line)
{
	if (s->ready_fd >= 0) {
		(void)!write(s->ready_fd, line, strlen(line));
		close(s->ready_fd);
		s->ready_fd = -1;
	}
}

static void
read_last_change(struct server *s)
{
	struct counters t;
	struct err e;

	if (store_counters(s->db, &t, &e) == 0) {
		if (t.last_change > s->last_change)
			s->last_change = t.last_change;
		counters_done(&t);
	}
}

/* Opening has ended, in one way or the other. */
static void
look_at_state(struct server *s)
{
	enum work_state state = work_state(s->work);
	const struct err *e = work_failure(s->work);
	char line[sizeof e->text + 64];

	if (state == WORK_FAILED && s->phase == SERVER_SERVING) {
		snprintf(line, sizeof line, "%s %s\n", err_name(e->code),
			e->text);
		announce(s, line);
		fprintf(stderr, "memory-db: %s\n", e->text);
		server_stop(s, SERVER_EXIT_SYSTEM, e->text);
	}
	if (state == WORK_READY && !s->is_open) {
		s->is_open = true;
		read_last_change(s);
	}
	if (s->is_announced || state == WORK_OPENING || state == WORK_FAILED)
		return;
	/* Making a new database is a migration too, but a short one: nobody
	 * shall get `busy` for that. */
	if (state == WORK_MIGRATING &&
		clock_mono_ns() - s->started_ns < MIGRATION_GRACE_NS)
		return;
	s->is_announced = true;
	listen_start(s);
	announce(s, "ready\n");
	notify_send("READY=1");
	log_event(LOG_INFO, "ready", 0,
		LOG_S("state", state == WORK_READY ? "ready" : "migrating"),
		LOG_S("database", database_path(s->db)),
		LOG_S("socket", s->config->socket),
		LOG_S("version", MEMORY_VERSION), LOG_I("pid", getpid()));
}

static void
on_woken(struct ev_loop *loop, ev_async *w, int events)
{
	struct server *s = w->data;
	struct job *j, *next;

	(void)loop;
	(void)events;
	look_at_state(s);
	for (j = work_take_done(s->work); j; j = next) {
		next = j->next;
		if (j->kind == JOB_OWN)
			feed_own(s, j);
		else
			dispatch_done(j);
	}
}

/* Called by worker threads. */
static void
wake(void *ctx)
{
	struct server *s = ctx;

	ev_async_send(s->loop, &s->woken);
}

/* --- the clock ------------------------------------------------------------ */
static void
check_vanished(struct server *s, int64_t now)
{
	if (now - s->checked_ns < CHECK_NS || s->phase != SERVER_SERVING)
		return;
	s->checked_ns = now;
	if (database_vanished(s->db))
		server_stop(s, SERVER_EXIT_SYSTEM,
			"the database file, its lock file or its folder was "
			"removed or replaced");
	else if (s->is_announced && listen_vanished(s))
		server_stop(s, SERVER_EXIT_SYSTEM,
			"the socket was removed or replaced");
}

static void
check_idle(struct server *s, int64_t now)
{
	if (s->conns_n > 0 || s->requests_n > 0) {
		s->idle_since_ns = now;
		return;
	}
	if (s->config->exit_when_idle_s > 0 && s->is_announced &&
		work_state(s->work) == WORK_READY &&
		now - s->idle_since_ns >=
			s->config->exit_when_idle_s * SECOND_NS)
		server_stop(s, 0, "idle");
}

/* A writer that is stuck must not be kept alive by a healthy loop. */
static void
ping_watchdog(struct server *s, int64_t now)
{
	int64_t limit_ns = s->watchdog_ms * 1000000;
	int64_t busy_since = work_writer_busy_since(s->work);

	if (limit_ns == 0 || now - s->pinged_ns < limit_ns / 3)
		return;
	if (busy_since && now - busy_since > limit_ns)
		return;
	s->pinged_ns = now;
	notify_send("WATCHDOG=1");
}

static void
server_on_tick(struct ev_loop *loop, ev_timer *w, int events)
{
	struct server *s = w->data;
	int64_t now = clock_mono_ns();
	struct conn *c, *next;

	(void)loop;
	(void)events;
	for (c = s->conns; c; c = next) {
		next = c->next;
		conn_tick(c, now);
	}
	if (!s->is_announced)
		look_at_state(s);
	check_vanished(s, now);
	check_idle(s, now);
	ping_watchdog(s, now);
}

static void
server_on_signal(struct ev_loop *loop, ev_signal *w, int events)
{
	const char *name = w->signum == SIGINT ? "SIGINT" : "SIGHUP";

	(void)loop;
	(void)events;
	server_stop(w->data, 0, w->signum == SIGTERM ? "SIGTERM" : name);
}

/* --- what happens to a connection ----------------------------------------- */
static void
on_conn_closed(struct conn *c)
{
	feed_unsubscribe(c);
	request_orphan_all(c);
	lease_drop_all(c);
}

static const struct conn_events conn_events = {.frame = dispatch_frame,
	.drained = feed_drained,
	.closed = on_conn_closed};

/* --- running -------------------------------------------------------------- */
static void
start_watchers(struct server *s)
{
	double tick = 1.0;

	s->acceptable.data = s->woken.data = s->turn_end.data = s;
	s->busy.data = s->terminate.data = s->interrupt.data = s;
	s->hangup.data = s->tick.data = s;
	ev_async_init(&s->woken, on_woken);
	ev_prepare_init(&s->turn_end, on_turn_end);
	ev_idle_init(&s->busy, on_busy);
	ev_signal_init(&s->terminate, server_on_signal, SIGTERM);
	ev_signal_init(&s->interrupt, server_on_signal, SIGINT);
	ev_signal_init(&s->hangup, server_on_signal, SIGHUP);
	if (s->watchdog_ms > 0 && s->watchdog_ms < 3000)
		tick = (double)s->watchdog_ms / 3000;
	ev_timer_init(&s->tick, server_on_tick, tick, tick);
	ev_async_start(s->loop, &s->woken);
	ev_prepare_start(s->loop, &s->turn_end);
	ev_signal_start(s->loop, &s->terminate);
	ev_signal_start(s->loop, &s->interrupt);
	ev_signal_start(s->loop, &s->hangup);
	ev_timer_start(s->loop, &s->tick);
}

static int
server_start(struct server *s, const struct server_options *o, struct err *e)
{
	struct work_options wo = {.db = o->db,
		.group_max = (size_t)o->config->group_max,
		.embedding = {.x = o->config->embedder,
			.disk_free_bytes = o->config->disk_free_bytes,
			.question_ms = o->config->embed_question_ms,
			.vectors_bytes = o->config->vectors_bytes},
		.chat = o->config->chat,
		.no_upkeep = o->config->no_upkeep,
		.wake = wake,
		.wake_ctx = s};
	struct sandbox_options so = {.methods = script_methods(),
		.wall_max_ms = o->config->script_ms,
		.off = o->config->no_scripts
			       ? "scripts are switched off here (--no-scripts)"
			       : NULL};

	s->config = o->config;
	s->conn_events = &conn_events;
	s->db = o->db;
	s->listen_fd = o->listen_fd;
	s->owns_socket = o->owns_socket;
	s->ready_fd = o->ready_fd;
	s->spare_fd = -1;
	s->started_ns = s->idle_since_ns = clock_mono_ns();
	s->watchdog_ms = notify_watchdog_ms();
	rate_init(&s->rate, (double)o->config->writes_per_minute,
		o->config->writes_burst);
	rate_init(&s->day, (double)o->config->day_bytes / (24 * 60),
		o->config->day_bytes);
	s->scratch = malloc(SERVER_READ_BYTES);
	/* not the default loop: that one reaps the jails */
	s->loop = ev_loop_new(EVFLAG_AUTO);
	s->methods = by_method_new();
	if (!s->scratch || !s->methods || !s->loop)
		return err_nomem(e);
	if (sandbox_open(&so, &s->sandbox, e) != 0)
		return e->code;
	wo.sandbox = s->sandbox;
	start_watchers(s);
	return work_start(&wo, &s->work, e);
}

/* What is left after the loop. All accepted work is done by then. */
static void
server_finish(struct server *s)
{
	struct job *j, *next;

	while (s->conns)
		conn_close(s->conns);
	work_stop(s->work);
	for (j = work_take_done(s->work); j; j = next) {
		next = j->next;
		if (j->kind == JOB_OWN)
			feed_own(s, j);
		else
			request_finish(request_of(j));
	}
	s->dirty = s->resumed = NULL;
	for (struct conn *c = s->dead; c; c = c->next)
		c->is_dirty = c->is_resumed = false;
	free_dead(s);
	work_free(s->work);
	sandbox_close(s->sandbox);
}

static void
server_loop(struct server *s)
{
	int64_t room = listen_prepare(s);

	if (room < s->config->connections)
		log_event(LOG_WARN, "few file descriptors", 0,
			LOG_I("connections", room),
			LOG_I("wanted", s->config->connections));
	ev_run(s->loop, 0);
	server_finish(s);
	listen_close(s);
	log_event(LOG_INFO, "stopped", 0, LOG_I("exit", s->exit_code));
}

int
server_run(const struct server_options *o)
{
	struct server *s = calloc(1, sizeof *s);
	struct err e = {0};
	int code = SERVER_EXIT_SYSTEM;

	if (!s) {
		close(o->listen_fd);
		return code;
	}
	if (server_start(s, o, &e)) {
		char line[sizeof e.text + 64];

		snprintf(line, sizeof line, "%s %s\n", err_name(e.code),
			e.text);
		announce(s, line);
		fprintf(stderr, "memory-db: %s\n", e.text);
		listen_close(s);
	} else {
		server_loop(s);
		code = s->exit_code;
	}
	free(s->scratch);
	free(s->methods);
	if (s->loop)
		ev_loop_destroy(s->loop);
	free(s);
	return code;
}
