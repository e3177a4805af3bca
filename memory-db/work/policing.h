/* The thread that asks policy functions (model/review/review_script.h): of each
 * change that waits in a namespace with the setting `review_script` it runs the
 * function in a jail and hands the answer to the writer. Neither the writer nor a
 * reader waits for a function. Nothing is done, and no connection is open, where
 * nothing was staged. */
#ifndef WORK_POLICING_H
#define WORK_POLICING_H

#include <pthread.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/work/queue.h"

struct database;
struct policing;
struct sandbox;

/* What it needs of the room; all of it borrowed. */
struct policing_options {
	struct database *db;
	struct sandbox *sandbox;
	int (*thread)(pthread_t *ret, void *(*fn)(void *), void *arg,
		struct err *e);
	/* Around each use of its connection. */
	void (*enter)(void *ctx);
	void (*leave)(void *ctx);
	/* To the writer. */
	void (*pass_on)(void *ctx, struct job_list *l);
	void *ctx;
};

int policing_start(const struct policing_options *o, struct policing **ret,
	struct err *e) MUST_CHECK;
/* The writer serves from now on. NULL: nothing. */
void policing_begin(struct policing *x);
/* A change was staged. NULL: nothing. */
void policing_note(struct policing *x);
/* With the gate held alone (recover.h): closes its connection. */
void policing_close(struct policing *x);
/* A function that runs is ended; what it was asked is asked again later. */
void policing_cancel(struct policing *x);
/* Before the writer's queue is stopped: what it handed on is answered. */
void policing_stop(struct policing *x);
void policing_free(struct policing *x);

#endif
