/* Feeding the worker threads, and what they tell of themselves (work_start.c
 * starts and stops them).
 *
 * One thread writes, two read. For example 50 requests arrive in one turn of
 * the loop, 40 writes and 10 reads: the writes go to the writer's queue, the
 * reads to that of the readers. Answers come back on a list of their own, and
 * the loop is woken to take them. */
#include "memory-db/work/work.h"

#include <stdlib.h>
#include <time.h>

#include "common/allocator.h"
#include "common/clock.h"
#include "common/log.h"
#include "memory-db/store/idle.h"
#include "memory-db/work/background/background.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/prepare.h"
#include "memory-db/work/questions.h"

enum work_state
work_state(const struct work *w)
{
	return (enum work_state)atomic_load_explicit(&w->state,
		memory_order_acquire);
}

double
work_progress(const struct work *w)
{
	return atomic_load_explicit(&w->permille, memory_order_relaxed) /
	       1000.0;
}

const struct err *
work_failure(const struct work *w)
{
	return &w->failure;
}

static void
stamp(struct job_list *l)
{
	int64_t now;

	if (!l || !l->head)
		return;
	now = clock_mono_ns();
	for (struct job *j = l->head; j; j = j->next)
		j->queued_ns = now;
}

void
work_push_writes(struct work *w, struct job_list *l)
{
	stamp(l);
	write_queue_push(&w->writes, l);
}

void
work_push_reads(struct work *w, struct job_list *fast, struct job_list *slow)
{
	stamp(fast);
	stamp(slow);
	(void)queue_push(&w->reads, fast, slow);
}

bool
work_wants_vector(struct work *w, struct job *j)
{
	return questions_want(w->questions, j);
}

void
work_push_questions(struct work *w, struct job_list *l)
{
	stamp(l);
	questions_push(w->questions, l);
}

void
work_push_prepares(struct work *w, struct job_list *l)
{
	stamp(l);
	preparing_push(w->preparing, l);
}

void
work_push_scripts(struct work *w, struct job_list *l)
{
	stamp(l);
	fair_push(&w->scripts, l);
}

int
work_enter_script(struct work *w, struct job *j, const struct fair_who *who,
	struct err *e)
{
	return fair_enter(&w->scripts, who, clock_mono_ns(), j, e);
}

void
work_push_snapshots(struct work *w, struct job_list *l)
{
	stamp(l);
	snapshots_push(&w->snapshots, l);
}

size_t
work_snapshots_queued(const struct work *w)
{
	return snapshots_queued(&w->snapshots);
}

size_t
work_writes_queued(const struct work *w)
{
	return write_queue_length(&w->writes) + preparing_queued(w->preparing);
}

size_t
work_reads_queued(const struct work *w)
{
	return queue_length(&w->reads) + questions_queued(w->questions);
}

struct job *
work_take_done(struct work *w)
{
	return queue_take(&w->done, SIZE_MAX, SIZE_MAX, false, 0);
}

void
work_deliver(struct work *w, struct job_list *l)
{
	if (queue_push(&w->done, l, NULL))
		w->opt.wake(w->opt.wake_ctx);
}

void
work_tell(struct work *w, struct job *own)
{
	struct job_list list = {0};
	struct job *j;

	if (own->code != MDB_OK || !own->effects.first)
		return;
	j = calloc(1, sizeof(*j));
	if (!j) { /* they see it with what they read next */
		log_event(LOG_WARN, "no memory to tell of a change", 0);
		return;
	}
	job_init(j, 0);
	j->kind = JOB_OWN;
	effects_move(&j->effects, &own->effects);
	job_list_add(&list, j);
	work_deliver(w, &list);
}

void
work_cancel(struct work *w, struct job *j)
{
	atomic_store_explicit(&j->cancelled, true, memory_order_relaxed);
	for (size_t i = 0; i < WORK_READERS; i++) {
		struct reader *r = &w->readers[i];

		/* The lock makes sure that the reader is still at this job
		 * while the interrupt is sent: none hits the next one. */
		pthread_mutex_lock(&r->lock);
		if (r->current == j && r->st)
			store_interrupt(r->st);
		pthread_mutex_unlock(&r->lock);
	}
}

const struct work_stats *
work_stats(const struct work *w)
{
	return &w->stats;
}

int64_t
work_writer_busy_since(const struct work *w)
{
	return atomic_load_explicit(&w->busy_since, memory_order_relaxed);
}

int64_t
work_writer_busy_ms(const struct work *w)
{
	int64_t since = work_writer_busy_since(w), now = clock_mono_ns();

	return since == 0 || now < since ? 0 : (now - since) / 1000000;
}

int64_t
work_writer_cpu_ns(const struct work *w)
{
	clockid_t id;
	struct timespec t;

	if (!w->writer_started || pthread_getcpuclockid(w->writer, &id) != 0 ||
		clock_gettime(id, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
work_embedding(struct work *w, struct embedding_status *ret)
{
	embedding_status(w->embedding, ret);
}

size_t
work_background(const struct work *w,
	struct background_state ret[BACKGROUND_TASKS_MAX])
{
	return background_states(w->background, ret);
}

void
work_shrink(struct store *st)
{
	if (st)
		store_shrink(st);
	allocator_trim();
}
