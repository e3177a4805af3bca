/* undo: takes changes back. With --dry-run it shows what would be undone; what
 * stands in the way is named, with the options that decide about it. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/facts.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/sliced.h"
#include "memory-db/cli/lib/where.h"

static const char *session, *since, *until, *of_run;
static const char *on_branch; /* of a session's place; NULL: as usual */
static int64_t change;
static bool dry_run, cascade, skip, sliced;

static const struct conf_opt opts[] = {
	CLI_TEXT("session", &session, "ID", "all that this session wrote"),
	CLI_TEXT("since", &since, "WHEN", "all changes from then on"),
	CLI_TEXT("until", &until, "WHEN", "none after this"),
	CLI_TEXT("run", &of_run, "ID",
		"all changes of this run: what --sliced "
		"did in several"),
	CLI_COUNT("change", &change, 1, INT64_MAX, "ID", "this change"),
	CLI_FLAG("dry-run", &dry_run, "say what would happen, change nothing"),
	CLI_FLAG("cascade", &cascade,
		"take back later changes that build on it as well"),
	CLI_FLAG("skip", &skip, "leave alone what later changes touched"),
	CLI_FLAG("sliced", &sliced,
		"in several changes, for what is too large "
		"for one"),
};

static int
cmd_undo_add_changes(json_t *p, int argc, char **argv)
{
	json_t *list = json_array();
	int64_t id;

	if (jx_set(p, "changes", list) != 0 ||
		(change != 0 && jx_add(list, json_integer(change)) != 0))
		return cli_nomem();
	for (int i = 0; i < argc; i++) {
		const char *text = argv[i][0] == '#' ? argv[i] + 1 : argv[i];

		if (conf_int(text, 1, INT64_MAX, &id) != 0)
			return cli_fail(CLI_USAGE,
				"'%s' is no change id; "
				"memoryctl log shows them",
				argv[i]);
		if (jx_add(list, json_integer(id)) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

static int
cmd_undo_make_params(int argc, char **argv, json_t **ret)
{
	const char *conflict = skip ? "skip" : "refuse";
	AUTO_JSON json_t *p = json_pack("{s:b,s:s}", "dry_run", dry_run,
		"on_conflict", cascade ? "cascade" : conflict);
	int rc = CLI_OK;

	if (!p)
		return cli_nomem();
	if (argc > 0 || change != 0)
		rc = cmd_undo_add_changes(p, argc, argv);
	if (rc != CLI_OK)
		return rc;
	if ((session && jx_set(p, "session", json_string(session)) != 0) ||
		(on_branch &&
			jx_set(p, "branch", json_string(on_branch)) != 0) ||
		(of_run && jx_set(p, "run", json_string(of_run)) != 0) ||
		(since && jx_set(p, "since", cli_point(since)) != 0) ||
		(until && jx_set(p, "until", cli_point(until)) != 0))
		rc = cli_fail(CLI_USAGE, "an argument is no valid UTF-8");
	if (rc != CLI_OK)
		return rc;
	*ret = take_ptr(p);
	return CLI_OK;
}

/* The lists end after some facts; the counts do not. */
static int
cmd_undo_print_lists(const struct cli *c, const json_t *reply)
{
	const json_t *gone = json_object_get(reply, "removed_facts");
	const json_t *back = json_object_get(reply, "restored_facts");
	int64_t told = (int64_t)(json_array_size(gone) + json_array_size(back));
	int64_t all =
		cli_int(reply, "removed", 0) + cli_int(reply, "restored", 0);

	if (facts_print(c, gone, SIZE_MAX, '-', OUT_RED) != 0 ||
		facts_print(c, back, SIZE_MAX, '+', OUT_GREEN) != 0)
		return cli_nomem();
	if (all > told)
		printf("  (and %lld more)\n", (long long)(all - told));
	return CLI_OK;
}

static void
print_blockers(const struct cli *c, const json_t *list)
{
	const json_t *x;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	printf("%slater changes build on it:", out_on(c, OUT_YELLOW));
	json_array_foreach((json_t *)(uintptr_t)list, i, x)
		printf(" #%lld", (long long)json_integer_value(x));
	printf("%s\n", out_off(c, OUT_YELLOW));
	if (!cascade && !skip)
		puts("undo will refuse: --cascade takes them back too, --skip "
		     "leaves what they touched");
}

static int
print_reply(const struct cli *c, const json_t *reply)
{
	int64_t n = cli_int(reply, "undone", 0);
	int64_t removed = cli_int(reply, "removed", 0);
	int64_t values = cli_int(reply, "attributes", 0);

	printf("%s %lld change%s: %lld fact%s go%s, %lld come%s back",
		dry_run ? "would undo" : "undid", (long long)n, facts_plural(n),
		(long long)removed, facts_plural(removed),
		removed == 1 ? "es" : "",
		(long long)cli_int(reply, "restored", 0),
		cli_int(reply, "restored", 0) == 1 ? "s" : "");
	if (values > 0)
		printf(", %lld value%s set back", (long long)values,
			facts_plural(values));
	putchar('\n');
	if (cmd_undo_print_lists(c, reply) != CLI_OK)
		return CLI_SYSTEM;
	print_blockers(c, json_object_get(reply, "blockers"));
	if (sliced && !dry_run && cli_int(reply, "slices", 0) > 1) {
		fputs("these are several changes; undo --run ", stdout);
		out_text(stdout, cli_str(reply, "run", "?"));
		puts(" takes them back");
	} else if (!dry_run && cli_int(reply, "change", 0) > 0)
		printf("this is change #%lld; undo %lld takes it back\n",
			(long long)cli_int(reply, "change", 0),
			(long long)cli_int(reply, "change", 0));
	return CLI_OK;
}

/* In the namespace that c->in says. */
static int
cmd_undo_undo(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	json_t *p = NULL;
	int rc = cmd_undo_make_params(argc, argv, &p);

	if (rc != CLI_OK)
		return rc;
	rc = sliced_call(c, "memory_undo", p, sliced, "undoing", &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	return c->quiet ? CLI_OK : print_reply(c, reply);
}

static void
print_place(const struct cli *c, const char *name)
{
	if (c->json || c->quiet)
		return;
	fputs("in ", stdout);
	out_text(stdout, name);
	if (on_branch && strcmp(on_branch, "main") != 0) {
		fputs(", branch ", stdout);
		out_text(stdout, on_branch);
	}
	fputs(": ", stdout);
	fflush(stdout);
}

/* A session may have written to the project and to the user's memory, and to
 * branches of both, as an import does. */
static int
undo_session(struct cli *c)
{
	AUTO_JSON json_t *places = NULL;
	const json_t *place;
	int rc = where_session_places(c, session, &places);
	size_t i;

	json_array_foreach(places, i, place) {
		if (rc != CLI_OK)
			break;
		c->in = cli_str(place, "namespace", "default");
		on_branch = cli_str(place, "branch", NULL);
		if (json_array_size(places) > 1 ||
			(!c->is_named && strcmp(c->in, "default") != 0))
			print_place(c, c->in);
		rc = cmd_undo_undo(c, 0, NULL);
	}
	c->in = NULL;
	on_branch = NULL;
	return rc;
}

static int
cmd_undo_run(struct cli *c, int argc, char **argv)
{
	bool is_listed = argc > 0 || change != 0;
	int64_t id = change;
	int rc;

	if (cascade && skip)
		return cli_fail(CLI_USAGE, "either --cascade or --skip");
	if (is_listed + (session != NULL) + (of_run != NULL) +
			(since != NULL) !=
		1)
		return cli_fail(CLI_USAGE,
			"say what to undo, in one way: "
			"change ids, --session ID, --run ID or --since WHEN; "
			"memoryctl log and memoryctl sessions list them");
	if (session)
		return undo_session(c);
	if (is_listed &&
		(change != 0 || conf_int(argv[0] + (argv[0][0] == '#'), 1,
					INT64_MAX, &id) == 0) &&
		(rc = where_change(c, id)) != CLI_OK)
		return rc;
	if ((rc = cli_connect(c)) != CLI_OK)
		return rc;
	if (c->is_chosen || (c->in && strcmp(c->in, "default") != 0))
		print_place(c, c->in != NULL ? c->in : c->namespace_);
	return cmd_undo_undo(c, argc, argv);
}

const struct cli_command cli_cmd_undo = {
	.name = "undo",
	.args = "[CHANGE...]",
	.summary = "take changes back: one, several, or all of a session",
	.about = "What the changes added goes, what they removed comes back, "
		 "as a new change that can be undone itself. Later changes "
		 "that build on them are named and stop it, unless --cascade "
		 "takes them back too or --skip leaves alone what they "
		 "touched. A session and a change are found in whatever "
		 "namespace they are. Try --dry-run first.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = -1,
	.writes = true,
	.run = cmd_undo_run,
};
