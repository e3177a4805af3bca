/* Makes a branch of one memory say what another memory says now: what is missing
 * is added, what is not there any more is hidden, and what an entity has one of
 * (its type, tier, pin, metadata) becomes as it is there. Together with a merge that
 * takes only what is new on the branch, deletions travel in both directions. */
#ifndef CLI_LIB_MIRROR_H
#define CLI_LIB_MIRROR_H

#include <stdint.h>

#include "memory-db/cli/lib/cli.h"

struct mirror_counts {
	int64_t added, removed, changed, refused, conflicts;
};

struct mirror {
	struct cli *from, *to; /* from: another service */
	const char *from_namespace;
	const char *own;    /* the database behind `to` */
	const char *branch; /* of `to`, for what is said there */
	bool is_apart;	    /* it is not merged */
};

#define MIRROR_BRANCH_BYTES 64
/* The branch for what another database says: "remote/3f2a91c0b7de". */
void mirror_branch(const char *database, char out[MIRROR_BRANCH_BYTES]);

/* Then merges the branch. Exit codes, printed errors. */
int mirror_run(const struct mirror *m, struct mirror_counts *ret) MUST_CHECK;

#endif
