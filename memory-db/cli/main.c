/* memoryctl: the operator's command line of Enhanced Memory. Options that all
 * commands share are read here, then the command has its own; help is made
 * from the same tables. A command is a row of commands.def. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/text.h"
#include "memory-db/cli/lib/args.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/pager.h"
#include "memory-db/cli/lib/where.h"

#define MANY_OPTIONS 32 /* of all commands together and one command */

static const struct cli_command *const commands[] = {
#define COMMAND(name) &cli_cmd_##name,
#include "memory-db/cli/commands.def"
#undef COMMAND
};

static struct cli cli = {.timeout_s = 30};

static const struct conf_opt global_opts[] = {
	/* The environment is read where the socket is chosen: the reason for
	 * the choice is told. */
	CLI_TEXT("socket", &cli.socket, "PATH",
		"socket of memory-db [MEMORY_DB_SOCKET]"),
	{"database", "MEMORY_DB_PATH", CONF_STRING, &cli.database, 0, 0, "PATH",
		"database it must have open"},
	{"namespace", "MEMORY_NAMESPACE", CONF_STRING, &cli.namespace_, 0, 0,
		"NAME", "namespace to read and write"},
	{"branch", "MEMORY_BRANCH", CONF_STRING, &cli.branch, 0, 0, "NAME",
		"branch to read and write"},
	CLI_TEXT("as-of", &cli.as_of, "WHEN",
		"read the memory as it was: a change id, a date, '3 days ago'"),
	CLI_FLAG("json", &cli.json, "JSON for programs (also -j)"),
	CLI_FLAG("quiet", &cli.quiet, "no remarks, no progress (also -q)"),
	CLI_FLAG("no-spawn", &cli.no_spawn,
		"do not start memory-db when nobody listens"),
	CLI_COUNT("timeout", &cli.timeout_s, 1, 3600, "SECONDS",
		"of one call (30)"),
};

static const struct cli_command *
find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int
unknown_command(const char *name)
{
	const char *names[ARRAY_LEN(commands) + 1], *near;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i]->name;
	names[ARRAY_LEN(commands)] = NULL;
	near = text_nearest(name, names);
	if (near)
		return cli_fail(CLI_USAGE,
			"no command '%s'; did you mean "
			"'%s'?",
			name, near);
	return cli_fail(CLI_USAGE,
		"no command '%s'; memoryctl help lists "
		"them",
		name);
}

static size_t
all_options(const struct cli_command *cmd, struct conf_opt *out)
{
	size_t n = 0;

	for (size_t i = 0; cmd != NULL && i < cmd->opts_n; i++)
		out[n++] = cmd->opts[i];
	for (size_t i = 0; i < ARRAY_LEN(global_opts); i++)
		out[n++] = global_opts[i];
	return n;
}

static void
print_list(FILE *f)
{
	fputs("usage: memoryctl [OPTIONS] COMMAND [ARGUMENTS]\n\n"
	      "The operator's command line of Enhanced Memory.\n\nCommands:\n",
		f);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char line[256];

		snprintf(line, sizeof(line), "  %-12s %s\n", commands[i]->name,
			commands[i]->summary);
		out_wrapped(f, line, f == stdout ? cli.width : 0, 15);
	}
	fputs("  help         what a command does and its options\n\n"
	      "memoryctl help COMMAND says more. See also memoryctl(1).\n",
		f);
}

/* Breaks a text into lines of at most 78 bytes at its blanks. */
static void
main_wrap(const char *text, char *out, size_t size)
{
	size_t column = 0, k = 0;

	while (*text != '\0' && k + 1 < size) {
		size_t word = strcspn(text, " ");

		if (column > 0 && column + 1 + word > 78) {
			out[k++] = '\n';
			column = 0;
		} else if (column > 0) {
			out[k++] = ' ';
			column++;
		}
		if (k + word + 1 > size)
			break;
		memcpy(out + k, text, word);
		k += word;
		column += word;
		text += word + strspn(text + word, " ");
	}
	out[k] = '\0';
}

/* --help of a command, by the table that reads its options. */
static int
main_print_help(const struct cli_command *cmd)
{
	static char program[] = "memoryctl", help[] = "--help";
	char *argv[] = {program, help, NULL};
	struct conf_opt opts[MANY_OPTIONS];
	char usage[256], about[2048];
	int rest;

	snprintf(usage, sizeof(usage), "memoryctl %s%s%s [OPTIONS]", cmd->name,
		cmd->args[0] ? " " : "", cmd->args);
	main_wrap(cmd->about ? cmd->about : cmd->summary, about, sizeof(about));
	conf_usage(usage, about);
	return conf_read(opts, all_options(cmd, opts), 2, argv, &rest, NULL) ==
			       1
		       ? CLI_OK
		       : CLI_SYSTEM;
}

static int
help(int argc, char **argv, int first)
{
	const struct cli_command *cmd;

	if (first + 1 >= argc) {
		print_list(stdout);
		return CLI_OK;
	}
	cmd = find_command(argv[first + 1]);
	return !cmd ? unknown_command(argv[first + 1]) : main_print_help(cmd);
}

static void
look_at_terminal(struct cli *c)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t n;

	c->is_tty = isatty(STDOUT_FILENO);
	if (!c->is_tty)
		return;
	c->has_color = (!no_color || no_color[0] == '\0') && term != NULL &&
		       strcmp(term, "dumb") != 0;
	c->width = 80;
	if (columns && text_int(columns, 20, 10000, &n) == 0)
		c->width = (int)n;
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		 size.ws_col >= 20)
		c->width = size.ws_col;
}

static int
check_count(const struct cli_command *cmd, int n)
{
	if (n >= cmd->min_args && (cmd->max_args < 0 || n <= cmd->max_args))
		return CLI_OK;
	return cli_fail(CLI_USAGE, "%s arguments; usage: memoryctl %s %s",
		n < cmd->min_args ? "too few" : "too many", cmd->name,
		cmd->args);
}

/* The options of no command: --help, --version, or an error. */
static int
no_command(int argc, char **argv)
{
	struct err e = {0};
	int rest, rc;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 ||
			strcmp(argv[i], "-h") == 0) {
			print_list(stdout);
			return CLI_OK;
		} else if (strcmp(argv[i], "-V") == 0 ||
			   strcmp(argv[i], "--version") == 0) {
			puts("memoryctl " MEMORY_VERSION);
			return CLI_OK;
		}
	rc = conf_read(global_opts, ARRAY_LEN(global_opts), argc, argv, &rest,
		&e);
	if (rc < 0)
		return cli_fail(CLI_USAGE, "%s", e.text);
	print_list(stderr);
	return CLI_USAGE;
}

/* What goes into requests must be UTF-8. */
static int
check_texts(const struct cli *c)
{
	const char *const texts[][2] = {{"database", c->database},
		{"namespace", c->namespace_}, {"branch", c->branch},
		{"as-of", c->as_of}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (texts[i][1] &&
			!text_is_utf8(texts[i][1], strlen(texts[i][1])))
			return cli_fail(CLI_USAGE, "--%s is no valid UTF-8",
				texts[i][0]);
	return CLI_OK;
}

static int
main_run(int argc, char **argv)
{
	int first = args_first(global_opts, ARRAY_LEN(global_opts), argc, argv);
	const struct cli_command *cmd;
	struct conf_opt opts[MANY_OPTIONS];
	AUTO_FREE char **sorted = NULL;
	struct err e = {0};
	int rest, at, rc;
	size_t n;

	look_at_terminal(&cli);
	if (first >= argc)
		return no_command(argc, argv);
	if (strcmp(argv[first], "help") == 0)
		return help(argc, argv, first);
	if ((cmd = find_command(argv[first])) == NULL)
		return unknown_command(argv[first]);
	n = all_options(cmd, opts);
	if (args_sort(opts, n, first, argc, argv, &sorted, &rest, &e) != 0)
		return cli_fail_err(&e);
	for (int i = 1; i < rest - 1; i++)
		if (strcmp(sorted[i], "--help") == 0)
			return main_print_help(cmd);
	conf_usage("memoryctl", "");
	rc = conf_read(opts, n, rest, sorted, &at, &e);
	if (rc != 0)
		return rc == 1 ? CLI_OK : cli_fail(CLI_USAGE, "%s", e.text);
	for (argc = 0; sorted[rest + argc] != NULL;)
		argc++;
	if (cmd->writes && cli.as_of)
		return cli_fail(CLI_USAGE,
			"--as-of is for commands that read; "
			"%s always happens now",
			cmd->name);
	rc = check_count(cmd, argc);
	if (rc != CLI_OK)
		return rc;
	rc = cmd->fails_open ? CLI_OK : check_texts(&cli);
	if (rc != CLI_OK)
		return rc;
	rc = cmd->fails_open ? CLI_OK : where_read(&cli);
	if (rc != CLI_OK)
		return rc;
	cli.command = cmd;
	cli.argc = argc;
	cli.argv = sorted + rest;
	/* Who cannot turn pages gets everything at once. */
	if (cmd->pages && cli.is_tty && !cli.json && isatty(STDIN_FILENO))
		pager_start();
	return cmd->run(&cli, argc, sorted + rest);
}

int
main(int argc, char **argv)
{
	int rc;

	setlocale(LC_CTYPE, "");
	rc = main_run(argc, argv);
	memory_client_free(cli.client);
	buf_done(&cli.place);
	buf_done(&cli.found);
	if (fflush(stdout) != 0 || ferror(stdout))
		rc = cli_fail(CLI_SYSTEM, "cannot write to standard output: "
					  "%m");
	pager_wait();
	return rc;
}
