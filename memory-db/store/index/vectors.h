/* Vectors in the file: one for each observation and model, derived from its
 * text. What makes them and looks through them stands above (model/recall/vectors_memory.h,
 * work/embedding.h).
 *
 * A vector is float32, little-endian: all of its numbers; or, where that is
 * shorter, one bit for each (lowest first, whether it is not 0) and those that
 * are not 0. The length tells which. No bytes: the text cannot be embedded. */
#ifndef STORE_INDEX_VECTORS_H
#define STORE_INDEX_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;
struct database;

/* --- models --------------------------------------------------------------- */
struct vector_model {
	int64_t id;
	size_t dims;
};
/* The newest with this name. 1 found, 0 not. */
int vector_model_find(struct store *st, const char *name,
	struct vector_model *ret, struct err *e) MUST_CHECK;
/* Writer: its id, made when it is not there. */
int vector_model_make(struct store *st, const char *name, size_t dims,
	int64_t *ret_id, struct err *e) MUST_CHECK;
/* Some model but this one. 1 found, 0 there is none. */
int vector_model_other(struct store *st, int64_t model, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* Writer: at most max vectors of a model; with the last the model goes. */
int vectors_drop(struct store *st, int64_t model, int max, struct err *e)
	MUST_CHECK;

/* --- single vectors ------------------------------------------------------- */
/* Writer: adds or replaces. v NULL: the text cannot be embedded. A fact whose
 * text is gone gets none. */
int vector_put(struct store *st, int64_t model, int64_t fact, const float *v,
	size_t dims, struct err *e) MUST_CHECK;
/* 1 found: dims numbers in v; 0 none, or an empty one. */
int vector_get(struct store *st, int64_t model, int64_t fact, float *v,
	size_t dims, struct err *e) MUST_CHECK;
/* Writer: those of a fact, of all models, go. */
int vector_erase(struct store *st, int64_t fact, struct err *e) MUST_CHECK;
/* Those of a model, by fact, behind `after`; empty ones are left out. fn
 * returns non-zero to stop. 0 at the end, else what fn said. */
typedef int (*vector_fn)(void *ctx, int64_t fact, const float *v);
int vectors_each(struct store *st, const struct vector_model *m, int64_t after,
	vector_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* --- filling -------------------------------------------------------------- */
/* Each namespace by id, with the highest fact id given there. */
typedef int (*vector_namespace_fn)(void *ctx, int64_t ns, int64_t fact_max);
int vector_namespaces(struct store *st, vector_namespace_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* The highest fact of a namespace that has a vector; its lowest id, when none
 * has. */
int vector_highest(struct store *st, int64_t model, int64_t ns,
	int64_t *ret_fact, struct err *e) MUST_CHECK;
/* Texts of observations of a namespace above a fact, by id. The text is
 * borrowed by fn. Non-zero stops and is returned. */
typedef int (
	*vector_text_fn)(void *ctx, int64_t fact, const char *text, size_t n);
int vector_texts(struct store *st, int64_t ns, int64_t after, vector_text_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* How many those are. */
int vector_texts_count(struct store *st, int64_t ns, int64_t after,
	int64_t *ret, struct err *e) MUST_CHECK;

/* --- facts that may have one ---------------------------------------------- */
/* All observations of a namespace under the lens, by id, without their texts;
 * of one session, when source is not 0. fn returns non-zero to stop. */
struct recall_row;
typedef int (*vector_fact_fn)(void *ctx, const struct recall_row *f);
int vector_facts(struct store *st, int64_t ns, int64_t source,
	vector_fact_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* --- who is told ---------------------------------------------------------- */
/* Called by the writer after each COMMIT that changed facts, with those whose
 * vectors were erased (a group that was in part rolled back may name some that
 * are still there). lost: there was no memory to remember them all. Must not
 * block. */
typedef void (*vectors_told_fn)(void *ctx, const int64_t *erased, size_t n,
	bool lost);
void vectors_watch(struct database *db, vectors_told_fn fn, void *ctx);

#endif
