/* A queue of jobs between threads: any thread pushes, any thread takes.
 *
 * In order of arrival, or by turns: then each source (job.source) has one job in
 * each round, in its own order, so that who asks for one thing waits for at most
 * one job of each other source, however many of them it has queued. */
#ifndef WORK_QUEUE_H
#define WORK_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "memory-db/work/job.h"

/* A list under construction; owned by one thread. */
struct job_list {
	struct job *head, *tail;
	size_t n;
};
void job_list_add(struct job_list *l, struct job *j);

/* Sources that share a place count as one. */
#define QUEUE_SOURCES 256

struct queue_rounds {
	uint64_t now;		      /* of what was taken last */
	uint64_t last[QUEUE_SOURCES]; /* of what the source pushed last */
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct job_list fast, slow; /* slow: TF_SLOW, for takers that may */
	struct queue_rounds fast_rounds, slow_rounds;
	bool by_turns; /* set before anything is pushed */
	bool is_stopped;
	unsigned turn;	      /* alternates fast and slow */
	atomic_size_t length; /* readable without the lock */
};

/* The lock of a queue, and the condition that its workers wait for, by the
 * monotonic clock. 0, or MDB_E_NOMEM. */
int queue_init_lock(pthread_mutex_t *lock, pthread_cond_t *filled) MUST_CHECK;

/* 0, or MDB_E_NOMEM. */
int queue_init(struct queue *q) MUST_CHECK;
void queue_done(struct queue *q); /* frees no jobs */

/* Appends and empties both lists (slow may be NULL). Returns whether the
 * queue was empty before: the moment to wake a sleeping event loop. */
bool queue_push(struct queue *q, struct job_list *fast, struct job_list *slow);

/* Takes at most max_n jobs, and no more once max_bytes of frames are taken,
 * in the order of the queue. may_slow: also from the slow list, in turn with the
 * fast one. Waits up to wait_ms for the first (0: looks, -1: for ever).
 * Returns the list, or NULL: none came in time, or the queue is stopped and
 * empty (queue_is_stopped tells). */
struct job *queue_take(struct queue *q, size_t max_n, size_t max_bytes,
	bool may_slow, int wait_ms) MUST_CHECK;

/* No waiting any more; what is queued is still taken. */
void queue_stop(struct queue *q);
bool queue_is_stopped(struct queue *q);

/* The monotonic time in so many milliseconds. */
struct timespec;
void queue_deadline(struct timespec *ret, int wait_ms);

static inline size_t
queue_length(const struct queue *q)
{
	return atomic_load_explicit(&q->length, memory_order_relaxed);
}

#endif
