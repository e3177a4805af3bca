/* Ends branches of memory whose code is gone, and merges those whose code was
 * merged. */
#ifndef CLI_LIB_GITSYNC_H
#define CLI_LIB_GITSYNC_H

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/codebranch.h"

struct gitsync {
	bool is_dry_run, is_discard;
	/* What was done with a branch, and how many conflicts its merge left.
	 * CLI_OK, or what ends the work. */
	int (*tell)(void *ctx, const char *branch, const char *what,
		int64_t conflicts);
	void *ctx;
};

/* All branches "git/..." of the namespace of c. CLI_OK, or the error is
 * printed. */
int gitsync_run(struct cli *c, struct codebranches *g,
	const struct gitsync *how) MUST_CHECK;
/* One of them, by its whole name. */
int gitsync_branch(struct cli *c, struct codebranches *g, const char *branch,
	const struct gitsync *how) MUST_CHECK;

#endif
