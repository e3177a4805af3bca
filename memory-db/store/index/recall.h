/* What recall reads beside the matches (store/index/search.h): facts with what ranks
 * them, their neighbours in the session they come from, entities in one look.
 * Under the lens applied. */
#ifndef STORE_INDEX_RECALL_H
#define STORE_INDEX_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* A fact, without the check of its digest: what is answered is read again. */
struct recall_row {
	int64_t id, entity;
	int kind;
	int64_t source, speaker;      /* labels; 0: none */
	int64_t at;		      /* when it was said, else recorded, ms */
	bool is_dated;		      /* it is known when it was said */
	int64_t valid_from, valid_to; /* FACT_NO_TIME: open */
	double salience;	      /* 0 to 1; < 0: not given */
	const char *text;	      /* borrowed until the next call */
	size_t text_n;
};
/* 1 found; 0: no such fact, not visible, or erased. */
int recall_head(struct store *st, int64_t fact, struct recall_row *ret,
	struct err *e) MUST_CHECK; /* without the text */
int recall_row(struct store *st, int64_t fact, struct recall_row *ret,
	struct err *e) MUST_CHECK;

/* Visible observations of the same session and namespace that arrived after
 * (or before) a fact, nearest first. *ret_n <= max. */
int recall_neighbours(struct store *st, int64_t fact, int64_t source,
	bool after, int max, int64_t *ret, int *ret_n, struct err *e)
	MUST_CHECK;

/* The newest visible observations of an entity with ids below `before`, newest
 * first. */
int recall_newest_of(struct store *st, int64_t entity, int64_t before, int max,
	int64_t *ret, int *ret_n, struct err *e) MUST_CHECK;

/* The same of its relations, among the newest `looked` facts of all kinds. */
int recall_newest_relations(struct store *st, int64_t entity, int64_t before,
	int max, int looked, int64_t *ret, int *ret_n, struct err *e)
	MUST_CHECK;

/* Pinned entities of a namespace, by id; is_asked: ATTR_PIN_ASKED. fn returns
 * non-zero to stop. */
int recall_pinned(struct store *st, int64_t ns,
	int (*fn)(void *ctx, int64_t entity, bool is_asked), void *ctx,
	struct err *e) MUST_CHECK;

/* The last change that set, unset or confirmed the pin of an entity. 0 or
 * negative. */
int recall_pin_set(struct store *st, int64_t entity, int64_t *ret,
	struct err *e) MUST_CHECK;

struct recall_entity {
	int64_t type; /* label */
	int64_t tier;
	bool is_pinned;
	int64_t confirmed_at;	   /* ATTR_CONFIRMED; 0: never */
	int64_t fact_confirmed_at; /* ATTR_FACT_CONFIRMED; 0: never */
	int64_t hits, last_at;
};
/* Its present name is appended to name. 1 it exists, 0 not. */
int recall_entity(struct store *st, int64_t entity, struct buf *name,
	struct recall_entity *ret, struct err *e) MUST_CHECK;

/* Its hits and last_at alone, which no change tells. 0 or negative. */
int recall_usage(struct store *st, int64_t entity, struct recall_entity *ret,
	struct err *e) MUST_CHECK;

#endif
