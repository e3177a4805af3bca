#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/out.h"
#include "memory-db/cli/table.h"

static int64_t limit = 50;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000, "N", "at most this many (50)"),
};

static const struct table_column columns[] = {
	{"SESSION", false, true}, {"CLIENT", false, true},
	{"NAMESPACE", false, true}, {"FIRST", false, false},
	{"LAST", false, false}, {"CHANGES", true, false},
};

static int
run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_TABLE struct table t;
	char at[OUT_TIME_SIZE];
	const json_t *list, *s;
	size_t i;
	int rc;

	(void)argc;
	(void)argv;
	table_init(&t, columns, ARRAY_LEN(columns));
	rc = cli_call(c, "list_sessions", json_pack("{s:I}", "limit",
		(json_int_t)limit), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	list = json_object_get(reply, "sessions");
	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, s) {
		table_text(&t, cli_str(s, "session", "-"));
		table_text(&t, cli_str(s, "client", "-"));
		table_text(&t, cli_str(s, "namespace", "default"));
		table_text(&t, out_time(cli_str(s, "first", NULL), at));
		table_text(&t, out_time(cli_str(s, "last", NULL), at));
		table_number(&t, cli_int(s, "changes", 0));
	}
	if (t.n == 0)
		cli_note(c, "no session has written yet");
	if (json_object_get(reply, "next") != NULL)
		cli_note(c, "there are more: --limit N shows them");
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

const struct cli_command cli_cmd_sessions = {
	.name = "sessions",
	.args = "",
	.summary = "sessions that wrote, newest first",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = run,
};
