/* Options: the command line over the environment over the default, from one
 * table a program.
 *
 *   {"limit", .env = "MEMORY_LIMIT", ..}   --limit 5, --limit=5, MEMORY_LIMIT=5
 *
 * All of it is checked before anything else happens, and an error names where
 * the value stood and, for a name that is nearly right, what was probably
 * meant. --help is answered first: it must work whatever the environment and
 * the other options hold. */
#include "common/conf.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"

#define OPTIONS_MAX 64
#define NAME_COLUMN 28

static const char *usage_line = "", *about_text = "", *version_more = "";

void
conf_usage(const char *usage, const char *about)
{
	usage_line = usage;
	about_text = about;
}

void
conf_version(const char *more)
{
	version_more = more;
}

static void
conf_print_help(const struct conf_opt *opts, size_t n)
{
	printf("usage: %s\n\n%s\n\noptions:\n", usage_line, about_text);
	for (size_t i = 0; i < n; i++) {
		int used = printf("  --%s%s%s", opts[i].name,
			opts[i].arg ? " " : "", opts[i].arg ? opts[i].arg : "");

		printf("%*s%s", used < NAME_COLUMN ? NAME_COLUMN - used : 1, "",
			opts[i].help);
		if (opts[i].env)
			printf(" [%s]", opts[i].env);
		putchar('\n');
	}
	printf("  --help%*sthis text\n  --version%*sthe version\n",
		NAME_COLUMN - 8, "", NAME_COLUMN - 11, "");
}

/* The first word of the usage line is the program. */
static void
print_version(void)
{
	printf("%.*s %s\n%s", (int)strcspn(usage_line, " "), usage_line,
		MEMORY_VERSION, version_more);
}

static int
read_bool(const char *value, bool *ret)
{
	static const char *const yes[] = {"true", "1", "yes", "on"};
	static const char *const no[] = {"false", "0", "no", "off"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
			*ret = strcmp(value, yes[i]) == 0;
			return 0;
		}
	}
	return MDB_E_INVALID;
}

int
conf_int(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	AUTO_JSON json_t *v = NULL;
	int64_t i;

	if (text_int(s, min, max, ret) == 0)
		return 0;
	v = jx_parse_any(s, strlen(s), NULL);
	if (!json_is_real(v) || !jx_integral(v, &i) || i < min || i > max)
		return MDB_E_INVALID;
	*ret = i;
	return 0;
}

/* source: "--limit" or "MEMORY_LIMIT", for the error text. */
static int
assign(const struct conf_opt *o, const char *source, const char *value,
	struct err *e)
{
	int64_t number;

	switch (o->type) {
	case CONF_STRING:
		*(const char **)o->target = value;
		return 0;
	case CONF_INT:
		if (conf_int(value, o->min, o->max, &number) < 0)
			return err_param(e, MDB_E_INVALID, o->name,
				"%s: must be an integer from %lld to %lld, is "
				"'%.64s'",
				source, (long long)o->min, (long long)o->max,
				value);
		*(int64_t *)o->target = number;
		return 0;
	case CONF_BOOL:
		break;
	}
	if (read_bool(value, o->target) < 0)
		return err_param(e, MDB_E_INVALID, o->name,
			"%s: must be true or false, is '%.64s'", source, value);
	return 0;
}

static int
unknown_option(const struct conf_opt *opts, size_t n, const char *arg,
	struct err *e)
{
	const char *names[OPTIONS_MAX + 3], *nearest;
	char name[64];
	size_t k = 0;

	for (size_t i = 0; i < n && k < OPTIONS_MAX; i++)
		names[k++] = opts[i].name;
	names[k++] = "help";
	names[k++] = "version";
	names[k] = NULL;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg, "="), arg);
	nearest = text_nearest(name + strspn(name, "-"), names);
	if (nearest)
		return err_set(e, MDB_E_INVALID,
			"unknown option %s; did you mean --%s?", name, nearest);
	return err_set(e, MDB_E_INVALID,
		"unknown option %s; --help lists the options", name);
}

static const struct conf_opt *
conf_find(const struct conf_opt *opts, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(opts[i].name) == len &&
			strncmp(opts[i].name, name, len) == 0)
			return &opts[i];
	return NULL;
}

static int
read_environment(const struct conf_opt *opts, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const char *v = opts[i].env ? getenv(opts[i].env) : NULL;
		int rc;

		/* Empty means not set: `VAR= program`. */
		if (!v || !*v)
			continue;
		rc = assign(&opts[i], opts[i].env, v, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* One option at argv[*at]; *at moves over its value if it stands apart. */
static int
read_option(const struct conf_opt *opts, size_t n, int argc, char **argv,
	int *at, struct err *e)
{
	const char *arg = argv[*at], *name = arg + 2;
	size_t len = strcspn(name, "=");
	const struct conf_opt *o = conf_find(opts, n, name, len);
	char source[80];

	if (!o)
		return unknown_option(opts, n, arg, e);
	snprintf(source, sizeof(source), "--%s", o->name);
	if (name[len] == '=')
		return assign(o, source, name + len + 1, e);
	if (o->type == CONF_BOOL)
		return assign(o, source, "true", e);
	if (*at + 1 >= argc)
		return err_param(e, MDB_E_INVALID, o->name,
			"%s needs a value: %s %s", source, source,
			o->arg ? o->arg : "VALUE");
	return assign(o, source, argv[++*at], e);
}

/* --- a file --------------------------------------------------------------- */
static char *
conf_trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int
conf_read_line(const struct conf_opt *opts, size_t n,
	const char *const *without, char *line, struct err *e)
{
	char *sign = strchr(line, '='), *name, *value = NULL;
	const struct conf_opt *o;

	if (sign) {
		*sign = '\0';
		value = conf_trim(sign + 1);
	}
	name = conf_trim(line);
	name += strncmp(name, "--", 2) == 0 ? 2 : 0;
	o = conf_find(opts, n, name, strlen(name));
	if (!o)
		return unknown_option(opts, n, name, e);
	for (size_t i = 0; without[i]; i++)
		if (strcmp(without[i], name) == 0)
			return err_param(e, MDB_E_INVALID, name,
				"%s has no place in this file; give it as an "
				"option: --%s",
				name, name);
	if (!value && o->type != CONF_BOOL)
		return err_param(e, MDB_E_INVALID, name,
			"%s needs a value: %s = %s", name, name,
			o->arg ? o->arg : "VALUE");
	return assign(o, name, value ? value : "true", e);
}

int
conf_text(const struct conf_opt *opts, size_t n, const char *const *without,
	const char *path, char *text, struct err *e)
{
	int number = 0;

	for (char *line; (line = strsep(&text, "\n"));) {
		struct err why = {0};
		int rc;

		number++;
		line = conf_trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		rc = conf_read_line(opts, n, without, line, &why);
		if (rc < 0)
			return err_set(e, rc, "%s, line %d: %s", path, number,
				why.text);
	}
	return 0;
}

/* Does the option have its value in the next argument? */
static bool
has_value_behind(const struct conf_opt *opts, size_t n, const char *arg)
{
	const struct conf_opt *o = NULL;

	if (arg[1] == '-' && !strchr(arg, '='))
		o = conf_find(opts, n, arg + 2, strlen(arg + 2));
	return o && o->type != CONF_BOOL;
}

/* --help must work whatever the environment and the other options hold. */
static bool
is_answered(const struct conf_opt *opts, size_t n, int argc, char **argv)
{
	for (int i = 1;
		i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0;
		i++) {
		if (strcmp(argv[i], "--help") == 0 ||
			strcmp(argv[i], "-h") == 0) {
			conf_print_help(opts, n);
			return true;
		}
		if (strcmp(argv[i], "--version") == 0) {
			print_version();
			return true;
		}
		if (has_value_behind(opts, n, argv[i]))
			i++;
	}
	return false;
}

int
conf_read(const struct conf_opt *opts, size_t n, int argc, char **argv,
	int *ret_rest, struct err *e)
{
	int at = 1, rc;

	if (is_answered(opts, n, argc, argv))
		return 1;
	rc = read_environment(opts, n, e);
	if (rc != 0)
		return rc;
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (argv[at][1] != '-')
			return argv[at][1] == '\0'
				       ? (*ret_rest = at, 0)
				       : unknown_option(opts, n, argv[at], e);
		rc = read_option(opts, n, argc, argv, &at, e);
		if (rc != 0)
			return rc;
	}
	*ret_rest = at;
	return 0;
}
