/* Facts of changes and of comparisons as lines with + and -. */
#ifndef CLI_LIB_FACTS_H
#define CLI_LIB_FACTS_H

#include <jansson.h>

#include "common/cleanup.h"
#include "memory-db/cli/lib/out.h"

struct cli;

/* Entries of one list that are shown where not all are asked for. */
#define FACTS_SHOWN 10

/* Each entry of a list ({entity, text}, {entity, entityType}, {entity,
 * relationType, to}, {entity, metadata, of?} or {entity, tag, of}) on a line of its own behind the
 * sign, at most `most` of them. NULL: an empty list. 0 or MDB_E_NOMEM. */
int facts_print(const struct cli *c, const json_t *list, size_t most, char sign,
	enum out_style style) MUST_CHECK;
/* [{entity?, member, from, to}] as "~ ada: tier working -> semantic". */
int facts_print_set(const struct cli *c, const json_t *list) MUST_CHECK;

/* {tag, of} or {metadata, of} as "#urgent of: TEXT". 0 or MDB_E_NOMEM. */
int facts_print_mark(const json_t *x) MUST_CHECK;

/* "3 facts", "1 fact": appends nothing else. */
const char *facts_plural(int64_t n);

#endif
