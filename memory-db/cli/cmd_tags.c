/* tags, tag and untag: labels of entities and of facts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/table.h"
#include "memory-db/cli/lib/where.h"

static const char *observation;

static const struct conf_opt opts[] = {
	CLI_TEXT("observation", &observation, "TEXT",
		"of this fact instead of the entity, by its exact text"),
};

static const struct table_column columns[] = {
	{"TAG", false, true},
	{"ENTITIES", true, false},
	{"FACTS", true, false},
};

/* --- counting ------------------------------------------------------------- */
struct cmd_tags_counting {
	json_t *counts; /* tag -> [entities, facts]; owned */
	struct progress progress;
	int64_t entities;
};

static void
counting_done(struct cmd_tags_counting *t)
{
	progress_clear(&t->progress);
	json_decref(t->counts);
}

/* Adds one to the count of each tag. */
static int
cmd_tags_count(struct cmd_tags_counting *t, const json_t *tags, size_t which)
{
	const json_t *tag;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)tags, i, tag) {
		const char *name = json_string_value(tag);
		json_t *pair = json_object_get(t->counts, name ? name : "");

		if (!name)
			continue;
		if (!pair && jx_set(t->counts, name,
				     pair = json_pack("[i,i]", 0, 0)) != 0)
			return cli_nomem();
		json_integer_set(json_array_get(pair, which),
			json_integer_value(json_array_get(pair, which)) + 1);
	}
	return CLI_OK;
}

static int
count_page(struct cli *c, json_t *reply, void *ctx)
{
	const char *list =
		json_object_get(reply, "entities") ? "entities" : "results";
	struct cmd_tags_counting *t = ctx;
	const json_t *e, *f;
	int rc = CLI_OK;
	size_t i, k;

	(void)c;
	json_array_foreach(json_object_get(reply, list), i, e) {
		rc = cmd_tags_count(t,
			json_object_get(json_object_get(e, "metadata"), "tags"),
			0);
		if (rc != CLI_OK)
			return rc;
		json_array_foreach(json_object_get(e, "facts"), k, f) {
			rc = cmd_tags_count(t, json_object_get(f, "tags"), 1);
			if (rc != CLI_OK)
				return rc;
		}
		t->entities++;
	}
	progress_at(&t->progress, -1, t->entities, "entities");
	return CLI_OK;
}

struct cmd_tags_row {
	const char *tag; /* borrowed */
	int64_t entities, facts;
};

/* The most used first, then by name. */
static int
cmd_tags_order(const void *a, const void *b)
{
	const struct cmd_tags_row *x = a, *y = b;
	int64_t n = x->entities + x->facts, m = y->entities + y->facts;

	return n != m ? (n < m) - (n > m) : strcmp(x->tag, y->tag);
}

static int
cmd_tags_print_rows(struct cli *c, const struct cmd_tags_row *rows, size_t n)
{
	AUTO_TABLE struct table t;
	int rc;

	table_init(&t, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < n; i++) {
		AUTO_JSON json_t *j = NULL;

		if (c->json) {
			j = json_pack("{s:s,s:I,s:I}", "tag", rows[i].tag,
				"entities", (json_int_t)rows[i].entities,
				"facts", (json_int_t)rows[i].facts);
			rc = !j ? cli_nomem() : cli_print_json(c, j);
			if (rc != CLI_OK)
				return rc;
			continue;
		}
		table_text(&t, rows[i].tag);
		table_number(&t, rows[i].entities);
		table_number(&t, rows[i].facts);
	}
	if (!c->json && table_print(&t, c, stdout) != 0)
		return cli_nomem();
	return CLI_OK;
}

static int
cmd_tags_print_counts(struct cli *c, const json_t *counts)
{
	size_t n = json_object_size(counts), k = 0;
	AUTO_FREE struct cmd_tags_row *rows = calloc(n + 1, sizeof(*rows));
	const char *tag;
	const json_t *pair;

	if (!rows)
		return cli_nomem();
	json_object_foreach((json_t *)(uintptr_t)counts, tag, pair)
		rows[k++] = (struct cmd_tags_row){tag,
			json_integer_value(json_array_get(pair, 0)),
			json_integer_value(json_array_get(pair, 1))};
	qsort(rows, n, sizeof(*rows), cmd_tags_order);
	return cmd_tags_print_rows(c, rows, n);
}

static int
run_tags(struct cli *c, int argc, char **argv)
{
	struct cmd_tags_counting t __attribute__((cleanup(counting_done))) = {
		.counts = json_object()};
	struct pages pages = {"read_graph", "entities", CLI_AS_OF, 0,
		count_page, &t, 0, false};
	int rc = cli_connect(c);

	if (rc != CLI_OK)
		return rc;
	if (!t.counts)
		return cli_nomem();
	if (argc > 0) {
		c->asked = argv[0];
		pages.method = "open_nodes";
	}
	progress_start(&t.progress, c, "reading");
	rc = pages_read(c, &pages,
		argc > 0 ? json_pack("{s:[s],s:[s,s,s],s:b}", "names", argv[0],
				   "fields", "name", "metadata", "facts",
				   "relations", 0)
			 : json_pack("{s:[s,s,s],s:b}", "fields", "name",
				   "metadata", "facts", "relations", 0));
	progress_clear(&t.progress);
	if (rc != CLI_OK)
		return rc;
	if (argc > 0 && t.entities == 0) {
		rc = cli_fail(CLI_PROBLEM, "no entity '%s'", argv[0]);
		where_tell_entity(c);
		return rc;
	}
	if (json_object_size(t.counts) == 0) {
		cli_note(c, "no tags%s", where_said(c));
		return CLI_PROBLEM;
	}
	return cmd_tags_print_counts(c, t.counts);
}

/* --- setting -------------------------------------------------------------- */

/* The entity with its metadata and facts, or the error is printed. */
static int
cmd_tags_read_entity(struct cli *c, const char *name, json_t **ret_entity)
{
	AUTO_JSON json_t *reply = NULL;
	json_t *e;
	int rc = where_entity(c, name);

	if (rc != CLI_OK)
		return rc;
	rc = cli_call(c, "open_nodes",
		json_pack("{s:[s],s:[s,s,s,s],s:b}", "names", name, "fields",
			"name", "type", "metadata", "facts", "relations", 0),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	e = json_array_get(json_object_get(reply, "entities"), 0);
	if (!e) {
		rc = cli_fail(CLI_PROBLEM, "no entity '%s'", name);
		where_tell_entity(c);
		return rc;
	}
	*ret_entity = json_incref(e);
	return CLI_OK;
}

/* The tags that the entity, or its fact, has now: new; NULL: no such fact. */
static int
present_tags(const json_t *entity, json_t **ret)
{
	const json_t *facts = json_object_get(entity, "facts"), *f;
	json_t *tags = NULL;
	bool is_found = !observation;
	size_t i;

	if (is_found)
		tags = json_object_get(json_object_get(entity, "metadata"),
			"tags");
	json_array_foreach((json_t *)(uintptr_t)facts, i, f)
		if (!is_found &&
			strcmp(cli_str(f, "text", ""), observation) == 0) {
			is_found = true;
			tags = json_object_get(f, "tags");
		}
	if (!is_found)
		return cli_fail(CLI_PROBLEM,
			"'%s' has no fact that reads "
			"exactly '%s'",
			cli_str(entity, "name", "?"), observation);
	*ret = tags != NULL ? jx_copy(tags) : json_array();
	return !*ret ? cli_nomem() : CLI_OK;
}

static size_t
index_of(const json_t *tags, const char *tag)
{
	const json_t *t;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)tags, i, t)
		if (json_is_string(t) && strcmp(json_string_value(t), tag) == 0)
			break;
	return i;
}

static int
set_tags(struct cli *c, const char *name, json_t *tags_new)
{
	AUTO_JSON json_t *reply = NULL;
	json_t *p = json_pack("{s:s,s:o}", "name", name, "tags", tags_new);
	int rc;

	if (p && observation &&
		jx_set(p, "observation", json_string(observation)) != 0) {
		json_decref(p);
		p = NULL;
	}
	rc = cli_call(c, "update_entity", p, CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		rc = cli_print_json(c, reply);
	}
	return rc;
}

static void
cmd_tags_say(const struct cli *c, const char *name, const json_t *tags)
{
	const json_t *t;
	size_t i;

	if (c->json || c->quiet)
		return;
	out_text(stdout, name);
	out_text(stdout, where_said(c));
	fputs(json_array_size(tags) == 0 ? ": no tags" : ":", stdout);
	json_array_foreach((json_t *)(uintptr_t)tags, i, t) {
		fputs(" #", stdout);
		out_text(stdout, json_string_value(t));
	}
	putchar('\n');
}

/* Adds or takes each tag of argv[1..]. */
static int
change_tags(struct cli *c, int argc, char **argv, bool is_added)
{
	AUTO_JSON json_t *entity = NULL, *tags = NULL;
	int rc = cmd_tags_read_entity(c, argv[0], &entity);

	if (rc != CLI_OK)
		return rc;
	rc = present_tags(entity, &tags);
	if (rc != CLI_OK)
		return rc;
	for (int i = 1; i < argc; i++) {
		const char *tag = argv[i][0] == '#' ? argv[i] + 1 : argv[i];
		size_t at = index_of(tags, tag);

		if (is_added && at < json_array_size(tags))
			continue;
		if (is_added && jx_add(tags, json_string(tag)) != 0)
			return cli_fail(CLI_USAGE, "a tag is no valid UTF-8");
		if (!is_added && json_array_remove(tags, at) != 0)
			return cli_fail(CLI_PROBLEM, "'%s' has no tag '%s'",
				argv[0], tag);
	}
	rc = set_tags(c, argv[0], json_incref(tags));
	if (rc != CLI_OK)
		return rc;
	cmd_tags_say(c, argv[0], tags);
	return CLI_OK;
}

static int
run_tag(struct cli *c, int argc, char **argv)
{
	return change_tags(c, argc, argv, true);
}

static int
run_untag(struct cli *c, int argc, char **argv)
{
	return change_tags(c, argc, argv, false);
}

const struct cli_command cli_cmd_tags = {
	.name = "tags",
	.args = "[NAME]",
	.summary = "tags in use, and how often",
	.about = "Lists the tags of the memory, or of the entity NAME, with "
		 "the number of entities and of facts that have each, the most "
		 "used first. `search --tags` finds what has them. Exit code 1 "
		 "when there are none.",
	.max_args = 1,
	.looks = true,
	.pages = true,
	.run = run_tags,
};

const struct cli_command cli_cmd_tag = {
	.name = "tag",
	.args = "NAME TAG...",
	.summary = "give an entity or a fact tags",
	.about = "Adds each TAG to the entity NAME, or with --observation to "
		 "one fact of it. `untag` takes tags away, `tags` lists them.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 2,
	.max_args = -1,
	.writes = true,
	.run = run_tag,
};

const struct cli_command cli_cmd_untag = {
	.name = "untag",
	.args = "NAME TAG...",
	.summary = "take tags away",
	.about = "Takes each TAG from the entity NAME, or with --observation "
		 "from one fact of it. Exit code 1 when it has no such tag.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 2,
	.max_args = -1,
	.writes = true,
	.run = run_untag,
};
