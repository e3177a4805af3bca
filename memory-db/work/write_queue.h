/* The queue of the writer: fair between those who write.
 *
 * Each source (a session, or a connection without one) has its own line, and
 * they take turns. Small requests of all sources make up a group; a large one is
 * a group of its own, and between two large ones the small ones have their turn.
 * So who sends one small write waits for at most one large one of others,
 * however many of them are queued.
 *
 * An import sends many small ones, each some milliseconds of work. While others
 * write they are like large ones: one a group. When nobody else has for a while
 * they make up groups as small ones do, and share a commit. */
#ifndef WORK_WRITE_QUEUE_H
#define WORK_WRITE_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "memory-db/work/queue.h"

#define WRITE_QUEUE_BUCKETS 256

/* The line of one source: its jobs in the order in which they came. */
struct write_source {
	uint64_t key;
	struct job_list jobs;
	struct write_source *next;  /* in turn: a ring */
	struct write_source *chain; /* of the same bucket */
};

enum write_class { WRITE_SMALL, WRITE_LARGE, WRITE_BULK, WRITE_CLASSES };

struct write_queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct write_source *last; /* the next one's turn is next; or NULL */
	struct write_source *buckets[WRITE_QUEUE_BUCKETS];
	struct write_source spare; /* for all for whom memory is short */
	size_t n[WRITE_CLASSES];   /* sources with such a job in front */
	int64_t small_ns;	   /* when a small one came last */
	bool is_stopped;
	enum write_class had, had_heavy; /* whose turn was last */
	atomic_size_t length;		 /* readable without the lock */
};

/* 0, or MDB_E_NOMEM. */
int write_queue_init(struct write_queue *q) MUST_CHECK;
void write_queue_done(struct write_queue *q); /* frees no jobs */

/* Appends each job to the line of its source and empties the list. */
void write_queue_push(struct write_queue *q, struct job_list *l);

/* A group: at most max_n small jobs, and no more once max_bytes are taken; or
 * one large job; or one of an import (or several, as said above). only_small:
 * large ones stay for now. Waits up to wait_ms for
 * the first. NULL: none came in time, or the queue is stopped and empty. */
struct job *write_queue_take(struct write_queue *q, size_t max_n,
	size_t max_bytes, bool only_small, int wait_ms) MUST_CHECK;

/* No waiting any more; what is queued is still taken, large ones too. */
void write_queue_stop(struct write_queue *q);
/* Does a small one wait? */
bool write_queue_has_small(struct write_queue *q);
bool write_queue_is_stopped(struct write_queue *q);

/* How a write counts. */
enum write_class write_class(const struct job *j);

static inline size_t
write_queue_length(const struct write_queue *q)
{
	return atomic_load_explicit(&q->length, memory_order_relaxed);
}

#endif
