/* A memory as sets, to be compared with another one. */
#ifndef CLI_LIB_MIRROR_SIDE_H
#define CLI_LIB_MIRROR_SIDE_H

#include "memory-db/cli/lib/cli.h"

/* name -> {type, values, facts: {text -> content}}, and relations. values: as
 * mirror_values.h has them. */
struct mirror_side {
	json_t *entities, *relations; /* owned */
};
void mirror_side_done(struct mirror_side *s);
#define AUTO_SIDE __attribute__((cleanup(mirror_side_done)))

/* Reads all of it, without what stands in the user's memory beside. Exit codes,
 * printed errors; CLI_PROBLEM: it has an entity that cannot be compared. */
int mirror_side_read(struct cli *c, const char *namespace_, const char *branch,
	struct mirror_side *s) MUST_CHECK;

#endif
