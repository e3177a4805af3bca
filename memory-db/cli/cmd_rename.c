#include <stdio.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/where.h"

static int
cmd_rename_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = where_entity(c, argv[0]);

	(void)argc;
	if (rc != CLI_OK)
		return rc;
	rc = cli_call(c, "rename_entity",
		json_pack("{s:s,s:s}", "name", argv[0], "new_name", argv[1]),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		cli_strip(reply);
		return cli_print_json(c, reply);
	}
	if (c->quiet)
		return CLI_OK;
	out_text(stdout, argv[0]);
	fputs(" is now ", stdout);
	out_text(stdout, argv[1]);
	out_text(stdout, where_said(c));
	puts("; the old name still leads to it");
	return CLI_OK;
}

const struct cli_command cli_cmd_rename = {
	.name = "rename",
	.args = "NAME NEW",
	.summary = "give an entity a new name",
	.about = "The entity NAME, with its facts, relations and history, is "
		 "called NEW from now on. The old name still leads to it. A "
		 "name that another entity has is refused. `undo` takes it "
		 "back.",
	.min_args = 2,
	.max_args = 2,
	.writes = true,
	.run = cmd_rename_run,
};
