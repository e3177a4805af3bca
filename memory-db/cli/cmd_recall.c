/* recall: what an agent would be given for a question, with its scores. For
 * whoever wonders why a fact comes first, or does not come at all. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/hookcode.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/where.h"

static int64_t limit = 10;
static const char *since, *until, *type, *tier, *tags;
static bool explain;

static const struct conf_opt opts[] = {
	CLI_COUNT("limit", &limit, 1, 1000, "N", "at most this many (10)"),
	CLI_TEXT("since", &since, "WHEN", "only facts dated from then on"),
	CLI_TEXT("until", &until, "WHEN", "only facts dated up to then"),
	CLI_TEXT("type", &type, "TYPE", "only of entities of this type"),
	CLI_TEXT("tier", &tier, "TIER",
		"only of working, episodic, semantic or procedural ones"),
	CLI_TEXT("tags", &tags, "TAG,...", "only facts that have all of them"),
	CLI_FLAG("explain", &explain,
		"what each score is made of, also of what agents do not get"),
};

static int
cmd_recall_make_params(int argc, char **argv, json_t **ret)
{
	AUTO_BUF struct buf query = {0};
	AUTO_JSON json_t *p = NULL;
	const struct {
		const char *key, *text;
	} texts[] = {{"since", since}, {"until", until}};

	for (int i = 0; i < argc; i++)
		if (buf_addf(&query, "%s%s", i > 0 ? " " : "", argv[i]) != 0)
			return cli_nomem();
	if (!buf_str(&query))
		return cli_nomem();
	p = json_pack("{s:s,s:I}", "query", query.data, "limit",
		(json_int_t)limit);
	for (size_t i = 0; p != NULL && i < ARRAY_LEN(texts); i++)
		if (texts[i].text && jx_set(p, texts[i].key,
					     json_string(texts[i].text)) != 0)
			p = NULL;
	if (!p || (type && jx_set(p, "types", json_pack("[s]", type)) != 0) ||
		(tier && jx_set(p, "tiers", json_pack("[s]", tier)) != 0) ||
		(tags && jx_set(p, "tags", cli_list(tags)) != 0) ||
		(explain ? jx_set(p, "explain", json_true())
			 : jx_set(p, "cut", json_real(LIMIT_MCP_RECALL_CUT))) !=
			0)
		return cli_fail(CLI_USAGE, "an argument is no valid UTF-8");
	*ret = take_ptr(p);
	return CLI_OK;
}

static int
print_parts(const struct cli *c, const json_t *parts)
{
	const char *name, *comma = "";
	const json_t *v;

	if (json_object_size(parts) == 0)
		return CLI_OK;
	printf("      %s", out_on(c, OUT_DIM));
	json_object_foreach((json_t *)(uintptr_t)parts, name, v) {
		fputs(comma, stdout);
		out_text(stdout, name);
		printf(" %.3g", json_number_value(v));
		comma = ", ";
	}
	printf("%s\n", out_off(c, OUT_DIM));
	return CLI_OK;
}

/* "0.83  ada: likes tea  (2026-11-20, in work)" */
static void
cmd_recall_print_row(const struct cli *c, struct codetree **tree,
	const json_t *row)
{
	AUTO_BUF struct buf code = {0};
	const char *home = c->namespace_ != NULL ? c->namespace_ : "default";
	const char *place = cli_str(row, "namespace", home);
	const char *date = cli_str(row, "date", NULL);
	const char *dated = cli_str(row, "dated", NULL);
	const char *speaker = cli_str(row, "speaker", NULL);

	printf("%s%4.2f%s  %s", out_on(c, OUT_DIM), cli_num(row, "score", 0),
		out_off(c, OUT_DIM), out_on(c, OUT_BOLD));
	out_text(stdout, cli_str(row, "name", "?"));
	printf("%s: ", out_off(c, OUT_BOLD));
	out_text(stdout, cli_str(row, "text", "?"));
	printf("  %s(", out_on(c, OUT_DIM));
	/* When it happened, or when it was written down. */
	if (dated) {
		out_text(stdout, dated);
		putchar(' ');
	}
	printf("%.10s", date != NULL ? date : "no date");
	if (cli_int(row, "alike", 0) > 0)
		printf(", %lld more alike",
			(long long)cli_int(row, "alike", 0));
	if (speaker) {
		fputs(", said by ", stdout);
		out_text(stdout, speaker);
	}
	if (strcmp(home, "default") != 0) {
		fputs(", in ", stdout);
		out_text(stdout, place);
	}
	/* Whether the code that it was read in still says so. */
	if (hookcode_row(c, tree, row, ", ", &code) == 0 && code.len > 0)
		out_text(stdout, buf_str(&code));
	printf(")%s\n", out_off(c, OUT_DIM));
	if (json_array_size(json_object_get(row, "suspect")) > 0)
		printf("      %swhat it was derived from has changed%s\n",
			out_on(c, OUT_YELLOW), out_off(c, OUT_YELLOW));
	(void)print_parts(c, json_object_get(row, "parts"));
}

static int
cmd_recall_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL, *params = NULL;
	AUTO_CODETREE struct codetree *tree = NULL;
	const json_t *rows, *row;
	bool is_relevant;
	size_t i;
	int rc = cmd_recall_make_params(argc, argv, &params);

	if (rc != CLI_OK)
		return rc;
	rc = cli_call(c, "recall", json_incref(params), CLI_AS_OF, &reply);
	if (rc != CLI_OK)
		return rc;
	rows = json_object_get(reply, "results");
	is_relevant = json_array_size(rows) > 0 &&
		      !json_is_false(json_object_get(reply, "relevant"));
	rc = is_relevant ? CLI_OK : CLI_PROBLEM;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply) == CLI_OK ? rc : CLI_SYSTEM;
	}
	if (json_array_size(rows) > 0 && !is_relevant)
		printf("%snot relevant: nothing here answers this; the "
		       "nearest are%s\n",
			out_on(c, OUT_YELLOW), out_off(c, OUT_YELLOW));
	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
		cmd_recall_print_row(c, &tree, row);
	if (json_array_size(rows) == 0)
		cli_note(c, "nothing found%s", where_said(c));
	if (!is_relevant)
		where_tell(c, "recall", "results", params);
	return rc;
}

const struct cli_command cli_cmd_recall = {
	.name = "recall",
	.args = "QUESTION...",
	.summary = "the facts that answer a question, as agents get them",
	.about = "Asks as an agent does with its tool recall: facts, best "
		 "first, each with its score (0 to 1), entity, date and, in a "
		 "project, the namespace it is from. The score of the first "
		 "says how sure it is that there is an answer; under the "
		 "threshold it says so, and the exit code is 1. `weights` sets "
		 "what the ranking weighs.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = -1,
	.looks = true,
	.pages = true,
	.run = cmd_recall_run,
};
