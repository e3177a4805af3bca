/* Scripts of many clients on few threads, fairly. fair.h says what an account
 * is.
 *
 * For example client A sends ten scripts of a second each, then client B sends
 * one. A process never has all threads, so some of A's wait and B's begins at
 * once; among those that wait, the session whose last turn is longest ago goes
 * next. */
#include "memory-db/work/fair.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "memory-db/work/job.h"

/* For retries after a refusal for number: scripts take milliseconds as a
 * rule. */
#define RETRY_MS 500

enum { SESSION, NAMELESS, PROCESS };

struct bounds {
	unsigned running, all; /* scripts; all: running or waiting */
	double minute_ms;      /* CPU time a minute, and at once at most */
	const char *who;
};

static const struct bounds bounds[FAIR_KINDS] = {
	[SESSION] = {1, 1 + LIMIT_SCRIPT_WAITING, LIMIT_SCRIPT_CPU_MS,
		"this session"},
	[NAMELESS] = {2, LIMIT_SCRIPT_PROCESS / 2, 2.0 * LIMIT_SCRIPT_CPU_MS,
		"this process, in connections that name no session,"},
	[PROCESS] = {3, LIMIT_SCRIPT_PROCESS, 3.0 * LIMIT_SCRIPT_CPU_MS,
		"this process"},
};

int
fair_init(struct fair *f)
{
	pthread_condattr_t attr;
	int rc;

	memset(f, 0, sizeof(*f));
	if (pthread_condattr_init(&attr) != 0)
		return MDB_E_NOMEM;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&f->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (rc != 0)
		return MDB_E_NOMEM;
	if (pthread_mutex_init(&f->lock, NULL) != 0) {
		(void)pthread_cond_destroy(&f->changed);
		return MDB_E_NOMEM;
	}
	return 0;
}

void
fair_done(struct fair *f)
{
	(void)pthread_cond_destroy(&f->changed);
	(void)pthread_mutex_destroy(&f->lock);
}

/* --- accounts ------------------------------------------------------------- */
static void
fair_fill(struct fair_account *a, int64_t now_ns)
{
	double most = bounds[a->kind].minute_ms;

	a->cpu_ms += (double)(now_ns - a->filled_ns) / 60e9 * most;
	if (a->cpu_ms > most)
		a->cpu_ms = most;
	a->filled_ns = now_ns;
}

static bool
is_idle(const struct fair_account *a)
{
	return a->running == 0 && a->waiting == 0;
}

/* The account, made when it is new. There are more places than scripts can be
 * in the system, so one is idle; of these the one with the most CPU time left,
 * by its share, makes room: a debt is kept. */
static struct fair_account *
account_of(struct fair *f, unsigned kind, uint64_t name, int64_t now_ns)
{
	/* Kinds do not share keys. */
	uint64_t key = (name ^ kind) | (uint64_t)1 << 63;
	struct fair_account *best = NULL;
	double best_left = 0;

	for (size_t i = 0; i < ARRAY_LEN(f->accounts); i++) {
		struct fair_account *a = &f->accounts[i];
		double left = 2;

		if (a->key == key && a->kind == kind)
			return a;
		if (!is_idle(a))
			continue;
		if (a->key != 0) {
			fair_fill(a, now_ns);
			left = a->cpu_ms / bounds[a->kind].minute_ms;
		}
		if (!best || left > best_left) {
			best = a;
			best_left = left;
		}
	}
	assert(best);
	*best = (struct fair_account){.key = key,
		.kind = kind,
		.cpu_ms = bounds[kind].minute_ms,
		.filled_ns = now_ns};
	return best;
}

static int
fair_check(struct fair_account *a, int64_t now_ns, struct err *e)
{
	const struct bounds *b = &bounds[a->kind];
	double wait_ms;
	int retry_ms;

	fair_fill(a, now_ns);
	if (a->running + a->waiting >= b->all) {
		err_set(e, MDB_E_BUSY,
			"%s has %u scripts running and %u waiting, the most it "
			"may have; wait for their answers, or do several steps "
			"in one script",
			b->who, a->running, a->waiting);
		e->retry_after_ms = RETRY_MS;
		return MDB_E_BUSY;
	}
	if (a->cpu_ms > 0)
		return 0;
	wait_ms = 60000 * (1000 - a->cpu_ms) / b->minute_ms;
	retry_ms = wait_ms < 60000 ? (int)wait_ms + 1 : 60000;
	err_set(e, MDB_E_BUSY,
		"the scripts of %s used up their CPU time: %d s a minute; wait "
		"%d s, and let a script do less",
		b->who, (int)(b->minute_ms / 1000), retry_ms / 1000 + 1);
	e->retry_after_ms = retry_ms;
	return MDB_E_BUSY;
}

/* Takes a place with each kind of account. 0, or why there is none: those that
 * were taken until then are in `a`. */
static int
take_places(struct fair *f, const struct fair_who *who, int64_t now_ns,
	struct fair_account **a, struct err *e)
{
	for (unsigned k = 0; k < FAIR_KINDS; k++) {
		struct fair_account *x;
		int rc;

		if (k == NAMELESS && who->is_named)
			continue;
		x = account_of(f, k, k == SESSION ? who->session : who->process,
			now_ns);
		rc = fair_check(x, now_ns, e);
		if (rc != 0)
			return rc;
		/* Held, so that the next kind does not take its place. */
		x->waiting++;
		a[k] = x;
	}
	return 0;
}

int
fair_enter(struct fair *f, const struct fair_who *who, int64_t now_ns,
	struct job *j, struct err *e)
{
	struct fair_account *a[FAIR_KINDS] = {0};
	size_t waiting = 0;
	int rc = 0;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < ARRAY_LEN(f->accounts); i++)
		if (f->accounts[i].kind == PROCESS)
			waiting += f->accounts[i].waiting;
	if (waiting >= LIMIT_SCRIPT_QUEUE) {
		rc = err_set(e, MDB_E_BUSY,
			"%d scripts are waiting already; "
			"try again",
			LIMIT_SCRIPT_QUEUE);
		e->retry_after_ms = RETRY_MS;
	} else {
		rc = take_places(f, who, now_ns, a, e);
	}
	for (unsigned k = 0; k < FAIR_KINDS; k++) {
		j->accounts[k] = a[k];
		if (rc != 0 && a[k])
			a[k]->waiting--;
	}
	pthread_mutex_unlock(&f->lock);
	return rc;
}

/* --- the queue ------------------------------------------------------------ */
void
fair_push(struct fair *f, struct job_list *l)
{
	if (!l->head)
		return;
	pthread_mutex_lock(&f->lock);
	for (struct job *j = l->head, *next; j != NULL; j = next) {
		next = j->next;
		job_list_add(&f->waiting, j);
	}
	memset(l, 0, sizeof(*l));
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static bool
may_run(const struct job *j)
{
	for (unsigned k = 0; k < FAIR_KINDS; k++)
		if (j->accounts[k] &&
			j->accounts[k]->running >= bounds[k].running)
			return false;
	return true;
}

/* Cancelled ones are not run: they go whatever runs. */
static bool
fair_is_cancelled(const struct job *j)
{
	return atomic_load_explicit(&j->cancelled, memory_order_relaxed);
}

static struct job *
fair_choose(const struct fair *f)
{
	struct job *best = NULL;

	for (struct job *j = f->waiting.head; j != NULL; j = j->next) {
		if (fair_is_cancelled(j))
			return j;
		if (may_run(j) &&
			(!best || j->accounts[SESSION]->turn <
					  best->accounts[SESSION]->turn))
			best = j;
	}
	return best;
}

static void
fair_cut(struct job_list *l, struct job *j)
{
	struct job **at = &l->head, *before = NULL;

	for (; *at != j; at = &(*at)->next)
		before = *at;
	*at = j->next;
	if (l->tail == j)
		l->tail = before;
	l->n--;
	j->next = NULL;
}

static void
fair_start(struct fair *f, struct job *j)
{
	f->turns++;
	f->running++;
	for (unsigned k = 0; k < FAIR_KINDS; k++) {
		struct fair_account *a = j->accounts[k];

		if (!a)
			continue;
		a->waiting--;
		a->running++;
		a->turn = f->turns;
	}
}

static struct job *
fair_hand_out(struct fair *f, unsigned index)
{
	struct job *j = f->running >= index ? fair_choose(f) : NULL;

	if (j) {
		fair_cut(&f->waiting, j);
		fair_start(f, j);
		/* A higher runner may begin now. */
		pthread_cond_broadcast(&f->changed);
	}
	return j;
}

struct job *
fair_take(struct fair *f, unsigned index, int wait_ms)
{
	struct timespec until = {0};
	struct job *j;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	if (wait_ms > 0) {
		until.tv_sec += wait_ms / 1000;
		until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	}
	pthread_mutex_lock(&f->lock);
	/* At the end the scripts that wait are still taken, to be answered. */
	while ((j = fair_hand_out(f, index)) == NULL && rc != ETIMEDOUT &&
		wait_ms != 0 && !(f->is_stopped && !f->waiting.head))
		rc = wait_ms < 0 ? pthread_cond_wait(&f->changed, &f->lock)
				 : pthread_cond_timedwait(&f->changed, &f->lock,
					   &until);
	pthread_mutex_unlock(&f->lock);
	return j;
}

void
fair_leave(struct fair *f, struct job *j, int64_t now_ns, int64_t cpu_us)
{
	pthread_mutex_lock(&f->lock);
	f->running--;
	for (unsigned k = 0; k < FAIR_KINDS; k++) {
		struct fair_account *a = j->accounts[k];

		if (!a)
			continue;
		fair_fill(a, now_ns);
		a->cpu_ms -= (double)cpu_us / 1000;
		a->running--;
		j->accounts[k] = NULL;
	}
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

void
fair_stop(struct fair *f)
{
	pthread_mutex_lock(&f->lock);
	f->is_stopped = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

bool
fair_is_stopped(struct fair *f)
{
	bool r;

	pthread_mutex_lock(&f->lock);
	r = f->is_stopped && !f->waiting.head;
	pthread_mutex_unlock(&f->lock);
	return r;
}
