/* Which of two machines said something last (mirror.h). */
#ifndef CLI_LIB_MIRROR_MEET_H
#define CLI_LIB_MIRROR_MEET_H

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/mirror.h"
#include "memory-db/cli/lib/mirror_side.h"

/* Takes out of theirs what only comes back from here, and sets here what was
 * changed there since they took it (not when is_apart: then the merge finds
 * that both say something else). seen: what they took from here the last time;
 * branch: what was taken from them. Exit codes, printed errors. */
int mirror_meet(struct cli *to, const struct mirror_side *seen, bool is_apart,
	const struct mirror_side *branch, struct mirror_side *theirs,
	struct mirror_counts *counts) MUST_CHECK;

#endif
