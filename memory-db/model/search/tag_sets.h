/* What passes a filter on tags, as sets. To ask one fact after the other costs
 * 20 to 30 us each; for a common word that is tens of thousands of facts. Two
 * indexes name all that have the tags in a tenth of the time.
 *
 * The sets say of the present what fact_tags.h says. They are kept with a
 * reader's connection until the namespace changes. */
#ifndef MODEL_SEARCH_TAG_SETS_H
#define MODEL_SEARCH_TAG_SETS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/index/search.h"

struct store;
struct tag_sets;

/* Matches from which on the sets are worth their price. */
#define TAG_SETS_FROM 300

/* 1 and the sets, borrowed until two others are asked for; 0: there are
 * none, as the lens is not the present, as too much is tagged, or as a tag is
 * `instruction`, which facts have by their words. */
int tag_sets_get(struct store *st, const struct search_range *range,
	const json_t *tags, struct tag_sets **ret, struct err *e) MUST_CHECK;

/* Has the entity all of the tags itself? Then all of its facts have them. */
bool tag_sets_own(const struct tag_sets *x, int64_t entity);
/* Is there any such entity? */
bool tag_sets_any_own(const struct tag_sets *x);
/* Has the fact all of them, with its entity? Facts of entities that have all of
 * them themselves need not be in the set. */
bool tag_sets_fact(const struct tag_sets *x, int64_t fact);
/* Has the entity all of them itself, or with one of its facts? */
bool tag_sets_entity(const struct tag_sets *x, int64_t entity);

/* Is it an existence fact? 1, 0 or negative. Cheap when asked by falling id. */
int tag_sets_is_existence(struct store *st, struct tag_sets *x, int64_t fact,
	struct err *e) MUST_CHECK;

#endif
