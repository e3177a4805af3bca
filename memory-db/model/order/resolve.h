/* Resolving a conflict of the queue (queue.h), as part of a change.
 *
 *   merge      two facts that say the same: the one that says more stays and
 *              gets the tags of the other, which is hidden
 *   update     the newer value stays, the older one is hidden
 *   keep_both  both stay; the pair is not reported or queued again
 *   branch     the older one goes to a branch that keeps both, `conflict-ID`
 *   auto       what the comparison suggests; a contradiction that nothing
 *              orders in time is left to a person
 *
 * What is hidden stays in history, and what is derived from it is suspect from
 * then on. One undo takes the change back, and the conflict is pending again. */
#ifndef MODEL_ORDER_RESOLVE_H
#define MODEL_ORDER_RESOLVE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/write/write.h"

enum resolve_strategy {
	RESOLVE_AUTO,
	RESOLVE_MERGE,
	RESOLVE_UPDATE,
	RESOLVE_BRANCH,
	RESOLVE_KEEP_BOTH
};
/* Of a name; the schema has checked it. */
enum resolve_strategy resolve_strategy_of(const char *name);

enum resolve_keep { KEEP_BY_RULE, KEEP_EXISTING, KEEP_NEW };

struct resolve_request {
	enum resolve_strategy strategy;
	enum resolve_keep keep; /* which of the two stays */
};

/* Decides one pending conflict, judged under the lens of the write, and tells
 * what it did: *ret is a new object. It may leave the conflict alone: then
 * `strategy` is "none" and `why` says why. */
int resolve_row(struct write *w, const struct queue_row *row,
	const struct resolve_request *request, json_t **ret, struct err *e)
	MUST_CHECK;

#endif
