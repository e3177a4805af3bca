/* Questions on their way to a reader, when their vectors come over a network:
 * threads that may wait embed them first. A question waits a bounded time, and
 * not at all while the provider is down; then words alone answer it. */
#ifndef WORK_QUESTIONS_H
#define WORK_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/work/embedding.h"
#include "memory-db/work/queue.h"

struct questions;
struct work;

/* *ret is NULL when there is nothing to wait for: no embedder, or a local
 * one. */
int questions_start(struct work *w, struct embedding *x,
	struct embedder *embedder, struct questions **ret, struct err *e)
	MUST_CHECK;
/* What is under way goes on to the readers. */
void questions_stop(struct questions *q);
void questions_free(struct questions *q);

/* By the loop, of a read that is about to be queued: whether it shall take this
 * way. A question that was asked before has its vector at once. */
bool questions_want(struct questions *q, struct job *j);
void questions_push(struct questions *q, struct job_list *l);
size_t questions_queued(const struct questions *q);

#endif
