/* Two threads meet here. The helper hands on a job and waits; the writer runs
 * the job within one of its groups and, after the COMMIT, says that it is done:
 *
 *   helper   look ... helper_write --> [queue]        wait        --> go on
 *   writer                                  run, COMMIT, job_done
 *
 * Whatever sets a flag signals `wake`, and whoever waits looks at its own flag:
 * one condition is enough for begin, wake, end and job. */
#include "memory-db/work/helper_thread.h"

#include <assert.h>
#include <time.h>

#include "memory-db/store/engine/store.h"

void
helper_init(struct helper *h, const struct helper_room *room)
{
	pthread_condattr_t attr;

	*h = (struct helper){.room = *room};
	(void)pthread_mutex_init(&h->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&h->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
}

int
helper_start(struct helper *h, void *(*fn)(void *), void *arg, struct err *e)
{
	int rc = h->room.thread(&h->thread, fn, arg, e);

	h->is_started = rc == 0;
	return rc;
}

void
helper_done(struct helper *h)
{
	assert(!h->is_started);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->wake);
}

/* --- from outside --------------------------------------------------------- */
static void
helper_tell(struct helper *h, bool *flag)
{
	pthread_mutex_lock(&h->lock);
	*flag = true;
	pthread_cond_broadcast(&h->wake);
	pthread_mutex_unlock(&h->lock);
}

void
helper_begin(struct helper *h)
{
	helper_tell(h, &h->is_begun);
}

void
helper_wake(struct helper *h)
{
	helper_tell(h, &h->is_woken);
}

void
helper_end(struct helper *h)
{
	atomic_store(&h->is_stopped, true);
	helper_wake(h);
}

void
helper_stop(struct helper *h)
{
	if (!h->is_started)
		return;
	helper_end(h);
	pthread_join(h->thread, NULL);
	h->is_started = false;
	helper_close(h);
}

/* --- of the thread -------------------------------------------------------- */
void
helper_wait_begun(struct helper *h)
{
	pthread_mutex_lock(&h->lock);
	while (!h->is_begun && !helper_is_stopped(h))
		pthread_cond_wait(&h->wake, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

/* false: the time has come. */
static bool
wait_some(struct helper *h, int64_t until_ns)
{
	struct timespec until = {.tv_sec = until_ns / 1000000000,
		.tv_nsec = until_ns % 1000000000};

	if (until_ns == HELPER_FOREVER)
		return pthread_cond_wait(&h->wake, &h->lock) == 0;
	return pthread_cond_timedwait(&h->wake, &h->lock, &until) == 0;
}

bool
helper_sleep(struct helper *h, int64_t until_ns)
{
	bool is_woken;

	pthread_mutex_lock(&h->lock);
	while (!helper_is_stopped(h) && !h->is_woken)
		if (!wait_some(h, until_ns))
			break;
	is_woken = h->is_woken;
	h->is_woken = false;
	pthread_mutex_unlock(&h->lock);
	return is_woken;
}

void
helper_pause(struct helper *h, int64_t until_ns)
{
	pthread_mutex_lock(&h->lock);
	while (!helper_is_stopped(h))
		if (!wait_some(h, until_ns))
			break;
	pthread_mutex_unlock(&h->lock);
}

int
helper_open(struct helper *h, struct err *e)
{
	int rc;

	if (h->st)
		return 0;
	rc = store_open(h->room.db, STORE_READER, &h->st, e);
	if (rc)
		return rc;
	rc = store_keep_little(h->st, e);
	if (rc)
		helper_close(h);
	return rc;
}

int
helper_read_begin(struct helper *h, struct err *e)
{
	int rc = helper_open(h, e);

	if (rc)
		return rc;
	return store_read_begin(h->st, e);
}

void
helper_close(struct helper *h)
{
	store_close(h->st);
	h->st = NULL;
}

/* --- the writer ----------------------------------------------------------- */
static int
helper_run(void *ctx, struct store *st, struct err *e)
{
	struct helper *h = ctx;

	return h->work.run(h->work.ctx, st, e);
}

static void
helper_job_done(void *ctx, struct job *j)
{
	struct helper *h = ctx;

	assert(j == &h->job);
	helper_tell(h, &h->job_done);
}

int
helper_write(struct helper *h,
	int (*run)(void *ctx, struct store *st, struct err *e), void *ctx)
{
	struct job_list list = {0};
	int rc;

	h->work = (struct own_work){.run = run, .ctx = ctx};
	job_init(&h->job, 0);
	h->job.kind = JOB_OWN;
	h->job.own = (struct own_work){.run = helper_run,
		.done = helper_job_done,
		.ctx = h};
	h->job_done = false;
	job_list_add(&list, &h->job);
	h->room.pass_on(h->room.ctx, &list);
	pthread_mutex_lock(&h->lock);
	while (!h->job_done)
		pthread_cond_wait(&h->wake, &h->lock);
	pthread_mutex_unlock(&h->lock);
	rc = h->job.code;
	job_done(&h->job);
	return rc;
}
