/* A method that asks others: their rules hold, and no second way to read is
 * written. */
#ifndef METHOD_WITHIN_H
#define METHOD_WITHIN_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

typedef int (*method_fn)(struct call *c, json_t **ret_result, struct err *e);

/* Runs another method as a part of this call, with these parameters (borrowed).
 * What it leaves for after the COMMIT is the call's. */
static inline int MUST_CHECK
within_run(struct call *c, method_fn fn, json_t *params, json_t **ret_result,
	struct err *e)
{
	json_t *own = c->params;
	int rc;

	c->params = params;
	rc = fn(c, ret_result, e);
	c->params = own;
	return rc;
}

#endif
