/* A call of auto_extract_facts: what was worked out of it, and the storing of
 * that. Few facts are one change; many are stored in parts (work/parts.h), each
 * a change of one run. */
#ifndef METHOD_EXTRACT_CALL_H
#define METHOD_EXTRACT_CALL_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "memory-db/model/extract/extract_store.h"
#include "memory-db/model/scope/call.h"

/* What follows from the parameters alone. */
struct said {
	struct extract_request q;
	struct extraction x;
	json_t *model; /* owned: what became of asking a chat model, or NULL */
	json_t *marked; /* owned: secrets with a marker in their place, or NULL */
	char project[LIMIT_LABEL_BYTES + 1];
};

/* What a run of the call makes of it: it may run again. */
struct extracting {
	const struct said *said;
	struct extract_kept *kept; /* NULL: nothing is stored */
};

/* ctx: that of c, of which the storing of a part leaves the key out. With
 * c->has_more there is no reply yet. */
int extract_call_store(struct extracting *x, struct call *c,
	struct context *ctx, json_t **ret_result, struct err *e) MUST_CHECK;
/* Facts and counts. */
int extract_call_reply(const struct extracting *x, json_t **ret, struct err *e)
	MUST_CHECK;

#endif
