/* Tags of an entity (of a fact: fact_tags.h): the member `tags`, a list of texts, of its metadata. So
 * they are versioned, merged, exported and undone with it. */
#ifndef MODEL_READ_ENTITY_TAGS_H
#define MODEL_READ_ENTITY_TAGS_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Which of the tags the entity lacks under the lens, as a new list. */
int entity_tags_missing(struct store *st, int64_t entity, const json_t *tags,
	json_t **ret, struct err *e) MUST_CHECK;

/* Its metadata with these tags added, as a new object: what to write. */
int entity_tags_add(struct store *st, int64_t entity, const json_t *tags,
	json_t **ret, struct err *e) MUST_CHECK;
/* The same with these tags and no others. */
int entity_tags_replace(struct store *st, int64_t entity, const json_t *tags,
	json_t **ret, struct err *e) MUST_CHECK;

#endif
