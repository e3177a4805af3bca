/* The figures for programs that watch: the text as the service gives it. */
#include <stdio.h>
#include <string.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"

/* Names of namespaces stand in it, which may hold anything. */
static void
print_lines(const char *text)
{
	AUTO_FREE char *copy = strdup(text);
	char *rest = copy, *line;

	while (rest && (line = strsep(&rest, "\n")) != NULL && rest) {
		out_text(stdout, line);
		putchar('\n');
	}
}

static int
cmd_metrics_run(struct cli *c, int argc, char **argv)
{
	AUTO_JSON json_t *reply = NULL;
	int rc;

	(void)argc;
	(void)argv;
	rc = cli_call(c, "metrics", json_object(), CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc;
	cli_strip(reply);
	if (c->json)
		return cli_print_json(c, reply);
	print_lines(cli_str(reply, "text", ""));
	return CLI_OK;
}

const struct cli_command cli_cmd_metrics = {
	.name = "metrics",
	.args = "",
	.summary = "every figure as OpenMetrics text",
	.about = "What memory-db counts, in the text format that Prometheus "
		 "reads: each figure with its kind, unit and a sentence. A "
		 "person reads the same with status --all.",
	.run = cmd_metrics_run,
};
