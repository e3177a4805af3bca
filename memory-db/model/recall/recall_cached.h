/* recall_run with what was found before: the same question of the same state
 * of the memory, in the same hour (ages count by the hour then). */
#ifndef MODEL_RECALL_RECALL_CACHED_H
#define MODEL_RECALL_RECALL_CACHED_H

#include "memory-db/model/recall/recall.h"
#include "memory-db/model/scope/scope.h"

int recall_run_cached(struct store *st, const struct scope *scope,
	const struct recall_request *request, struct recall_result *ret,
	struct err *e) MUST_CHECK;

#endif
