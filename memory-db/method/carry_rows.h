/* Rows of open notes, for the methods that tell of them. */
#ifndef METHOD_CARRY_ROWS_H
#define METHOD_CARRY_ROWS_H

#include <jansson.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

/* Of the whole scope, at most `limit`. Returns new. */
int handoff_open_rows(struct call *c, size_t limit, json_t **ret_rows,
	struct err *e) MUST_CHECK;

#endif
