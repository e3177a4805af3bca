/* What a text must have in the index to contain the whole query. */
#ifndef MODEL_SEARCH_SUBSTRING_H
#define MODEL_SEARCH_SUBSTRING_H

#include "memory-db/model/search/query.h"

/* Fills substring and match of t, whose stem is set. A piece that more than
 * `bound` words contain is not looked up: an expression of so many would cost
 * more than looking at texts, newest first. */
int substring_init(struct query_terms *t, const struct query *q,
	struct store *st, int bound, struct err *e) MUST_CHECK;

#endif
