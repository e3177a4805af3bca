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

/* Receipts that are looked at for the questions of a call. */
#define USEFUL_RECEIPTS 200

/* Of one turn; all borrowed, NULL: none. */
struct useful_shown {
	const json_t *injected; /* [{receipt, facts?: [id]}]: those facts alone
				   (else all) a hook put before the agent */
	const json_t *receipts; /* [receipt]: the agent asked for */
	json_t *queries; /* [text]: it asked with these words; as receipts keep
			    them. Each that found its receipt becomes "" */
	int64_t since;	 /* ms: no receipt of a question is older */
	const json_t *before; /* [receipt], judged by an earlier call, which the
				 prompt may deny */
};

/* Writer. Receipts that are not there or found nothing that fits are passed over,
 * and so are injected ones of another namespace; none counts twice, and no fact
 * twice in a turn. *ret: {judged, used, ignored, contradicted, recalled (of the
 * judged ones), corrected?, receipts? (of what the agent asked for)}, new. */
int useful_judge(struct store *st, const struct scope *scope, struct judge *j,
	const struct useful_shown *shown, int64_t now, json_t **ret,
	struct err *e) MUST_CHECK;

/* {namespace, shown, used, ignored, contradicted, recalled: {the same, of what
 * agents had asked for themselves}, days: [{day, ..}], facts:
 * [{id, name?, text, used, ignored, contradicted, last}]} of the days from and
 * to (since 1970, inclusive) in the namespace of scope; facts: the most used
 * ones, then those that were never used, `limit` of each. New. */
int useful_tell(struct store *st, const struct scope *scope, int64_t from,
	int64_t to, int limit, json_t **ret, struct err *e) MUST_CHECK;

#endif
