/* list: entities, the newest first. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/table.h"
#include "memory-db/cli/lib/where.h"

/* Rows that are looked at for a prefix, when only names are wanted: a shell
 * that completes a word does not wait for a large memory. */
#define LOOKED_AT 2000

static int64_t limit = 50;
static const char *type, *tier, *tags;
static bool is_names;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000000, "N", "at most this many (50)"),
	CLI_TEXT("type", &type, "TYPE", "only entities of this type"),
	CLI_TEXT("tier", &tier, "TIER",
		"only working, episodic, semantic or procedural ones"),
	CLI_TEXT("tags", &tags, "TAG,...",
		"only entities that have all of them, or a fact that has"),
	CLI_FLAG("names", &is_names, "only names, one a line"),
};

static const struct table_column here[] = {
	{"NAME", false, true},
	{"TYPE", false, true},
	{"FACTS", true, false},
	{"UPDATED", false, false},
};
static const struct table_column both[] = {
	{"NAME", false, true},
	{"TYPE", false, true},
	{"FACTS", true, false},
	{"UPDATED", false, false},
	{"NAMESPACE", false, TABLE_TAIL},
};

struct cmd_list_listing {
	struct table table;
	const char *prefix;
	bool has_place; /* rows come from two namespaces */
	int64_t shown;
};

static bool
cmd_list_is_wanted(const struct cmd_list_listing *l, const char *name)
{
	return !l->prefix ||
	       strncasecmp(name, l->prefix, strlen(l->prefix)) == 0;
}

static int
cmd_list_show(struct cli *c, struct cmd_list_listing *l, const json_t *e)
{
	char at[OUT_TIME_SIZE];
	const char *name = cli_str(e, "name", "?");

	if (c->json)
		return cli_print_json(c, e);
	if (is_names) {
		out_text(stdout, name);
		putchar('\n');
		return CLI_OK;
	}
	table_text(&l->table, name);
	table_text(&l->table, cli_str(e, "type", "?"));
	table_number(&l->table,
		(int64_t)json_array_size(json_object_get(e, "observations")) +
			cli_int(e, "omitted", 0));
	table_text(&l->table, out_time(cli_str(e, "updated_at", NULL), at));
	if (l->has_place)
		table_text(&l->table, cli_str(e, "namespace", "?"));
	return CLI_OK;
}

static int
cmd_list_add_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *list = json_object_get(reply, "results"), *e;
	struct cmd_list_listing *l = ctx;
	int rc = CLI_OK;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, e) {
		if (rc != CLI_OK || l->shown >= limit ||
			!cmd_list_is_wanted(l, cli_str(e, "name", "")))
			continue;
		rc = cmd_list_show(c, l, e);
		l->shown++;
	}
	return rc;
}

static json_t *
cmd_list_make_params(const struct cli *c, const char *prefix)
{
	json_t *p = json_pack("{s:s,s:[s,s]}", "query", prefix ? prefix : "",
		"fields", "name", "type");

	if (p && ((!is_names &&
			  (jx_add(json_object_get(p, "fields"),
				   json_string("observations")) != 0 ||
				  jx_add(json_object_get(p, "fields"),
					  json_string("updated_at")) != 0)) ||
			 (type && jx_set(p, "types", json_pack("[s]", type)) !=
					  0) ||
			 (tier && jx_set(p, "tiers", json_pack("[s]", tier)) !=
					  0) ||
			 (tags && jx_set(p, "tags", cli_list(tags)) != 0))) {
		json_decref(p);
		p = NULL;
	}
	return where_fields(c, p);
}

static int
cmd_list_run(struct cli *c, int argc, char **argv)
{
	struct cmd_list_listing l = {
		.prefix = argc > 0 && argv[0][0] ? argv[0] : NULL};
	struct pages pages = {"search_nodes", "results", CLI_AS_OF, limit,
		cmd_list_add_page, &l, 0, false};
	int rc = cli_connect(c);

	if (rc != CLI_OK)
		return rc;
	l.has_place = c->namespace_ && strcmp(c->namespace_, "default") != 0;
	table_init(&l.table, l.has_place ? both : here,
		l.has_place ? ARRAY_LEN(both) : ARRAY_LEN(here));
	if (l.prefix)
		pages.limit = is_names ? LOOKED_AT : 1000000;
	rc = pages_read(c, &pages, cmd_list_make_params(c, l.prefix));
	if (rc == CLI_OK && table_print(&l.table, c, stdout) != 0)
		rc = cli_nomem();
	table_done(&l.table);
	if (rc != CLI_OK)
		return rc;
	if (l.shown == 0) {
		cli_note(c, "no entities%s%s%s",
			l.prefix != NULL ? " that begin with " : "",
			l.prefix != NULL ? l.prefix : "", where_said(c));
		return CLI_PROBLEM;
	}
	if ((pages.has_more || l.shown >= limit) && pages.rows > l.shown - 1 &&
		pages.has_more && !c->json && !is_names)
		cli_note(c, "there are more: --limit N shows them");
	return CLI_OK;
}

const struct cli_command cli_cmd_list = {
	.name = "list",
	.args = "[PREFIX]",
	.summary = "entities, newest first",
	.about = "Lists entities with their type, number of facts and last "
		 "change, newest first; with PREFIX those whose names begin "
		 "so. In a project the user's own (`default`) are among them. "
		 "Exit code 1 when there are none.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.looks = true,
	.pages = true,
	.run = cmd_list_run,
};
