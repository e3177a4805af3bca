/* Routing: from a frame to the thread that serves it. Whatever can be said
 * without touching the database is said here: unknown methods and parameters
 * (job_read), who asks and where (the context), and what the service cannot
 * take now (limits). */
#include "memory-db/net/dispatch.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/secrets/secret_json.h"
#include "memory-db/net/lease.h"
#include "memory-db/net/loop_methods.h"

#define RETRY_QUEUE_MS	   500
#define RETRY_MIGRATION_MS 500
#define RETRY_SNAPSHOT_MS  2000

/* A text parameter: of the request, else of hello, else NULL. Empty counts as
 * not given. */
static const char *
dispatch_text_of(const struct job *j, const char *key)
{
	const char *t = json_string_value(json_object_get(j->params, key));

	if (!t || !*t)
		t = json_string_value(json_object_get(j->defaults, key));
	return t && *t ? t : NULL;
}

/* For some methods `session` names whose changes are meant; who asks is then
 * what hello said. */
static const char *
session_of(const struct job *j)
{
	const char *t;

	for (const struct param *p = j->tool->params; p->name; p++)
		if (strcmp(p->name, "session") == 0) {
			t = json_string_value(
				json_object_get(j->defaults, "session"));
			return t && *t ? t : NULL;
		}
	return dispatch_text_of(j, "session");
}

/* Reads look at a point in time, writes happen now. */
static int
read_as_of(struct job *j, struct err *e)
{
	json_t *v = json_object_get(j->params, "as_of");
	bool is_own = v && !json_is_null(v);

	if (!v)
		v = json_object_get(j->defaults, "as_of");
	if (!v || json_is_null(v))
		return 0;
	if (!(j->tool->flags & TF_WRITE)) {
		j->ctx.as_of = v;
		return 0;
	}
	if (is_own)
		return err_param(e, MDB_E_INVALID, "as_of",
			"as_of: only for reads; a write always happens now");
	return err_param(e, MDB_E_INVALID, "as_of",
		"as_of: this connection reads the past (as_of of hello); send "
		"the write over another one, or with \"as_of\":null");
}

static int
read_context(struct request *r, struct err *e)
{
	struct job *j = &r->job;
	const struct config *cfg = r->server->config;
	const char *scope = dispatch_text_of(j, "scope");

	j->ctx = (struct context){
		.namespace_ = dispatch_text_of(j, "namespace"),
		.branch = dispatch_text_of(j, "branch"),
		.valid_at = json_object_get(j->params, "valid_at"),
		.session = session_of(j),
		.client = dispatch_text_of(j, "client"),
		.actor = dispatch_text_of(j, "actor"),
		.message = dispatch_text_of(j, "message"),
		.key = dispatch_text_of(j, "key"),
		.user_scope = scope && strcmp(scope, "user") == 0,
		.is_confirmed =
			json_is_true(json_object_get(j->params, "confirm")),
		.secrets = secret_policy_of(j->params, cfg->secrets),
		.own_scope = scope && strcmp(scope, "project") == 0,
		.is_agent = j->is_agent,
		.profiles = j->profiles,
	};
	if (!j->ctx.namespace_)
		j->ctx.namespace_ = cfg->namespace_;
	if (!j->ctx.branch)
		j->ctx.branch = cfg->branch;
	if (r->conn) {
		memcpy(j->ctx.zone, r->conn->zone, sizeof(j->ctx.zone));
		j->ctx.uid = r->conn->peer.uid;
	}
	return read_as_of(j, e);
}

/* --- what the service takes now ------------------------------------------- */
static int
busy(struct err *e, int retry_ms)
{
	e->retry_after_ms = retry_ms;
	return MDB_E_BUSY;
}

static int
check_rate(struct request *r, struct err *e)
{
	struct server *s = r->server;
	const char *session = r->job.ctx.session;
	int64_t now = clock_mono_ns();
	struct rate_bucket *b = r->conn ? &r->conn->rate : NULL;
	double tokens = 1 + (double)(r->job.bytes / LIMIT_WRITE_TOKEN_BYTES);
	int wait_ms;

	/* An import of who runs the service: its requests take turns with those
	 * of all sessions, and the day's bytes bound what it adds. No agent has
	 * such a connection: memory-mcp never asks for one. */
	if (r->conn && r->conn->is_bulk)
		return 0;
	if (session)
		b = rate_session(&s->rate, session, now);
	wait_ms = b ? rate_take(&s->rate, b, tokens, now) : 0;
	if (wait_ms == 0)
		return 0;
	err_set(e, MDB_E_BUSY,
		"this session wrote more than %lld requests and then more "
		"than %lld a minute, each 64 KB counted as one; wait, or send "
		"several small entries in one request (the limit is "
		"--limit-writes-per-minute of memory-db)",
		(long long)s->config->writes_burst,
		(long long)s->config->writes_per_minute);
	return busy(e, wait_ms);
}

/* What one session after the other may add to a namespace: a bucket of a day's
 * bytes, which fills up again within a day. */
static int
check_day(struct request *r, struct err *e)
{
	struct server *s = r->server;
	const char *ns =
		r->job.ctx.user_scope ? "default" : r->job.ctx.namespace_;
	int64_t now = clock_mono_ns();
	int wait_ms = rate_take(&s->day, rate_session(&s->day, ns, now),
		(double)r->job.bytes, now);

	if (wait_ms == 0)
		return 0;
	err_set(e, MDB_E_BUSY,
		"the namespace '%s' was sent more than %lld bytes of writes "
		"within a day, the most that it takes; reads work. Wait, "
		"write less, or ask who runs the service (the limit is "
		"--limit-namespace-day-bytes of memory-db)",
		ns, (long long)s->config->day_bytes);
	return busy(e, wait_ms);
}

/* Whether anything can be stored at all. */
static int
check_storage(struct request *r, struct err *e)
{
	struct server *s = r->server;
	int64_t free_bytes;

	if (s->config->is_read_only)
		return err_set(e, MDB_E_DENIED,
			"the database %s is read-only; reads work, nothing can "
			"be stored until its file may be written",
			database_path(s->db));
	free_bytes = server_sizes(s)->disk_free_bytes;
	if (free_bytes < s->config->disk_free_bytes)
		return err_set(e, MDB_E_DISK_LOW,
			"only %lld MB are free on the disk of the database, "
			"writes stop under %lld MB; reads go on. Free some "
			"space on the disk of %s",
			(long long)(free_bytes >> 20),
			(long long)(s->config->disk_free_bytes >> 20),
			database_path(s->db));
	return 0;
}

static int
check_write(struct request *r, struct err *e)
{
	struct server *s = r->server;

	if (check_storage(r, e))
		return e->code;
	if (work_writes_queued(s->work) + s->writes.n >= LIMIT_WRITE_QUEUE) {
		err_set(e, MDB_E_BUSY,
			"%d writes are waiting already; "
			"try again",
			LIMIT_WRITE_QUEUE);
		return busy(e, RETRY_QUEUE_MS);
	}
	if (r->job.tool->flags & TF_IMPORT)
		return 0;
	if (lease_check(r, e) || check_rate(r, e))
		return e->code;
	return check_day(r, e);
}

/* Whether it writes shows in the end; then its writes are refused. */
static int
check_script(struct request *r, struct err *e)
{
	struct err why = {0};

	if (check_storage(r, &why))
		r->job.write_refusal = why.code;
	return check_rate(r, e);
}

/* One is made at a time, the others wait; a program that asks again and again
 * must not fill the queue. */
static int
check_snapshot(struct request *r, struct err *e)
{
	struct server *s = r->server;
	const struct database_sizes *sizes = server_sizes(s);
	int64_t bytes = sizes->file_bytes + sizes->wal_bytes;

	if (sizes->disk_free_bytes - s->config->disk_free_bytes < bytes)
		return err_set(e, MDB_E_DISK_LOW,
			"a copy of the database takes %lld MB on its disk "
			"until it is fetched, of which only %lld MB are free; "
			"writes stop under %lld MB. Free some space on the "
			"disk of %s",
			(long long)(bytes >> 20) + 1,
			(long long)(sizes->disk_free_bytes >> 20),
			(long long)(s->config->disk_free_bytes >> 20),
			database_path(s->db));
	if (work_snapshots_queued(s->work) + s->snapshots.n <
		LIMIT_SNAPSHOTS_WAITING)
		return 0;
	err_set(e, MDB_E_BUSY,
		"%d copies of the database are being made already; try again",
		LIMIT_SNAPSHOTS_WAITING);
	return busy(e, RETRY_SNAPSHOT_MS);
}

/* Whose script it is: of the session, wherever it connects from; without one
 * of the connection, which the number tells. */
static int
enter_script(struct request *r, struct err *e)
{
	const struct conn *c = r->conn;
	const char *session = r->job.ctx.session;
	struct fair_who who = {.is_named = session != NULL};
	char text[64];

	snprintf(text, sizeof(text), "%llu",
		c != NULL ? (unsigned long long)c->serial : 0);
	/* Users do not share sessions by their names. */
	who.session = rate_hash(session != NULL ? session : text) ^
		      (uint64_t)r->job.ctx.uid << 16;
	snprintf(text, sizeof(text), "process %lld of %lld",
		c != NULL ? (long long)c->peer.pid : 0,
		c != NULL ? (long long)c->peer.uid : 0);
	who.process = rate_hash(text);
	return work_enter_script(r->server->work, &r->job, &who, e);
}

static int
check_limits(struct request *r, struct err *e)
{
	struct server *s = r->server;
	enum work_state state = work_state(s->work);

	if (r->job.tool->flags & TF_LOOP)
		return 0;
	if (state == WORK_MIGRATING) {
		err_set(e, MDB_E_BUSY,
			"the database is being brought to the format of this "
			"version, %.0f %% are done; try again",
			100 * work_progress(s->work));
		return busy(e, RETRY_MIGRATION_MS);
	}
	if (state != WORK_READY) {
		err_set(e, MDB_E_BUSY,
			"the database is being opened; try again");
		return busy(e, RETRY_MIGRATION_MS);
	}
	if (r->job.tool->flags & TF_WRITE)
		return check_write(r, e);
	if (r->job.tool->flags & TF_SCRIPT)
		return check_script(r, e);
	if (r->job.tool->flags & TF_SNAPSHOT)
		return check_snapshot(r, e);
	if (work_reads_queued(s->work) + s->reads.n + s->slow_reads.n +
			s->questions.n >=
		LIMIT_READ_QUEUE) {
		err_set(e, MDB_E_BUSY,
			"%d reads are waiting already; "
			"try again",
			LIMIT_READ_QUEUE);
		return busy(e, RETRY_QUEUE_MS);
	}
	return 0;
}

/* --- routing -------------------------------------------------------------- */
static void
run_in_loop(struct request *r)
{
	struct err e = {0};
	json_t *result = NULL;
	int rc;

	rc = loop_method_run(r, &result, &e);
	if (rc) {
		json_decref(result);
		e.code = rc;
		request_fail(r, &e);
		return;
	}
	/* Its failure is an answer too. */
	(void)!job_answer(&r->job, result, &e);
	request_finish(r);
}

/* Who asks, for turns in the queues of the writer and the readers: one session
 * over several connections has one. */
static uint64_t
source_of(const struct request *r)
{
	const char *session =
		json_string_value(json_object_get(r->job.defaults, "session"));

	if (session && *session)
		return rate_hash(session);
	if (r->conn)
		return r->conn->serial;
	return 0;
}

static void
route(struct request *r)
{
	struct server *s = r->server;
	unsigned flags = r->job.tool->flags;
	struct err e = {0};

	if (flags & TF_LOOP) {
		run_in_loop(r);
		return;
	}
	if ((flags & TF_SCRIPT) && enter_script(r, &e) != 0) {
		request_fail(r, &e);
		return;
	}
	r->job.kind = JOB_CALL;
	r->is_queued = true;
	r->job.source = source_of(r);
	if (flags & TF_SCRIPT)
		job_list_add(&s->scripts, &r->job);
	else if (flags & TF_SNAPSHOT)
		job_list_add(&s->snapshots, &r->job);
	else if (flags & TF_PREPARE)
		job_list_add(&s->prepares, &r->job);
	else if (flags & TF_WRITE)
		job_list_add(&s->writes, &r->job);
	else if (work_wants_vector(s->work, &r->job))
		job_list_add(&s->questions, &r->job);
	else if (flags & TF_SLOW)
		job_list_add(&s->slow_reads, &r->job);
	else
		job_list_add(&s->reads, &r->job);
}

/* Reads, scripts and status see the writes without id that were sent before
 * them. */
static bool
sees_data(const struct tool *t)
{
	if (t->flags & TF_LOOP)
		return t->flags & TF_IDEMPOTENT;
	return t->flags & (TF_READ | TF_SCRIPT);
}

/* The job was read: checks and routes it. */
static void
dispatch_dispatch(struct request *r)
{
	struct err e = {0};

	request_set_write(r, r->job.tool->flags & (TF_WRITE | TF_SCRIPT));
	if (!r->conn && !(r->job.tool->flags & TF_WRITE)) {
		err_set(&e, MDB_E_CANCELLED, "the connection is gone");
		request_fail(r, &e);
		return;
	}
	if (read_context(r, &e) || check_limits(r, &e)) {
		request_fail(r, &e);
		return;
	}
	if (sees_data(r->job.tool) && request_park(r))
		return;
	route(r);
}

void
dispatch_unparked(struct request *r)
{
	route(r);
}

/* A long frame: a reader parses it. Until then nobody knows whether it has
 * an id or is a write: both are assumed. */
static void
dispatch_long(struct request *r, const char *data, size_t n)
{
	struct err e = {0};

	if (buf_add(&r->job.frame, data, n) != 0) {
		err_nomem(&e);
		request_fail(r, &e);
		return;
	}
	request_order(r);
	request_set_write(r, true);
	r->job.kind = JOB_PARSE;
	r->job.source =
		r->conn->serial; /* its session may stand in the frame */
	r->is_unread = true;
	r->is_queued = true;
	job_list_add(&r->server->reads, &r->job);
}

void
dispatch_frame(struct conn *c, const char *data, size_t n)
{
	struct request *r = request_new(c, n);
	struct err e = {0};
	int rc;

	if (!r) {
		/* Without memory for a request there is no reply. */
		conn_close(c);
		return;
	}
	r->job.defaults = json_incref(c->defaults);
	r->job.is_agent = c->is_agent;
	r->job.is_bulk = c->is_bulk;
	r->job.profiles = c->profiles;
	if (n > LIMIT_LOOP_PARSE_BYTES) {
		dispatch_long(r, data, n);
		return;
	}
	rc = job_read(&r->job, data, n, &e);
	if (!r->job.id)
		request_order(r);
	if (rc)
		request_fail(r, &e);
	else
		dispatch_dispatch(r);
}

void
dispatch_done(struct job *j)
{
	struct request *r = request_of(j);

	if (j->kind != JOB_PARSE) {
		request_finish(r);
		return;
	}
	r->is_unread = false;
	/* Others may be answered now, and the connection be closed over it:
	 * what is queued survives that. */
	if (j->id)
		request_unorder(r);
	r->is_queued = false;
	if (j->is_answered)
		request_finish(r);
	else
		dispatch_dispatch(r);
}

void
dispatch_flush(struct server *s)
{
	work_push_writes(s->work, &s->writes);
	work_push_prepares(s->work, &s->prepares);
	work_push_scripts(s->work, &s->scripts);
	work_push_snapshots(s->work, &s->snapshots);
	work_push_questions(s->work, &s->questions);
	work_push_reads(s->work, &s->reads, &s->slow_reads);
}
