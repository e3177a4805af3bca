/* Giving tags and metadata to facts (model/read/fact_tags.h says what they
 * are). */
#ifndef MODEL_WRITE_FACT_TAGS_WRITE_H
#define MODEL_WRITE_FACT_TAGS_WRITE_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* Adds the member `tags` of an entry to those of the fact and sets its
 * `metadata`; what the entry does not have stays. */
int fact_tags_give(struct write *w, int64_t entity, int64_t fact,
	const json_t *entry, const char *path, struct err *e) MUST_CHECK;
/* Adds tags (array of strings) to those that the fact has. */
int fact_tags_add(struct write *w, int64_t entity, int64_t fact,
	const json_t *tags, const char *path, struct err *e) MUST_CHECK;
/* The fact has these tags from now on, and no others. */
int fact_tags_set(struct write *w, int64_t entity, int64_t fact,
	const json_t *tags, struct err *e) MUST_CHECK;
/* Its metadata is this object from now on; {} removes it. The code that the fact
 * was read in (write_codespan.h) is a member that others do not see as theirs:
 * it stays when the object does not name it, and goes with "source": null. */
int fact_tags_replace(struct write *w, int64_t entity, int64_t fact,
	const json_t *object, const char *path, struct err *e) MUST_CHECK;
/* The same for tags that are taken exactly as they are written. */
int fact_tags_note(struct write *w, int64_t entity, int64_t fact,
	const json_t *object, const char *path, struct err *e) MUST_CHECK;

#endif
