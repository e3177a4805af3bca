/* Handlers: one a method, params -> model -> JSON, thin. Dispatch has checked
 * the parameters against common/contract/tools.c and resolved the context; a handler
 * sees valid types and ranges, and knows no connection. */
#ifndef METHOD_METHOD_H
#define METHOD_METHOD_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

/* Returns a new object in *ret_result (without id and success). Called inside
 * a savepoint (writes) or a read snapshot (reads). */
typedef int (*method_fn)(struct call *c, json_t **ret_result, struct err *e);

/* NULL for methods answered in the loop and for unknown ones. */
method_fn method_find(const char *name);

/* At start: every tool that is not TF_LOOP has a handler and the reverse.
 * 0, or MDB_E_INTERNAL naming it. */
int method_check(struct err *e) MUST_CHECK;

#endif
