/* What became of the facts that a receipt names: judged by what was said next,
 * counted for the namespace that was shown them. */
#ifndef MODEL_USEFUL_USEFUL_H
#define MODEL_USEFUL_USEFUL_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/useful/judge.h"

struct store;

/* Facts of one call at most: a turn is shown some tens. */
#define USEFUL_FACTS 200

/* Writer. shown: [{receipt, facts?: [id]}], of which those facts alone (else all)
 * were put before the agent since the last answer. before: [receipt], judged by
 * an earlier call, which the prompt may deny. Receipts that are not there, are of
 * another namespace or found nothing that fits are passed over; none counts
 * twice. *ret: {judged, used, ignored, contradicted, corrected?}, new. */
int useful_judge(struct store *st, const struct scope *scope,
	const struct judge *j, const json_t *shown, const json_t *before,
	int64_t now, json_t **ret, struct err *e) MUST_CHECK;

/* {namespace, shown, used, ignored, contradicted, days: [{day, ..}], facts:
 * [{id, name?, text, used, ignored, contradicted, last}]} of the days from and
 * to (since 1970, inclusive) in the namespace of scope; facts: the most used
 * ones, then those that were never used, `limit` of each. New. */
int useful_tell(struct store *st, const struct scope *scope, int64_t from,
	int64_t to, int limit, json_t **ret, struct err *e) MUST_CHECK;

#endif
