/* useful: of the facts that were shown in a period, how many were used? */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const char *since = "30 days ago", *until;
static bool is_by_day;
static int64_t limit = 5;

static const struct conf_opt useful_opts[] = {
	CLI_TEXT("since", &since, "TIME", "from this day on (30 days ago)"),
	CLI_TEXT("until", &until, "TIME", "until this day"),
	CLI_FLAG("days", &is_by_day, "a row for each day"),
	CLI_COUNT("limit", &limit, 1, 1000, "N", "facts of each kind (5)"),
};

static const struct table_column day_columns[] = {
	{"DAY", false, false},
	{"SHOWN", true, false},
	{"USED", true, false},
	{"IGNORED", true, false},
	{"CONTRADICTED", true, false},
	{"ASKED FOR", true, false},
	{"USED", true, false},
};
static const struct table_column fact_columns[] = {
	{"SHOWN", true, false},
	{"USED", true, false},
	{"IGNORED", true, false},
	{"CONTRADICTED", true, false},
	{"FACT", true, false},
	{"OF", false, true},
	{"TEXT", false, true},
};

static void
counts_cells(struct table *t, const json_t *row)
{
	table_number(t, cli_int(row, "shown", 0));
	table_number(t, cli_int(row, "used", 0));
	table_number(t, cli_int(row, "ignored", 0));
	table_number(t, cli_int(row, "contradicted", 0));
}

static int
print_days(const struct cli *c, const json_t *days)
{
	AUTO_TABLE struct table t;
	const json_t *day;
	size_t i;

	table_init(&t, day_columns, ARRAY_LEN(day_columns));
	json_array_foreach((json_t *)(uintptr_t)days, i, day) {
		table_text(&t, cli_str(day, "day", ""));
		counts_cells(&t, day);
		day = json_object_get(day, "recalled");
		table_number(&t, cli_int(day, "shown", 0));
		table_number(&t, cli_int(day, "used", 0));
	}
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

static int
print_facts(const struct cli *c, const json_t *facts)
{
	AUTO_TABLE struct table t;
	const json_t *fact;
	size_t i;

	table_init(&t, fact_columns, ARRAY_LEN(fact_columns));
	json_array_foreach((json_t *)(uintptr_t)facts, i, fact) {
		counts_cells(&t, fact);
		table_number(&t, cli_int(fact, "id", 0));
		table_text(&t, cli_str(fact, "name", ""));
		table_text(&t, cli_str(fact, "text", ""));
	}
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

/* "hooks put 4 of them before agents, 1 was used; agents asked for 2, 2 used" */
static void
print_ways(const json_t *reply)
{
	const json_t *asked = json_object_get(reply, "recalled");
	int64_t n = cli_int(asked, "shown", 0);
	char text[4][OUT_NUMBER_SIZE];

	if (n == 0)
		return;
	printf("hooks put %s of them before agents, %s used; agents asked for "
	       "%s, %s used\n",
		out_count(cli_int(reply, "shown", 0) - n, text[0]),
		out_count(cli_int(reply, "used", 0) - cli_int(asked, "used", 0),
			text[1]),
		out_count(n, text[2]),
		out_count(cli_int(asked, "used", 0), text[3]));
}

static int
cmd_useful_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	char text[3][OUT_NUMBER_SIZE];
	int rc;

	(void)argc;
	(void)argv;
	rc = cli_call(c, "usefulness_report",
		json_pack("{s:s,s:s*,s:I}", "since", since, "until", until,
			"limit", (json_int_t)limit),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (cli_int(reply, "shown", 0) == 0) {
		puts("no fact that was shown has been judged in this time");
		return CLI_OK;
	}
	printf("of %s facts shown %s were used, %s contradicted\n",
		out_count(cli_int(reply, "shown", 0), text[0]),
		out_count(cli_int(reply, "used", 0), text[1]),
		out_count(cli_int(reply, "contradicted", 0), text[2]));
	print_ways(reply);
	if (is_by_day)
		return print_days(c, json_object_get(reply, "days"));
	return print_facts(c, json_object_get(reply, "facts"));
}

const struct cli_command cli_cmd_useful = {
	.name = "useful",
	.args = "",
	.summary = "of what use the facts were that agents were shown",
	.about = "Of the facts that hooks put before agents, or that a recall "
		 "gave them, how many the next answer used, in this namespace "
		 "and time. Then the facts that were used most, and those that "
		 "were shown and never used. It is a judgement by words: an "
		 "answer that says the same in others does not count. What was "
		 "used stands before its equals in recall (memoryctl weights "
		 "useful=0 ends that).",
	.opts = useful_opts,
	.opts_n = ARRAY_LEN(useful_opts),
	.run = cmd_useful_run,
};
