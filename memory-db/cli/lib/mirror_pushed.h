/* What was pushed of a namespace to another memory: its facts come back from
 * there, and one that was deleted here since is not to be added again. */
#ifndef CLI_LIB_MIRROR_PUSHED_H
#define CLI_LIB_MIRROR_PUSHED_H

#include "memory-db/cli/lib/cli.h"

#define MIRROR_KEY_BYTES 33

/* The key of a fact: a hash of its entity's name and of its text, as hex. */
void mirror_pushed_key(const char *name, const char *text,
	char out[MIRROR_KEY_BYTES]);
/* What the memory says now, as a set of keys (new); CLI_PROBLEM: it has an
 * entity that cannot be compared. */
int mirror_keys(struct cli *c, json_t **ret) MUST_CHECK;
/* Notes that these keys were pushed. */
int mirror_pushed(struct cli *c, const json_t *keys) MUST_CHECK;
/* The keys that were noted; NULL: none ever was. Returns new. */
json_t *mirror_pushed_known(struct cli *c);

#endif
