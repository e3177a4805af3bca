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
	struct helper helper;
	unsigned asked; /* of the writer: scans when it looked last */

	/* of the thread alone */
	struct scan_place place;
	int64_t written_ns, looked_ns;
	struct conflicts_pause pause;
	int64_t worked_ns, credit_ns; /* since when; how long it may wait */
	bool has_failed;	      /* the last step */
	uint64_t saw;	/* requests of the writer at the last look, */
	int64_t saw_ns; /* and when there were more than before */
};

static void
scanning_enter(struct scanning *x)
{
	x->opt.room.enter(x->opt.room.ctx);
}

static void
scanning_leave(struct scanning *x)
{
	x->opt.room.leave(x->opt.room.ctx);
}

/* --- the writer's half ---------------------------------------------------- */
static int
scanning_run(void *ctx, struct store *st, struct err *e)
{
	return scan_write(st, &((struct scanning *)ctx)->place, e);
}

/* Hands on what was found, and waits for its COMMIT. */
static int
scanning_write(struct scanning *x, struct err *e)
{
	int rc = helper_write(&x->helper, scanning_run, x);

	x->written_ns = clock_mono_ns();
	x->place.n = 0;
	x->place.again_done = 0;
	if (rc != 0 || x->place.is_done)
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
	uint64_t now = x->opt.requests(x->opt.room.ctx);

	if (x->saw != now) {
		x->saw = now;
		x->saw_ns = clock_mono_ns();
	}
	return clock_mono_ns() - x->saw_ns > CALM_NS ||
	       clock_mono_ns() - x->looked_ns > TURN_NS;
}

static bool
wants_look(struct scanning *x, bool calm)
{
	struct err e = {0};
	bool is_wanted = true; /* as long as nobody can look */

	scanning_enter(x);
	if (helper_read_begin(&x->helper, &e) == 0) {
		is_wanted = scan_wanted(x->helper.st, calm);
		store_read_end(x->helper.st);
	}
	scanning_leave(x);
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

	if (!x->opt.is_busy(x->opt.room.ctx))
		return;
	now = clock_mono_ns();
	x->credit_ns += ASIDE_SHARE * (now - x->worked_ns);
	if (x->credit_ns > ASIDE_MAX_NS)
		x->credit_ns = ASIDE_MAX_NS;
	x->worked_ns = now;
	while (x->credit_ns > 0 && x->opt.is_busy(x->opt.room.ctx)) {
		(void)nanosleep(&nap, NULL);
		x->worked_ns = clock_mono_ns();
		x->credit_ns -= x->worked_ns - now;
		now = x->worked_ns;
	}
}

static int
look_now(struct scanning *x, int64_t budget_ns, struct err *e)
{
	int rc = helper_read_begin(&x->helper, e);

	if (rc != 0)
		return rc;
	x->place.pause = &x->pause;
	rc = scan_look(x->helper.st, &x->place, true, budget_ns, e);
	store_read_end(x->helper.st);
	return rc;
}

static int
scanning_look(struct scanning *x, int64_t budget_ns, struct err *e)
{
	int rc;

	scanning_enter(x);
	rc = look_now(x, budget_ns, e);
	scanning_leave(x);
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
	int rc = scanning_look(x, budget_ns, e);

	x->has_failed = rc < 0;
	if (rc != 1)
		return rc;
	is_done = x->place.is_done;
	if (is_done || x->place.n >= WRITE_FOUND ||
		x->looked_ns - x->written_ns > WRITE_NS) {
		rc = scanning_write(x, e);
		x->has_failed = rc != 0;
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
static void
close_connection(struct scanning *x)
{
	scanning_enter(x);
	scanning_close(x);
	scanning_leave(x);
}

static void
give_way(struct scanning *x, int wait_ms)
{
	if (wait_ms == 0)
		return;
	if (wants_look(x, true)) {
		int64_t ns = wait_ms * MS_NS;

		/* It waits for its turn; or for what made it fail, or what
		 * keeps scans from running, and then there is no hurry. */
		if (ns > TURN_NS && !x->has_failed &&
			x->opt.mode(x->opt.room.ctx) == BACKGROUND_NORMAL)
			ns = TURN_NS;
		(void)helper_sleep(&x->helper, clock_mono_ns() + ns);
		return;
	}
	close_connection(x);
	(void)helper_sleep(&x->helper, HELPER_FOREVER);
}

static void *
scanning_main(void *arg)
{
	struct scanning *x = arg;

	(void)pthread_setname_np(pthread_self(), "conflict-scan");
	/* Of the thread alone, as Linux has it. */
	if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
		log_event(LOG_DEBUG, "no lower priority for scans", 0);
	helper_wait_begun(&x->helper);
	while (!helper_is_stopped(&x->helper)) {
		int wait_ms = background_run(x->opt.background,
			BACKGROUND_SCANNER, x->opt.mode(x->opt.room.ctx), x);

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
	int rc;

	if (!x)
		return err_nomem(e);
	x->opt = *o;
	x->pause = (struct conflicts_pause){stand_aside, x};
	helper_init(&x->helper, &o->room);
	rc = helper_start(&x->helper, scanning_main, x, e);
	if (rc) {
		scanning_free(x);
		return rc;
	}
	*ret = x;
	return 0;
}

void
scanning_begin(struct scanning *x)
{
	if (x)
		helper_begin(&x->helper);
}

void
scanning_note(struct scanning *x)
{
	unsigned asked = scan_asked();

	if (!x || asked == x->asked)
		return;
	x->asked = asked;
	helper_wake(&x->helper);
}

void
scanning_close(struct scanning *x)
{
	if (x)
		helper_close(&x->helper);
}

void
scanning_stop(struct scanning *x)
{
	if (x)
		helper_stop(&x->helper);
}

void
scanning_free(struct scanning *x)
{
	if (!x)
		return;
	helper_done(&x->helper);
	free(x);
}
