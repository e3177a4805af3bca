/* namespace: the memories of projects: list, rename, alias, merge. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/client/project_map.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"

static const struct table_column columns[] = {
	{"NAMESPACE", false, TABLE_TAIL},
	{"ENTITIES", true, false},
	{"OBSERVATIONS", true, false},
	{"CHANGES", true, false},
	{"ALIASES", false, true},
};

static int
cmd_namespace_add_aliases(struct table *t, const json_t *aliases)
{
	AUTO_BUF struct buf b = {0};
	const json_t *a;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)aliases, i, a)
		if (buf_addf(&b, "%s%s", i > 0 ? ", " : "",
			    json_is_string(a) ? json_string_value(a) : "?") !=
			0)
			return MDB_E_NOMEM;
	if (!buf_str(&b))
		return MDB_E_NOMEM;
	table_text(t, buf_str(&b));
	return 0;
}

static int
cmd_namespace_list(struct cli *c, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_TABLE struct table t;
	const json_t *all, *n;
	size_t i;
	int rc;

	(void)argv;
	table_init(&t, columns, ARRAY_LEN(columns));
	rc = cli_call(c, "list_namespaces", json_object(), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	all = json_object_get(reply, "namespaces");
	if (c->json)
		return cli_print_jsonl(c, all);
	json_array_foreach((json_t *)(uintptr_t)all, i, n) {
		table_text(&t, cli_str(n, "name", "?"));
		table_number(&t, cli_int(n, "entities", 0));
		table_number(&t, cli_int(n, "observations", 0));
		table_number(&t, cli_int(n, "changes", 0));
		if (cmd_namespace_add_aliases(&t,
			    json_object_get(n, "aliases")) != 0)
			return cli_nomem();
	}
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

/* A method with two names; what it did is said by fmt with both. */
static int
cmd_namespace_two_names(struct cli *c, const char *method, const char *first,
	const char *second, char **argv, json_t **ret_reply)
{
	return cli_call(c, method,
		json_pack("{s:s,s:s}", first, argv[0], second, argv[1]),
		CLI_NOW, ret_reply);
}

static int
cmd_namespace_done(struct cli *c, json_t *reply, const char *what, char **argv)
{
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (!c->quiet) {
		out_text(stdout, argv[0]);
		fputs(what, stdout);
		out_text(stdout, argv[1]);
		if (json_object_get(reply, "moved") != NULL)
			printf(" (%lld facts moved)",
				(long long)cli_int(reply, "moved", 0));
		putchar('\n');
	}
	return CLI_OK;
}

static int
rename_one(struct cli *c, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cmd_namespace_two_names(c, "rename_namespace", "from", "to",
		argv, &reply);

	return rc != CLI_OK ? rc
			    : cmd_namespace_done(c, reply, " is now ", argv);
}

/* In as many calls as it takes: each moves a slice. The reply of the last one
 * tells what all have moved. */
static int
cmd_namespace_merge(struct cli *c, char **argv)
{
	int64_t moved = 0;

	for (;;) {
		AUTO_JSON json_t *reply = NULL;
		int rc = cmd_namespace_two_names(c, "merge_namespaces", "from",
			"to", argv, &reply);

		if (rc != CLI_OK)
			return rc;
		moved += cli_int(reply, "moved", 0);
		if (json_is_true(json_object_get(reply, "more")))
			continue;
		if (jx_set(reply, "moved", json_integer((json_int_t)moved)) !=
			0)
			return cli_nomem();
		return cmd_namespace_done(c, reply, " is merged into ", argv);
	}
}

static int
alias(struct cli *c, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cmd_namespace_two_names(c, "alias_namespace", "alias", "of",
		argv, &reply);

	return rc != CLI_OK ? rc
			    : cmd_namespace_done(c, reply, " now means ", argv);
}

/* --- folders -------------------------------------------------------------- */

/* The path of the database, "" for the default one. */
static int
database_of(const struct cli *c, char out[PATH_MAX])
{
	out[0] = '\0';
	return !c->database || c->database[0] == '\0'
		       ? CLI_OK
		       : cli_absolute(c->database, out, PATH_MAX);
}

static int
set_trust(struct cli *c, const char *dir, bool is_trusted)
{
	AUTO_BUF struct buf remote = {0};
	AUTO_FREE char *folder = realpath(dir != NULL ? dir : ".", NULL);
	char database[PATH_MAX];
	struct err e = {0};
	int rc = database_of(c, database);

	if (rc != CLI_OK)
		return rc;
	if (!folder)
		return cli_fail(CLI_PROBLEM, "%s: %m", dir ? dir : ".");
	if (project_trust(folder, database, is_trusted, &remote, &e) != 0)
		return cli_fail_err(&e);
	if (!buf_str(&remote))
		return cli_nomem();
	if (!c->quiet) {
		out_text(stdout, folder);
		fputs(is_trusted ? " has the memory of "
				 : " has a memory of "
				   "its own, not that of ",
			stdout);
		out_text(stdout, remote.data);
		puts("; clients that run there see it from their next start");
	}
	return CLI_OK;
}

static int
trust(struct cli *c, char **argv)
{
	return set_trust(c, argv[0], true);
}

static int
untrust(struct cli *c, char **argv)
{
	return set_trust(c, argv[0], false);
}

static int
add_folder(void *ctx, const char *remote, const char *folder)
{
	struct table *t = ctx;

	table_text(t, remote);
	table_text(t, folder);
	return 0;
}

static int
folders(struct cli *c, char **argv)
{
	static const struct table_column of_folders[] = {{"REMOTE", false,
								 true},
		{"FOLDER", false, true}};
	AUTO_TABLE struct table t;
	char database[PATH_MAX];
	struct err e = {0};
	int rc = database_of(c, database);

	(void)argv;
	table_init(&t, of_folders, ARRAY_LEN(of_folders));
	if (rc != CLI_OK)
		return rc;
	if (project_each(database, add_folder, &t, &e) != 0)
		return cli_fail_err(&e);
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

static const struct {
	const char *name, *usage;
	int args;
	bool is_optional; /* the last of them */
	int (*run)(struct cli *c, char **argv);
} actions[] = {
	{"list", "list", 0, false, cmd_namespace_list},
	{"rename", "rename FROM TO", 2, false, rename_one},
	{"merge", "merge FROM INTO", 2, false, cmd_namespace_merge},
	{"alias", "alias NEW EXISTING", 2, false, alias},
	{"folders", "folders", 0, false, folders},
	{"trust", "trust [DIR]", 1, true, trust},
	{"untrust", "untrust [DIR]", 1, true, untrust},
};

static int
cmd_namespace_run(struct cli *c, int argc, char **argv)
{
	if (argc == 0)
		return cmd_namespace_list(c, argv);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (strcmp(argv[0], actions[i].name) != 0)
			continue;
		if (argc - 1 != actions[i].args &&
			!(actions[i].is_optional && argc == actions[i].args))
			return cli_fail(CLI_USAGE,
				"usage: memoryctl "
				"namespace %s",
				actions[i].usage);
		return actions[i].run(c, argv + 1);
	}
	return cli_fail(CLI_USAGE,
		"namespace cannot '%s'; it can list, "
		"rename, merge, alias, list folders, trust and untrust",
		argv[0]);
}

const struct cli_command cli_cmd_namespace = {
	.name = "namespace",
	.args = "[list | folders | rename|merge|alias A B | [un]trust [DIR]]",
	.summary = "list, rename, merge and alias namespaces; trust folders",
	.about = "A namespace is a partition of the memory: a project, a "
		 "user. `rename A B` gives A the name B. `merge A B` moves "
		 "what A holds into B. `alias A B` lets the name A mean B as "
		 "well, as after a repository has moved. The first folder that "
		 "names a git remote has its memory; `trust` lets another one "
		 "(a second clone of yours) share it, `untrust` takes that "
		 "back, `folders` lists them.",
	.max_args = 3,
	.run = cmd_namespace_run,
};
