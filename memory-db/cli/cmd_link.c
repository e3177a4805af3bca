/* link and unlink: relations between entities. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/where.h"

static const char *weight;

static const struct conf_opt opts[] = {
	CLI_TEXT("weight", &weight, "NUMBER", "how strong it is, 0 to 1"),
};

/* [{from, to, relationType}]; NULL: no UTF-8. */
static json_t *
cmd_link_make_params(char **argv)
{
	json_t *p = json_pack("{s:[{s:s,s:s,s:s}]}", "relations", "from",
		argv[0], "relationType", argv[1], "to", argv[2]);
	json_t *number;

	if (!p || !weight)
		return p;
	number = jx_parse_any(weight, strlen(weight), NULL);
	if (!json_is_number(number) ||
		jx_set(json_array_get(json_object_get(p, "relations"), 0),
			"weight", json_incref(number)) != 0) {
		json_decref(p);
		p = NULL;
	}
	json_decref(number);
	return p;
}

static void
print_relation(const struct cli *c, char **argv, const char *what)
{
	out_text(stdout, argv[0]);
	fputs(" -[", stdout);
	out_text(stdout, argv[1]);
	fputs("]-> ", stdout);
	out_text(stdout, argv[2]);
	fputs(what, stdout);
	out_text(stdout, where_said(c));
	putchar('\n');
}

/* A relation is kept with the project as soon as one of its ends is: what is of
 * the user alone stays there. */
static int
cmd_link_place(struct cli *c, const char *from, const char *to)
{
	int rc = where_entity(c, from);

	if (rc != CLI_OK || !c->in)
		return rc;
	c->in = NULL;
	return where_entity(c, to);
}

static int
cmd_link_change(struct cli *c, const char *method, char **argv,
	json_t **ret_reply)
{
	AUTO_JSON json_t *params = cmd_link_make_params(argv);
	int rc;

	if (!params)
		return cli_fail(CLI_USAGE,
			weight != NULL ? "--weight is a "
					 "number from 0 to 1, not '%s'"
				       : "an argument is no valid UTF-8",
			weight);
	if ((rc = cmd_link_place(c, argv[0], argv[2])) != CLI_OK)
		return rc;
	return cli_call(c, method, take_ptr(params), CLI_NOW, ret_reply);
}

static int
run_link(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	const char *action;
	int rc = cmd_link_change(c, "create_relations", argv, &reply);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	action = cli_str(json_array_get(json_object_get(reply, "results"), 0),
		"action", "created");
	if (!c->quiet)
		print_relation(c, argv,
			strcmp(action, "unchanged") == 0 ? " was there already"
							 : " added");
	return CLI_OK;
}

static int
run_unlink(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = cmd_link_change(c, "delete_relations", argv, &reply);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	rc = cli_int(reply, "deleted", 0) > 0 ? CLI_OK : CLI_PROBLEM;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply) == CLI_OK ? rc : CLI_SYSTEM;
	}
	if (rc != CLI_OK)
		return cli_fail(rc,
			"no relation '%s' from '%s' to '%s'%s; "
			"memoryctl show %s lists what there is",
			argv[1], argv[0], argv[2], where_said(c), argv[0]);
	if (!c->quiet)
		print_relation(c, argv, " deleted; history keeps it");
	return CLI_OK;
}

const struct cli_command cli_cmd_link = {
	.name = "link",
	.args = "FROM RELATION TO",
	.summary = "relate one entity to another",
	.about = "Remembers the relation between two entities that exist, in "
		 "active voice: `memoryctl link ada \"works at\" acme`. "
		 "`unlink` takes it away, `show` lists relations.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 3,
	.max_args = 3,
	.writes = true,
	.run = run_link,
};

const struct cli_command cli_cmd_unlink = {
	.name = "unlink",
	.args = "FROM RELATION TO",
	.summary = "hide a relation",
	.about = "Deletes the relation between two entities. History keeps "
		 "it. Exit code 1 when there is none.",
	.min_args = 3,
	.max_args = 3,
	.writes = true,
	.run = run_unlink,
};
