/* Looking and handing on take turns:
 *
 *   look, look, look ... 32 findings, or half a second --> job for the writer
 *   ^                                                          |
 *   +-------------------------- its COMMIT --------------------+
 *
 * A look takes some 10 ms, in a snapshot of its own, so that no checkpoint
 * waits for it longer. While a request of a client is under way, it stands
 * aside between two comparisons, so that nobody shares a processor or its
 * caches with it; the low priority of the thread does the same within one. It
 * is never without a share: for each millisecond that it worked it stands aside
 * for two at most. For example a flood of writes leaves it a third of its time,
 * and a memory in which one agent works and thinks leaves it nearly all. */
#include "memory-db/work/scanning.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/model/order/conflicts.h"
#include "memory-db/model/order/scan.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/work/job.h"

#define MS_NS INT64_C(1000000)
/* Below that of all other threads, so that these run when they want to. */
#define NICE 5
/* Findings, and the time, after which they are written. */
#define WRITE_FOUND 32
#define WRITE_NS    (2000 * MS_NS)
/* How long it stands aside for what it worked, in all and at a time. */
#define ASIDE_SHARE  2
#define ASIDE_MAX_NS (20 * MS_NS)
#define ASIDE_NAP_NS (MS_NS / 5)
/* Without a request for so long the writer is calm. */
#define CALM_NS (500 * MS_NS)
/* A scan that makes up for busy writes has a look that often while they go
 * on. */
#define TURN_NS (100 * MS_NS)

struct scanning {
	struct scanning_options opt;
	pthread_t thread;
	bool is_started;
	unsigned asked; /* of the writer: scans when it looked last */

	pthread_mutex_t lock; /* of what follows up to the line */
	pthread_cond_t wake;
	bool is_begun, is_woken, is_stopped, job_done;
	/* ------------------------------------------------------------------ */

	struct store *st; /* between enter and leave */
	/* of the thread alone */
	struct scan_place place;
	struct job job;
	int64_t written_ns, looked_ns;
	struct conflicts_pause pause;
	int64_t worked_ns, credit_ns; /* since when; how long it may wait */
	uint64_t saw;	/* requests of the writer at the last look, */
	int64_t saw_ns; /* and when there were more than before */
};

static bool
scanning_is_stopped(struct scanning *x)
{
	bool is_stopped;

	pthread_mutex_lock(&x->lock);
	is_stopped = x->is_stopped;
	pthread_mutex_unlock(&x->lock);
	return is_stopped;
}

/* --- the writer's half ---------------------------------------------------- */
static int
scanning_run(void *ctx, struct store *st, struct err *e)
{
	return scan_write(st, &((struct scanning *)ctx)->place, e);
}

static void
scanning_done(void *ctx, struct job *j)
{
	struct scanning *x = ctx;

	(void)j;
	pthread_mutex_lock(&x->lock);
	x->job_done = true;
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
}

/* Hands on what was found, and waits for its COMMIT. */
static int
scanning_write(struct scanning *x, struct err *e)
{
	struct job_list list = {0};
	int rc;

	job_init(&x->job, 0);
	x->job.kind = JOB_OWN;
	x->job.own = (struct own_work){.run = scanning_run,
		.done = scanning_done,
		.ctx = x};
	x->job_done = false;
	job_list_add(&list, &x->job);
	x->opt.pass_on(x->opt.ctx, &list);
	pthread_mutex_lock(&x->lock);
	while (!x->job_done)
		pthread_cond_wait(&x->wake, &x->lock);
	pthread_mutex_unlock(&x->lock);
	rc = x->job.code;
	job_done(&x->job);
	x->written_ns = clock_mono_ns();
	x->place.n = 0;
	if (rc == 0 && !x->place.is_done)
		return 0;
	x->place.ns = 0; /* from what is written */
	if (rc == 0)
		return 0;
	return err_set(e, rc,
		"the conflicts that were found could not be "
		"stored (%s)",
		err_name(rc));
}

/* --- looking -------------------------------------------------------------- */
static bool
is_calm(struct scanning *x)
{
	uint64_t now = x->opt.requests(x->opt.ctx);

	if (x->saw != now) {
		x->saw = now;
		x->saw_ns = clock_mono_ns();
	}
	return clock_mono_ns() - x->saw_ns > CALM_NS ||
	       clock_mono_ns() - x->looked_ns > TURN_NS;
}

/* A snapshot, on a connection that may have to be opened. Entered. */
static int
begin_snapshot(struct scanning *x, struct err *e)
{
	if (!x->st) {
		int rc = store_open(x->opt.db, STORE_READER, &x->st, e);

		if (rc)
			return rc;
	}
	return store_read_begin(x->st, e);
}

static bool
wants_look(struct scanning *x, bool calm)
{
	struct err e = {0};
	bool is_wanted = true; /* as long as nobody can look */

	x->opt.enter(x->opt.ctx);
	if (begin_snapshot(x, &e) == 0) {
		is_wanted = scan_wanted(x->st, calm);
		store_read_end(x->st);
	}
	x->opt.leave(x->opt.ctx);
	return is_wanted;
}

static bool
scanning_wanted(void *ctx)
{
	return wants_look(ctx, is_calm(ctx));
}

/* Called before each comparison. */
static void
stand_aside(void *ctx)
{
	static const struct timespec nap = {.tv_nsec = ASIDE_NAP_NS};
	struct scanning *x = ctx;
	int64_t now;

	if (!x->opt.is_busy(x->opt.ctx))
		return;
	now = clock_mono_ns();
	x->credit_ns += ASIDE_SHARE * (now - x->worked_ns);
	if (x->credit_ns > ASIDE_MAX_NS)
		x->credit_ns = ASIDE_MAX_NS;
	x->worked_ns = now;
	while (x->credit_ns > 0 && x->opt.is_busy(x->opt.ctx)) {
		(void)nanosleep(&nap, NULL);
		x->worked_ns = clock_mono_ns();
		x->credit_ns -= x->worked_ns - now;
		now = x->worked_ns;
	}
}

static int
look(struct scanning *x, int64_t budget_ns, struct err *e)
{
	int rc;

	x->opt.enter(x->opt.ctx);
	rc = begin_snapshot(x, e);
	if (rc == 0) {
		x->place.pause = &x->pause;
		rc = scan_look(x->st, &x->place, true, budget_ns, e);
		store_read_end(x->st);
	}
	x->opt.leave(x->opt.ctx);
	x->looked_ns = clock_mono_ns();
	if (rc < 0)
		x->place.ns = 0;
	return rc;
}

static int
scanning_step(void *ctx, int64_t budget_ns, struct err *e)
{
	struct scanning *x = ctx;
	bool is_done;
	int rc = look(x, budget_ns, e);

	if (rc != 1)
		return rc;
	is_done = x->place.is_done;
	if (is_done || x->place.n >= WRITE_FOUND ||
		x->looked_ns - x->written_ns > WRITE_NS) {
		rc = scanning_write(x, e);
		if (rc)
			return rc;
	}
	return is_done ? 0 : 1;
}

const struct background_task scanning_task = {
	.name = "conflict-scan",
	.about = "compares the facts of a memory with each other, when asked",
	.lane = BACKGROUND_SCANNER,
	.modes = BACKGROUND_NORMAL,
	.budget_ns = 10 * MS_NS,
	.wanted = scanning_wanted,
	.step = scanning_step,
};

/* --- the thread ----------------------------------------------------------- */
/* Until a scan begins, or so long; a negative time is no limit. */
static void
sleep_until_woken(struct scanning *x, int64_t ns)
{
	int64_t until = clock_mono_ns() + ns;
	struct timespec t = {.tv_sec = until / 1000000000,
		.tv_nsec = until % 1000000000};
	int rc = 0;

	pthread_mutex_lock(&x->lock);
	while (!x->is_stopped && !x->is_woken && rc == 0)
		rc = ns < 0 ? pthread_cond_wait(&x->wake, &x->lock)
			    : pthread_cond_timedwait(&x->wake, &x->lock, &t);
	x->is_woken = false;
	pthread_mutex_unlock(&x->lock);
}

static void
close_connection(struct scanning *x)
{
	x->opt.enter(x->opt.ctx);
	scanning_close(x);
	x->opt.leave(x->opt.ctx);
}

static void
give_way(struct scanning *x, int wait_ms)
{
	if (wait_ms == 0)
		return;
	if (wants_look(x, true)) {
		/* It waits for its turn, or for what made it fail. */
		int64_t ns = wait_ms * MS_NS;

		sleep_until_woken(x, ns < TURN_NS ? ns : TURN_NS);
		return;
	}
	close_connection(x);
	sleep_until_woken(x, -1);
}

static void *
scanning_main(void *arg)
{
	struct scanning *x = arg;

	(void)pthread_setname_np(pthread_self(), "conflict-scan");
	/* Of the thread alone, as Linux has it. */
	if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
		log_event(LOG_DEBUG, "no lower priority for scans", 0);
	pthread_mutex_lock(&x->lock);
	while (!x->is_begun && !x->is_stopped)
		pthread_cond_wait(&x->wake, &x->lock);
	pthread_mutex_unlock(&x->lock);
	while (!scanning_is_stopped(x)) {
		int wait_ms = background_run(x->opt.background,
			BACKGROUND_SCANNER, x->opt.mode(x->opt.ctx), x);

		give_way(x, wait_ms);
	}
	return NULL;
}

/* --- from outside --------------------------------------------------------- */
int
scanning_start(const struct scanning_options *o, struct scanning **ret,
	struct err *e)
{
	struct scanning *x = calloc(1, sizeof(*x));
	pthread_condattr_t attr;
	int rc;

	if (!x)
		return err_nomem(e);
	x->opt = *o;
	x->pause = (struct conflicts_pause){stand_aside, x};
	(void)pthread_mutex_init(&x->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&x->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	rc = o->thread(&x->thread, scanning_main, x, e);
	if (rc) {
		scanning_free(x);
		return rc;
	}
	x->is_started = true;
	*ret = x;
	return 0;
}

static void
scanning_tell(struct scanning *x, bool *flag)
{
	pthread_mutex_lock(&x->lock);
	*flag = true;
	pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&x->lock);
}

void
scanning_begin(struct scanning *x)
{
	if (x)
		scanning_tell(x, &x->is_begun);
}

void
scanning_note(struct scanning *x)
{
	unsigned asked = scan_asked();

	if (!x || asked == x->asked)
		return;
	x->asked = asked;
	scanning_tell(x, &x->is_woken);
}

void
scanning_close(struct scanning *x)
{
	if (!x)
		return;
	store_close(x->st);
	x->st = NULL;
}

void
scanning_stop(struct scanning *x)
{
	if (!x || !x->is_started)
		return;
	scanning_tell(x, &x->is_stopped);
	pthread_join(x->thread, NULL);
	x->is_started = false;
	scanning_close(x);
}

void
scanning_free(struct scanning *x)
{
	if (!x)
		return;
	pthread_mutex_destroy(&x->lock);
	pthread_cond_destroy(&x->wake);
	free(x);
}
