/* The threads beside the writer that look and then hand something to it: that
 * which looks for conflicts (scanning.h), and that which asks policy functions
 * (policing.h). */
#ifndef WORK_ASIDE_H
#define WORK_ASIDE_H

#include <pthread.h>

#include "common/cleanup.h"
#include "common/err.h"

struct job_list;
struct work;

/* What the threads need of the room; their ctx is the struct work. */
struct aside_options {
	int (*thread)(pthread_t *ret, void *(*fn)(void *), void *arg,
		struct err *e);
	/* Around each use of a connection. */
	void (*enter)(void *ctx);
	void (*leave)(void *ctx);
	void (*pass_on)(void *ctx, struct job_list *l); /* to the writer */
};

/* The threads, which wait for aside_begin. aside_stop and aside_free also after
 * an error. */
int aside_start(struct work *w, const struct aside_options *p, struct err *e)
	MUST_CHECK;
/* The writer serves from now on. */
void aside_begin(struct work *w);
/* With the gate held alone (recover.h): closes their connections. */
void aside_close(struct work *w);
/* Before the writer's queue is stopped. */
void aside_stop(struct work *w);
void aside_free(struct work *w);

#endif
