#include <stdio.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/sliced.h"

static bool dry_run, sliced;

static const struct conf_opt opts[] = {
	CLI_FLAG("dry-run", &dry_run, "say what would happen, change nothing"),
	CLI_FLAG("sliced", &sliced,
		"in several changes, for what is too large "
		"for one"),
};

static void
cmd_merge_print_conflicts(const struct cli *c, const json_t *list)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s! ", out_on(c, OUT_YELLOW));
		out_text(stdout, cli_str(x, "entity", "?"));
		fputs(": ", stdout);
		out_text(stdout, cli_str(x, "member", "?"));
		fputs(" stays ", stdout);
		out_text(stdout, cli_str(x, "ours", "?"));
		fputs("; the branch says ", stdout);
		out_text(stdout, cli_str(x, "theirs", "?"));
		printf("%s\n", out_off(c, OUT_YELLOW));
	}
}

static int
cmd_merge_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int64_t added, removed, attributes;
	const json_t *conflicts;
	int rc = sliced_call(c, "memory_merge",
		json_pack("{s:s,s:b}", "branch", argv[0], "dry_run", dry_run),
		sliced, "merging", &reply);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	conflicts = json_object_get(reply, "conflicts");
	rc = json_array_size(conflicts) > 0 ? CLI_PROBLEM : CLI_OK;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply) == CLI_OK ? rc : CLI_SYSTEM;
	}
	if (c->quiet)
		return rc;
	added = cli_int(reply, "added", 0);
	removed = cli_int(reply, "removed", 0);
	attributes = cli_int(reply, "attributes", 0);
	if (added + removed + attributes == 0 && rc == CLI_OK &&
		!json_is_false(json_object_get(reply, "done"))) {
		puts("nothing to merge");
		return rc;
	}
	printf("%s%lld fact%s added, %lld removed, %lld value%s set\n",
		dry_run ? "would merge: " : "merged: ", (long long)added,
		facts_plural(added), (long long)removed, (long long)attributes,
		facts_plural(attributes));
	cmd_merge_print_conflicts(c, conflicts);
	return rc;
}

const struct cli_command cli_cmd_merge = {
	.name = "merge",
	.args = "BRANCH",
	.summary = "bring what a branch changed into its parent",
	.about =
		"Facts that the branch added come, facts that it removed go. "
		"Where both sides set one thing differently, or one deleted "
		"what the other changed, the parent keeps its own, the "
		"conflict is listed and the exit code is 1. The branch stays "
		"and may be merged again. A merge that was undone does not come "
		"again with the next one, as in git: undo the undo to have it "
		"back.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = 1,
	.writes = true,
	.run = cmd_merge_run,
};
