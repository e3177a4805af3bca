/* A fact that a call names by its exact text or by its id. */
#ifndef METHOD_NAMED_FACT_H
#define METHOD_NAMED_FACT_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* The visible observation of the entity that `observation` or `fact` of the
 * parameters means. MDB_E_NOT_FOUND names the parameter. */
int named_fact_find(struct write *w, int64_t entity, const json_t *params,
	int64_t *ret, struct err *e) MUST_CHECK;

#endif
