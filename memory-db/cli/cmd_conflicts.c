/* conflicts: facts that do not go together; list, show, resolve, scan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pages.h"
#include "memory-db/cli/lib/where.h"

#define LIMIT_DEFAULT 50

static const char *state, *kind, *entity, *strategy, *keep, *note;
static int64_t limit;
static bool all, dry_run, status, stop;

static const struct conf_opt opts[] = {
	CLI_TEXT("state", &state, "STATE",
		"list: pending (default), resolved, settled, gone, all"),
	CLI_TEXT("kind", &kind, "KIND",
		"duplicate, update, contradiction, attribute, merge, "
		"succession"),
	CLI_TEXT("entity", &entity, "NAME", "only of this entity"),
	CLI_COUNT("limit", &limit, 0, 1000, "N", "at most so many"),
	CLI_TEXT("strategy", &strategy, "HOW",
		"resolve: merge, update, keep_both, branch, auto"),
	CLI_TEXT("keep", &keep, "WHICH",
		"resolve: existing or new stays, whatever the strategy says"),
	CLI_TEXT("note", &note, "TEXT", "resolve: why"),
	CLI_FLAG("all", &all, "resolve: all of --kind, --entity"),
	CLI_FLAG("dry-run", &dry_run, "resolve: show what it would do"),
	CLI_FLAG("status", &status, "scan: how far it is"),
	CLI_FLAG("stop", &stop, "scan: end it where it is"),
};

/* --- printing ------------------------------------------------------------- */
static void
print_side(const struct cli *c, const char *mark, const json_t *side)
{
	char at[OUT_TIME_SIZE];
	const char *who =
		cli_str(side, "session", cli_str(side, "actor", NULL));

	if (!side)
		return;
	printf("  %s%s%s #%lld ", out_on(c, OUT_DIM), mark, out_off(c, OUT_DIM),
		(long long)cli_int(side, "fact", 0));
	out_text(stdout, cli_str(side, "entity", "?"));
	fputs(": ", stdout);
	out_text(stdout, cli_str(side, "text", ""));
	printf("  %s(%s", out_on(c, OUT_DIM),
		out_time(cli_str(side, "said_at", ""), at));
	if (who) {
		fputs(", ", stdout);
		out_text(stdout, who);
	}
	printf("%s)%s\n", cli_str(side, "client", NULL) ? ", by an agent" : "",
		out_off(c, OUT_DIM));
}

static void
cmd_conflicts_print_row(const struct cli *c, const json_t *row)
{
	const json_t *done = json_object_get(row, "resolution");

	printf("%s%lld%s  %s, %.0f %%, %s: ", out_on(c, OUT_BOLD),
		(long long)cli_int(row, "id", 0), out_off(c, OUT_BOLD),
		cli_str(row, "conflict_type", "?"),
		100 * cli_num(row, "confidence", 0),
		cli_str(row, "state", "?"));
	out_text(stdout, cli_str(row, "reason", ""));
	putchar('\n');
	print_side(c, "old", json_object_get(row, "existing"));
	print_side(c, "new", json_object_get(row, "new"));
	if (done) {
		printf("  %s by change %lld", cli_str(done, "strategy", "?"),
			(long long)cli_int(done, "change", 0));
		if (cli_str(done, "note", NULL)) {
			fputs(": ", stdout);
			out_text(stdout, cli_str(done, "note", ""));
		}
		putchar('\n');
	} else if (strcmp(cli_str(row, "state", ""), "pending") == 0) {
		printf("  suggested: %s\n",
			cli_str(row, "suggested_action", "keep_both"));
	}
}

static int
print_page(struct cli *c, json_t *reply, void *ctx)
{
	const json_t *list = json_object_get(reply, "conflicts"), *row;
	size_t i;

	(void)ctx;
	if (c->json)
		return cli_print_jsonl(c, list);
	json_array_foreach((json_t *)(uintptr_t)list, i, row)
		cmd_conflicts_print_row(c, row);
	return CLI_OK;
}

/* --- list and show -------------------------------------------------------- */
static int
conflicts_list(struct cli *c)
{
	struct pages p = {.method = "list_conflicts",
		.list = "conflicts",
		.with_as_of = CLI_AS_OF,
		.limit = limit > 0 ? limit : LIMIT_DEFAULT,
		.page = print_page};
	int rc = pages_read(c, &p,
		json_pack("{s:s*,s:s*,s:s*}", "state", state, "kind", kind,
			"entity", entity));

	if (rc != CLI_OK || c->json || c->quiet)
		return rc;
	if (p.rows == 0)
		printf("no conflict%s\n", where_said(c));
	else if (p.has_more)
		cli_note(c, "more with --limit");
	return CLI_OK;
}

static int
conflicts_show(struct cli *c, int64_t id)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cli_call(c, "list_conflicts",
		json_pack("{s:I}", "id", (json_int_t)id), CLI_AS_OF, &reply);

	return rc == CLI_OK ? print_page(c, reply, NULL) : rc;
}

/* --- resolve -------------------------------------------------------------- */
static void
cmd_conflicts_print_fact(const char *verb, const json_t *fact)
{
	if (!fact)
		return;
	printf("  %s #%lld ", verb, (long long)cli_int(fact, "fact", 0));
	out_text(stdout, cli_str(fact, "entity", "?"));
	fputs(": ", stdout);
	out_text(stdout, cli_str(fact, "text", ""));
	putchar('\n');
}

static void
print_done(const struct cli *c, const json_t *reply)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(reply, "results"), i, row) {
		const char *why = cli_str(row, "why", NULL);

		printf("%lld  %s: %s%s\n", (long long)cli_int(row, "id", 0),
			cli_str(row, "conflict_type", "?"),
			why ? "left, " : cli_str(row, "strategy", "?"),
			why ? why : "");
		cmd_conflicts_print_fact("keeps", json_object_get(row, "kept"));
		cmd_conflicts_print_fact("hides",
			json_object_get(row, "hidden"));
		if (cli_str(row, "branch", NULL))
			printf("  both stay on branch %s\n",
				cli_str(row, "branch", ""));
	}
	printf("%lld resolved, %lld left%s%s\n",
		(long long)cli_int(reply, "resolved", 0),
		(long long)cli_int(reply, "left", 0), where_said(c),
		dry_run ? " (a trial: nothing was changed)" : "");
	if (json_object_get(reply, "run"))
		printf("memoryctl undo --run %s takes it back\n",
			cli_str(reply, "run", ""));
	else if (json_object_get(reply, "change"))
		printf("memoryctl undo %lld takes it back\n",
			(long long)cli_int(reply, "change", 0));
	if (json_is_true(json_object_get(reply, "more")))
		cli_note(c, "there are more; run it again");
}

static int
conflicts_resolve(struct cli *c, const char *text)
{
	AUTO_JSON json_t *reply = NULL;
	json_t *params;
	int64_t id = 0;
	int rc;

	if (text && text_int(text, 1, INT64_MAX, &id) != 0)
		return cli_fail(CLI_USAGE, "'%s' is no number of a conflict",
			text);
	if ((text != NULL) == all)
		return cli_fail(CLI_USAGE,
			"resolve one by its number, or --all of a --kind or an "
			"--entity");
	params = json_pack("{s:s,s:s*,s:s*,s:s*,s:s*,s:b}", "strategy",
		strategy ? strategy : "auto", "keep", keep, "note", note,
		"kind", all ? kind : NULL, "entity", all ? entity : NULL,
		"dry_run", dry_run);
	if (params &&
		((text && jx_set(params, "id", json_integer((json_int_t)id)) !=
				  0) ||
			(limit > 0 &&
				jx_set(params, "limit",
					json_integer((json_int_t)limit)) !=
					0))) {
		json_decref(params);
		return cli_nomem();
	}
	rc = cli_call(c, "resolve_conflict", params, CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (!c->quiet)
		print_done(c, reply);
	return cli_int(reply, "left", 0) > 0 ? CLI_PROBLEM : CLI_OK;
}

/* --- scan ----------------------------------------------------------------- */
static int
conflicts_scan(struct cli *c)
{
	AUTO_JSON json_t *reply = NULL;
	const char *action = "start";
	int rc;

	if (stop)
		action = "stop";
	if (status)
		action = "status";
	rc = cli_call(c, "detect_memory_conflicts",
		json_pack("{s:s}", "action", action), CLI_NOW, &reply);

	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (!c->quiet)
		printf("%s, %.0f %%: %lld facts compared, %lld conflicts "
		       "found%s\n",
			cli_str(reply, "state", "?"),
			100 * cli_num(reply, "progress", 0),
			(long long)cli_int(reply, "checked", 0),
			(long long)cli_int(reply, "found", 0), where_said(c));
	return CLI_OK;
}

static int
cmd_conflicts_run(struct cli *c, int argc, char **argv)
{
	const char *what = argc > 0 ? argv[0] : "list";
	const char *arg = argc > 1 ? argv[1] : NULL;
	int64_t id;

	if (strcmp(what, "list") == 0 && !arg)
		return conflicts_list(c);
	if (strcmp(what, "resolve") == 0)
		return conflicts_resolve(c, arg);
	if (strcmp(what, "scan") == 0 && !arg)
		return conflicts_scan(c);
	if (strcmp(what, "show") == 0 && arg &&
		text_int(arg, 1, INT64_MAX, &id) == 0)
		return conflicts_show(c, id);
	return cli_fail(CLI_USAGE,
		"conflicts: list, show ID, resolve ID, resolve --all or scan");
}

const struct cli_command cli_cmd_conflicts = {
	.name = "conflicts",
	.args = "[list | show ID | resolve ID | resolve --all | scan]",
	.summary = "facts that do not go together: list, show, resolve",
	.about = "Lists facts that do not go together, newest first, with both "
		 "texts: duplicates, two values of one thing, contradictions; "
		 "and what merges could not decide. resolve decides one by its "
		 "number, or with --all those of a --kind or an --entity, "
		 "which one undo takes back. Something that auto cannot "
		 "decide is left and gives exit code 1. scan compares all "
		 "facts with each other in the background.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 2,
	.looks = true,
	.pages = true,
	.run = cmd_conflicts_run,
};
