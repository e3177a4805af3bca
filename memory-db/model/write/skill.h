/* Skills, the procedural memory: scripts kept under a name. A skill is an
 * entity of the type `skill` in the tier procedural; what it is for is its
 * observation, its code and parameters are its metadata. So it has versions,
 * history, branches and search like everything else. How its runs went is
 * counted beside that (store/beside/skill_runs.h).
 *
 * Only save_skill makes code that runs: the method of the metadata's fact is
 * METHOD_SCRIPT then, which nothing else gives a fact of that kind, and the hash
 * chain covers it. What was there before that rule runs as it did. */
#ifndef MODEL_WRITE_SKILL_H
#define MODEL_WRITE_SKILL_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/store/facts/facts.h"

#define SKILL_TYPE "skill"

/* {name, namespace, description, code, params?, version, saved_by, runnable?,
 * ...figures}; MDB_E_NOT_FOUND. version: as of that one; 0: as the lens shows it.
 * saved_by: {at, session?, client?, actor?}; runnable: only when false. *ret_entity
 * may be NULL. Returns new. */
int skill_load(struct store *st, const struct context *ctx, const char *name,
	int64_t version, int64_t *ret_entity, json_t **ret, struct err *e)
	MUST_CHECK;

/* Whether a fact of metadata was made by save_skill, or before there was that
 * rule. 1 or 0. */
int skill_is_saved(struct store *st, const struct fact *f, struct err *e)
	MUST_CHECK;

/* At start, inside a group: remembers which changes are older than the rule. */
int skill_open(struct store *st, struct err *e) MUST_CHECK;

/* runs, success_rate, mean_ms, last_run of the entity, added to o. */
int skill_figures(struct store *st, int64_t entity, json_t *o, struct err *e)
	MUST_CHECK;

#endif
