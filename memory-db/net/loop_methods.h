/* The methods that the loop answers itself. */
#ifndef NET_LOOP_METHODS_H
#define NET_LOOP_METHODS_H

#include "memory-db/net/request.h"
#include "memory-db/net/server.h"

/* r->conn is set. Returns new in *ret_result on success. */
typedef int (
	*loop_method_fn)(struct request *r, json_t **ret_result, struct err *e);

/* NULL when the loop has no such method. */
loop_method_fn loop_method_find(const char *name);

/* At start: each TF_LOOP tool has a method here. 0 or MDB_E_INTERNAL. */
int loop_method_check(struct err *e) MUST_CHECK;

/* get_memory_status, in status.c; metrics, in metrics.c. */
int status_method(struct request *r, json_t **ret_result, struct err *e);
int metrics_method(struct request *r, json_t **ret_result, struct err *e);

#endif
