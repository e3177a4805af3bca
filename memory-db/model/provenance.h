/* Where a fact comes from: members shared by entities, additions and single
 * observations (source_session, source_timestamp, speaker, confidence,
 * extraction_method). */
#ifndef MODEL_PROVENANCE_H
#define MODEL_PROVENANCE_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/call.h"
#include "memory-db/store/facts.h"

/* Sets what j has on f and leaves the rest. Writer only (labels). path: of j,
 * for error texts. */
int provenance_read(struct store *st, const struct context *ctx,
	const json_t *j, const char *path, struct fact *f, struct err *e)
	MUST_CHECK;

/* An observation (a string, or an object with text): text and provenance. */
int provenance_observation(struct store *st, const struct context *ctx,
	const json_t *j, const char *path, struct fact *f, struct err *e)
	MUST_CHECK;

#endif
