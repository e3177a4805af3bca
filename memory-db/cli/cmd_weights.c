#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const struct table_column columns[] = {
	{"WEIGHT", false, false},
	{"VALUE", true, false},
	{"DEFAULT", true, false},
	{"FROM", false, false},
	{"OF WHAT", false, true},
};

/* NAME=NUMBER sets one, NAME= takes it back. */
static int
read_weight(const char *arg, json_t *weights)
{
	AUTO_BUF struct buf name = {0};
	const char *sign = strchr(arg, '=');
	json_t *value;

	if (!sign || sign == arg)
		return cli_fail(CLI_USAGE,
			"'%s' should be NAME=NUMBER, or "
			"NAME= to take a setting back",
			arg);
	if (buf_add(&name, arg, (size_t)(sign - arg)) != 0 || !buf_str(&name))
		return cli_nomem();
	value = sign[1] == '\0'
			? json_null()
			: jx_parse_any(sign + 1, strlen(sign + 1), NULL);
	if (!value || (sign[1] != '\0' && !json_is_number(value))) {
		json_decref(value);
		return cli_fail(CLI_USAGE, "'%s' is no number", sign + 1);
	}
	return jx_set(weights, name.data, value) != 0 ? cli_nomem() : CLI_OK;
}

static int
cmd_weights_ask(struct cli *c, int argc, char **argv, json_t **ret_reply)
{
	AUTO_JSON json_t *weights = json_object();
	int rc = CLI_OK;

	if (argc == 0)
		return cli_call(c, "recall_weights", json_object(), CLI_NOW,
			ret_reply);
	for (int i = 0; i < argc; i++) {
		rc = read_weight(argv[i], weights);
		if (rc != CLI_OK)
			return rc;
	}
	return cli_call(c, "set_recall_weights",
		json_pack("{s:O}", "weights", weights), CLI_NOW, ret_reply);
}

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
	rc = cmd_weights_ask(c, argc, argv, &reply);
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
