#include <stdio.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/table.h"

static int64_t limit = 50;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000000, "N", "at most this many (50)"),
};

static const struct table_column columns[] = {
	{"SESSION", false, true},
	{"CLIENT", false, true},
	{"NAMESPACE", false, TABLE_TAIL},
	{"FIRST", false, false},
	{"LAST", false, false},
	{"CHANGES", true, false},
};

static int
cmd_sessions_add_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *list = json_object_get(reply, "sessions"), *s;
	struct table *t = ctx;
	char at[OUT_TIME_SIZE];
	size_t i;

	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, s) {
		table_text(t, cli_str(s, "session", "-"));
		table_text(t, cli_str(s, "client", "-"));
		table_text(t, cli_str(s, "namespace", "default"));
		table_text(t, out_time(cli_str(s, "first", NULL), at));
		table_text(t, out_time(cli_str(s, "last", NULL), at));
		table_number(t, cli_int(s, "changes", 0));
	}
	return CLI_OK;
}

static int
cmd_sessions_run(struct cli *c, int argc, char **argv)
{
	AUTO_TABLE struct table t;
	struct pages pages = {"list_sessions", "sessions", CLI_NOW, limit,
		cmd_sessions_add_page, &t, 0, false};
	int rc;

	(void)argc;
	(void)argv;
	table_init(&t, columns, ARRAY_LEN(columns));
	if ((rc = pages_read(c, &pages, json_object())) != CLI_OK)
		return rc;
	if (table_print(&t, c, stdout) != 0)
		return cli_nomem();
	if (pages.rows == 0)
		cli_note(c, "no session has written yet");
	if (pages.has_more && !c->json)
		cli_note(c, "there are more: --limit N shows them");
	return CLI_OK;
}

const struct cli_command cli_cmd_sessions = {
	.name = "sessions",
	.args = "",
	.summary = "sessions that wrote, newest first",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = cmd_sessions_run,
};
