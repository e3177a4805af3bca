/* What an entity has one of, for push and pull: type, tier, pin, metadata (with
 * its tags) and end; and of a fact its tags and metadata. */
#ifndef CLI_LIB_MIRROR_VALUES_H
#define CLI_LIB_MIRROR_VALUES_H

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/mirror.h"
#include "memory-db/cli/lib/mirror_side.h"

/* Fields of a read that mirror_values_of looks at. */
#define MIRROR_VALUES_FIELDS "metadata", "tier", "pin", "expires_at"

/* The values of an entity, as read_graph gives it: {"entityType", "tier", "pin",
 * "metadata", "expires_at"}, each of them also where it is the usual one.
 * Returns new. */
json_t *mirror_values_of(const json_t *entity);
/* The entry of create_entities that makes such an entity, without facts.
 * Returns new. */
json_t *mirror_values_entry(const char *name, const json_t *values);

/* Are two facts of one text the same but for tags and metadata? And with
 * these? */
bool mirror_values_same_body(const json_t *a, const json_t *b);
bool mirror_values_same_fact(const json_t *a, const json_t *b);

/* Makes the branch say what theirs says, where both have the entity, or the
 * fact. Exit codes, printed errors. */
int mirror_values_update(struct cli *to, const char *branch,
	const struct mirror_side *theirs, const struct mirror_side *ours,
	struct mirror_counts *counts) MUST_CHECK;

/* Is it what an entity has of which nothing was said? Of a fact: no marks. */
bool mirror_values_is_usual(const char *member, const json_t *value);
/* The tags, in order, and the metadata of a fact. Returns new. */
json_t *mirror_values_marks(const json_t *fact);
/* The content of a fact gets these marks. */
int mirror_values_set_marks(json_t *fact, const json_t *marks) MUST_CHECK;

#endif
