/* Requests: each is answered exactly once.
 *
 * A request with an id is answered when it is done. Those without an id are
 * answered in the order in which they came, because only the order tells a
 * client which reply is whose; a read among them waits for the writes before
 * it, and so sees what they wrote.
 *
 *   write A, read B, write C (no ids)    A runs; B waits for A; C runs
 *                                        replies leave as A, B, C */
#include "memory-db/net/audit.h"
#include "memory-db/net/request.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/net/dispatch.h"
#include "memory-db/net/feed.h"
#include "memory-db/net/lease.h"

/* A request that took longer is logged at level info. */

struct request *
request_new(struct conn *c, size_t bytes)
{
	struct request *r = calloc(1, sizeof *r);
	struct server *s = c->server;

	if (!r)
		return NULL;
	job_init(&r->job, ++s->next_serial);
	r->job.bytes = bytes;
	r->server = s;
	r->conn = c;
	r->next = c->requests;
	if (c->requests)
		c->requests->prev = r;
	c->requests = r;
	c->pending++;
	c->held += bytes;
	s->input_bytes += bytes;
	s->requests_n++;
	s->requests_total++;
	return r;
}

struct request *
request_new_internal(struct server *s, const struct tool *tool,
	json_t *params_new)
{
	struct request *r = params_new ? calloc(1, sizeof *r) : NULL;

	if (!r) {
		json_decref(params_new);
		return NULL;
	}
	job_init(&r->job, ++s->next_serial);
	r->job.tool = tool;
	r->job.params = params_new;
	r->server = s;
	s->requests_n++;
	s->requests_total++;
	return r;
}

void
request_order(struct request *r)
{
	struct conn *c = r->conn;

	if (!c || r->is_ordered)
		return;
	r->is_ordered = true;
	if (c->ordered_last)
		c->ordered_last->later = r;
	else
		c->ordered = r;
	c->ordered_last = r;
}

void
request_set_write(struct request *r, bool is_write)
{
	if (r->conn && r->is_ordered && r->is_write != is_write) {
		if (is_write)
			r->conn->ordered_writes++;
		else
			r->conn->ordered_writes--;
	}
	r->is_write = is_write;
}

static void
unlink_from_conn(struct request *r)
{
	struct conn *c = r->conn;

	if (r->prev)
		r->prev->next = r->next;
	else
		c->requests = r->next;
	if (r->next)
		r->next->prev = r->prev;
	assert(c->pending > 0);
	c->pending--;
	r->next = r->prev = NULL;
	r->conn = NULL;
}

static void
request_free_here(struct request *r)
{
	assert(r->server->requests_n > 0 &&
		r->server->input_bytes >= r->job.bytes);
	r->server->input_bytes -= r->job.bytes;
	r->server->requests_n--;
	job_done(&r->job);
	free(r);
}

/* Sends the reply and lets go of the connection and the request. */
static void
deliver(struct request *r)
{
	struct conn *c = r->conn;
	struct buf reply = r->job.reply;
	size_t bytes = r->job.bytes;
	bool is_silent = r->is_silent;
	AUTO_FD int fd = r->job.fd;
	/* A request whose id nobody knows: its client can only learn from the
	 * end of the connection which reply is missing. */
	bool is_last = r->job.code == MDB_E_PROTOCOL || r->job.is_unread;

	memset(&r->job.reply, 0, sizeof r->job.reply);
	r->job.fd = -1;
	if (c)
		unlink_from_conn(r);
	request_free_here(r);
	if (c) {
		if (!is_silent && reply.len == 0)
			conn_close(c);
		else if (!is_silent && fd >= 0)
			conn_send_with(c, reply.data, reply.len, take_fd(&fd));
		else if (!is_silent)
			conn_send(c, reply.data, reply.len);
		if (is_last)
			conn_finish(c);
		conn_release(c, bytes);
	}
	buf_done(&reply);
}

/* The first read that waited for writes which are all answered now. */
static struct request *
next_unparked(const struct conn *c)
{
	struct request *r;

	for (r = c->ordered; r; r = r->later) {
		if (r->is_parked)
			return r;
		if (r->is_write && !r->is_finished)
			return NULL;
	}
	return NULL;
}

/* The requests without id whose turn has come: answers those that are done,
 * starts the reads that waited for the writes before them. */
static void
advance_ordered(struct conn *c)
{
	struct request *r;

	while (!c->is_dead && (r = c->ordered) && r->is_finished) {
		c->ordered = r->later;
		if (!c->ordered)
			c->ordered_last = NULL;
		if (r->is_write)
			c->ordered_writes--;
		deliver(r);
	}
	/* Starting one may answer it and come back here: look anew. */
	while (!c->is_dead && (r = next_unparked(c))) {
		r->is_parked = false;
		dispatch_unparked(r);
	}
}

void
request_unorder(struct request *r)
{
	struct conn *c = r->conn;
	struct request **at, *before = NULL;

	if (!r->is_ordered)
		return;
	request_set_write(r, false);
	r->is_ordered = false;
	if (!c)
		return;
	for (at = &c->ordered; *at != r; at = &before->later)
		before = *at;
	*at = r->later;
	if (c->ordered_last == r)
		c->ordered_last = before;
	r->later = NULL;
	advance_ordered(c);
}

static enum log_level
level_of(const struct config *config, int code, int64_t us)
{
	if (code == MDB_E_STORE || code == MDB_E_CORRUPT ||
		code == MDB_E_INTERNAL)
		return LOG_ERROR;
	if (code == MDB_E_NOMEM)
		return LOG_WARN;
	return us >= config->slow_ms * 1000 ? LOG_INFO : LOG_DEBUG;
}

static void
count_and_log(struct request *r)
{
	const struct job *j = &r->job;
	int64_t ns = j->queued_ns ? clock_mono_ns() - j->queued_ns : 0;
	int64_t us = ns / 1000;

	if (j->code <= 0 && -j->code < MDB_E_MAX)
		r->server->outcomes[-j->code]++;
	if (j->tool)
		by_method_count(r->server->methods, j->tool, j->code, ns);
	log_event(level_of(r->server->config, j->code, us), "request",
		j->serial, LOG_S("method", j->tool ? j->tool->name : "?"),
		LOG_S("code", j->code ? err_name(j->code) : "ok"),
		LOG_I("us", us), LOG_I("bytes", j->bytes),
		LOG_I("reply", j->reply.len),
		LOG_I("conn", r->conn ? r->conn->serial : 0));
}

/* What a committed write does in the loop; the writer did the others. */
static void
request_feed(struct request *r, const struct effect *x)
{
	feed_publish(r->server, &r->job, &x->note);
}

static void
request_lease(struct request *r, const struct effect *x)
{
	lease_take(r, x->branch);
}

static void (*const effect_fns[EFFECT_MAX])(struct request *r,
	const struct effect *x) = {
	[EFFECT_FEED] = request_feed,
	[EFFECT_LEASE] = request_lease,
};

void
request_finish(struct request *r)
{
	struct conn *c;
	struct err e = {0};

	if (!r->job.is_answered) {
		err_set(&e, MDB_E_INTERNAL,
			"the request ended without an answer; this is a fault "
			"of memory-db, see its log");
		job_fail(&r->job, &e);
	}
	count_and_log(r);
	audit_request(r);
	/* Telling the subscribers may close connections, this one too: until
	 * then the request counts as queued, so that it survives that. */
	r->is_queued = true;
	for (const struct effect *x = r->job.effects.first; x; x = x->next)
		if (effect_fns[x->kind])
			effect_fns[x->kind](r, x);
	r->is_queued = false;
	r->is_finished = true;
	c = r->conn;
	if (c && r->is_ordered) {
		advance_ordered(c);
		return;
	}
	deliver(r);
}

void
request_fail(struct request *r, const struct err *e)
{
	job_fail(&r->job, e);
	request_finish(r);
}

static bool
is_script(const struct request *r)
{
	return !r->is_unread && r->job.tool->flags & TF_SCRIPT;
}

void
request_orphan_all(struct conn *c)
{
	struct request *r = c->requests, *next;

	c->requests = c->ordered = c->ordered_last = NULL;
	c->ordered_writes = 0;
	for (; r; r = next) {
		next = r->next;
		r->next = r->prev = r->later = NULL;
		r->conn = NULL;
		c->pending--;
		if (!r->is_queued) {
			/* Parked, or answered and waiting for its turn. */
			request_free_here(r);
			continue;
		}
		if (!r->is_write || is_script(r))
			work_cancel(r->server->work, &r->job);
	}
	assert(c->pending == 0);
}

bool
request_park(struct request *r)
{
	unsigned self = r->is_write;

	if (!r->is_ordered || !r->conn || r->conn->ordered_writes == self)
		return false;
	r->is_parked = true;
	return true;
}

struct request *
request_find(struct conn *c, int64_t id)
{
	for (struct request *r = c->requests; r; r = r->next)
		if (!r->is_unread && json_is_integer(r->job.id) &&
			json_integer_value(r->job.id) == id)
			return r;
	return NULL;
}
