/* What the files of related.h share. */
#ifndef MODEL_ORDER_RELATED_INTERNAL_H
#define MODEL_ORDER_RELATED_INTERNAL_H

#include "memory-db/model/order/related.h"

struct relating {
	struct store *st;
	const struct related_request *request;
	struct related *ret;
	struct err *e;
};

/* Whether it is time to end with what was found; marks the result. */
bool related_is_late(struct relating *x);
/* The row of an entity, made when it is new; NULL: no memory, the start itself,
 * or no room for more. *ret_rc: 0 or MDB_E_NOMEM. */
struct related_row *related_row_of(struct relating *x, int64_t entity,
	int *ret_rc);
/* One more reason, with its likelihood. */
void related_add(struct related_row *row, double likely,
	const struct related_why *why);

/* Facts that share words with the start, and those in which one names the
 * other. 0 or negative. */
int related_by_words(struct relating *x) MUST_CHECK;

#endif
