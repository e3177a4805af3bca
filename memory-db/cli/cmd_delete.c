#include <stdio.h>
#include <string.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/where.h"

/* Says what was not there. */
static int
cmd_delete_report_missing(const json_t *missing, const char *what)
{
	const json_t *m;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)missing, i, m)
		cli_fail(0, "no %s '%s'", what,
			json_is_string(m) ? json_string_value(m) : "?");
	return json_array_size(missing) > 0 ? CLI_PROBLEM : CLI_OK;
}

static int
cmd_delete_delete_entity(struct cli *c, char **argv, json_t **ret_reply)
{
	int rc = cli_call(c, "delete_entities",
		json_pack("{s:[s]}", "entityNames", argv[0]), CLI_NOW,
		ret_reply);

	if (rc != CLI_OK)
		return rc;
	return cmd_delete_report_missing(json_object_get(*ret_reply, "missing"),
		"entity");
}

static int
cmd_delete_delete_texts(struct cli *c, int argc, char **argv,
	json_t **ret_reply)
{
	json_t *texts = cli_texts(argc - 1, argv + 1);
	int rc;

	if (!texts)
		return CLI_USAGE;
	rc = cli_call(c, "delete_observations",
		json_pack("{s:[{s:s,s:o}]}", "deletions", "entityName", argv[0],
			"observations", texts),
		CLI_NOW, ret_reply);
	if (rc != CLI_OK)
		return rc;
	return cmd_delete_report_missing(
		json_object_get(json_array_get(json_object_get(*ret_reply,
						       "results"),
					0),
			"missing"),
		"observation");
}

static int
cmd_delete_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = where_entity(c, argv[0]);

	if (rc == CLI_OK)
		rc = argc == 1 ? cmd_delete_delete_entity(c, argv, &reply)
			       : cmd_delete_delete_texts(c, argc, argv, &reply);
	if (!reply)
		return rc;
	if (rc == CLI_PROBLEM && argc == 1)
		where_tell_entity(c);
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply) == CLI_OK ? rc : CLI_SYSTEM;
	}
	if (rc != CLI_OK)
		return rc;
	if (!c->quiet) {
		out_text(stdout, argv[0]);
		fputs(argc == 1 ? " deleted" : " changed", stdout);
		out_text(stdout, where_said(c));
		puts(argc == 1 ? "; history keeps it"
			       : "; history keeps what was deleted");
	}
	return CLI_OK;
}

const struct cli_command cli_cmd_delete = {
	.name = "delete",
	.args = "NAME [TEXT...]",
	.summary = "hide an entity, or observations of it",
	.about = "Deletes the entity NAME with its relations, or only the "
		 "observations that read exactly TEXT. History keeps what is "
		 "deleted. Exit code 1 when something was not there.",
	.min_args = 1,
	.max_args = -1,
	.writes = true,
	.run = cmd_delete_run,
};
