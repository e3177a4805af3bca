#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/facts.h"
#include "memory-db/cli/out.h"
#include "memory-db/cli/pages.h"

static const char *from, *to, *from_branch, *to_branch;
static int64_t from_version, to_version;

static const struct conf_opt opts[] = {
	CLI_TEXT("from", &from, "WHEN",
		"the older state: a change id, a date, '2 days ago'"),
	CLI_TEXT("to", &to, "WHEN", "the newer state (now)"),
	CLI_COUNT("from-version", &from_version, 1, INT64_MAX, "N",
		"the older state as a version of NAME"),
	CLI_COUNT("to-version", &to_version, 1, INT64_MAX, "N",
		"the newer one"),
	CLI_TEXT("from-branch", &from_branch, "NAME", "branch of the older"),
	CLI_TEXT("to-branch", &to_branch, "NAME", "branch of the newer"),
};

/* Texts of one entity: "+ text". */
static void
print_texts(const struct cli *c, const json_t *list, char sign,
	enum out_style style)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s%c ", out_on(c, style), sign);
		out_text(stdout, json_is_string(x) ? json_string_value(x)
						   : "(forgotten)");
		printf("%s\n", out_off(c, style));
	}
}

static void
print_relations(const struct cli *c, const json_t *list, char sign,
	enum out_style style)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s%c ", out_on(c, style), sign);
		out_text(stdout, cli_str(x, "from", "?"));
		fputs(" -[", stdout);
		out_text(stdout, cli_str(x, "relationType", "?"));
		fputs("]-> ", stdout);
		out_text(stdout, cli_str(x, "to", "?"));
		printf("%s\n", out_off(c, style));
	}
}

/* Tags and metadata of facts. */
static int
print_marks(const struct cli *c, const json_t *list, char sign,
	enum out_style style)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s%c ", out_on(c, style), sign);
		if (facts_print_mark(x) != 0)
			return MDB_E_NOMEM;
		printf("%s\n", out_off(c, style));
	}
	return 0;
}

static int
print_entity(const struct cli *c, const json_t *e)
{
	const char *status = cli_str(e, "status", "changed");

	fputs(out_on(c, OUT_BOLD), stdout);
	out_text(stdout, cli_str(e, "entity", "?"));
	fputs(out_off(c, OUT_BOLD), stdout);
	if (strcmp(status, "changed") != 0)
		printf("  (%s)", status);
	putchar('\n');
	print_texts(c, json_object_get(e, "removed"), '-', OUT_RED);
	print_relations(
		c, json_object_get(e, "relations_removed"), '-', OUT_RED);
	print_texts(c, json_object_get(e, "added"), '+', OUT_GREEN);
	print_relations(
		c, json_object_get(e, "relations_added"), '+', OUT_GREEN);
	if (print_marks(c, json_object_get(e, "marks_removed"), '-', OUT_RED) ||
		print_marks(c, json_object_get(e, "marks_added"), '+',
			OUT_GREEN))
		return MDB_E_NOMEM;
	return facts_print_set(c, json_object_get(e, "set"));
}

static int
print_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *list = json_object_get(reply, "entities"), *e;
	size_t i;

	(void)ctx;
	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, e)
		if (print_entity(c, e) != 0)
			return cli_nomem();
	return CLI_OK;
}

static json_t *
make_params(const char *name)
{
	const struct {
		const char *key, *text;
		int64_t n;
		bool is_point;
	} all[] = {{"name", name, 0, false}, {"from", from, 0, true},
		{"to", to, 0, true}, {"from_branch", from_branch, 0, false},
		{"to_branch", to_branch, 0, false},
		{"from_version", NULL, from_version, false},
		{"to_version", NULL, to_version, false}};
	json_t *p = json_object();
	int r = p == NULL;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++)
		if (all[i].n != 0)
			r = jx_set(p, all[i].key, json_integer(all[i].n));
		else if (all[i].text != NULL)
			r = jx_set(p, all[i].key,
				all[i].is_point ? cli_point(all[i].text)
						: json_string(all[i].text));
	if (r != 0) {
		json_decref(p);
		return NULL;
	}
	return p;
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct pages pages = {"memory_diff", "entities", CLI_NOW, 0,
		print_page, NULL, 0, false};
	int rc = pages_read(c, &pages, make_params(argc > 0 ? argv[0] : NULL));

	if (rc == CLI_OK && pages.rows == 0)
		cli_note(c, "no difference");
	return rc;
}

const struct cli_command cli_cmd_diff = {
	.name = "diff",
	.args = "[NAME]",
	.summary = "what differs between two times, versions or branches",
	.about = "Compares two states of an entity, or of the whole memory: "
		 "what was removed (-), added (+) and set (~). Without --from "
		 "everything counts as added. `diff --from yesterday` is what "
		 "is new since; `diff --from-branch main --to-branch idea` is "
		 "what a merge would bring.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 1,
	.run = run,
};
