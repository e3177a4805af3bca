/* Nearness of meaning: the embedder and the vectors in memory, for all
 * connections of a database. Filled and kept up by work/embedding; asked by
 * recall. Without an embedder there is none of it.
 *
 * Any thread, unless said otherwise. */
#ifndef MODEL_RECALL_VECTORS_MEMORY_H
#define MODEL_RECALL_VECTORS_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/embed/embed.h"
#include "memory-db/embed/scan.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/index/vectors.h"

struct vectors_memory;

/* new; the embedder is borrowed and outlives it. Puts itself where recall
 * finds it (vectors_memory_of); vectors_memory_close takes it away, once no connection is
 * open any more. */
int vectors_memory_open(struct database *db, struct embedder *x,
	struct vectors_memory **ret, struct err *e) MUST_CHECK;
void vectors_memory_close(struct vectors_memory *m);
/* NULL: no embeddings. */
struct vectors_memory *vectors_memory_of(const struct store *st);
struct embedder *vectors_memory_embedder(const struct vectors_memory *m);

/* --- what is in memory ---------------------------------------------------- */
/* Bytes that vectors in memory may take (LIMIT_VECTORS_BYTES where nobody says);
 * before the first is there. */
void vectors_memory_limit(struct vectors_memory *m, size_t bytes);
/* Begins with nothing of this model; id 0: none yet. One thread at a time. */
int vectors_memory_use(struct vectors_memory *m,
	const struct vector_model *model, struct err *e) MUST_CHECK;
struct vector_model vectors_memory_model(struct vectors_memory *m);
/* Facts as the table has them now: vectors that are there come, others go. */
int vectors_memory_sync(struct vectors_memory *m, struct store *st,
	const int64_t *facts, size_t n, struct err *e) MUST_CHECK;
/* All of the table. *stop ends it early. */
int vectors_memory_load(struct vectors_memory *m, struct store *st,
	const atomic_bool *stop, struct err *e) MUST_CHECK;
/* Rises with every change of what is in memory. */
int64_t vectors_memory_generation(struct vectors_memory *m);
/* In memory in any form; of these as signs only; in the file only. */
size_t vectors_memory_count(struct vectors_memory *m);
size_t vectors_memory_rough(struct vectors_memory *m);
size_t vectors_memory_left_out(struct vectors_memory *m);
/* There is nothing to compare with, in memory or in the file. */
static inline bool
vectors_memory_is_empty(struct vectors_memory *m)
{
	return vectors_memory_count(m) == 0 && vectors_memory_left_out(m) == 0;
}
size_t vectors_memory_bytes(struct vectors_memory *m);

/* --- what recall asks ----------------------------------------------------- */
struct question { /* the vector of one */
	float *v; /* owned */
	size_t dims;
};
void question_done(struct question *q);
/* Of a local provider; *ret.v stays NULL where there is none or the text has
 * nothing to embed. */
int vectors_memory_question(struct vectors_memory *m, const char *text,
	size_t n, struct question *ret, struct err *e) MUST_CHECK;
/* As scan_best, of one namespace; 0 when the question is of another model than
 * what is in memory. */
int64_t vectors_memory_nearest(struct vectors_memory *m, int64_t ns,
	const struct question *q, const int64_t *only, size_t only_n,
	struct scan_hit *ret, size_t max) MUST_CHECK;

#endif
