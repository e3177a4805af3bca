#include <stdio.h>

#include "common/clock.h"
#include "memory-db/cli/cli.h"

static int
cmd_ping_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_JSON json_t *out = NULL;
	int64_t begun;
	int rc;

	(void)argc;
	(void)argv;
	/* The question is whether it runs: starting it would be the answer. */
	c->no_spawn = true;
	/* The first call connects and greets; the second is the measure. */
	if ((rc = cli_call(c, "ping", json_object(), CLI_NOW, &reply)) !=
		CLI_OK)
		return rc;
	json_decref(take_ptr(reply));
	begun = clock_mono_ns();
	if ((rc = cli_call(c, "ping", json_object(), CLI_NOW, &reply)) !=
		CLI_OK)
		return rc;
	double ms = (double)(clock_mono_ns() - begun) / 1e6;

	if (c->json) {
		out = json_pack("{s:f}", "ms", ms);
		return !out ? cli_nomem() : cli_print_json(c, out);
	}
	if (!c->quiet)
		printf("memory-db answers in %.3f ms\n", ms);
	return CLI_OK;
}

const struct cli_command cli_cmd_ping = {
	.name = "ping",
	.args = "",
	.summary = "whether memory-db runs and answers",
	.about = "Asks memory-db for an answer and prints how long it took. "
		 "Never starts it: exit code 111 when nobody listens.",
	.run = cmd_ping_run,
};
