/* Copies of the database, made one at a time by a thread of their own, which is
 * there from the first one on: a copy of some GB takes seconds, for which no
 * reader of others may be away. */
#ifndef WORK_SNAPSHOTS_H
#define WORK_SNAPSHOTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "memory-db/work/queue.h"

/* What it needs of the threads beside it. */
struct snapshots_options {
	struct database *db; /* borrowed */
	method_fn run;
	int (*thread)(pthread_t *ret, void *(*fn)(void *), void *arg,
		struct err *e);
	void (*enter)(void *ctx); /* around the use of a store */
	void (*leave)(void *ctx);
	void (*deliver)(void *ctx, struct job_list *l);
	void *ctx;
};

struct snapshots {
	struct snapshots_options opt;
	struct queue queue;
	pthread_t thread;
	bool is_started; /* by the loop, which alone pushes */
	atomic_size_t n; /* under way or waiting */
	struct job *_Atomic current;
};

/* 0 or MDB_E_NOMEM. */
int snapshots_init(struct snapshots *s) MUST_CHECK;
void snapshots_done(struct snapshots *s);

/* By the loop. Empties the list; a thread that cannot be had answers it. */
void snapshots_push(struct snapshots *s, struct job_list *l);
size_t snapshots_queued(const struct snapshots *s);
/* The one under way is cancelled. */
void snapshots_cancel(struct snapshots *s);
/* Ends the thread; those that wait are cancelled, too. */
void snapshots_stop(struct snapshots *s);

#endif
