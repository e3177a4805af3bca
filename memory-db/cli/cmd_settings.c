/* settings: what the operator decided for a namespace (settings.def has the
 * list): shown as a table, or set by NAME=VALUE. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/assign.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const struct table_column columns[] = {
	{"SETTING", false, false},
	{"VALUE", false, TABLE_TAIL},
	{"DEFAULT", false, false},
	{"OF WHAT", false, true},
};

/* JSON, or else a word as it stands, so that on_conflict=queue needs no quotes of
 * its own. */
static json_t *
cmd_settings_value(const char *text, const char **ret_why)
{
	json_t *value = jx_parse_any(text, strlen(text), NULL);

	(void)ret_why;
	return value ? value : json_string(text);
}

static const struct assign assigned = {.show = "namespace_settings",
	.set = "set_namespace_settings",
	.member = "settings",
	.value = "VALUE",
	.read = cmd_settings_value};

/* A word as it stands, anything else as JSON, nothing for null. */
static int
cmd_settings_cell(struct table *t, const json_t *v)
{
	AUTO_BUF struct buf text = {0};

	if (!v || json_is_null(v) || json_is_string(v)) {
		table_text(t, json_is_string(v) ? json_string_value(v) : "");
		return CLI_OK;
	}
	if (jx_dump(v, &text) != 0 || !buf_str(&text))
		return cli_nomem();
	table_text(t, text.data);
	return CLI_OK;
}

static int
cmd_settings_row(struct table *t, const json_t *s)
{
	bool is_set = strcmp(cli_str(s, "from", ""), "default") != 0;
	int rc;

	table_text(t, cli_str(s, "name", "?"));
	rc = cmd_settings_cell(t, json_object_get(s, "value"));
	if (rc == CLI_OK)
		rc = cmd_settings_cell(t,
			is_set ? json_object_get(s, "default") : NULL);
	table_text(t, cli_str(s, "about", ""));
	return rc;
}

/* The rules of attributes that are set, and those that are proposed, as one
 * argument that sets both. */
static int
cmd_settings_proposed(const json_t *reply, const json_t *list)
{
	AUTO_JSON json_t *rules = json_object();
	AUTO_BUF struct buf text = {0};
	const json_t *proposed =
		json_object_get(json_object_get(reply, "proposed"),
			"attributes");
	const json_t *s;
	int rc = 0;
	size_t i;

	if (!proposed)
		return CLI_OK;
	json_array_foreach((json_t *)(uintptr_t)list, i, s)
		if (strcmp(cli_str(s, "name", ""), "attributes") == 0)
			rc = json_object_update(rules,
				json_object_get(s, "value"));
	if (rc != 0 ||
		json_object_update(rules, (json_t *)(uintptr_t)proposed) != 0 ||
		jx_dump(rules, &text) != 0 || !buf_str(&text))
		return cli_nomem();
	printf("\nBoth sides of a conflict were kept again and again: these "
	       "attributes may have many values. To say so:\n"
	       "  memoryctl settings 'attributes=%s'\n",
		text.data);
	return CLI_OK;
}

static int
cmd_settings_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_TABLE struct table t;
	const json_t *list, *s;
	size_t i;
	int rc;

	table_init(&t, columns, ARRAY_LEN(columns));
	rc = assign_ask(c, &assigned, argc, argv, &reply);
	if (rc != CLI_OK)
		return rc;
	list = json_object_get(reply, "settings");
	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, s) {
		rc = cmd_settings_row(&t, s);
		if (rc != CLI_OK)
			return rc;
	}
	if (table_print(&t, c, stdout) != 0)
		return cli_nomem();
	return cmd_settings_proposed(reply, list);
}

const struct cli_command cli_cmd_settings = {
	.name = "settings",
	.args = "[NAME=VALUE... | NAME=...]",
	.summary = "show or set what holds in this namespace",
	.about = "Without arguments: the settings of this namespace, their "
		 "values, and the default where a value was set. NAME=VALUE "
		 "sets one, NAME= takes it back. A value is a word, a number, "
		 "true, false, or JSON. A setting is no change: it has no "
		 "history and undo does not touch it; an export of the log "
		 "carries it.",
	.max_args = -1,
	.run = cmd_settings_run,
};
