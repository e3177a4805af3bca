/* What was pushed of a namespace to another memory: it comes back from there, and
 * what was deleted or changed here since is not to be as it was. */
#ifndef CLI_LIB_MIRROR_PUSHED_H
#define CLI_LIB_MIRROR_PUSHED_H

#include "memory-db/cli/lib/cli.h"

/* Was such a value pushed? name: of an entity (or the key of a relation); member:
 * of its values, or the text of a fact with its marks as value. Exit codes. */
int mirror_pushed_has(const json_t *known, const char *name, const char *member,
	const json_t *value, bool *ret) MUST_CHECK;
/* What the memory says now, as a set of keys (new); CLI_PROBLEM: it has an
 * entity that cannot be compared. */
int mirror_keys(struct cli *c, json_t **ret) MUST_CHECK;
/* Notes that these keys were pushed. */
int mirror_pushed(struct cli *c, const json_t *keys) MUST_CHECK;
/* The keys that were noted; NULL: none ever was. Returns new. */
json_t *mirror_pushed_known(struct cli *c);

#endif
