#include "memory-db/cli/lib/args.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static char *
long_form(char *arg)
{
	static char help[] = "--help", version[] = "--version",
		    quiet[] = "--quiet", json[] = "--json";

	if (arg[0] != '-' || arg[1] == '\0' || arg[2] != '\0')
		return arg;
	switch (arg[1]) {
	case 'h':
		return help;
	case 'V':
		return version;
	case 'q':
		return quiet;
	case 'j':
		return json;
	default:
		return arg;
	}
}

/* "-" alone is an argument: standard input. */
static bool
is_option(const char *arg)
{
	return arg[0] == '-' && arg[1] != '\0';
}

/* Whether the next argument is this option's value. */
static bool
takes_value(const struct conf_opt *opts, size_t n, const char *arg)
{
	if (strncmp(arg, "--", 2) != 0 || strchr(arg, '=') != NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(opts[i].name, arg + 2) == 0)
			return opts[i].type != CONF_BOOL;
	return false;
}

int
args_first(const struct conf_opt *opts, size_t n, int argc, char **argv)
{
	int i = 1;

	while (i < argc && is_option(argv[i])) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1 < argc ? i + 1 : argc;
		i += takes_value(opts, n, argv[i]) ? 2 : 1;
	}
	return i < argc ? i : argc;
}

int
args_sort(const struct conf_opt *opts, size_t n, int skip, int argc,
	char **argv, char ***ret_argv, int *ret_rest, struct err *e)
{
	static char end[] = "--";
	AUTO_FREE char **sorted = calloc((size_t)argc + 3, sizeof(*sorted));
	AUTO_FREE char **rest = calloc((size_t)argc + 1, sizeof(*rest));
	int k = 1, rc = 0, i = 1;

	if (!sorted || !rest)
		return err_nomem(e);
	sorted[0] = argv[0];
	for (; i < argc; i++) {
		char *arg = long_form(argv[i]);

		if (i == skip)
			continue;
		if (strcmp(arg, "--") == 0)
			break;
		if (!is_option(arg)) {
			rest[rc++] = arg;
			continue;
		}
		sorted[k++] = arg;
		if (!takes_value(opts, n, arg))
			continue;
		if (i + 1 >= argc || i + 1 == skip)
			return err_set(e, MDB_E_INVALID, "%s needs a value",
				arg);
		sorted[k++] = argv[++i];
	}
	for (i++; i < argc; i++)
		if (i != skip)
			rest[rc++] = argv[i];
	sorted[k++] = end;
	*ret_rest = k;
	memcpy(sorted + k, rest, (size_t)rc * sizeof(*rest));
	*ret_argv = take_ptr(sorted);
	return 0;
}
