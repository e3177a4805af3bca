#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/out.h"
#include "memory-db/cli/table.h"

static const struct table_column columns[] = {
	{"NAMESPACE", false, TABLE_TAIL}, {"ENTITIES", true, false},
	{"OBSERVATIONS", true, false}, {"CHANGES", true, false},
	{"ALIASES", false, true},
};

static int
add_aliases(struct table *t, const json_t *aliases)
{
	AUTO_BUF struct buf b = {0};
	const json_t *a;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)aliases, i, a)
		if (buf_addf(&b, "%s%s", i > 0 ? ", " : "",
			json_is_string(a) ? json_string_value(a) : "?") != 0)
			return MDB_E_NOMEM;
	if (buf_str(&b) == NULL)
		return MDB_E_NOMEM;
	table_text(t, buf_str(&b));
	return 0;
}

static int
list(struct cli *c, char **argv)
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
		if (add_aliases(&t, json_object_get(n, "aliases")) != 0)
			return cli_nomem();
	}
	return table_print(&t, c, stdout) != 0 ? cli_nomem() : CLI_OK;
}

/* A method with two names; what it did is said by fmt with both. */
static int
two_names(struct cli *c, const char *method, const char *first,
	const char *second, char **argv, json_t **ret_reply)
{
	return cli_call(c, method, json_pack("{s:s,s:s}", first, argv[0],
		second, argv[1]), CLI_NOW, ret_reply);
}

static int
done(struct cli *c, json_t *reply, const char *what, char **argv)
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
			printf(" (%lld entities moved)",
				(long long)cli_int(reply, "moved", 0));
		putchar('\n');
	}
	return CLI_OK;
}

static int
rename_one(struct cli *c, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = two_names(c, "rename_namespace", "from", "to", argv, &reply);

	return rc != CLI_OK ? rc : done(c, reply, " is now ", argv);
}

static int
merge(struct cli *c, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = two_names(c, "merge_namespaces", "from", "to", argv, &reply);

	return rc != CLI_OK ? rc : done(c, reply, " is merged into ", argv);
}

static int
alias(struct cli *c, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = two_names(c, "alias_namespace", "alias", "of", argv, &reply);

	return rc != CLI_OK ? rc : done(c, reply, " now means ", argv);
}

static const struct {
	const char *name, *usage;
	int args;
	int (*run)(struct cli *c, char **argv);
} actions[] = {
	{"list", "list", 0, list},
	{"rename", "rename FROM TO", 2, rename_one},
	{"merge", "merge FROM INTO", 2, merge},
	{"alias", "alias NEW EXISTING", 2, alias},
};

static int
run(struct cli *c, int argc, char **argv)
{
	if (argc == 0)
		return list(c, argv);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (strcmp(argv[0], actions[i].name) != 0)
			continue;
		if (argc - 1 != actions[i].args)
			return cli_fail(CLI_USAGE, "usage: memoryctl "
				"namespace %s", actions[i].usage);
		return actions[i].run(c, argv + 1);
	}
	return cli_fail(CLI_USAGE, "namespace cannot '%s'; it can list, "
		"rename, merge and alias", argv[0]);
}

const struct cli_command cli_cmd_namespace = {
	.name = "namespace",
	.args = "[list | rename FROM TO | merge FROM INTO | alias NEW "
		"EXISTING]",
	.summary = "list, rename, merge and alias namespaces",
	.about = "A namespace is a partition of the memory: a project, a "
		 "user. `rename` gives one a new name. `merge` moves what FROM "
		 "holds into INTO. `alias` lets a second name mean an existing "
		 "one, as after a repository has moved.",
	.max_args = 3,
	.run = run,
};
