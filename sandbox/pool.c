/* The keeper's day:
 *
 *   test   a jail says which layers it has; then each forbidden call of the
 *          list is tried by a jail of its own, which must die of it
 *   keep   reap what was retired, start what is missing, wait to be told
 *
 * When starting fails it is tried again after a pause, and pool_take says why
 * it failed. */
#include "sandbox/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/signals.h"
#include "sandbox/ready.h"
#include "sandbox/wire.h"

#define RETIRED_MAX  64
#define RETIRED_SOME 8 /* more are reaped at once */
#define QUIET_MS     2
#define PROBE_MS     5000
#define PAUSE_MIN_MS 100
#define START_MS     150
#define PAUSE_MAX_MS 5000

struct pool {
	pthread_t keeper;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* for the keeper */
	pthread_cond_t ready; /* for pool_take */
	bool closing;
	struct jail waiting[LIMIT_SCRIPT_POOL_MAX];
	struct jail retired[RETIRED_MAX];
	int retired_n;
	int pause_ms;
	struct pool_status status;

	/* of the keeper alone */
	int program;
	uid_t uid;
	int size;
	struct buf setup;
};

/* --- the self test -------------------------------------------------------- */
static int
pool_probe(struct pool *p, int n, struct err *e)
{
	static const char *const names[] = WIRE_PROBE_NAMES;
	struct jail j = JAIL_NONE;
	int status, rc;

	rc = launch_start(p->program, p->uid, "probe", n, &j, e);
	if (rc)
		return rc;
	status = launch_reap(&j, PROBE_MS, NULL);
	if (WIFSIGNALED(status) ||
		(WIFEXITED(status) && WEXITSTATUS(status) == WIRE_EXIT_POLICY))
		return 0;
	return err_set(e, MDB_E_SANDBOX,
		"the jail does not hold: it could make the system call '%s'",
		names[n]);
}

static bool
pool_is_closing(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	bool closing = p->closing;
	pthread_mutex_unlock(&p->lock);
	return closing;
}

static int
self_test(struct pool *p, struct err *e)
{
	struct jail j = JAIL_NONE;
	uint32_t in_place = 0, refused = 0;
	int rc = ready_start(p->program, p->uid, &p->setup, &j, &in_place,
		&refused, e);

	if (rc)
		return rc;
	launch_end(&j);
	for (int i = 0; i < WIRE_PROBES && !pool_is_closing(p); i++) {
		rc = pool_probe(p, i, e);
		if (rc)
			return rc;
	}
	pthread_mutex_lock(&p->lock);
	p->status.in_place = in_place;
	p->status.refused = refused;
	pthread_mutex_unlock(&p->lock);
	return 0;
}

/* --- keeping -------------------------------------------------------------- */
/* With the lock: what came of a start or of the test. */
static void
pool_note(struct pool *p, int rc, const struct err *e)
{
	if (rc) {
		if (p->status.is_available || !p->status.is_settled)
			log_event(LOG_WARN, "sandbox unavailable", 0,
				LOG_S("reason", e->text));
		snprintf(p->status.reason, sizeof(p->status.reason), "%.390s",
			e->text);
		p->pause_ms = p->pause_ms ? p->pause_ms * 2 : PAUSE_MIN_MS;
		if (p->pause_ms > PAUSE_MAX_MS)
			p->pause_ms = PAUSE_MAX_MS;
	} else {
		p->status.reason[0] = '\0';
		p->pause_ms = 0;
	}
	p->status.is_settled = true;
	p->status.is_available = rc == 0;
	pthread_cond_broadcast(&p->ready);
}

static void
reap_retired(struct pool *p)
{
	struct jail gone[RETIRED_MAX];
	int n = p->retired_n;

	memcpy(gone, p->retired, sizeof(gone));
	p->retired_n = 0;
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < n; i++)
		launch_end(&gone[i]);
	pthread_mutex_lock(&p->lock);
}

static void
refill(struct pool *p)
{
	struct jail j = JAIL_NONE;
	uint32_t in_place, refused;
	struct err e = {0};
	int rc;

	pthread_mutex_unlock(&p->lock);
	rc = ready_start(p->program, p->uid, &p->setup, &j, &in_place, &refused,
		&e);
	pthread_mutex_lock(&p->lock);
	assert(p->status.waiting < LIMIT_SCRIPT_POOL_MAX);
	if (rc == 0) {
		p->waiting[p->status.waiting++] = j;
		p->status.started++;
	}
	pool_note(p, rc, &e);
}

/* True when nobody called meanwhile. */
static bool
pause_keeper(struct pool *p, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_cond_timedwait(&p->work, &p->lock, &until) == ETIMEDOUT;
}

/* What is to do while some jails still wait: in quiet moments, as a start
 * takes a core from the script that has just been let in. */
static void
tidy(struct pool *p)
{
	if (!pause_keeper(p, QUIET_MS) || p->closing)
		return;
	if (p->status.waiting < p->size)
		refill(p);
	else
		reap_retired(p);
}

/* The first client of a service that it started waits for an answer, mostly
 * not for a script: the test leaves the CPU to that for a moment. */
static void
let_others_start(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	if (!p->closing && p->status.misses == 0)
		(void)pause_keeper(p, START_MS);
	pthread_mutex_unlock(&p->lock);
}

static void *
keeper(void *arg)
{
	struct pool *p = arg;
	struct err e = {0};
	bool is_tested;
	int rc;

	let_others_start(p);
	rc = self_test(p, &e);
	is_tested = rc == 0;
	pthread_mutex_lock(&p->lock);
	if (!p->closing)
		pool_note(p, rc, &e);
	while (!p->closing) {
		bool fails = p->pause_ms > 0;

		/* somebody may be waiting for a new one; nobody waits for the
		 * old ones, which are dead already */
		if (p->retired_n > (fails ? 0 : RETIRED_SOME)) {
			reap_retired(p);
		} else if (fails) {
			(void)pause_keeper(p, p->pause_ms);
			if (p->closing || p->retired_n > 0)
				continue;
			if (is_tested) {
				refill(p);
				continue;
			}
			pthread_mutex_unlock(&p->lock);
			rc = self_test(p, &e);
			pthread_mutex_lock(&p->lock);
			is_tested = rc == 0;
			pool_note(p, rc, &e);
		} else if (p->status.waiting < (p->size + 1) / 2) {
			refill(p);
		} else if (p->status.waiting < p->size || p->retired_n > 0) {
			tidy(p);
		} else {
			pthread_cond_wait(&p->work, &p->lock);
		}
	}
	reap_retired(p);
	while (p->status.waiting > 0)
		launch_end(&p->waiting[--p->status.waiting]);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* --- from outside --------------------------------------------------------- */
static int
start_keeper(struct pool *p, struct err *e)
{
	sigset_t all, old;
	int rc;

	/* signals are for the other threads */
	signals_of_others(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&p->keeper, NULL, keeper, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc ? err_set(e, MDB_E_INTERNAL, "no thread for the sandbox: %s",
			    strerrordesc_np(rc))
		  : 0;
}

/* A shell may have had SIGCHLD ignored: jails would be reaped by nobody, and
 * how they ended be lost. */
static void
keep_children(void)
{
	struct sigaction a;

	if (sigaction(SIGCHLD, NULL, &a) != 0 ||
		(a.sa_handler != SIG_IGN && !(a.sa_flags & SA_NOCLDWAIT)))
		return;
	memset(&a, 0, sizeof(a));
	a.sa_handler = SIG_DFL;
	(void)sigaction(SIGCHLD, &a, NULL);
}

int
pool_open(const struct pool_options *o, struct pool **ret, struct err *e)
{
	struct pool *p = calloc(1, sizeof(*p));
	pthread_condattr_t mono;
	int rc = 0;

	if (!p)
		return err_nomem(e);
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, &mono);
	pthread_cond_init(&p->ready, &mono);
	pthread_condattr_destroy(&mono);
	p->program = o->program;
	p->uid = o->uid;
	p->size = o->size;
	p->setup = *o->setup;
	*o->setup = (struct buf){0};
	if (p->program < 0) {
		p->status.is_settled = true;
		snprintf(p->status.reason, sizeof(p->status.reason), "%.390s",
			o->reason);
	} else {
		keep_children();
		rc = start_keeper(p, e);
	}
	if (rc) {
		close(p->program);
		p->program = -1;
		pool_close(p);
		return rc;
	}
	*ret = p;
	return 0;
}

void
pool_close(struct pool *p)
{
	if (!p)
		return;
	if (p->program >= 0) {
		pthread_mutex_lock(&p->lock);
		p->closing = true;
		pthread_cond_broadcast(&p->work);
		pthread_mutex_unlock(&p->lock);
		pthread_join(p->keeper, NULL);
		close(p->program);
	}
	buf_done(&p->setup);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->ready);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int
pool_take(struct pool *p, int timeout_ms, struct jail *ret, struct err *e)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000 + 1;
	pthread_mutex_lock(&p->lock);
	if (p->status.waiting == 0) {
		p->status.misses++;
		pthread_cond_signal(&p->work);
	}
	while (p->status.waiting == 0 &&
		(p->status.is_available || !p->status.is_settled)) {
		rc = pthread_cond_timedwait(&p->ready, &p->lock, &until);
		if (rc != 0)
			break;
	}
	if (p->status.waiting > 0) {
		*ret = p->waiting[--p->status.waiting];
		/* Starting another now would take the CPU from the script,
		 * which runs at nice 19; its end wakes the keeper. */
		if (p->status.waiting < (p->size + 1) / 2)
			pthread_cond_signal(&p->work);
		rc = 0;
	} else if (rc) {
		rc = err_set(e, MDB_E_BUSY,
			"no jail became free in time; try again");
	} else {
		rc = err_set(e, MDB_E_SANDBOX, "%s", p->status.reason);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

void
pool_retire(struct pool *p, struct jail *j)
{
	bool is_full;

	if (j->pid > 0)
		launch_signal(j, SIGKILL);
	pthread_mutex_lock(&p->lock);
	is_full = p->retired_n == RETIRED_MAX;
	if (!is_full && j->pid > 0) {
		p->retired[p->retired_n++] = *j;
		*j = JAIL_NONE;
	}
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	if (is_full)
		launch_end(j);
}

void
pool_status(struct pool *p, struct pool_status *ret)
{
	pthread_mutex_lock(&p->lock);
	*ret = p->status;
	pthread_mutex_unlock(&p->lock);
}
