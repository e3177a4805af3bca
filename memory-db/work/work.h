/* The worker threads: one writer with group commit, two readers. The loop
 * pushes jobs, is woken when some are done, and takes them back. */
#ifndef WORK_WORK_H
#define WORK_WORK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/order/order_counts.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/work/background/background.h"
#include "memory-db/work/embedding.h"
#include "memory-db/work/fair.h"
#include "memory-db/work/histogram.h"
#include "memory-db/work/job.h"
#include "memory-db/work/queue.h"

#define WORK_READERS 2
/* Threads for scripts. No process gets more than all but one of them (fair.h),
 * and one of a session; the cores are shared by the kernel, at nice 19. */
#define WORK_SCRIPTS 4

enum work_state {
	WORK_OPENING,	/* some ms: connections and statements */
	WORK_MIGRATING, /* may take long: callers get `busy` */
	WORK_READY,
	WORK_FAILED /* work_failure says why; nothing will run */
};

/* Figures for status; written by the workers, read from any thread. */
struct work_stats {
	struct histogram write_wait, write_run, commit;
	struct histogram read_wait, read_run, search;
	_Atomic uint64_t groups, grouped; /* commits, and writes in them */
	_Atomic uint64_t groups_repeated; /* run again one by one */
	_Atomic uint64_t commits_failed;
	_Atomic uint64_t group_largest;
};

struct sandbox;

struct work_options {
	struct database *db; /* borrowed; outlives the work */
	size_t group_max;    /* requests of a commit group */
	struct embedding_options embedding;
	struct chat *chat;	 /* the same; NULL: none */
	struct sandbox *sandbox; /* borrowed; outlives the work */
	method_fn run;		 /* NULL: method_run */
	/* NULL: background_tasks */
	const struct background_task *const *tasks;
	size_t tasks_n;
	bool no_upkeep;		 /* then NULL means background_needed */
	void (*wake)(void *ctx); /* from worker threads: jobs are done, or
				    the state changed. Must not block */
	void *wake_ctx;
};

struct work;

/* Starts the threads, which open the stores (and migrate first when that is
 * needed). Returns new; MDB_E_NOMEM. */
int work_start(const struct work_options *o, struct work **ret, struct err *e)
	MUST_CHECK;

/* The service is about to end: a script may take half a minute, a request of a
 * provider longer, so those under way and those that wait are cancelled. All
 * are answered; a question then without its vector. */
void work_end_long(struct work *w);

/* Waits for the threads, which finish what is queued, checkpoints and closes
 * the stores. Jobs that are done stay in the list of work_take_done until
 * work_free. */
void work_stop(struct work *w);
void work_free(struct work *w);

enum work_state work_state(const struct work *w);
/* Share of the migration that is done, 0..1. */
double work_progress(const struct work *w);
/* WORK_FAILED: why. */
const struct err *work_failure(const struct work *w);

/* Hands lists to the writer, to any reader (fast) and to the reader that
 * takes slow work; empties them. JOB_CALL only in state WORK_READY. */
void work_push_writes(struct work *w, struct job_list *l);
void work_push_reads(struct work *w, struct job_list *fast,
	struct job_list *slow);

/* Whether a read waits for its vector before a reader gets it; then it goes
 * this way. By the loop. */
bool work_wants_vector(struct work *w, struct job *j);
void work_push_questions(struct work *w, struct job_list *l);

/* Scripts; JOB_CALL of TF_SCRIPT. Each is entered before it is pushed:
 * MDB_E_BUSY when its client has too many, or used too much. */
int work_enter_script(struct work *w, struct job *j, const struct fair_who *who,
	struct err *e) MUST_CHECK;
void work_push_scripts(struct work *w, struct job_list *l);

/* Copies of the database (snapshots.c); JOB_CALL of TF_SNAPSHOT. */
void work_push_snapshots(struct work *w, struct job_list *l);
size_t work_snapshots_queued(const struct work *w);

/* Writes of TF_PREPARE: they come to the writer when they are worked out. */
void work_push_prepares(struct work *w, struct job_list *l);

size_t work_writes_queued(const struct work *w);
size_t work_reads_queued(const struct work *w);

/* All jobs that are done, or NULL. */
struct job *work_take_done(struct work *w);

/* Nobody waits for this job any more. One that waits in a queue is skipped, a
 * running read is interrupted, a running write goes on. */
void work_cancel(struct work *w, struct job *j);

const struct work_stats *work_stats(const struct work *w);

/* What status says of the embeddings, read from counters. */
void work_embedding(struct work *w, struct embedding_status *ret);

/* What waits for somebody, as counted last (order_counts.h): any thread. */
void work_order_counts(const struct work *w, struct order_counts *ret);

/* What the service does for itself, and how that went: any thread. How many. */
size_t work_background(const struct work *w,
	struct background_state ret[BACKGROUND_TASKS_MAX]);

/* Monotonic time since which the writer has been in one piece of work, or 0:
 * it waits. The watchdog looks at it. */
int64_t work_writer_busy_since(const struct work *w);
/* How long that is; 0: it waits. */
int64_t work_writer_busy_ms(const struct work *w);
/* How long a script has gone on after it should have ended; 0: none has. */
int64_t work_script_overdue_ms(const struct work *w);
/* CPU time of the writer thread so far; 0: unknown. */
int64_t work_writer_cpu_ns(const struct work *w);

#endif
