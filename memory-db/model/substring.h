/* What a text must have in the index to contain the whole query. */
#ifndef MODEL_SUBSTRING_H
#define MODEL_SUBSTRING_H

#include "memory-db/model/query.h"

/* Fills substring and match of t, whose stem is set. */
int substring_init(struct query_terms *t, const struct query *q,
	struct store *st, struct err *e) MUST_CHECK;

#endif
