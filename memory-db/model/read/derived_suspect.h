/* Why an entity is suspect: something it was derived from is gone. */
#ifndef MODEL_READ_DERIVED_SUSPECT_H
#define MODEL_READ_DERIVED_SUSPECT_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

/* Appends to list (array) one text a reason, at most a few: "'X' was derived
 * from 'Y' of ada, which is gone". Follows facts derived from facts, and
 * entities related by derived_from, through several steps. */
int derived_suspect_reasons(struct store *st, int64_t entity, json_t *list,
	struct err *e) MUST_CHECK;
/* The same of one fact of the entity: the fact's own sources, and those of the
 * entity as a whole. */
int derived_suspect_fact_reasons(struct store *st, int64_t entity, int64_t fact,
	json_t *list, struct err *e) MUST_CHECK;

#endif
