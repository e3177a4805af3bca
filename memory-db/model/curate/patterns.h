/* What comes again and again in a memory: types, tags, days, and sequences of
 * actions that a session did in the same order as others.
 *
 * An action is an observation without its numbers and small words; a sequence
 * two to four of them that follow each other in one session, in `least` sessions
 * or more. Only what is visible counts. */
#ifndef MODEL_CURATE_PATTERNS_H
#define MODEL_CURATE_PATTERNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"

struct patterns_request {
	const struct scope *scope;
	int64_t since, until; /* ms, of the change; INT64_MIN, INT64_MAX */
	int64_t least;	      /* fewer are no pattern */
	int64_t deadline_ns;  /* monotonic; 0: none */
};
/* *ret: rows {kind: type|tag|day|sequence, value, count, steps?}, a new array:
 * sequences first, then by count. *ret_changes: how many were looked at, the
 * newest; *ret_partial: older ones were not. */
int patterns_find(struct store *st, const struct patterns_request *request,
	json_t **ret, int64_t *ret_changes, bool *ret_partial, struct err *e)
	MUST_CHECK;

#endif
