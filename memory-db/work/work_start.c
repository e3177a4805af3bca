/* Starting and stopping the worker threads.
 *
 * They end in an order: scripts first, as what they wrote still goes to the
 * writer; then what runs beside the writer; then the readers, as a checkpoint
 * cannot pass an open snapshot; the writer last. Each finishes what it has
 * accepted. */
#include "memory-db/work/work.h"

#include <stdlib.h>

#include "memory-db/embed/chat.h"
#include "memory-db/model/read/graph_keep.h"
#include "memory-db/work/aside.h"
#include "memory-db/work/background/tasks.h"
#include "memory-db/work/helper_thread.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/policing.h"
#include "memory-db/work/prepare.h"
#include "memory-db/work/questions.h"
#include "memory-db/work/recover.h"

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
	log_room_init(&w->log_room);
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
	log_room_done(&w->log_room);
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
