/* curate: the tiers in order, now; what a run would do, and what it did. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/progress.h"
#include "memory-db/cli/lib/table.h"
#include "memory-db/cli/lib/where.h"

static const char *report, *rules;
static bool confirm, dry_run, runs;

static const struct conf_opt opts[] = {
	CLI_FLAG("dry-run", &dry_run, "say what would happen, change nothing"),
	CLI_TEXT("rules", &rules, "RULE,...",
		"only these rules; those that are off, too"),
	CLI_FLAG("confirm", &confirm,
		"also when it is more than the brake "
		"lets through"),
	CLI_FLAG("runs", &runs, "list the runs, the newest first"),
	CLI_TEXT("report", &report, "RUN",
		"what this run did and why; last: the newest"),
};

static const struct table_column move_columns[] = {
	{"ENTITY", false, true},
	{"RULE", false, false},
	{"FROM", false, false},
	{"TO", false, true},
	{"WHY", false, true},
};
static const struct table_column run_columns[] = {
	{"RUN", false, false},
	{"WHEN", false, false},
	{"WHAT", false, true},
};

/* --- printing ------------------------------------------------------------- */
static void
row_cells(struct table *t, const json_t *row)
{
	table_text(t, cli_str(row, "entity", "?"));
	table_text(t, cli_str(row, "rule", "?"));
	table_text(t, cli_str(row, "from", ""));
	table_text(t, cli_str(row, "to", ""));
	table_text(t, cli_str(row, "reason", ""));
}

static int
print_moves(struct cli *c, const json_t *moves)
{
	AUTO_TABLE struct table t;
	const json_t *row;
	size_t i;

	table_init(&t, move_columns, ARRAY_LEN(move_columns));
	json_array_foreach((json_t *)(uintptr_t)moves, i, row)
		row_cells(&t, row);
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

/* "12 to_episodic, 3 settle", or "nothing". */
static int
add_rules(const json_t *by_rule, struct buf *out)
{
	const json_t *n;
	const char *name;
	int bad = 0;

	json_object_foreach((json_t *)(uintptr_t)by_rule, name, n)
		bad |= buf_addf(out, "%s%lld %s", out->len > 0 ? ", " : "",
			(long long)json_integer_value(n), name);
	if (out->len == 0)
		bad |= buf_addf(out, "nothing");
	return bad != 0 || !buf_str(out) ? cli_nomem() : CLI_OK;
}

static int
print_end(struct cli *c, const json_t *reply, const char *begin)
{
	const char *stopped = cli_str(reply, "stopped", NULL);
	AUTO_BUF struct buf text = {0};
	int rc = add_rules(json_object_get(reply, "by_rule"), &text);

	if (rc != CLI_OK)
		return rc;
	if (!c->quiet && !stopped)
		printf("%s%s%s (%lld entities looked at)\n", begin, text.data,
			where_said(c), (long long)cli_int(reply, "looked", 0));
	return stopped ? cli_fail(CLI_PROBLEM, "%s", stopped) : CLI_OK;
}

/* --- a run ---------------------------------------------------------------- */
static json_t *
cmd_curate_params_of(void)
{
	json_t *p = json_pack("{s:b,s:b,s:i}", "dry_run", dry_run, "confirm",
		confirm, "limit", LIMIT_ROWS);
	json_t *list = rules ? cli_list(rules) : NULL;

	if ((rules && !list) || (list && jx_set(p, "rules", list) != 0)) {
		json_decref(p);
		return NULL;
	}
	return p;
}

struct sum {
	json_t *moves, *by_rule; /* of all pages, owned */
	int64_t looked;
	struct progress progress;
};

static void
sum_done(struct sum *s)
{
	progress_clear(&s->progress);
	json_decref(s->moves);
	json_decref(s->by_rule);
}

/* Pages of a dry run have numbers of their own; those of slices are of all. */
static int
sum_add(struct sum *s, const json_t *reply)
{
	const json_t *n;
	const char *name;

	if (json_array_extend(s->moves, json_object_get(reply, "moves")) != 0)
		return cli_nomem();
	if (!dry_run)
		return CLI_OK;
	s->looked += cli_int(reply, "looked", 0);
	json_object_foreach(json_object_get(reply, "by_rule"), name, n)
		if (jx_set(s->by_rule, name,
			    json_integer(cli_int(s->by_rule, name, 0) +
					 json_integer_value(n))) != 0)
			return cli_nomem();
	return CLI_OK;
}

/* Until it is done, or no page is left. */
static int
call_all(struct cli *c, struct sum *s, json_t **ret_reply)
{
	AUTO_JSON json_t *params = cmd_curate_params_of(), *reply = NULL;
	bool more = true;
	int rc;

	while (more) {
		const char *next;

		json_decref(reply);
		reply = NULL;
		rc = cli_call(c, "curate", jx_copy(params), CLI_NOW, &reply);
		if (rc == CLI_OK)
			rc = sum_add(s, reply);
		if (rc != CLI_OK) {
			*ret_reply = take_ptr(reply);
			return rc;
		}
		next = cli_str(reply, "next", NULL);
		more = next || json_is_false(json_object_get(reply, "done"));
		if (next && jx_set(params, "cursor", json_string(next)) != 0)
			return cli_nomem();
		progress_at(&s->progress, -1,
			dry_run ? s->looked : cli_int(reply, "looked", 0),
			"entities");
	}
	*ret_reply = take_ptr(reply);
	return CLI_OK;
}

static int
curate(struct cli *c)
{
	struct sum s
		__attribute__((cleanup(sum_done))) = {.moves = json_array(),
			.by_rule = json_object()};
	AUTO_JSON json_t *reply = NULL;
	int rc;

	if (!s.moves || !s.by_rule)
		return cli_nomem();
	progress_start(&s.progress, c, "curating");
	rc = call_all(c, &s, &reply);
	progress_clear(&s.progress);
	if (rc != CLI_OK)
		return rc;
	if (json_object_set(reply, "moves", s.moves) != 0 ||
		(dry_run &&
			(json_object_set(reply, "by_rule", s.by_rule) != 0 ||
				jx_set(reply, "looked",
					json_integer(s.looked)) != 0 ||
				jx_set(reply, "moved",
					json_integer(
						(json_int_t)json_array_size(
							s.moves))) != 0)))
		return cli_nomem();
	if (c->json) {
		cli_strip(reply);
		rc = cli_print_json(c, reply);
		return rc == CLI_OK && json_object_get(reply, "stopped")
			       ? CLI_PROBLEM
			       : rc;
	}
	if (!c->quiet && (rc = print_moves(c, s.moves)) != CLI_OK)
		return rc;
	rc = print_end(c, reply, dry_run ? "would do: " : "done: ");
	if (rc != CLI_OK)
		return rc;
	if (!dry_run && cli_int(reply, "moved", 0) > 0)
		cli_note(c, "memoryctl undo --run %s takes it back",
			cli_str(reply, "run", "?"));
	return CLI_OK;
}

/* --- reports -------------------------------------------------------------- */
static int
list_runs(struct cli *c, const json_t *list)
{
	AUTO_TABLE struct table t;
	const json_t *row;
	size_t i;

	if (c->json)
		return cli_print_jsonl(c, list);
	table_init(&t, run_columns, ARRAY_LEN(run_columns));
	json_array_foreach((json_t *)(uintptr_t)list, i, row) {
		const char *stopped = cli_str(row, "stopped", NULL);
		AUTO_BUF struct buf text = {0};
		int rc = stopped ? CLI_OK
				 : add_rules(json_object_get(row, "by_rule"),
					   &text);

		if (rc != CLI_OK)
			return rc;
		table_text(&t, cli_str(row, "run", "?"));
		table_text(&t, cli_str(row, "at", ""));
		table_text(&t, stopped ? stopped : text.data);
	}
	if (json_array_size(list) == 0)
		cli_note(c, "no runs%s", where_said(c));
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

/* The run meant by --report; NULL after saying that there is none. */
static json_t *
run_named(struct cli *c, const json_t *list)
{
	const char *id = cli_str(json_array_get(list, 0), "run", NULL);

	if (strcmp(report, "last") != 0)
		return json_string(report);
	if (!id)
		(void)cli_fail(CLI_PROBLEM, "no runs%s", where_said(c));
	return id ? json_string(id) : NULL;
}

static int
tell_run(struct cli *c, json_t *run)
{
	AUTO_JSON json_t *cursor = NULL, *all = json_array();
	const char *stopped = NULL;
	int rc = all ? CLI_OK : cli_nomem();

	do {
		AUTO_JSON json_t *reply = NULL;

		if (rc != CLI_OK)
			return rc;
		rc = cli_call(c, "curation_report",
			json_pack("{s:O,s:i,s:O*}", "run", run, "limit",
				LIMIT_ROWS, "cursor", cursor),
			CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		if (json_array_extend(all, json_object_get(reply, "moves")) !=
			0)
			return cli_nomem();
		json_decref(cursor);
		cursor = json_incref(json_object_get(reply, "next"));
		stopped = cli_str(reply, "stopped", NULL);
		if (stopped)
			return cli_fail(CLI_PROBLEM, "%s", stopped);
	} while (cursor);
	return c->json ? cli_print_jsonl(c, all) : print_moves(c, all);
}

static int
reports(struct cli *c)
{
	AUTO_JSON json_t *reply = NULL, *run = NULL;
	const json_t *list;
	int rc = cli_call(c, "curation_report", json_object(), CLI_NOW, &reply);

	if (rc != CLI_OK)
		return rc;
	list = json_object_get(reply, "runs");
	if (runs)
		return list_runs(c, list);
	run = run_named(c, list);
	return run ? tell_run(c, run) : CLI_PROBLEM;
}

static int
cmd_curate_run(struct cli *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if ((runs || report) && (dry_run || rules || confirm))
		return cli_fail(CLI_USAGE,
			"--runs and --report read; leave out the other "
			"options");
	return runs || report ? reports(c) : curate(c);
}

const struct cli_command cli_cmd_curate = {
	.name = "curate",
	.args = "",
	.summary = "keep the tiers in order, by rules",
	.about = "Entities are born in the tier working. Rules move what is "
		 "old and seldom used to episodic, what is asked for again and "
		 "again to semantic, skills and plans to procedural. Pinned "
		 "entities, instructions and what somebody moved by hand stay. "
		 "A run that would touch more than a tenth of the memory (and "
		 "more than 100 entities) stops before it writes, unless "
		 "--confirm is given. Exit code 1 then. The setting `curation` "
		 "of the namespace changes the numbers; `undo --run` takes a "
		 "run back.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.writes = true,
	.pages = true,
	.run = cmd_curate_run,
};
