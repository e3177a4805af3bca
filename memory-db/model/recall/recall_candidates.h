/* Facts that may have to do with a text, by the same gathering as a recall: for
 * those who compare them themselves. */
#ifndef MODEL_RECALL_RECALL_CANDIDATES_H
#define MODEL_RECALL_RECALL_CANDIDATES_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/recall/recall.h"

/* The facts with the most of the words of request->query, the weightiest first,
 * and the newest ones of entities it names; at most `most`. Under the lens
 * applied. 0 or negative. */
int recall_candidates(struct store *st, const struct recall_request *request,
	int most, int64_t *ret, int *ret_n, struct err *e) MUST_CHECK;

#endif
