/* handoff: notes for the next agent. */
#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const char *to, *task;
static int64_t claim, limit = 50;
static bool all;

static const struct conf_opt opts[] = {
	CLI_TEXT("to", &to, "CLIENT", "with a note: the client it is for"),
	CLI_TEXT("task", &task, "TEXT", "with a note: what it is about"),
	CLI_COUNT("claim", &claim, 1, INT64_MAX, "ID", "take this note"),
	CLI_FLAG("all", &all, "list those that are claimed, too"),
	CLI_COUNT("limit", &limit, 1, 1000, "N", "list at most this many (50)"),
};

static const struct table_column columns[] = {
	{"ID", true, false},
	{"LEFT", false, false},
	{"BY", false, TABLE_TAIL},
	{"FOR", false, TABLE_TAIL},
	{"CLAIMED BY", false, TABLE_TAIL},
	{"NOTE", false, true},
};

static int
handoff_list(struct cli *c)
{
	AUTO_TABLE struct table t = {0};
	AUTO_JSON json_t *reply = NULL;
	const json_t *list, *h;
	size_t i;
	int rc;

	table_init(&t, columns, ARRAY_LEN(columns));
	rc = cli_call(c, "handoff",
		json_pack("{s:s,s:s,s:I}", "action", "list", "state",
			all ? "all" : "open", "limit", (json_int_t)limit),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	list = json_object_get(reply, "handoffs");
	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, h) {
		const json_t *claimed = json_object_get(h, "claimed");
		char at[24];

		snprintf(at, sizeof(at), "%.10s", cli_str(h, "at", ""));
		table_number(&t, cli_int(h, "id", 0));
		table_text(&t, at);
		table_text(&t, cli_str(h, "client", ""));
		table_text(&t, cli_str(h, "to", ""));
		table_text(&t,
			claimed ? cli_str(claimed, "client", "somebody") : "");
		table_text(&t, cli_str(h, "note", ""));
	}
	if (table_print(&t, c, stdout) != 0)
		return cli_nomem();
	if (json_array_size(list) == 0)
		cli_note(c, all ? "no notes" : "no open notes");
	return CLI_OK;
}

static int
run_handoff(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	const json_t *h;
	int rc;

	if (argc > 0 && claim != 0)
		return cli_fail(CLI_USAGE,
			"either a NOTE to leave, or --claim ID");
	if (argc == 0 && claim == 0)
		return handoff_list(c);
	rc = cli_call(c, "handoff",
		claim != 0 ? json_pack("{s:I}", "claim", (json_int_t)claim)
			   : json_pack("{s:s,s:s*,s:s*}", "note", argv[0], "to",
				     to, "task", task),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	cli_strip(reply);
	if (c->json)
		return cli_print_json(c, reply);
	h = json_object_get(reply, "handoff");
	if (claim != 0) {
		out_text(stdout, cli_str(h, "note", ""));
		putchar('\n');
	}
	cli_note(c, "%s #%lld; undo takes that back (change %lld)",
		claim != 0 ? "claimed" : "left", (long long)cli_int(h, "id", 0),
		(long long)cli_int(reply, "change", 0));
	return CLI_OK;
}

const struct cli_command cli_cmd_handoff = {
	.name = "handoff",
	.args = "[NOTE]",
	.summary = "notes for the next agent; each is claimed once",
	.about = "Leaves a NOTE for the next agent of this project. Without "
		 "one it lists the open notes, and --claim ID takes one, which "
		 "nobody else can then. An agent does the same with the tool "
		 "handoff, and resume shows it the open notes.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 0,
	.max_args = 1,
	.run = run_handoff,
};
