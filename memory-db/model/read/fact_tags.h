/* Tags and metadata of single facts. A tag is a fact of its own (FACT_TAG) that
 * names the observation it is said of, and so is the metadata (FACT_NOTE): they
 * have spans, branches, undo and a digest like any fact. Where a mark is
 * visible, so is what it is said of: what hides one hides the other.
 *
 * A fact has its own tags and those of its entity (model/read/entity_tags.h).
 * To a filter one that is an instruction by its words (model/read/instruction.h)
 * has the tag `instruction` as well; nothing is stored for that. */
#ifndef MODEL_READ_FACT_TAGS_H
#define MODEL_READ_FACT_TAGS_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* --- reading, under the lens applied -------------------------------------- */
/* Sets j.tags and j.metadata of a fact; leaves j alone when it has none. */
int fact_tags_encode(struct store *st, int64_t entity, int64_t fact, json_t *j,
	struct err *e) MUST_CHECK;
/* The tags of a fact alone. *ret: new. */
int fact_tags_list(struct store *st, int64_t entity, int64_t fact, json_t **ret,
	struct err *e) MUST_CHECK;
/* Has the fact (with its entity) all of these tags? 1, 0 or negative. */
int fact_tags_have(struct store *st, int64_t entity, int64_t fact,
	const json_t *tags, struct err *e) MUST_CHECK;
/* Has any fact of the entity (with it) all of them? */
int fact_tags_any(struct store *st, int64_t entity, const json_t *tags,
	struct err *e) MUST_CHECK;

/* --- writing -------------------------------------------------------------- */
/* Adds the member `tags` of an entry to those of the fact and sets its
 * `metadata`; what the entry does not have stays. */
int fact_tags_give(struct write *w, int64_t entity, int64_t fact,
	const json_t *entry, const char *path, struct err *e) MUST_CHECK;
/* The fact has these tags from now on, and no others. */
int fact_tags_set(struct write *w, int64_t entity, int64_t fact,
	const json_t *tags, struct err *e) MUST_CHECK;
/* Its metadata is this object from now on; {} removes it. */
int fact_tags_note(struct write *w, int64_t entity, int64_t fact,
	const json_t *object, const char *path, struct err *e) MUST_CHECK;

#endif
