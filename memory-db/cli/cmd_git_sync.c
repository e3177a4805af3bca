/* git-sync: branches of memory follow those of the code (lib/gitsync.h). */
#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/gitsync.h"
#include "memory-db/cli/lib/out.h"

static bool is_dry_run, is_discard;

static const struct conf_opt opts[] = {
	CLI_FLAG("dry-run", &is_dry_run, "only tell what would be done"),
	CLI_FLAG("discard", &is_discard,
		"end branches whose code is gone and was not merged"),
};

struct git_sync_telling {
	const struct cli *c;
	json_t *rows;
};

static int
tell(void *ctx, const char *branch, const char *what, int64_t conflicts)
{
	struct git_sync_telling *t = ctx;

	if (t->c->json)
		return jx_add(t->rows, json_pack("{s:s,s:s,s:I}", "branch",
					       branch, "did", what, "conflicts",
					       (json_int_t)conflicts)) == 0
			       ? CLI_OK
			       : cli_nomem();
	if (t->c->quiet)
		return CLI_OK;
	out_text(stdout, branch);
	printf(": %s", what);
	if (conflicts > 0)
		printf(", %lld conflicts (memoryctl conflicts)",
			(long long)conflicts);
	putchar('\n');
	return CLI_OK;
}

static int
run_git_sync(struct cli *c, int argc, char **argv)
{
	AUTO_CODEBRANCHES struct codebranches g = {0};
	AUTO_JSON json_t *rows = json_array();
	struct git_sync_telling t = {c, rows};
	const struct gitsync how = {is_dry_run, is_discard, tell, &t};
	int rc;

	(void)argc;
	(void)argv;
	/* What is said of the branches is said from main. */
	c->branch = NULL;
	if (!rows)
		return cli_nomem();
	switch (codebranch_begin(&g, NULL)) {
	case CODEBRANCH_NO_GIT:
		return cli_fail(CLI_SYSTEM, "git is not on PATH");
	case CODEBRANCH_NO_REPOSITORY:
		return cli_fail(CLI_USAGE,
			"the working directory is in no git repository");
	}
	rc = gitsync_run(c, &g, &how);
	if (rc != CLI_OK)
		return rc;
	return c->json ? cli_print_json(c, rows) : CLI_OK;
}

const struct cli_command cli_cmd_git_sync = {
	.name = "git-sync",
	.args = "",
	.summary = "merge the memory of code branches that were merged",
	.about = "With --branch auto (MEMORY_BRANCH=auto) what is written goes "
		 "to the branch git/NAME while the code is on the branch NAME. "
		 "When that is gone and was merged into the default branch, "
		 "also by a squash, git-sync merges its memory and ends the "
		 "branch. What was not merged is kept and told, and --discard "
		 "ends it, but not where this repository never had the "
		 "code.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.looks = true,
	.writes = true,
	.run = run_git_sync,
};
