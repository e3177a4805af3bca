#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"

static bool off;

static const struct conf_opt opts[] = {
	CLI_FLAG("off", &off, "no longer"),
};

static int
cmd_pin_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc = CLI_OK;

	for (int i = 0; rc == CLI_OK && i < argc; i++) {
		json_t *p =
			json_pack("{s:s,s:b}", "name", argv[i], "pin", !off);

		json_decref(reply);
		reply = NULL;
		rc = !p ? cli_nomem()
			: cli_call(c, "update_entity", p, CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		cli_strip(reply);
		if (c->json)
			rc = cli_print_json(c, reply);
		else if (!c->quiet) {
			out_text(stdout, argv[i]);
			puts(json_is_true(json_object_get(reply, "changed"))
					? off ? " is not pinned any more"
					      : " is pinned"
				: off ? " was not pinned"
				      : " was pinned already");
		}
	}
	return rc;
}

const struct cli_command cli_cmd_pin = {
	.name = "pin",
	.args = "NAME...",
	.summary = "put entities into every context",
	.about = "Pinned entities are part of every context that agents are "
		 "given, at most 20 of a namespace. What an agent pinned in "
		 "the user's memory counts for projects once this command "
		 "confirms it; `review` shows what agents pinned.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.min_args = 1,
	.max_args = -1,
	.run = cmd_pin_run,
};
