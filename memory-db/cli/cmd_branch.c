/* branch: what-ifs beside the memory: list, create, merge, discard. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const char *from, *at, *about;

static const struct conf_opt opts[] = {
	CLI_TEXT("from", &from, "NAME", "create: fork from this branch (main)"),
	CLI_TEXT("at", &at, "WHEN", "create: fork from this past point (now)"),
	CLI_TEXT("about", &about, "TEXT", "create: what it is for"),
};

static const struct table_column columns[] = {
	{"BRANCH", false, true},
	{"FROM", false, true},
	{"FORK", true, false},
	{"LAST CHANGE", true, false},
	{"STATE", false, false},
	{"ABOUT", false, true},
};

static const char *
cmd_branch_state_of(const json_t *b)
{
	bool unmerged = json_is_true(json_object_get(b, "unmerged_changes"));

	if (unmerged)
		return "changes to merge";
	return json_object_get(b, "merged") != NULL ? "merged" : "no changes";
}

/* What --sliced began and did not end. */
static void
print_unfinished(const json_t *list)
{
	const json_t *x;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, x) {
		out_text(stdout, cli_str(x, "method", "?"));
		if (cli_str(x, "branch", NULL) != NULL) {
			fputs(" of ", stdout);
			out_text(stdout, cli_str(x, "branch", ""));
		}
		fputs(" is half done (", stdout);
		out_text(stdout, cli_str(x, "run", "?"));
		puts(json_is_true(json_object_get(x, "discarded"))
				? "), and its branch is gone: undo --run takes "
				  "back what it did"
				: "): repeat it with --sliced, or undo --run");
	}
}

static int
print_branches(struct cli *c, const json_t *reply)
{
	const json_t *all = json_object_get(reply, "branches"), *b;
	AUTO_TABLE struct table t;
	size_t i;

	table_init(&t, columns, ARRAY_LEN(columns));
	if (c->json)
		return cli_print_jsonl(c, all);
	json_array_foreach((json_t *)(uintptr_t)all, i, b) {
		table_text(&t, cli_str(b, "name", "?"));
		table_text(&t, cli_str(b, "parent", "main"));
		table_number(&t, cli_int(b, "fork", 0));
		if (json_object_get(b, "last_change") != NULL)
			table_number(&t, cli_int(b, "last_change", 0));
		else
			table_text(&t, "-");
		table_text(&t, cmd_branch_state_of(b));
		table_text(&t, cli_str(b, "about", ""));
	}
	if (json_array_size(all) == 0)
		cli_note(c, "only main");
	if (table_print(&t, c, stdout) != 0)
		return cli_nomem();
	print_unfinished(json_object_get(reply, "unfinished"));
	return CLI_OK;
}

static int
cmd_branch_call(struct cli *c, const char *action, const char *name,
	json_t **ret_reply)
{
	json_t *p = json_pack("{s:s}", "action", action);

	if (p && ((name && jx_set(p, "name", json_string(name)) != 0) ||
			 (from && jx_set(p, "from_branch", json_string(from)) !=
					  0) ||
			 (at && jx_set(p, "at", cli_point(at)) != 0) ||
			 (about && jx_set(p, "about", json_string(about)) !=
					   0))) {
		json_decref(p);
		p = NULL;
	}
	return cli_call(c, "memory_branch", p, CLI_NOW, ret_reply);
}

static int
cmd_branch_show(struct cli *c, const char *name)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cmd_branch_call(c, !name ? "list" : "describe", name, &reply);

	return rc == CLI_OK ? print_branches(c, reply) : rc;
}

static int
cmd_branch_change(struct cli *c, const char *action, const char *name)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cmd_branch_call(c, action, name, &reply);

	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (c->quiet)
		return CLI_OK;
	out_text(stdout, name);
	if (strcmp(action, "create") == 0) {
		fputs(" created from ", stdout);
		out_text(stdout, cli_str(reply, "parent", "main"));
		printf(" as of change %lld\n",
			(long long)cli_int(reply, "fork", 0));
	} else {
		puts(" discarded");
	}
	return CLI_OK;
}

static int
cmd_branch_run(struct cli *c, int argc, char **argv)
{
	const char *action = argc > 0 ? argv[0] : "list";

	if (strcmp(action, "list") == 0 && argc < 2)
		return cmd_branch_show(c, NULL);
	if (argc == 2 && strcmp(action, "describe") == 0)
		return cmd_branch_show(c, argv[1]);
	if (argc == 2 && (strcmp(action, "create") == 0 ||
				 strcmp(action, "discard") == 0))
		return cmd_branch_change(c, action, argv[1]);
	return cli_fail(CLI_USAGE, "usage: memoryctl branch [list | create "
				   "NAME | describe NAME | discard NAME]");
}

const struct cli_command cli_cmd_branch = {
	.name = "branch",
	.args = "[list | create NAME | describe NAME | discard NAME]",
	.summary = "branches: copies to try things on",
	.about = "A branch sees its parent as it was when it was created, and "
		 "what is written on it, with --branch NAME, stays there "
		 "until `merge`. Creating one takes no time and no room.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.max_args = 2,
	.run = cmd_branch_run,
};
