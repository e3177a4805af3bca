/* Vectors of questions that were asked, the newest used kept. One lock; any
 * thread. */
#ifndef WORK_QUESTION_CACHE_H
#define WORK_QUESTION_CACHE_H

#include <stddef.h>

#include "common/cleanup.h"
#include "memory-db/model/recall/vectors_memory.h"

struct question_cache;

/* new; bounded by bytes of texts and vectors. NULL: no memory. */
struct question_cache *question_cache_new(size_t max_bytes);
void question_cache_free(struct question_cache *c);

/* A copy of the vector. 1 found, 0 not, also when there is no memory. */
int question_cache_find(struct question_cache *c, const char *text, size_t n,
	struct question *ret) MUST_CHECK;
/* Keeps a copy, when there is memory for it. */
void question_cache_keep(struct question_cache *c, const char *text, size_t n,
	const struct question *q);
size_t question_cache_bytes(struct question_cache *c);

#endif
