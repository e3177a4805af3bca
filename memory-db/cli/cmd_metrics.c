/* The figures for programs that watch: the text as the service gives it. */
#include <stdio.h>
#include <string.h>

#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/newfile.h"
#include "memory-db/cli/lib/out.h"

static const char *textfile;

static const struct conf_opt opts[] = {
	CLI_TEXT("textfile", &textfile, "FILE",
		"write this file, for the node exporter of Prometheus"),
};

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

/* Prometheus' own format, which the node exporter reads, is older: a counter
 * has its ending in all of its lines, and there are no units and no end. */
static void
cmd_metrics_old_line(FILE *f, const char *line)
{
	static const char *const heads[] = {"# TYPE ", "# HELP "};
	static char counter[200]; /* the family that the lines are of */
	const char *rest = NULL;
	size_t n;

	if (strncmp(line, "# UNIT ", 7) == 0 || strcmp(line, "# EOF") == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(heads) && !rest; i++)
		if (strncmp(line, heads[i], strlen(heads[i])) == 0)
			rest = line + strlen(heads[i]);
	if (!rest) {
		fprintf(f, "%s\n", line);
		return;
	}
	n = strcspn(rest, " ");
	if (strncmp(line, "# TYPE ", 7) == 0)
		snprintf(counter, sizeof(counter), "%.*s",
			strcmp(rest + n, " counter") == 0 ? (int)n : 0, rest);
	fprintf(f, "%.7s%.*s%s%s\n", line, (int)n, rest,
		n > 0 && strlen(counter) == n && strncmp(counter, rest, n) == 0
			? "_total"
			: "",
		rest + n);
}

static int
cmd_metrics_write(const char *text)
{
	AUTO_NEWFILE struct newfile nf = {0};
	AUTO_FREE char *copy = strdup(text);
	char *rest = copy, *line;
	struct err e = {0};

	if (!copy)
		return cli_nomem();
	/* The exporter is another user; there is nothing private in it. */
	if (newfile_open(&nf, textfile, 0644, &e) != 0)
		return cli_fail_err(&e);
	while ((line = strsep(&rest, "\n")) != NULL && rest)
		cmd_metrics_old_line(nf.f, line);
	return newfile_commit(&nf, &e) != 0 ? cli_fail_err(&e) : CLI_OK;
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
	if (textfile)
		return cmd_metrics_write(cli_str(reply, "text", ""));
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
		 "person reads the same with status --all. With --textfile it "
		 "replaces a file as a whole, in the form that the textfile "
		 "collector of the node exporter reads.",
	.opts = opts,
	.opts_n = ARRAY_LEN(opts),
	.run = cmd_metrics_run,
};
