/* Which facts or entities may pass a filter, as an index tells it. An index
 * holds for all branches and times, so it gives too many ids, in no order, and
 * some of them several times: the caller must check each one itself. Of the
 * filter tag "food" it may give 7, 9, 7 when 9 has lost the tag by now; only 7
 * passes. fn returns non-zero to stop, which is returned. */
#ifndef STORE_INDEX_FILTER_INDEX_H
#define STORE_INDEX_FILTER_INDEX_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/index/search.h"

struct store;

typedef int (*filter_index_fn)(void *ctx, int64_t id);

/* Entities of any namespace that ever had one of the tiers (mask of 1 << tier;
 * 0, which is that of most without a word, is not among them). */
int filter_index_of_tiers(struct store *st, unsigned tiers, filter_index_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* Entities of the range that ever had a fact with the tag (label; 0: nobody
 * has it), or metadata, which may hold it. */
int filter_index_tagged(struct store *st, const struct search_range *range,
	int64_t label, filter_index_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Its facts that ever had the tag; and entities that ever had metadata. */
int filter_index_tagged_facts(struct store *st,
	const struct search_range *range, int64_t label, filter_index_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
int filter_index_with_metadata(struct store *st,
	const struct search_range *range, filter_index_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Observations that were said between two times (ms, inclusive), or recorded
 * when they have no date. Ids of other facts and namespaces are among them, and
 * 0. */
int filter_index_of_time(struct store *st, int64_t since, int64_t until,
	filter_index_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* Unlike the others, these say what is so under the lens.
 * Facts that have the tag, with their entity, some several times; and metadata
 * of entities by rising id: of the fact, entity and text are set. */
int filter_index_marks(struct store *st, const struct search_range *range,
	int64_t label, int (*fn)(void *ctx, int64_t fact, int64_t entity),
	void *ctx, struct err *e) MUST_CHECK;
int filter_index_metadata(struct store *st, const struct search_range *range,
	fact_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Existence facts of a range of ids, ever. */
int filter_index_existence(struct store *st, int64_t lo, int64_t hi,
	filter_index_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* How many of them a range has: 30 ns each. */
int filter_index_existences(struct store *st, const struct search_range *range,
	int64_t *ret, struct err *e) MUST_CHECK;

#endif
