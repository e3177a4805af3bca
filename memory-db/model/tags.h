/* Tags of an entity: the member `tags`, a list of texts, of its metadata. So
 * they are versioned, merged, exported and undone with it. */
#ifndef MODEL_TAGS_H
#define MODEL_TAGS_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Has the entity all of these tags under the lens? 1, 0 or negative. */
int tags_have(struct store *st, int64_t entity, const json_t *tags,
	struct err *e) MUST_CHECK;

/* Its metadata with these tags added, as a new object: what to write. */
int tags_add(struct store *st, int64_t entity, const json_t *tags,
	json_t **ret, struct err *e) MUST_CHECK;

#endif
