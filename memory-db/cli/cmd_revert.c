#include <stdio.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/sliced.h"
#include "memory-db/cli/lib/where.h"

static bool dry_run, sliced;

static const struct conf_opt opts[] = {
	CLI_FLAG("dry-run", &dry_run, "say what would happen, change nothing"),
	CLI_FLAG("sliced", &sliced,
		"in several changes, for what is too large "
		"for one"),
};

static int
cmd_revert_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int64_t version, removed, restored;
	int rc;

	(void)argc;
	if (conf_int(argv[1], 1, INT64_MAX, &version) != 0)
		return cli_fail(CLI_USAGE,
			"'%s' is no version: a number from "
			"1, see memoryctl log %s",
			argv[1], argv[0]);
	if ((rc = where_entity(c, argv[0])) != CLI_OK)
		return rc;
	rc = sliced_call(c, "memory_revert",
		json_pack("{s:s,s:I,s:b}", "name", argv[0], "version",
			(json_int_t)version, "dry_run", dry_run),
		sliced, "reverting", &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (c->quiet)
		return CLI_OK;
	removed = cli_int(reply, "removed", 0);
	restored = cli_int(reply, "restored", 0);
	out_text(stdout, argv[0]);
	if (!dry_run && cli_int(reply, "change", 0) == 0) {
		printf(" is as it was at version %lld already%s\n",
			(long long)version, where_said(c));
		return CLI_OK;
	}
	printf(" %s as at version %lld: %lld fact%s removed, %lld restored",
		dry_run ? "would be" : "is", (long long)version,
		(long long)removed, facts_plural(removed), (long long)restored);
	if (!dry_run)
		printf("; now version %lld",
			(long long)cli_int(reply, "version", 0));
	if (cli_int(reply, "skipped", 0) > 0)
		printf("; %lld relation%s to what is gone left out",
			(long long)cli_int(reply, "skipped", 0),
			facts_plural(cli_int(reply, "skipped", 0)));
	out_text(stdout, where_said(c));
	putchar('\n');
	return CLI_OK;
}

const struct cli_command cli_cmd_revert = {
	.name = "revert",
	.args = "NAME VERSION",
	.summary = "make an entity what it was at a version",
	.about = "The entity gets the facts, type, name, tier and pin it had "
		 "at VERSION, as a new version: nothing is lost, and `undo` "
		 "takes it back. `log NAME` shows the versions.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 2,
	.max_args = 2,
	.writes = true,
	.run = cmd_revert_run,
};
