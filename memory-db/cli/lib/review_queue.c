/* The queue of review on the command line. `approve --all` means the changes
 * that the person could see: the newest id at that moment goes along, and what
 * comes meanwhile waits for the next look. */
#include "memory-db/cli/lib/review_queue.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"

/* --- showing -------------------------------------------------------------- */
static void
print_head(const struct cli *c, const json_t *row)
{
	char at[OUT_TIME_SIZE];

	printf("%s#%lld%s %s  %s", out_on(c, OUT_BOLD),
		(long long)cli_int(row, "staged", 0), out_off(c, OUT_BOLD),
		out_time(cli_str(row, "at", NULL), at),
		cli_str(row, "kind", "?"));
	for (const char *const *k = (const char *const[]){"session", "client",
		     "actor", NULL};
		*k != NULL; k++)
		if (cli_str(row, *k, NULL)) {
			fputs("  ", stdout);
			out_text(stdout, cli_str(row, *k, NULL));
		}
	if (strcmp(cli_str(row, "state", "waiting"), "waiting") != 0)
		printf("  %s", cli_str(row, "state", "?"));
	putchar('\n');
}

static void
review_queue_print_conflicts(const struct cli *c, const json_t *list)
{
	json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("  %s!%s ", out_on(c, OUT_YELLOW),
			out_off(c, OUT_YELLOW));
		out_text(stdout, cli_str(x, "entity", "?"));
		printf(", %s: main says ", cli_str(x, "member", "?"));
		out_text(stdout, cli_str(x, "ours", "?"));
		fputs(", staged ", stdout);
		out_text(stdout, cli_str(x, "theirs", "?"));
		putchar('\n');
	}
}

static void
print_needs(const json_t *list)
{
	json_t *x;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	fputs("  builds on", stdout);
	json_array_foreach((json_t *)(uintptr_t)list, i, x)
		printf(" #%lld", (long long)json_integer_value(x));
	puts(", which wait as well");
}

static void
print_note(const json_t *row)
{
	const char *by = cli_str(row, "by", NULL);
	const char *note = cli_str(row, "note", NULL);

	if (!by && !note)
		return;
	fputs("  ", stdout);
	if (by)
		out_text(stdout, by);
	fputs(by && note ? ": " : "", stdout);
	if (note)
		out_text(stdout, note);
	putchar('\n');
}

/* The state that would result, as a difference to main now. */
static int
review_queue_print_row(const struct cli *c, const json_t *row, size_t most)
{
	const json_t *gone = json_object_get(row, "removed");
	const json_t *set = json_object_get(row, "set");
	int64_t more = cli_int(row, "more", 0);
	int rc;

	print_head(c, row);
	if (cli_str(row, "message", NULL)) {
		fputs("  ", stdout);
		out_text(stdout, cli_str(row, "message", ""));
		putchar('\n');
	}
	rc = facts_print(c, gone, most, '-', OUT_RED);
	if (rc != 0)
		return rc;
	rc = facts_print(c, json_object_get(row, "added"), most, '+',
		OUT_GREEN);
	if (rc != 0)
		return rc;
	if (set)
		rc = facts_print_set(c, set);
	if (rc != 0)
		return rc;
	if (more > 0)
		printf("  (%lld more)\n", (long long)more);
	review_queue_print_conflicts(c, json_object_get(row, "conflicts"));
	print_needs(json_object_get(row, "needs"));
	if (json_is_true(json_object_get(row, "dissolved")))
		puts("  main has all of it by now");
	print_note(row);
	return 0;
}

/* --- list and show -------------------------------------------------------- */
static json_t *
list_params(const struct review_options *o, int64_t after)
{
	json_t *p = json_object();

	if (!p ||
		(o->session &&
			jx_set(p, "session_id", json_string(o->session))) ||
		(o->state && jx_set(p, "state", json_string(o->state))) ||
		(after != 0 && jx_set(p, "after", json_integer(after)))) {
		json_decref(p);
		return NULL;
	}
	return p;
}

static int
review_queue_print_rows(const struct cli *c, const json_t *rows, size_t most)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row)
		if (review_queue_print_row(c, row, most) != 0)
			return cli_nomem();
	return CLI_OK;
}

static void
print_waiting(const struct cli *c, const json_t *waiting)
{
	int64_t n = cli_int(waiting, "changes", 0);
	char at[OUT_TIME_SIZE];

	if (c->quiet)
		return;
	if (n == 0)
		puts("nothing waits for review");
	else
		printf("%lld change%s, the oldest of %s; `memoryctl review "
		       "approve|reject CHANGE...` decides\n",
			(long long)n, n == 1 ? " waits" : "s wait",
			out_time(cli_str(waiting, "oldest", NULL), at));
}

static int
queue_list(struct cli *c, const struct review_options *o)
{
	int64_t after = 0;
	int rc;

	do {
		AUTO_JSON json_t *reply = NULL;
		const json_t *rows;

		rc = cli_call(c, "list_staged", list_params(o, after), CLI_NOW,
			&reply);
		if (rc != CLI_OK)
			return rc;
		rows = json_object_get(reply, "staged");
		after = cli_int(reply, "next", 0);
		rc = c->json ? cli_print_jsonl(c, rows)
			     : review_queue_print_rows(c, rows, FACTS_SHOWN);
		if (rc != CLI_OK)
			return rc;
		if (!c->json && after == 0)
			print_waiting(c, json_object_get(reply, "waiting"));
	} while (after != 0);
	return CLI_OK;
}

static int
review_queue_read_id(const char *text, int64_t *ret)
{
	return text_int(text[0] == '#' ? text + 1 : text, 1, INT64_MAX, ret) ==
			       0
		       ? CLI_OK
		       : cli_fail(CLI_USAGE,
				 "'%s' is no number of a change; `memoryctl "
				 "review list` shows them",
				 text);
}

static int
queue_show(struct cli *c, const char *text)
{
	AUTO_JSON json_t *reply = NULL;
	int64_t id = 0;
	int rc = review_queue_read_id(text, &id);

	if (rc != CLI_OK)
		return rc;
	rc = cli_call(c, "list_staged",
		json_pack("{s:I,s:s}", "change", (json_int_t)id, "state",
			"all"),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	return c->json ? cli_print_json(c, json_array_get(json_object_get(reply,
								  "staged"),
						   0))
		       : review_queue_print_rows(c,
				 json_object_get(reply, "staged"), SIZE_MAX);
}

/* --- deciding ------------------------------------------------------------- */
/* Of all of them: those that are there now, and none that comes meanwhile. */
static int
set_upto(struct cli *c, json_t *p)
{
	AUTO_JSON json_t *status = NULL;
	int rc = cli_call(c, "get_memory_status", json_object(), CLI_NOW,
		&status);

	if (rc != CLI_OK)
		return rc;
	return jx_set(p, "upto",
		       json_integer(cli_int(status, "last_change", 1))) != 0
		       ? cli_nomem()
		       : CLI_OK;
}

static int
review_queue_read_ids(int n, char **ids, json_t *list)
{
	for (int i = 0; i < n; i++) {
		int64_t id = 0;
		int rc = review_queue_read_id(ids[i], &id);

		if (rc != CLI_OK)
			return rc;
		if (jx_add(list, json_integer(id)) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

static int
decide_params(struct cli *c, const struct review_options *o, const char *what,
	int n, char **ids, json_t **ret)
{
	AUTO_JSON json_t *p = json_pack("{s:s}", "do", what);
	AUTO_JSON json_t *list = json_array();
	int rc = list ? review_queue_read_ids(n, ids, list) : cli_nomem();

	if (rc != CLI_OK)
		return rc;
	if (!p || (n > 0 && json_object_set(p, "changes", list) != 0) ||
		(o->session && jx_set(p, "session_id",
				       json_string(o->session)) != 0) ||
		(o->all && jx_set(p, "all", json_true()) != 0) ||
		(o->note && jx_set(p, "note", json_string(o->note)) != 0) ||
		(o->wins &&
			jx_set(p, "on_conflict", json_string("staged")) != 0) ||
		(o->dry_run && jx_set(p, "dry_run", json_true()) != 0))
		rc = cli_nomem();
	if (rc != CLI_OK)
		return rc;
	if (n == 0)
		rc = set_upto(c, p);
	if (rc != CLI_OK)
		return rc;
	*ret = take_ptr(p);
	return CLI_OK;
}

static int
print_left(const struct cli *c, const json_t *list)
{
	json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		printf("#%lld stays: ", (long long)cli_int(x, "staged", 0));
		out_text(stdout, cli_str(x, "why", "?"));
		putchar('\n');
		review_queue_print_conflicts(c,
			json_object_get(x, "conflicts"));
		print_needs(json_object_get(x, "needs"));
	}
	return CLI_OK;
}

static void
print_decided(const struct cli *c, const json_t *reply)
{
	int64_t yes = cli_int(reply, "approved", 0);

	if (c->quiet)
		return;
	printf("%s%lld approved, %lld rejected, %lld left\n",
		json_is_true(json_object_get(reply, "dry_run")) ? "would be: "
								: "",
		(long long)yes, (long long)cli_int(reply, "rejected", 0),
		(long long)cli_int(reply, "skipped", 0));
	if (yes > 0 && !json_is_true(json_object_get(reply, "dry_run")))
		printf("`memoryctl undo --run %s` takes it back\n",
			cli_str(reply, "run", "?"));
}

static int
queue_decide(struct cli *c, const struct review_options *o, const char *what,
	int n, char **ids)
{
	AUTO_JSON json_t *p = NULL;
	bool more = true;
	int rc = decide_params(c, o, what, n, ids, &p);

	if (rc != CLI_OK)
		return rc;
	while (more) {
		AUTO_JSON json_t *reply = NULL;

		rc = cli_call(c, "review_staged", jx_copy(p), CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		more = json_is_false(json_object_get(reply, "done")) &&
		       !o->dry_run;
		if (c->json && !more)
			rc = cli_print_json(c, reply);
		if (!c->json)
			rc = print_left(c, json_object_get(reply, "left"));
		if (!c->json && !more)
			print_decided(c, reply);
		if (rc != CLI_OK)
			return rc;
		if (!more && cli_int(reply, "skipped", 0) > 0)
			return CLI_PROBLEM;
	}
	return CLI_OK;
}

int
review_queue(struct cli *c, const struct review_options *o, int argc,
	char **argv)
{
	const char *what = argv[0];
	bool decides =
		strcmp(what, "approve") == 0 || strcmp(what, "reject") == 0;

	if (strcmp(what, "list") == 0 && argc == 1)
		return queue_list(c, o);
	if (strcmp(what, "show") == 0 && argc == 2)
		return queue_show(c, argv[1]);
	if (!decides)
		return cli_fail(CLI_USAGE,
			"usage: memoryctl review [list | show CHANGE | "
			"approve|reject CHANGE...|--session ID|--all]");
	if ((argc > 1) + (o->session != NULL) + o->all != 1)
		return cli_fail(CLI_USAGE,
			"review %s: name changes, or --session ID, or --all",
			what);
	return queue_decide(c, o, what, argc - 1, argv + 1);
}
