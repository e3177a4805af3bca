/* A thread beside the writer, for work that takes long: it looks for something
 * in a snapshot, or asks somebody outside, and hands what came of it to the
 * writer as a job. Neither the writer nor a reader ever waits for such a thread.
 *
 *   helper_start   the thread is there, and waits for helper_begin
 *   helper_begin   the writer serves: the thread may work
 *   helper_wake    there may be something to do
 *   helper_write   of the thread: a job for the writer; waits for its COMMIT
 *   helper_stop    before the writer's queue is stopped, so that what was
 *                  handed on is still answered
 *
 * Who uses it embeds a struct helper: the scan for conflicts (scanning.h), the
 * policy functions (policing.h) and the vectors (embedding.h). */
#ifndef WORK_HELPER_THREAD_H
#define WORK_HELPER_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/work/job.h"
#include "memory-db/work/queue.h"

struct database;
struct store;

/* What a helper needs of the room; all of it borrowed. */
struct helper_room {
	struct database *db;
	int (*thread)(pthread_t *ret, void *(*fn)(void *), void *arg,
		struct err *e);
	/* Around each use of the helper's connection. NULL: it is not shut out
	 * by the gate (recover.h), and has no use for `st`. */
	void (*enter)(void *ctx);
	void (*leave)(void *ctx);
	/* To the writer. */
	void (*pass_on)(void *ctx, struct job_list *l);
	void *ctx;
};

struct helper {
	struct helper_room room;
	pthread_t thread;
	bool is_started;
	atomic_bool is_stopped;

	/* Of what follows up to the line; its owner may keep its own there. */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* its clock is the monotonic one */
	bool is_begun, is_woken, job_done;
	/* ------------------------------------------------------------------ */

	struct store *st; /* a reader's; between enter and leave */
	struct job job;	  /* of the thread alone */
	struct own_work work;
};

void helper_init(struct helper *h, const struct helper_room *room);
/* Starts the thread, which calls fn(arg). */
int helper_start(struct helper *h, void *(*fn)(void *), void *arg,
	struct err *e) MUST_CHECK;
/* The thread is to end: what it waits for ends at once. */
void helper_end(struct helper *h);
/* Ends the thread and waits for it; closes its connection. */
void helper_stop(struct helper *h);
/* After helper_stop. */
void helper_done(struct helper *h);

void helper_begin(struct helper *h);
void helper_wake(struct helper *h);

static inline bool
helper_is_stopped(const struct helper *h)
{
	return atomic_load_explicit(&h->is_stopped, memory_order_relaxed);
}

/* --- of the thread -------------------------------------------------------- */
/* A time of helper_sleep that never comes. */
#define HELPER_FOREVER INT64_MAX

/* Until helper_begin, or the end. */
void helper_wait_begun(struct helper *h);
/* Until it is woken, the time (monotonic ns), or the end; true: it was woken,
 * which is settled by it. */
bool helper_sleep(struct helper *h, int64_t until_ns);
/* Until the time or the end, whoever wakes it. */
void helper_pause(struct helper *h, int64_t until_ns);

/* The helper's connection, where there is none. Between enter and leave. */
int helper_open(struct helper *h, struct err *e) MUST_CHECK;
/* A snapshot on the helper's connection, which is opened where there is none.
 * Between enter and leave; ends with store_read_end(h->st). */
int helper_read_begin(struct helper *h, struct err *e) MUST_CHECK;
/* Closes its connection; the next snapshot opens one. Between enter and leave,
 * or with the gate held alone. */
void helper_close(struct helper *h);

/* run(ctx, ...) in the writer's transaction; again, when its group failed.
 * Returns what became of it, after the COMMIT; there is no text of an error. */
int helper_write(struct helper *h,
	int (*run)(void *ctx, struct store *st, struct err *e), void *ctx)
	MUST_CHECK;

#endif
