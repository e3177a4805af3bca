/* Skills, the procedural memory: scripts kept under a name. A skill is an
 * entity of the type `skill` in the tier procedural; what it is for is its
 * observation, its code and parameters are its metadata. So it has versions,
 * history, branches and search like everything else. How its runs went is
 * counted beside that (store/runs.h). */
#ifndef MODEL_SKILL_H
#define MODEL_SKILL_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/call.h"

#define SKILL_TYPE "skill"

/* {name, description, code, params?, version, ...figures}; MDB_E_NOT_FOUND.
 * *ret_entity may be NULL. Returns new. */
int skill_load(struct store *st, const struct context *ctx, const char *name,
	int64_t *ret_entity, json_t **ret, struct err *e) MUST_CHECK;

/* runs, success_rate, mean_ms, last_run of the entity, added to o. */
int skill_figures(struct store *st, int64_t entity, json_t *o, struct err *e)
	MUST_CHECK;

#endif
