/* Folding the history of a database file that nobody serves, as a whole:
 * store/check/fold.h has what stays. For a copy, which takes the place of the
 * database when all went well (memoryctl compact). */
#ifndef MODEL_TRANSFER_COMPACT_H
#define MODEL_TRANSFER_COMPACT_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct compact_query {
	const char *path;	/* absolute; borrowed */
	int64_t before_ms;	/* what is older is folded */
	const char *namespace_; /* NULL: all */
	const char *actor;	/* who signs it; NULL: nobody */
};

/* New object: {"namespaces":[{"namespace","to","at","changes","changes_left",
 * "facts","facts_left","held_by"?}]}. A namespace with nothing to fold is in
 * none of the rows, unless a branch holds it. */
int compact_file(const struct compact_query *q, json_t **ret, struct err *e)
	MUST_CHECK;

#endif
