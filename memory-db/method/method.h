/* Handlers: one a method, params -> model -> JSON, thin. Dispatch has checked
 * the parameters against the record of the method and resolved the context; a handler
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

/* Runs the handler of c->tool, which the loop does not answer. A test build
 * refuses a reply that is not as the record of the method says. */
int method_run(struct call *c, json_t **ret_result, struct err *e);

/* NULL for methods answered in the loop. */
method_fn method_of(const struct tool *t);

#endif
