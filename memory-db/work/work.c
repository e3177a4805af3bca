/* Starting, stopping and feeding the worker threads.
 *
 * One thread writes, two read. For example 50 requests arrive in one turn of
 * the loop, 40 writes and 10 reads: the writes go to the writer's queue, the
 * reads to that of the readers. Answers come back on a list of their own, and
 * the loop is woken to take them. */
#include "memory-db/work/work.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/allocator.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/signals.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/store/idle.h"
#include "memory-db/work/aside.h"
#include "memory-db/work/background/tasks.h"
#include "memory-db/work/internal.h"
#include "memory-db/embed/chat.h"
#include "memory-db/work/policing.h"
#include "memory-db/work/helper_thread.h"
#include "memory-db/work/prepare.h"
#include "memory-db/work/questions.h"
#include "memory-db/work/recover.h"

/* Jansson recurses 128 deep at most and SQLite is frugal; only pages touched
 * count as memory. */
#define THREAD_STACK_BYTES (1024 * 1024)

int
work_thread(pthread_t *ret, void *(*fn)(void *), void *arg, struct err *e)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc;

	if (pthread_attr_init(&attr) != 0)
		return err_nomem(e);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	(void)pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
#endif
	/* Signals belong to the loop. */
	signals_of_others(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(ret, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (rc)
		return err_set(e, MDB_E_NOMEM, "cannot start a thread: %s",
			strerror(rc));
	return 0;
}

static int
start_threads(struct work *w, struct err *e)
{
	for (size_t i = 0; i < WORK_READERS; i++) {
		struct reader *r = &w->readers[i];

		if (work_thread(&r->thread, reader_main, r, e))
			return e->code;
		r->is_started = true;
	}
	for (size_t i = 0; i < WORK_SCRIPTS; i++) {
		struct runner *r = &w->runners[i];

		if (work_thread(&r->thread, runner_main, r, e))
			return e->code;
		r->is_started = true;
	}
	if (work_thread(&w->writer, writer_main, w, e))
		return e->code;
	w->writer_started = true;
	return 0;
}

static int
init_queues(struct work *w)
{
	struct queue *const queues[] = {&w->reads, &w->done,
		&w->snapshots.queue};

	for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
		if (queue_init(queues[i]) == 0)
			continue;
		while (i-- > 0)
			queue_done(queues[i]);
		return MDB_E_NOMEM;
	}
	w->reads.by_turns = true;
	if (gate_init(w) == 0) {
		if (fair_init(&w->scripts) == 0) {
			if (write_queue_init(&w->writes) == 0) {
				if (snapshots_init(&w->snapshots) == 0)
					return 0;
				write_queue_done(&w->writes);
			}
			fair_done(&w->scripts);
		}
		gate_done(w);
	}
	for (size_t i = 0; i < ARRAY_LEN(queues); i++)
		queue_done(queues[i]);
	return MDB_E_NOMEM;
}

static void
enter_gate(void *ctx)
{
	work_enter(ctx);
}

static void
leave_gate(void *ctx)
{
	work_leave(ctx);
}

static void
work_deliver_snapshot(void *ctx, struct job_list *l)
{
	work_deliver(ctx, l);
}

static void
work_pass_on(void *ctx, struct job_list *l)
{
	work_push_writes(ctx, l);
}

static int
start_preparing(struct work *w, struct err *e)
{
	struct preparing_options o = {work_thread, work_pass_on,
		work_deliver_snapshot, w, w->opt.chat};

	return preparing_start(&o, &w->preparing, e);
}

int
work_start(const struct work_options *o, struct work **ret, struct err *e)
{
	struct background_options tasks = {.tasks = o->tasks, .n = o->tasks_n};
	struct helper_room room = {.db = o->db,
		.thread = work_thread,
		.enter = enter_gate,
		.leave = leave_gate,
		.pass_on = work_pass_on};
	struct work *w = calloc(1, sizeof *w);

	if (!w)
		return err_nomem(e);
	if (!o->tasks) {
		tasks.tasks =
			o->no_upkeep ? background_needed : background_tasks;
		tasks.n =
			o->no_upkeep ? background_needed_n : background_tasks_n;
	}
	w->opt = *o;
	room.ctx = w;
	if (!w->opt.run)
		w->opt.run = method_run;
	if (readers_init(w) || init_queues(w)) {
		graph_keep_free(w->keep);
		free(w);
		return err_nomem(e);
	}
	w->snapshots.opt = (struct snapshots_options){w->opt.db, w->opt.run,
		work_thread, enter_gate, leave_gate, work_deliver_snapshot, w};
	for (size_t i = 0; i < WORK_SCRIPTS; i++)
		w->runners[i].work = w;
	w->shrunk_at = UINT64_MAX; /* opening took some, too */
	if (background_new(&tasks, &w->background, e) ||
		embedding_start(w, &o->embedding, &room, &w->embedding, e) ||
		questions_start(w, w->embedding, o->embedding.x, &w->questions,
			e) ||
		start_preparing(w, e) || aside_start(w, &room, e) ||
		start_threads(w, e)) {
		work_stop(w);
		work_free(w);
		return e->code;
	}
	*ret = w;
	return 0;
}

void
work_end_long(struct work *w)
{
	/* A runner notes its job first and looks at the flag then. */
	atomic_store(&w->scripts_end, true);
	for (size_t i = 0; i < WORK_SCRIPTS; i++) {
		struct job *j = atomic_load(&w->runners[i].current);

		if (j)
			atomic_store(&j->cancelled, true);
	}
	snapshots_cancel(&w->snapshots);
	policing_cancel(w->policing);
	embed_stop(w->opt.embedding.x);
	chat_stop(w->opt.chat);
}

static void
stop_runners(struct work *w)
{
	work_end_long(w);
	for (size_t i = 0; i < WORK_SCRIPTS; i++) {
		struct runner *r = &w->runners[i];

		if (r->is_started)
			pthread_join(r->thread, NULL);
		r->is_started = false;
		store_close(r->st);
		r->st = NULL;
	}
}

void
work_stop(struct work *w)
{
	/* Scripts first: what they wrote still goes to the writer. */
	fair_stop(&w->scripts);
	stop_runners(w);
	snapshots_stop(&w->snapshots);
	embedding_stop(w->embedding);
	aside_stop(w);
	questions_stop(w->questions);
	preparing_stop(w->preparing);
	write_queue_stop(&w->writes);
	queue_stop(&w->reads);
	/* Readers first: a checkpoint cannot pass an open snapshot. */
	for (size_t i = 0; i < WORK_READERS; i++) {
		struct reader *r = &w->readers[i];

		if (r->is_started)
			pthread_join(r->thread, NULL);
		r->is_started = false;
	}
	if (w->writer_started)
		pthread_join(w->writer, NULL);
	w->writer_started = false;
	for (size_t i = 0; i < WORK_READERS; i++) {
		read_cache_clear(&w->readers[i].cache);
		store_close(w->readers[i].st);
		w->readers[i].st = NULL;
	}
	store_close(w->st);
	w->st = NULL;
	questions_free(w->questions);
	w->questions = NULL;
	preparing_free(w->preparing);
	w->preparing = NULL;
	embedding_free(w->embedding);
	w->embedding = NULL;
	aside_free(w);
}

void
work_free(struct work *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < WORK_READERS; i++)
		(void)pthread_mutex_destroy(&w->readers[i].lock);
	write_queue_done(&w->writes);
	queue_done(&w->reads);
	fair_done(&w->scripts);
	gate_done(w);
	free(w->verify);
	queue_done(&w->done);
	snapshots_done(&w->snapshots);
	background_free(w->background);
	graph_keep_free(w->keep);
	curation_alone_done(&w->curation);
	order_counting_done(&w->counting.under_way);
	free(w);
}

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
