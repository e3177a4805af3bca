/* Nearness of meaning: the embedder and the vectors in memory, for all
 * connections of a database. Filled and kept up by work/embedding; asked by
 * recall. Without an embedder there is none of it.
 *
 * Any thread, unless said otherwise. */
#ifndef MODEL_MEANING_H
#define MODEL_MEANING_H

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

struct meaning;

/* new; the embedder is borrowed and outlives it. Puts itself where recall
 * finds it (meaning_of); meaning_close takes it away, once no connection is
 * open any more. */
int meaning_open(struct database *db, struct embedder *x, struct meaning **ret,
	struct err *e) MUST_CHECK;
void meaning_close(struct meaning *m);
/* NULL: no embeddings. */
struct meaning *meaning_of(const struct store *st);
struct embedder *meaning_embedder(const struct meaning *m);

/* --- what is in memory ---------------------------------------------------------- */
/* Begins with nothing of this model; id 0: none yet. One thread at a time. */
int meaning_use(struct meaning *m, const struct vector_model *model,
	struct err *e) MUST_CHECK;
struct vector_model meaning_model(struct meaning *m);
/* Facts as the table has them now: vectors that are there come, others go. */
int meaning_sync(struct meaning *m, struct store *st, const int64_t *facts,
	size_t n, struct err *e) MUST_CHECK;
/* All of the table. *stop ends it early. */
int meaning_load(struct meaning *m, struct store *st, const atomic_bool *stop,
	struct err *e) MUST_CHECK;
/* Rises with every change of what is in memory. */
int64_t meaning_generation(struct meaning *m);
size_t meaning_count(struct meaning *m);
size_t meaning_bytes(struct meaning *m);

/* --- what recall asks ----------------------------------------------------------- */
struct question {		/* the vector of one */
	float *v;		/* owned */
	size_t dims;
};
void question_done(struct question *q);
/* Of a local provider; *ret.v stays NULL where there is none or the text has
 * nothing to embed. */
int meaning_question(struct meaning *m, const char *text, size_t n,
	struct question *ret, struct err *e) MUST_CHECK;
/* As scan_best, of one namespace; 0 when the question is of another model than
 * what is in memory. */
int64_t meaning_nearest(struct meaning *m, int64_t ns,
	const struct question *q, const int64_t *only, size_t only_n,
	struct scan_hit *ret, size_t max) MUST_CHECK;

#endif
