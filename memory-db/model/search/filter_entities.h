/* Entities that may pass a filter, when an index tells that they are few. */
#ifndef MODEL_SEARCH_FILTER_ENTITIES_H
#define MODEL_SEARCH_FILTER_ENTITIES_H

#include <jansson.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/store/index/search.h"

struct store;

/* Rows of an index looked at before they are many: some 5 ms. */
#define FEW_LOOKED 2000

/* Distinct ids. Safe on a zeroed struct with most set. */
struct filter_ids {
	int64_t *v;
	size_t n, cap;
	struct idset seen;
	int looked, most; /* rows */
	struct err *e;
};
void filter_ids_done(struct filter_ids *x);
/* A filter_index_fn. 1: they are not few. */
int filter_ids_add(void *ctx, int64_t id) MUST_CHECK;

struct entity_filter {
	const int64_t *types;
	int types_n;	    /* any when negative */
	unsigned tiers;	    /* 0: any */
	const json_t *tags; /* all of them; NULL: any */
};
/* 1: all that may pass are in ret, and some that do not; 0: there are many, or
 * no index tells. ret->most is set by the caller. stem: of the namespace. */
int filter_entities(struct store *st, const struct search_range *range,
	const char *stem, const struct entity_filter *filter,
	struct filter_ids *ret, struct err *e) MUST_CHECK;

/* Appends an expression that the existence facts of these types match, and
 * some other facts. 1; 0: a type has no words, or there are too many types. */
int filter_types_expression(struct store *st, const char *stem,
	const int64_t *types, int n, struct buf *out, struct err *e) MUST_CHECK;

/* Facts that may be instructions, by the words that these have. stem: of the
 * namespace. What fn returns when it is not 0. */
int filter_instructions(struct store *st, const struct search_range *range,
	const char *stem, search_row_fn fn, void *ctx, struct err *e)
	MUST_CHECK;

#endif
