/* Makes a branch of one memory say what another memory says now: what is missing
 * is added, what is not there any more is hidden. Together with a merge that
 * takes only what is new on the branch, deletions travel in both directions. */
#ifndef CLI_LIB_MIRROR_H
#define CLI_LIB_MIRROR_H

#include <stdint.h>

#include "memory-db/cli/lib/cli.h"

struct mirror_counts {
	int64_t added, removed, refused;
};

/* from: another service. Exit codes, printed errors. */
int mirror_run(struct cli *from, const char *from_namespace, struct cli *to,
	const char *branch, struct mirror_counts *ret) MUST_CHECK;

#endif
