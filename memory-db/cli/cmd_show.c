/* show: entities with all their facts, as text for a person. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/hookcode.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/where.h"

static void
print_pair(const struct cli *c, const char *key, const char *value)
{
	if (!value || value[0] == '\0')
		return;
	printf("  %s%-10s%s ", out_on(c, OUT_DIM), key, out_off(c, OUT_DIM));
	out_text(stdout, value);
	putchar('\n');
}

static int
print_json_pair(const struct cli *c, const char *key, const json_t *value)
{
	AUTO_BUF struct buf b = {0};

	const json_t *x;
	size_t i;

	if ((json_is_object(value) && json_object_size(value) == 0) ||
		(json_is_array(value) && json_array_size(value) == 0) ||
		!value || json_is_null(value))
		return 0;
	/* A list of texts, else JSON. */
	json_array_foreach((json_t *)(uintptr_t)value, i, x)
		if (buf_addf(&b, "%s%s", i > 0 ? ", " : "",
			    json_is_string(x) ? json_string_value(x) : "?") !=
			0)
			return MDB_E_NOMEM;
	if ((!json_is_array(value) && jx_dump(value, &b) != 0) || !buf_str(&b))
		return MDB_E_NOMEM;
	print_pair(c, key, buf_str(&b));
	return 0;
}

static int
cmd_show_print_head(const struct cli *c, const json_t *e)
{
	char text[OUT_NUMBER_SIZE], at[OUT_TIME_SIZE];

	fputs(out_on(c, OUT_BOLD), stdout);
	out_text(stdout, cli_str(e, "name", "?"));
	printf("%s  (", out_off(c, OUT_BOLD));
	out_text(stdout, cli_str(e, "type", "?"));
	puts(")");
	print_pair(c, "namespace", cli_str(e, "namespace", NULL));
	print_pair(c, "tier", cli_str(e, "tier", NULL));
	if (json_is_true(json_object_get(e, "pin")))
		print_pair(c, "pinned", "yes");
	if (json_object_get(e, "version") != NULL)
		print_pair(c, "version",
			out_count(cli_int(e, "version", 0), text));
	print_pair(c, "created", out_time(cli_str(e, "created_at", NULL), at));
	print_pair(c, "updated", out_time(cli_str(e, "updated_at", NULL), at));
	if (json_object_get(e, "access_count") != NULL)
		print_pair(c, "read",
			out_count(cli_int(e, "access_count", 0), text));
	if (print_json_pair(c, "aliases", json_object_get(e, "aliases")) != 0)
		return MDB_E_NOMEM;
	return print_json_pair(c, "metadata", json_object_get(e, "metadata"));
}

/* Where a fact comes from: "2026-11-20 08:05:33, import, session s1", and whether
 * the code that it was read in still says so: "src/pool.c:10-14: stale". */
static void
print_origin(const struct cli *c, struct codetree **io_tree, const char *ns,
	const json_t *f)
{
	static const char *const keys[][2] = {{"method", ""}, {"client", "by "},
		{"session", "session "}, {"actor", "of "},
		{"speaker", "said by "}, {"source_session", "from session "},
		{"source_timestamp", "said at "}};
	const json_t *claims = json_object_get(f, "claims");
	AUTO_BUF struct buf code = {0};
	char at[OUT_TIME_SIZE];

	printf("    %s%s", out_on(c, OUT_DIM),
		out_time(cli_str(f, "at", "-"), at));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *value = cli_str(f, keys[i][0], NULL);
		const char *claimed = cli_str(claims, keys[i][0], NULL);

		if (!value && !claimed)
			continue;
		printf(", %s%s", claimed ? "claimed: " : "", keys[i][1]);
		out_text(stdout, claimed ? claimed : value);
	}
	if (json_object_get(f, "change") != NULL)
		printf(", change %lld", (long long)cli_int(f, "change", 0));
	if (hookcode_source(c, io_tree, ns,
		    json_object_get(json_object_get(f, "metadata"), "source"),
		    ", ", &code) == 0 &&
		code.len > 0 && buf_str(&code))
		out_text(stdout, code.data);
	printf("%s\n", out_off(c, OUT_DIM));
}

/* Behind the text: "  #habit #food {"cups":2}". */
static int
cmd_show_print_marks(const struct cli *c, const json_t *f)
{
	const json_t *tags = json_object_get(f, "tags"), *tag;
	AUTO_JSON json_t *metadata = jx_copy(json_object_get(f, "metadata"));
	AUTO_BUF struct buf b = {0};
	size_t i;

	/* The code that it was read in stands with its origin. */
	if (codespan_is(json_object_get(metadata, "source")))
		(void)json_object_del(metadata, "source");
	if (json_object_size(metadata) > 0 && jx_dump(metadata, &b) != 0)
		return MDB_E_NOMEM;
	fputs(out_on(c, OUT_DIM), stdout);
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag) {
		fputs(i > 0 ? " #" : "  #", stdout);
		out_text(stdout, json_string_value(tag));
	}
	if (b.len > 0) {
		fputs("  ", stdout);
		out_text(stdout, buf_str(&b) != NULL ? b.data : "");
	}
	fputs(out_off(c, OUT_DIM), stdout);
	return 0;
}

static void
cmd_show_print_facts(const struct cli *c, struct codetree **io_tree,
	const json_t *e)
{
	const json_t *facts = json_object_get(e, "facts"), *f;
	int64_t omitted = cli_int(e, "omitted", 0);
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)facts, i, f) {
		fputs("  - ", stdout);
		out_text(stdout, cli_str(f, "text", "?"));
		if (cmd_show_print_marks(c, f) != 0)
			fputs(" (no memory for the metadata)", stdout);
		putchar('\n');
		print_origin(c, io_tree, cli_str(e, "namespace", NULL), f);
	}
	if (omitted > 0)
		printf("  (%lld more: export --current has them all)\n",
			(long long)omitted);
}

static void
cmd_show_print_relations(const struct cli *c, const json_t *relations)
{
	const json_t *r;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)relations, i, r) {
		fputs("  ", stdout);
		out_text(stdout, cli_str(r, "from", "?"));
		printf(" %s-[%s", out_on(c, OUT_DIM), out_off(c, OUT_DIM));
		out_text(stdout, cli_str(r, "relationType", "?"));
		if (json_object_get(r, "weight") != NULL)
			printf(" %g", cli_num(r, "weight", 0));
		printf("%s]->%s ", out_on(c, OUT_DIM), out_off(c, OUT_DIM));
		out_text(stdout, cli_str(r, "to", "?"));
		putchar('\n');
	}
}

/* "no entity 'bob'; similar: 'rob', 'bo'" for each missing name. as_of: NULL
 * for now. */
static int
cmd_show_report_missing(const json_t *missing, const char *as_of)
{
	const json_t *m, *s;
	int rc = CLI_OK;
	size_t i, k;

	json_array_foreach((json_t *)(uintptr_t)missing, i, m) {
		const json_t *similar = json_object_get(m, "similar");
		AUTO_BUF struct buf b = {0};

		json_array_foreach((json_t *)(uintptr_t)similar, k, s)
			if (buf_addf(&b, "%s'%s'", k > 0 ? ", " : "; similar: ",
				    json_is_string(s) ? json_string_value(s)
						      : "?") != 0)
				return cli_nomem();
		if (!buf_str(&b))
			return cli_nomem();
		rc = cli_fail(CLI_PROBLEM, "no entity '%s'%s%s%s",
			cli_str(m, "name", "?"), as_of ? " as of " : "",
			as_of ? as_of : "", buf_str(&b));
	}
	return rc;
}

static int
cmd_show_print_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *missing = json_object_get(reply, "missing");
	struct codetree **io_tree = ctx;
	json_t *e;
	size_t i;

	if (json_array_size(missing) > 0)
		return cmd_show_report_missing(missing, c->as_of);
	json_array_foreach(json_object_get(reply, "entities"), i, e)
		if (c->json && hookcode_entity(c, io_tree, e) != 0)
			return cli_nomem();
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	json_array_foreach(json_object_get(reply, "entities"), i, e) {
		if (cmd_show_print_head(c, e) != 0)
			return cli_nomem();
		cmd_show_print_facts(c, io_tree, e);
	}
	cmd_show_print_relations(c, json_object_get(reply, "relations"));
	return CLI_OK;
}

static int
cmd_show_run(struct cli *c, int argc, char **argv)
{
	AUTO_CODETREE struct codetree *tree = NULL;
	struct pages pages = {"open_nodes", "entities", CLI_AS_OF, 0,
		cmd_show_print_page, &tree, 0, false};
	int rc;

	(void)argc;
	c->asked = argv[0];
	if ((rc = cli_connect(c)) != CLI_OK)
		return rc;
	rc = pages_read(c, &pages,
		where_fields(c, json_pack("{s:[s],"
					  "s:[s,s,s,s,s,s,s,s,s,s,s]}",
					"names", argv[0], "fields", "id",
					"name", "type", "facts", "tier", "pin",
					"version", "created_at", "updated_at",
					"metadata", "aliases")));
	if (rc == CLI_PROBLEM)
		where_tell_entity(c);
	return rc;
}

const struct cli_command cli_cmd_show = {
	.name = "show",
	.args = "NAME",
	.summary = "an entity with its facts, their origin and relations",
	.about =
		"Prints what is known of an entity: each fact with the time, "
		"client and session it came from, whether the code that it was "
		"read in still says so, tier, version, aliases and relations. "
		"With --as-of as it was then. Exit code 1 when "
		"there is none of that name.",
	.min_args = 1,
	.max_args = 1,
	.looks = true,
	.pages = true,
	.run = cmd_show_run,
};
