/* The scheduler. Each task has a slot; only the thread of its lane changes it,
 * under the lock, as status reads all slots.
 *
 *             wanted, due                      1
 *   waiting ---------------> step -----------------------> running
 *      ^                      |  ^-------------------------- |
 *      |  0: due = begin + period                   next turn
 *      +----------------------+
 *      |  failed: due = now + pause, pause doubles
 *      +----------------------+
 *
 * Turns go round: the search for a task that is due begins behind the one that
 * had the last step.
 *
 * A task that waits for quiet could wait for ever: a hundred agents that write
 * once in ten seconds each leave no moment of two seconds, but nine tenths of
 * the time. With patience it begins without quiet when that is over, and has a
 * tenth of the time in short steps until the lane is quiet or the run is done.
 * For example the curation waits half a minute for quiet; beside writes that do
 * not end it works 4 ms then, and 36 ms at least are for requests alone. */
#include "memory-db/work/background/background.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/utf8.h"

#define MS_NS	     INT64_C(1000000)
#define PAUSE_MS     1000
#define PAUSE_MAX_MS (10 * 60 * 1000)
/* Without anything due: looked at anyway, as work comes from other threads. */
#define WAIT_MAX_MS (60 * 1000)
#define NO_WORK	    INT64_MAX
/* Of a task that lost its patience, while the lane is not quiet: how much
 * shorter a step is, and for how many times of what it took others have the
 * lane alone. */
#define HURRY_SHORTER 5
#define HURRY_REST    9
/* A lane without any idle moment: how often it looks for such a task. */
#define HURRY_LOOK_NS (1000 * MS_NS)

struct background_slot {
	const struct background_task *task;
	bool is_running;
	int64_t begun_ns; /* the run */
	int64_t due_ns;	  /* not before: its period, or a pause */
	int64_t pause_ms; /* the last one; 0: it did not fail */
	int64_t waits_ns; /* for quiet, since when; 0: it does not */
	int64_t rests_ns; /* without quiet no step before */
	struct background_state state;
};

struct background {
	int64_t (*now_ns)(void);
	pthread_mutex_t lock; /* of the slots, see above */
	struct background_slot slots[BACKGROUND_TASKS_MAX];
	size_t n;
	size_t last[BACKGROUND_LANE_MAX];     /* slot that had a step */
	int64_t busy_ns[BACKGROUND_LANE_MAX]; /* the last request */
	int64_t look_ns[BACKGROUND_LANE_MAX]; /* HURRY_LOOK_NS: not before */
};

const char *
background_outcome_name(enum background_outcome o)
{
	static const char *const names[] = {[BACKGROUND_NEVER] = "never",
		[BACKGROUND_RUNNING] = "running",
		[BACKGROUND_DONE] = "done",
		[BACKGROUND_FAILED] = "failed"};

	return names[o];
}

int
background_new(const struct background_options *o, struct background **ret,
	struct err *e)
{
	struct background *b = calloc(1, sizeof(*b));

	if (!b)
		return err_nomem(e);
	assert(o->n <= BACKGROUND_TASKS_MAX);
	b->now_ns = o->now_ns ? o->now_ns : clock_mono_ns;
	b->n = o->n;
	for (size_t i = 0; i < o->n; i++) {
		const struct background_task *t = o->tasks[i];

		assert(t->name && t->step && t->modes != 0);
		assert(t->lane < BACKGROUND_LANE_MAX);
		b->slots[i].task = t;
		b->slots[i].state.task = o->tasks[i];
	}
	for (size_t i = 0; i < BACKGROUND_LANE_MAX; i++) {
		b->last[i] = o->n > 0 ? o->n - 1 : 0;
		b->busy_ns[i] = b->now_ns();
	}
	(void)pthread_mutex_init(&b->lock, NULL);
	*ret = b;
	return 0;
}

void
background_free(struct background *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* --- when ----------------------------------------------------------------- */
static int64_t
quiet_from(const struct background *b, const struct background_task *t)
{
	return b->busy_ns[t->lane] + t->quiet_ms * MS_NS;
}

static int64_t
ns_min(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

static int64_t
ns_max(int64_t x, int64_t y)
{
	return x > y ? x : y;
}

/* The time at which the task may have a step, or NO_WORK. */
static int64_t
slot_due(struct background *b, struct background_slot *s, void *ctx)
{
	const struct background_task *t = s->task;
	int64_t quiet = quiet_from(b, t);

	if (s->is_running)
		return t->patience_ms ? ns_min(quiet, s->rests_ns) : INT64_MIN;
	if (t->wanted && !t->wanted(ctx)) {
		s->waits_ns = 0;
		return NO_WORK;
	}
	if (t->quiet_ms == 0)
		return s->due_ns;
	if (!s->waits_ns)
		s->waits_ns = b->now_ns();
	if (t->patience_ms)
		quiet = ns_min(quiet, s->waits_ns + t->patience_ms * MS_NS);
	return ns_max(quiet, s->due_ns);
}

/* A task of the same lease that stands before this one has work. */
static bool
background_is_behind(const struct background *b, size_t at, const int64_t due[])
{
	const struct background_task *t = b->slots[at].task;

	for (size_t i = 0; t->lease && i < at; i++) {
		const struct background_task *o = b->slots[i].task;

		if (o->lane == t->lane && o->lease && due[i] != NO_WORK &&
			strcmp(o->lease, t->lease) == 0)
			return true;
	}
	return false;
}

/* Fills when each task of the lane is due; NO_WORK for those that may not run
 * in this mode, or whose lease is held. One that may not run is not asked
 * whether it has work: in a file that is only read it could not even look. */
static void
plan(struct background *b, enum background_lane lane, enum background_mode mode,
	void *ctx, int64_t ret[])
{
	int64_t due[BACKGROUND_TASKS_MAX];

	for (size_t i = 0; i < b->n; i++) {
		const struct background_task *t = b->slots[i].task;

		due[i] = t->lane == lane && (t->modes & mode)
				 ? slot_due(b, &b->slots[i], ctx)
				 : NO_WORK;
	}
	for (size_t i = 0; i < b->n; i++)
		ret[i] = background_is_behind(b, i, due) ? NO_WORK : due[i];
}

/* --- a step --------------------------------------------------------------- */
static void
slot_failed(struct background_slot *s, const struct err *e, int64_t now)
{
	const struct background_task *t = s->task;
	int64_t most = t->pause_max_ms ? t->pause_max_ms : PAUSE_MAX_MS;
	int64_t first = t->pause_ms ? t->pause_ms : PAUSE_MS;
	size_t n = utf8_cut(e->text, sizeof(s->state.error) - 1);

	s->pause_ms = s->pause_ms ? 2 * s->pause_ms : first;
	if (s->pause_ms > most)
		s->pause_ms = most;
	s->due_ns = now + s->pause_ms * MS_NS;
	s->state.outcome = BACKGROUND_FAILED;
	s->state.failures++;
	memcpy(s->state.error, e->text, n);
	s->state.error[n] = '\0';
}

static void
slot_done(struct background_slot *s)
{
	s->pause_ms = 0;
	s->waits_ns = 0;
	s->due_ns = s->begun_ns + s->task->period_ms * MS_NS;
	s->state.outcome = BACKGROUND_DONE;
	s->state.error[0] = '\0';
}

/* The first failure of a series, and its end; the others tell nothing new. */
static void
background_tell(const struct background_slot *s, int64_t pause_before, int rc)
{
	if (rc < 0) {
		log_event(pause_before ? LOG_DEBUG : LOG_WARN,
			"background task failed", 0,
			LOG_S("task", s->task->name),
			LOG_S("error", s->state.error),
			LOG_I("again_after_ms", s->pause_ms));
		return;
	}
	if (rc > 0 || !pause_before)
		return;
	log_event(LOG_INFO, "background task works again", 0,
		LOG_S("task", s->task->name));
}

static void
make_step(struct background *b, struct background_slot *s, void *ctx,
	int64_t budget_ns)
{
	int64_t pause_before = s->pause_ms, start = b->now_ns(), end;
	struct err e = {0};
	int rc;

	/* Without a budget a step would do nothing, again and again. */
	assert(budget_ns > 0);
	pthread_mutex_lock(&b->lock);
	if (!s->is_running) {
		s->is_running = true;
		s->begun_ns = start;
		s->state.last_run_ms = clock_now_ms();
		s->state.duration_ns = 0;
		s->state.outcome = BACKGROUND_RUNNING;
	}
	pthread_mutex_unlock(&b->lock);
	rc = s->task->step(ctx, budget_ns, &e);
	end = b->now_ns();
	pthread_mutex_lock(&b->lock);
	s->state.duration_ns += end - start;
	if (end - start > s->state.longest_ns)
		s->state.longest_ns = end - start;
	s->rests_ns = end + HURRY_REST * (end - start);
	s->is_running = rc > 0;
	s->state.runs += rc <= 0;
	if (rc < 0)
		slot_failed(s, &e, end);
	else if (rc == 0)
		slot_done(s);
	pthread_mutex_unlock(&b->lock);
	background_tell(s, pause_before, rc);
}

static void
make_short_step(struct background *b, struct background_slot *s, void *ctx)
{
	make_step(b, s, ctx, s->task->budget_ns / HURRY_SHORTER);
}

/* A task failed, and when its next attempt is due there is no work any more: a
 * log that could not be cut back was, by another task, once its reader had gone.
 * Then the failure is over, and nobody has to look at it. *next: not later than
 * when that must be asked. */
static void
background_settle(struct background *b, enum background_lane lane,
	enum background_mode mode, void *ctx, int64_t now, int64_t *next)
{
	for (size_t i = 0; i < b->n; i++) {
		struct background_slot *s = &b->slots[i];
		const struct background_task *t = s->task;

		if (s->pause_ms == 0 || s->is_running || t->lane != lane ||
			!(t->modes & mode) || !t->wanted || t->wanted(ctx))
			continue;
		if (s->due_ns > now) {
			*next = s->due_ns < *next ? s->due_ns : *next;
			continue;
		}
		pthread_mutex_lock(&b->lock);
		slot_done(s);
		pthread_mutex_unlock(&b->lock);
		log_event(LOG_INFO, "background task has no work any more", 0,
			LOG_S("task", t->name));
	}
}

int
background_run(struct background *b, enum background_lane lane,
	enum background_mode mode, void *ctx)
{
	int64_t due[BACKGROUND_TASKS_MAX], now = b->now_ns();
	int64_t next = now + WAIT_MAX_MS * MS_NS;

	background_settle(b, lane, mode, ctx, now, &next);
	plan(b, lane, mode, ctx, due);
	for (size_t i = 1; i <= b->n; i++) {
		size_t at = (b->last[lane] + i) % b->n;

		if (due[at] <= now) {
			struct background_slot *s = &b->slots[at];
			const struct background_task *t = s->task;

			b->last[lane] = at;
			if (t->patience_ms && quiet_from(b, t) > now)
				make_short_step(b, s, ctx);
			else
				make_step(b, s, ctx, t->budget_ns);
			return 0;
		}
		if (due[at] < next)
			next = due[at];
	}
	return (int)((next - now + MS_NS - 1) / MS_NS);
}

/* A step of each task that lost its patience. */
static void
share_with_patient(struct background *b, enum background_lane lane,
	enum background_mode mode, void *ctx)
{
	int64_t due[BACKGROUND_TASKS_MAX], now = b->now_ns();

	if (now < b->look_ns[lane])
		return;
	b->look_ns[lane] = now + HURRY_LOOK_NS;
	plan(b, lane, mode, ctx, due);
	for (size_t i = 0; i < b->n; i++) {
		struct background_slot *s = &b->slots[i];

		if (!s->task->patience_ms || due[i] == NO_WORK)
			continue;
		if (due[i] <= now)
			make_short_step(b, s, ctx);
		if (s->is_running)
			b->look_ns[lane] =
				ns_min(b->look_ns[lane], s->rests_ns);
	}
}

void
background_share(struct background *b, enum background_lane lane,
	enum background_mode mode, void *ctx, bool is_loaded)
{
	enum background_share least =
		is_loaded ? BACKGROUND_UNDER_LOAD : BACKGROUND_EACH_GROUP;
	int64_t now = b->now_ns();

	for (size_t i = 0; i < b->n; i++) {
		struct background_slot *s = &b->slots[i];
		const struct background_task *t = s->task;

		if (t->lane != lane || t->share < least || !(t->modes & mode) ||
			s->due_ns > now)
			continue;
		if (s->is_running || !t->wanted || t->wanted(ctx)) {
			make_step(b, s, ctx, t->share_ns);
			continue;
		}
		/* Asking may cost more than behind each group it is worth. */
		pthread_mutex_lock(&b->lock);
		s->due_ns = now + t->period_ms * MS_NS;
		pthread_mutex_unlock(&b->lock);
	}
	share_with_patient(b, lane, mode, ctx);
}

void
background_busy(struct background *b, enum background_lane lane)
{
	b->busy_ns[lane] = b->now_ns();
}

/* --- status --------------------------------------------------------------- */
size_t
background_states(struct background *b,
	struct background_state ret[BACKGROUND_TASKS_MAX])
{
	int64_t now = b->now_ns(), wall = clock_now_ms();

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n; i++) {
		const struct background_slot *s = &b->slots[i];

		ret[i] = s->state;
		/* Of tasks that wait for work only a pause is known. */
		if (!s->is_running && (!s->task->wanted || s->pause_ms))
			ret[i].next_due_ms =
				s->due_ns > now
					? wall + (s->due_ns - now) / MS_NS
					: wall;
	}
	pthread_mutex_unlock(&b->lock);
	return b->n;
}
