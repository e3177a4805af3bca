/* Tags and metadata of single facts. A tag is a fact of its own (FACT_TAG) that
 * names the observation it is said of, and so is the metadata (FACT_NOTE): they
 * have spans, branches, undo and a digest like any fact. Where a mark is
 * visible, so is what it is said of: what hides one hides the other.
 *
 * A fact has its own tags and those of its entity (model/read/entity_tags.h).
 * To a filter one that is an instruction by its words (model/read/instruction.h)
 * has the tag `instruction` as well; nothing is stored for that. Tags are given
 * and taken in model/write/fact_tags_write.h. */
#ifndef MODEL_READ_FACT_TAGS_H
#define MODEL_READ_FACT_TAGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* The member of a fact's metadata that says when `confirm` was last said of it. */
#define CONFIRMED_MEMBER "confirmed_at"

/* All read under the lens applied. */

/* Sets j.tags and j.metadata of a fact; leaves j alone when it has none. */
int fact_tags_encode(struct store *st, int64_t entity, int64_t fact, json_t *j,
	struct err *e) MUST_CHECK;
/* The metadata of a fact alone, an empty object when it has none. *ret: new. */
int fact_tags_metadata(struct store *st, int64_t entity, int64_t fact,
	json_t **ret, struct err *e) MUST_CHECK;
/* The tags of a fact alone. *ret: new. */
int fact_tags_list(struct store *st, int64_t entity, int64_t fact, json_t **ret,
	struct err *e) MUST_CHECK;
/* Has the fact (with its entity) all of these tags? 1, 0 or negative. */
int fact_tags_have(struct store *st, int64_t entity, int64_t fact,
	const json_t *tags, struct err *e) MUST_CHECK;
/* Is the text in a list of tags? list may be NULL. */
bool fact_tags_is_in(const json_t *list, const char *text, size_t n);
/* Has any fact of the entity (with it) all of them? */
int fact_tags_any(struct store *st, int64_t entity, const json_t *tags,
	struct err *e) MUST_CHECK;

#endif
