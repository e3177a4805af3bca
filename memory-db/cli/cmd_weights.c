/* weights: what recall weighs in a namespace: shown as a table, or set by
 * NAME=NUMBER. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/assign.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const struct table_column columns[] = {
	{"WEIGHT", false, false},
	{"VALUE", true, false},
	{"DEFAULT", true, false},
	{"FROM", false, false},
	{"OF WHAT", false, true},
};

static json_t *
cmd_weights_value(const char *text, const char **ret_why)
{
	json_t *value = jx_parse_any(text, strlen(text), NULL);

	if (json_is_number(value))
		return value;
	json_decref(value);
	*ret_why = "is no number";
	return NULL;
}

static const struct assign assigned = {.show = "recall_weights",
	.set = "set_recall_weights",
	.member = "weights",
	.value = "NUMBER",
	.read = cmd_weights_value};

static void
number_cell(struct table *t, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", v);
	table_text(t, text);
}

static int
cmd_weights_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_TABLE struct table t;
	const json_t *list, *w;
	size_t i;
	int rc;

	table_init(&t, columns, ARRAY_LEN(columns));
	rc = assign_ask(c, &assigned, argc, argv, &reply);
	if (rc != CLI_OK)
		return rc;
	list = json_object_get(reply, "weights");
	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, w) {
		const char *from = cli_str(w, "from", "");

		table_text(&t, cli_str(w, "name", "?"));
		number_cell(&t, cli_num(w, "value", 0));
		number_cell(&t, cli_num(w, "default", 0));
		table_text(&t, strcmp(from, "default") == 0 ? "" : from);
		table_text(&t, cli_str(w, "about", ""));
	}
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

const struct cli_command cli_cmd_weights = {
	.name = "weights",
	.args = "[NAME=NUMBER... | NAME=...]",
	.summary = "show or set what recall weighs",
	.about = "Without arguments: the numbers of recall's ranking in this "
		 "namespace, and where each comes from. NAME=NUMBER sets one "
		 "for the namespace, NAME= takes it back. A weight given with "
		 "a call comes before that of the namespace, that before "
		 "memory-db's --recall-weights, that before the default.",
	.max_args = -1,
	.run = cmd_weights_run,
};
