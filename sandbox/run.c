/* Time, from the moment the script is sent:
 *
 *   T            SIGALRM: the interpreter stops between two instructions
 *   T +  50 ms   SIGALRM, and again every 50 ms: a loop in C is looked at from
 *                outside. Again, because two that come before the jail has
 *                run are one.
 *   then         SIGKILL, when it has had 150 ms of CPU time for its last
 *                word, or 1 s has passed (at nice 19 it may have to wait)
 *
 * Both alarms only name the place; SIGKILL ends it. A result that comes after
 * T is too late. */
#include "sandbox/run.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/utf8.h"

#define MS	    INT64_C(1000000)
#define NEXT_ALARM  (50 * MS)
#define LAST_WORD   (1000 * MS)
#define LAST_CPU_US 150000
#define TICK_MS	    20	 /* how often a cancellation is looked for */
#define TAKE_MS	    3000 /* for a jail, when none waits */
#define TRIES	    3	 /* jails that died while they waited */
#define READ_BYTES  65536

struct run {
	struct jail jail;
	struct talk talk;
	struct outcome_facts facts;
	const struct sandbox_job *job;
	int64_t start_ns, end_ns; /* end: wall deadline */
	int64_t cpu_from_us;	  /* used before the script came */
	int64_t cpu_at_ns;	  /* when to look at the CPU time next */
	int64_t over_ns;	  /* when time was found to be over */
	int64_t over_cpu_us;
	int alarms;
	bool got_any; /* the jail has said something */
};

static int64_t
run_left_ms(void *ctx)
{
	const struct run *r = ctx;
	int64_t left = (r->end_ns - clock_mono_ns()) / MS;

	return left > 0 ? left : 0;
}

/* --- time ----------------------------------------------------------------- */
static void
look_at_cpu(struct run *r, int64_t now)
{
	int64_t limit_us = r->talk.limits.cpu_ms * 1000, used;

	if (now < r->cpu_at_ns || r->facts.is_over)
		return;
	used = launch_cpu_us(&r->jail) - r->cpu_from_us;
	if (used >= limit_us) {
		r->facts.is_over = r->facts.is_cpu = true;
		r->over_ns = now;
	} else {
		/* one thread uses at most a second in a second */
		r->cpu_at_ns = now + (limit_us - used) * 1000 + MS;
	}
}

/* Sends what is due. Returns when to come back. */
static int64_t
keep_time(struct run *r)
{
	int64_t now = clock_mono_ns(), next;

	if (!r->facts.is_over && now >= r->end_ns) {
		r->facts.is_over = true;
		r->over_ns = now;
	}
	look_at_cpu(r, now);
	if (!r->facts.is_over)
		return r->end_ns < r->cpu_at_ns ? r->end_ns : r->cpu_at_ns;
	if (r->alarms == 0) {
		r->over_cpu_us = launch_cpu_us(&r->jail);
		launch_signal(&r->jail, SIGALRM);
		r->alarms = 1;
	}
	if (r->alarms > 1 && (now >= r->over_ns + LAST_WORD ||
				     launch_cpu_us(&r->jail) - r->over_cpu_us >
					     LAST_CPU_US)) {
		launch_signal(&r->jail, SIGKILL);
		return now + TICK_MS * MS;
	}
	next = r->over_ns + r->alarms * NEXT_ALARM;
	if (now >= next) {
		launch_signal(&r->jail, SIGALRM);
		r->alarms++;
		next += NEXT_ALARM;
	}
	return next;
}

static bool
run_is_cancelled(struct run *r)
{
	if (r->job->cancel && atomic_load(r->job->cancel))
		r->facts.is_cancelled = true;
	return r->facts.is_cancelled;
}

/* --- the descriptor ------------------------------------------------------- */
/* False when the jail has gone. */
static bool
run_send_some(struct run *r)
{
	struct buf *b = &r->talk.out;

	while (b->len > 0) {
		ssize_t n = send(r->jail.fd, b->data, b->len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		buf_consume(b, (size_t)n);
	}
	return true;
}

static bool
read_some(struct run *r)
{
	char data[READ_BYTES];

	for (;;) {
		ssize_t n = recv(r->jail.fd, data, sizeof(data), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		r->got_any = true;
		talk_feed(&r->talk, data, (size_t)n);
		return true;
	}
}

/* After time is over only a TRACE counts; calls are not made any more. */
static int
run_refuse_call(void *ctx, const char *method, json_t *params, int64_t ms,
	json_t **ret, struct err *e)
{
	(void)ctx;
	(void)method;
	(void)params;
	(void)ms;
	(void)ret;
	return err_set(e, MDB_E_TIMEOUT, "the script's time is over");
}

static void
wait_for_events(struct run *r, int64_t until)
{
	struct pollfd p = {r->jail.fd, POLLIN, 0};
	int64_t ns = until - clock_mono_ns();
	struct timespec t;

	if (r->job->cancel && ns > TICK_MS * MS)
		ns = TICK_MS * MS;
	if (ns < 0)
		ns = 0;
	t.tv_sec = ns / 1000000000;
	t.tv_nsec = ns % 1000000000;
	if (r->talk.out.len > 0)
		p.events |= POLLOUT;
	(void)ppoll(&p, 1, &t, NULL);
}

/* Until the jail has ended or said its last. */
static void
converse(struct run *r)
{
	struct sandbox_job last = *r->job;
	bool is_open = true;

	last.call = run_refuse_call;
	while (is_open && r->talk.end == TALK_OPEN && !run_is_cancelled(r)) {
		int64_t until = keep_time(r);

		/* a reply would only wake a script that has to end */
		if (r->facts.is_over) {
			r->talk.job = &last;
			buf_clear(&r->talk.out, 0);
		}
		if (!run_send_some(r)) {
			/* what it said before it went */
			while (r->talk.end == TALK_OPEN && read_some(r) &&
				errno != EAGAIN)
				;
			break;
		}
		wait_for_events(r, until);
		errno = 0;
		is_open = read_some(r);
	}
}

/* --- the end -------------------------------------------------------------- */
static bool
needs_status(const struct run *r)
{
	return r->talk.end != TALK_RESULT && r->talk.end != TALK_ERROR &&
	       r->talk.end != TALK_EXCESS;
}

static void
run_measure(struct run *r, struct sandbox_usage *u)
{
	struct rusage usage;

	u->wall_us = (clock_mono_ns() - r->start_ns) / 1000;
	if (needs_status(r)) {
		bool is_ours = r->facts.is_cancelled ||
			       r->talk.end == TALK_API_LIMIT ||
			       r->talk.end == TALK_BROKEN ||
			       r->talk.end == TALK_NOMEM;

		r->facts.status =
			launch_reap(&r->jail, is_ours ? 0 : 500, &usage);
		r->facts.has_status = true;
		u->cpu_us = (int64_t)usage.ru_utime.tv_sec * 1000000 +
			    usage.ru_utime.tv_usec +
			    (int64_t)usage.ru_stime.tv_sec * 1000000 +
			    usage.ru_stime.tv_usec;
		u->memory_peak_kib = usage.ru_maxrss;
	} else {
		u->cpu_us = launch_cpu_us(&r->jail);
	}
	u->cpu_us -= u->cpu_us < r->cpu_from_us ? u->cpu_us : r->cpu_from_us;
	/* what the jail counted, when that is possible at all */
	if (r->talk.peak_bytes > 0 &&
		r->talk.peak_bytes <= r->talk.limits.memory_bytes)
		u->memory_peak_kib = (r->talk.peak_bytes + 1023) / 1024;
	u->api_calls = r->talk.calls;
	u->api_bytes = r->talk.bytes;
	u->reads = r->talk.reads;
	u->writes = r->talk.writes;
}

/* What was printed, as UTF-8. */
static int
mend_output(struct talk *t, struct sandbox_outcome *o)
{
	const char *s = t->printed.data;
	size_t n = t->printed.len;
	AUTO_BUF struct buf b = {0};
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		size_t k = s[i] ? utf8_decode(s + i, n - i, &cp) : 0;

		/* a sequence that the limit cut */
		if (k == 0 && t->printed_cut && n - i < 4)
			break;
		if (k ? buf_add(&b, s + i, k) : buf_add(&b, "\xef\xbf\xbd", 3))
			return MDB_E_NOMEM;
		i += k ? k : 1;
	}
	o->output_len = b.len;
	o->output_cut = t->printed_cut;
	o->output = buf_steal(&b);
	return o->output ? 0 : MDB_E_NOMEM;
}

static int
warn_of_cut(struct sandbox_outcome *o)
{
	char text[120];

	if (!o->output_cut)
		return 0;
	if (!o->warnings)
		o->warnings = json_array();
	if (!o->warnings)
		return MDB_E_NOMEM;
	snprintf(text, sizeof(text), "stdout was cut at %" PRId64 " bytes",
		o->limits.output_bytes);
	return jx_add(o->warnings, json_string(text));
}

/* Somebody killed it before it did anything: its script can be given to
 * another, as it has made no call. */
static bool
died_waiting(const struct run *r, const struct sandbox_usage *u)
{
	return !r->got_any && !r->facts.is_over && !r->facts.is_cancelled &&
	       r->facts.has_status && WIFSIGNALED(r->facts.status) &&
	       WTERMSIG(r->facts.status) == SIGKILL && u->cpu_us < 2000;
}

/* 0, 1: as try_one, or MDB_E_NOMEM. */
static int
conclude(struct run *r, struct sandbox_outcome *o)
{
	struct talk *t = &r->talk;

	r->facts.talk = t;
	run_measure(r, &o->usage);
	if (t->end == TALK_NOMEM)
		return MDB_E_NOMEM;
	if (died_waiting(r, &o->usage))
		return 1;
	outcome_decide(&r->facts, o);
	if (o->result == SANDBOX_OK) {
		o->value = take_ptr(t->value);
		o->warnings = take_ptr(t->warnings);
	}
	o->traceback = take_ptr(t->traceback);
	if (mend_output(t, o))
		return MDB_E_NOMEM;
	return warn_of_cut(o);
}

static int
run_in_jail(struct run *r, struct pool *pool, struct sandbox_outcome *o,
	struct err *e)
{
	int rc = talk_begin(&r->talk);

	if (rc != 0)
		return rc;
	rc = pool_take(pool, TAKE_MS, &r->jail, e);
	if (rc != 0)
		return rc;
	r->cpu_from_us = launch_cpu_us(&r->jail);
	r->start_ns = clock_mono_ns();
	r->end_ns = r->start_ns + o->limits.wall_ms * MS;
	r->cpu_at_ns = r->start_ns + o->limits.cpu_ms * MS;
	converse(r);
	return conclude(r, o);
}

/* 0, 1: the jail was dead already, take another; or an error. */
static int
run_try_one(struct pool *pool, const struct sandbox_method *methods,
	const struct sandbox_job *job, struct sandbox_outcome *o, struct err *e)
{
	struct run r = {.jail = JAIL_NONE, .job = job};
	int rc;

	r.talk.methods = methods;
	r.talk.job = job;
	r.talk.limits = o->limits;
	r.talk.left_ms = run_left_ms;
	r.talk.left_ctx = &r;
	rc = run_in_jail(&r, pool, o, e);
	pool_retire(pool, &r.jail);
	talk_done(&r.talk);
	return rc;
}

static void
run_refuse(struct sandbox_outcome *o, enum sandbox_result result,
	const char *limit, const char *text)
{
	o->result = result;
	snprintf(o->message, sizeof(o->message), "%s", text);
	snprintf(o->limit, sizeof(o->limit), "%s", limit);
	outcome_hint(o);
}

int
run_job(struct pool *pool, const struct sandbox_method *methods,
	const struct sandbox_job *job, struct sandbox_outcome *ret,
	struct err *e)
{
	struct err why = {0};
	int rc = 1;

	for (int i = 0; i < TRIES && rc == 1; i++)
		rc = run_try_one(pool, methods, job, ret, &why);
	if (rc == 1)
		rc = err_set(&why, MDB_E_SANDBOX,
			"the jails die before they get their script");
	if (rc == MDB_E_NOMEM) {
		sandbox_outcome_done(ret);
		return err_nomem(e);
	}
	if (rc == MDB_E_SANDBOX)
		run_refuse(ret, SANDBOX_UNAVAILABLE, "", why.text);
	else if (rc == MDB_E_BUSY)
		run_refuse(ret, SANDBOX_BUSY, "", why.text);
	else if (rc == MDB_E_LIMIT)
		run_refuse(ret, SANDBOX_ERROR, "frame_bytes",
			"Script and args together are larger than 1 MiB, or "
			"args are nested deeper than 64; pass less and let the "
			"script read the rest.");
	return 0;
}
