/* plan: the plans of agents, and their steps. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/table.h"

static int64_t limit = 50, fact;
static bool all;
static const char *note, *evidence;

static const struct conf_opt opts[] = {
	CLI_FLAG("all", &all, "list plans that are done, too"),
	CLI_COUNT("limit", &limit, 1, 1000000, "N",
		"list at most this many (50)"),
	CLI_TEXT("note", &note, "TEXT", "with a step: what to know of it"),
	CLI_TEXT("evidence", &evidence, "TEXT", "with a step: what shows it"),
	CLI_COUNT("fact", &fact, 1, INT64_MAX, "ID",
		"of a contested step: the one that counts"),
};

/* --- the list -------------------------------------------------------------- */
static const struct table_column list_columns[] = {
	{"PLAN", false, true},
	{"NAMESPACE", false, TABLE_TAIL},
	{"DONE", true, false},
	{"BLOCKED", true, false},
	{"NEXT", false, true},
};

static int
cmd_plan_add_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *list = json_object_get(reply, "plans"), *p;
	struct table *t = ctx;
	size_t i;

	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, p) {
		const json_t *counts = json_object_get(p, "counts"), *n;
		int64_t steps = 0, over = cli_int(counts, "done", 0) +
					  cli_int(counts, "dropped", 0);
		char done[48];
		const char *key;

		json_object_foreach((json_t *)(uintptr_t)counts, key, n)
			steps += json_integer_value(n);
		snprintf(done, sizeof(done), "%lld/%lld", (long long)over,
			(long long)steps);
		table_text(t, cli_str(p, "name", "?"));
		table_text(t, cli_str(p, "namespace", ""));
		table_text(t, done);
		table_number(t, cli_int(counts, "blocked", 0));
		table_text(t,
			cli_str(json_object_get(p, "next_step"), "text", ""));
	}
	return CLI_OK;
}

static int
cmd_plan_list(struct cli *c)
{
	AUTO_TABLE struct table t;
	struct pages pages = {"get_implementation_plan", "plans", CLI_AS_OF,
		limit, cmd_plan_add_page, &t, 0, false};
	int rc;

	table_init(&t, list_columns, ARRAY_LEN(list_columns));
	rc = pages_read(c, &pages,
		json_pack("{s:s}", "state", all ? "all" : "open"));
	if (rc != CLI_OK)
		return rc;
	if (table_print(&t, c, stdout) != 0)
		return cli_nomem();
	if (pages.rows == 0)
		cli_note(c, all ? "no plans"
				: "no open plans; --all lists "
				  "those that are done");
	if (pages.has_more && !c->json)
		cli_note(c, "there are more: --limit N shows them");
	return CLI_OK;
}

/* --- one plan -------------------------------------------------------------- */
static enum out_style
cmd_plan_style(const char *state)
{
	static const struct {
		const char *state;
		enum out_style style;
	} styles[] = {{"doing", OUT_BOLD}, {"blocked", OUT_RED},
		{"done", OUT_GREEN}, {"dropped", OUT_DIM}};

	for (size_t i = 0; i < ARRAY_LEN(styles); i++)
		if (strcmp(styles[i].state, state) == 0)
			return styles[i].style;
	return OUT_PLAIN;
}

/* "  lead text", when there is a text. */
static void
cmd_plan_line(const char *lead, const char *text)
{
	if (!text)
		return;
	fputs(lead, stdout);
	out_text(stdout, text);
	putchar('\n');
}

static void
cmd_plan_commands(const json_t *o)
{
	const json_t *list = json_object_get(o, "acceptance"), *j;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, j)
		cmd_plan_line("        $ ", json_string_value(j));
}

static void
cmd_plan_step(const struct cli *c, const json_t *s)
{
	const char *state = cli_str(s, "state", "?");
	enum out_style style = cmd_plan_style(state);

	printf("%4lld  %s%-8s%s", (long long)cli_int(s, "step", 0),
		out_on(c, style), state, out_off(c, style));
	out_text(stdout, cli_str(s, "text", ""));
	if (json_is_true(json_object_get(s, "contested")))
		printf("  (contested: fact %lld)",
			(long long)cli_int(s, "fact", 0));
	putchar('\n');
	cmd_plan_line("        note: ", cli_str(s, "note", NULL));
	cmd_plan_line("        evidence: ", cli_str(s, "evidence", NULL));
	cmd_plan_line("        edited: ", cli_str(s, "observation", NULL));
	cmd_plan_commands(s);
}

static int
cmd_plan_show(struct cli *c, const char *name)
{
	AUTO_JSON json_t *p = NULL;
	const json_t *s;
	size_t i;
	int rc = cli_call(c, "get_implementation_plan",
		json_pack("{s:s}", "name", name), CLI_AS_OF, &p);

	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(p);
		return cli_print_json(c, p);
	}
	cmd_plan_line("", cli_str(p, "title", name));
	cmd_plan_line("goal: ", cli_str(p, "goal", NULL));
	cmd_plan_line("notes: ", cli_str(p, "notes", NULL));
	json_array_foreach(json_object_get(p, "steps"), i, s)
		cmd_plan_step(c, s);
	if (json_object_get(p, "acceptance"))
		puts("accepted by:");
	cmd_plan_commands(p);
	return CLI_OK;
}

/* --- a step ---------------------------------------------------------------- */
static int
cmd_plan_update(struct cli *c, char **argv, bool has_state)
{
	AUTO_JSON json_t *reply = NULL, *params = NULL;
	const json_t *next;
	int64_t step;
	int rc;

	if (text_int(argv[1], 1, INT64_MAX, &step) != 0)
		return cli_fail(CLI_USAGE,
			"'%s' is no number of a step; memoryctl plan NAME "
			"shows them",
			argv[1]);
	params = json_pack("{s:s,s:I,s:s*,s:s*,s:s*,s:o*}", "name", argv[0],
		"step", (json_int_t)step, "state", has_state ? argv[2] : NULL,
		"note", note, "evidence", evidence, "fact",
		fact > 0 ? json_integer(fact) : NULL);
	rc = cli_call(c, "update_plan_step", take_ptr(params), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	next = json_object_get(reply, "next_step");
	printf("%s; the plan is %s\n", cli_str(reply, "action", "?"),
		cli_str(reply, "state", "?"));
	if (next) {
		printf("next: %lld  ", (long long)cli_int(next, "step", 0));
		out_text(stdout, cli_str(next, "text", ""));
		putchar('\n');
	}
	return CLI_OK;
}

static int
cmd_plan_run(struct cli *c, int argc, char **argv)
{
	if (argc < 2 && (note || evidence || fact > 0))
		return cli_fail(CLI_USAGE,
			"--note, --evidence and --fact are of a step: "
			"memoryctl plan NAME STEP [STATE]");
	if (argc == 0)
		return cmd_plan_list(c);
	c->asked = argv[0];
	if (argc == 1)
		return cmd_plan_show(c, argv[0]);
	if (c->as_of)
		return cli_fail(CLI_USAGE,
			"a step is updated now; leave out --as-of");
	return cmd_plan_update(c, argv, argc == 3);
}

const struct cli_command cli_cmd_plan = {
	.name = "plan",
	.args = "[NAME [STEP [STATE]]]",
	.summary = "plans, their steps and what is next",
	.about = "Without arguments: the open plans. NAME shows one. STEP is "
		 "the number of a step, STATE what it is from now on: todo, "
		 "doing, blocked, done, dropped. Commands of acceptance are "
		 "shown and never run.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 3,
	.looks = true,
	.pages = true,
	.run = cmd_plan_run,
};
