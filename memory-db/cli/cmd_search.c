/* search: entities with the words of a query. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/hookcode.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/where.h"

/* Observations shown of each entity; show NAME has them all. */
#define SHOWN 3

static int64_t limit = 10;
static const char *type, *tier, *tags;
static bool is_substring;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000000, "N", "at most this many (10)"),
	CLI_TEXT("type", &type, "TYPE", "only entities of this type"),
	CLI_TEXT("tier", &tier, "TIER",
		"only working, episodic, semantic or procedural ones"),
	CLI_TEXT("tags", &tags, "TAG,...",
		"only entities that have all of them, or a fact that has"),
	CLI_FLAG("substring", &is_substring,
		"only exact parts of the text, oldest first"),
};

static int
cmd_search_join(int argc, char **argv, struct buf *out)
{
	for (int i = 0; i < argc; i++)
		if (buf_addf(out, "%s%s", i > 0 ? " " : "", argv[i]) != 0)
			return MDB_E_NOMEM;
	return !buf_str(out) ? MDB_E_NOMEM : 0;
}

/* A safe text after an indent, cut to the terminal; what follows it is not cut
 * but makes room for itself. */
static int
cmd_search_print_line(const struct cli *c, const char *indent, const char *text,
	const char *behind)
{
	AUTO_BUF struct buf safe = {0}, cut = {0};
	int room = c->width - (int)(strlen(indent) + strlen(behind));
	const char *s;

	if (out_safe(text, strlen(text), &safe) != 0 ||
		(s = buf_str(&safe)) == NULL)
		return MDB_E_NOMEM;
	if (c->width > 0) {
		if (out_cut(s, room > 20 ? room : 20, &cut) != 0 ||
			(s = buf_str(&cut)) == NULL)
			return MDB_E_NOMEM;
	}
	printf("%s%s%s", indent, s, out_on(c, OUT_DIM));
	out_text(stdout, behind);
	printf("%s\n", out_off(c, OUT_DIM));
	return 0;
}

/* "  (src/pool.c:10-14: stale)": of the observation at this place, if it was read
 * in code. */
static int
code_mark(const struct cli *c, struct codetree **io_tree, const json_t *e,
	size_t place, struct buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(e, "sources"), i, one)
		if (cli_int(one, "observation", -1) == (int64_t)place &&
			hookcode_source(c, io_tree,
				cli_str(e, "namespace", NULL),
				json_object_get(one, "source"), "  (",
				out) != 0)
			return MDB_E_NOMEM;
	return (out->len > 0 && buf_addc(out, ')') != 0) || !buf_str(out)
		       ? MDB_E_NOMEM
		       : 0;
}

static int
cmd_search_print_entity(const struct cli *c, struct codetree **io_tree,
	const json_t *e)
{
	const json_t *list = json_object_get(e, "observations"), *o;
	const char *ns = cli_str(e, "namespace", NULL);
	size_t i, n = json_array_size(list);
	int64_t more = cli_int(e, "omitted", 0);

	fputs(out_on(c, OUT_BOLD), stdout);
	out_text(stdout, cli_str(e, "name", "?"));
	printf("%s  ", out_off(c, OUT_BOLD));
	out_text(stdout, cli_str(e, "type", "?"));
	if (ns) {
		fputs("  in ", stdout);
		out_text(stdout, ns);
	}
	putchar('\n');
	json_array_foreach((json_t *)(uintptr_t)list, i, o) {
		AUTO_BUF struct buf code = {0};

		if (i == SHOWN && n > SHOWN + 1)
			break;
		if (code_mark(c, io_tree, e, i, &code) != 0 ||
			cmd_search_print_line(c, "  ",
				json_is_string(o) ? json_string_value(o) : "?",
				code.data) != 0)
			return cli_nomem();
	}
	more += (int64_t)(n - i);
	if (more > 0)
		printf("  %s(%lld more)%s\n", out_on(c, OUT_DIM),
			(long long)more, out_off(c, OUT_DIM));
	return CLI_OK;
}

static json_t *
cmd_search_make_params(const char *query)
{
	json_t *p = json_pack("{s:s}", "query", query);

	if (p && ((type && jx_set(p, "types", json_pack("[s]", type)) != 0) ||
			 (tier && jx_set(p, "tiers", json_pack("[s]", tier)) !=
					  0) ||
			 (tags && jx_set(p, "tags", cli_list(tags)) != 0) ||
			 (is_substring &&
				 jx_set(p, "mode", json_string("substring")) !=
					 0))) {
		json_decref(p);
		p = NULL;
	}
	return p;
}

struct cmd_search_searching {
	bool is_partial;
	struct codetree *tree; /* owned; NULL: no fact asked for it yet */
};

static void
searching_done(struct cmd_search_searching *x)
{
	codetree_free(x->tree);
}

static int
cmd_search_print_page(struct cli *c, json_t *reply, void *ctx)
{
	json_t *results = json_object_get(reply, "results"), *e;
	struct cmd_search_searching *x = ctx;
	int rc = CLI_OK;
	size_t i;

	x->is_partial = json_is_true(json_object_get(reply, "partial"));
	json_array_foreach(results, i, e)
		if (c->json && hookcode_entity(c, &x->tree, e) != 0)
			return cli_nomem();
	if (c->json)
		return cli_print_jsonl(c, results);
	json_array_foreach(results, i, e) {
		rc = cmd_search_print_entity(c, &x->tree, e);
		if (rc != CLI_OK)
			return rc;
	}
	return rc;
}

static int
cmd_search_run(struct cli *c, int argc, char **argv)
{
	AUTO_BUF struct buf query = {0};
	__attribute__((
		cleanup(searching_done))) struct cmd_search_searching x = {
		.is_partial = false};
	struct pages pages = {"search_nodes", "results", CLI_AS_OF, limit,
		cmd_search_print_page, &x, 0, false};
	int rc;

	if (cmd_search_join(argc, argv, &query) != 0)
		return cli_nomem();
	if ((rc = cli_connect(c)) != CLI_OK)
		return rc;
	rc = pages_read(c, &pages,
		where_fields(c, cmd_search_make_params(query.data)));
	if (rc != CLI_OK)
		return rc;
	if (x.is_partial)
		cli_note(c, "stopped at the time limit: a more specific query "
			    "finds all");
	if (pages.rows == 0) {
		AUTO_JSON json_t *params = cmd_search_make_params(query.data);

		cli_note(c, "nothing found for '%s'%s", query.data,
			where_said(c));
		where_tell(c, "search_nodes", "results", params);
		return CLI_PROBLEM;
	}
	if (pages.has_more && !c->json)
		cli_note(c, "there are more: --limit N shows them");
	return CLI_OK;
}

const struct cli_command cli_cmd_search = {
	.name = "search",
	.args = "QUERY...",
	.summary = "find entities by words or parts of words",
	.about = "Searches names, types and observations. Words may come in "
		 "any order and form; the best results come first. Exit code 1 "
		 "when nothing is found.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = -1,
	.looks = true,
	.pages = true,
	.run = cmd_search_run,
};
