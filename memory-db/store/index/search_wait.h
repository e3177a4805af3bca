/* Facts whose texts wait to be indexed, for searches: what the index does not
 * say of them yet is found in their texts.
 *
 * A list for each connection and namespace, read once a transaction; the tokens
 * of its facts are made when an expression is first asked of them, and kept
 * while they wait. Not included outside store/. */
#ifndef STORE_INDEX_SEARCH_WAIT_H
#define STORE_INDEX_SEARCH_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/index/search.h"

struct store;
struct search_waits;

/* What waits of a namespace. *ret NULL: nothing, the indexes say all. Valid
 * until the next call. */
int search_waits(struct store *st, int64_t ns, struct search_waits **ret,
	struct err *e) MUST_CHECK;
/* The table has changed, or another state of it is looked at. */
void search_wait_stale(struct store *st);
void search_wait_free(struct store *st);

/* Calls fn for each fact of the range that waits to be indexed, is visible under
 * the lens and matches, by falling id. */
int search_wait_match(struct store *st, struct search_waits *w,
	const struct search_range *range, const struct search_match *match,
	search_row_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Is it erased, though the index may still say something of it? */
bool search_wait_is_gone(const struct search_waits *w, int64_t fact);

#endif
