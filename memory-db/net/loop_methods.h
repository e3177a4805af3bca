/* The methods that the loop answers itself. */
#ifndef NET_LOOP_METHODS_H
#define NET_LOOP_METHODS_H

#include "memory-db/net/request.h"
#include "memory-db/net/server.h"

/* r->conn is set. Returns new in *ret_result on success. */
typedef int (
	*loop_method_fn)(struct request *r, json_t **ret_result, struct err *e);

/* Runs the method of r->job.tool, one of those that the loop answers. A test
 * build refuses a reply that is not as the record of the method says. */
int loop_method_run(struct request *r, json_t **ret_result, struct err *e);

/* NULL for methods that a worker runs. */
loop_method_fn loop_method_of(const struct tool *t);

/* The methods: loop_hello and so on, one for each LOOP_TOOL of
 * common/contract/tools/. loop_get_memory_status is in status.c,
 * loop_metrics in metrics.c. */
#define TOOL(name, ...)
#define LOOP_TOOL(name, ...)                                                   \
	int loop_##name(struct request *r, json_t **ret_result, struct err *e);
#include "common/contract/tools/all.def"
#undef TOOL
#undef LOOP_TOOL

#endif
