#include <stdio.h>

#include "common/jx.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"

static bool off;

static const struct conf_opt opts[] = {
	CLI_FLAG("off", &off, "no longer"),
};

static int
cmd_pin_one(struct cli *c, const char *name)
{
	static const char *const texts[2][2] = {{" was pinned already",
							" was not pinned"},
		{" is pinned", " is not pinned any more"}};
	AUTO_JSON json_t *reply = NULL;
	json_t *p = json_pack("{s:s,s:b}", "name", name, "pin", !off);
	int rc;

	if (!p)
		return cli_nomem();
	rc = cli_call(c, "update_entity", p, CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	cli_strip(reply);
	if (c->json)
		return cli_print_json(c, reply);
	if (c->quiet)
		return CLI_OK;
	out_text(stdout, name);
	puts(texts[json_is_true(json_object_get(reply, "changed"))][off]);
	return CLI_OK;
}

static int
cmd_pin_run(struct cli *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int rc = cmd_pin_one(c, argv[i]);

		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
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
