/* resume: what the tools resume and since_last tell an agent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"

static int64_t budget = 2000;
static bool changes;
static const char *since;

static const struct conf_opt opts[] = {
	CLI_COUNT("budget", &budget, 1, 250000, "TOKENS",
		"how long it may be (2000)"),
	CLI_FLAG("changes", &changes, "only what changed since then"),
	CLI_TEXT("since", &since, "WHEN",
		"instead of the last session: a time or a change"),
};

static int
run_resume(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_FREE char *copy = NULL;
	const char *text;
	int rc;

	if (changes && argc > 0)
		return cli_fail(CLI_USAGE,
			"--changes tells of no task; leave TASK out");
	rc = cli_call(c, changes ? "since_last" : "resume",
		json_pack("{s:I,s:s*,s:o*}", "budget", (json_int_t)budget,
			"task", argc > 0 ? argv[0] : NULL, "since",
			since ? cli_point(since) : NULL),
		CLI_AS_OF, &reply);
	if (rc != CLI_OK)
		return rc;
	cli_strip(reply);
	if (c->json)
		return cli_print_json(c, reply);
	text = cli_str(reply, "context", "");
	if (text[0] == '\0') {
		cli_note(c, changes ? "nothing has changed"
				    : "there is nothing to go on with");
		return CLI_OK;
	}
	copy = strdup(text);
	if (!copy)
		return cli_nomem();
	for (char *rest = copy, *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (!rest && *line == '\0')
			break;
		out_text(stdout, line);
		putchar('\n');
	}
	return CLI_OK;
}

const struct cli_command cli_cmd_resume = {
	.name = "resume",
	.args = "[TASK]",
	.summary = "where the work stands: plans, notes, decisions, changes",
	.about = "What an agent is told that asks where it was: what the last "
		 "session did, notes left for it, open plans, decisions and "
		 "changes since, conflicts, what waits for review, and what "
		 "fits the TASK. --changes tells only what changed.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 0,
	.max_args = 1,
	.looks = true,
	.pages = true,
	.run = run_resume,
};
