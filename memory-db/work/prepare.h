/* Writes on their way to the writer of which much can be worked out before: half a
 * megabyte of talk takes the rules of extraction some tenths of a second, and
 * everybody else would wait for the writer meanwhile. Two threads work such calls
 * out (method/prepare.h) and hand them on; the writer only stores. They take turns
 * between sessions.
 *
 * Such a call may come to the writer behind others that were sent later. */
#ifndef WORK_PREPARE_H
#define WORK_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/work/queue.h"

struct preparing;

struct preparing_options {
	int (*thread)(pthread_t *ret, void *(*fn)(void *), void *arg,
		struct err *e);
	void (*pass_on)(void *ctx, struct job_list *l); /* to the writer */
	void (*deliver)(void *ctx, struct job_list *l); /* what is answered */
	void *ctx;
	struct chat *chat; /* NULL: none */
};

/* Starts the threads. *ret is set also after an error: preparing_stop ends what
 * has begun. */
int preparing_start(const struct preparing_options *o, struct preparing **ret,
	struct err *e) MUST_CHECK;
/* What is queued goes on to the writer. */
void preparing_stop(struct preparing *p);
void preparing_free(struct preparing *p);

void preparing_push(struct preparing *p, struct job_list *l);
size_t preparing_queued(const struct preparing *p);

#endif
