/* Which conflicts a call means: its parameters `kind`, `state` and `entity`. */
#ifndef METHOD_CONFLICT_FILTER_H
#define METHOD_CONFLICT_FILTER_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/scope/call.h"

/* s: where the entity is looked for. f->before and the rest stay as they are.
 * MDB_E_NOT_FOUND when there is no such entity. */
int conflict_filter(struct call *c, const struct scope *s,
	struct queue_filter *f, struct err *e) MUST_CHECK;

#endif
