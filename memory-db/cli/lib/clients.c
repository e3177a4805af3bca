/* The rows of clients.def, and the paths that they name. A path has variables
 * as a shell writes them:
 *
 *   ${CODEX_HOME:-~/.codex}/config.toml
 *
 * A variable counts only when its value is an absolute path; a relative one
 * would mean another place in each folder. Of several paths in a row the first
 * that exists is the client's. */
#include "memory-db/cli/lib/clients.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "memory-db/cli/lib/programs.h"

#ifdef __APPLE__
#define IS_MAC true
#else
#define IS_MAC false
#endif

#define CLIENT(name_, title_, format_, shape_, key_, ...)                      \
	{.name = (name_),                                                      \
		.title = (title_),                                             \
		.format = (format_),                                           \
		.shape = (shape_),                                             \
		.key = (key_),                                                 \
		__VA_ARGS__},
const struct client clients[] = {
#include "memory-db/cli/lib/clients.def"
};
#undef CLIENT
const size_t clients_n = ARRAY_LEN(clients);

const struct client *
clients_named(const char *name)
{
	for (size_t i = 0; i < clients_n; i++)
		if (strcmp(clients[i].name, name) == 0)
			return &clients[i];
	return NULL;
}

int
clients_names(struct buf *out)
{
	for (size_t i = 0; i < clients_n; i++) {
		if (i > 0 && strcmp(clients[i].name, clients[i - 1].name) == 0)
			continue;
		if (buf_addf(out, "%s%s", i > 0 ? ", " : "", clients[i].name))
			return MDB_E_NOMEM;
	}
	return buf_str(out) != NULL ? 0 : MDB_E_NOMEM;
}

/* --- paths ---------------------------------------------------------------- */

/* Where a path is made: text with room for more. */
struct path {
	char *out;
	size_t len;
	bool is_bad;
};

static void
clients_put(struct path *p, const char *s, size_t n)
{
	if (p->is_bad || n >= PATH_MAX - p->len) {
		p->is_bad = true;
		return;
	}
	memcpy(p->out + p->len, s, n);
	p->len += n;
	p->out[p->len] = '\0';
}

/* A folder or file of the environment. A relative one would mean another
 * place in each folder: the clients' own rule for XDG_CONFIG_HOME. */
static const char *
absolute(char *(*lookup)(const char *), const char *name)
{
	const char *value = lookup(name);

	return value && value[0] == '/' ? value : NULL;
}

static void
put_home(struct path *p, char *(*lookup)(const char *), const char *below)
{
	const char *home = absolute(lookup, "HOME");

	if (!home) {
		p->is_bad = true;
		return;
	}
	/* Of HOME=/ the path must not begin with two slashes. */
	clients_put(p, home, strcmp(home, "/") == 0 ? 0 : strlen(home));
	clients_put(p, below, strlen(below));
}

static void
put_config(struct path *p, char *(*lookup)(const char *))
{
	const char *config = absolute(lookup, "XDG_CONFIG_HOME");

	if (config)
		clients_put(p, config, strlen(config));
	else
		put_home(p, lookup, "/.config");
}

/* ${NAME} or ${NAME:-other}; returns how many bytes of the pattern it took. */
static size_t
put_variable(struct path *p, const char *s, size_t n, bool is_mac,
	char *(*lookup)(const char *))
{
	const char *end = memchr(s, '}', n), *value;
	const char *other = end ? memmem(s, (size_t)(end - s), ":-", 2) : NULL;
	const char *name_end = other ? other : end;
	char name[64], rest[PATH_MAX];

	if (!end || (size_t)(name_end - s) - 2 >= sizeof(name)) {
		p->is_bad = true;
		return n;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(name_end - s) - 2, s + 2);
	value = absolute(lookup, name);
	if (value)
		clients_put(p, value, strlen(value));
	else if (other && clients_expand(other + 2, (size_t)(end - other) - 2,
				  is_mac, lookup, rest))
		clients_put(p, rest, strlen(rest));
	else
		p->is_bad = true;
	return (size_t)(end - s) + 1;
}

bool
clients_expand(const char *pattern, size_t n, bool is_mac,
	char *(*lookup)(const char *), char ret_path[PATH_MAX])
{
	struct path p = {ret_path, 0, false};
	const char *s = pattern, *end = pattern + n;

	ret_path[0] = '\0';
	while (s < end && !p.is_bad) {
		size_t left = (size_t)(end - s);

		if (*s == '~') {
			put_home(&p, lookup, "");
			s++;
		} else if (left >= 7 && memcmp(s, "@config", 7) == 0) {
			put_config(&p, lookup);
			s += 7;
		} else if (left >= 4 && memcmp(s, "@app", 4) == 0) {
			if (is_mac)
				put_home(&p, lookup,
					"/Library/Application Support");
			else
				put_config(&p, lookup);
			s += 4;
		} else if (left >= 2 && memcmp(s, "${", 2) == 0) {
			s += put_variable(&p, s, left, is_mac, lookup);
		} else {
			clients_put(&p, s++, 1);
		}
	}
	return !p.is_bad && ret_path[0] == '/';
}

/* The first of the paths that exists; else the first that can be named.
 * 1: exists, 0: named only, -1: none can be named. */
static int
clients_first_of(const char *patterns, char ret_path[PATH_MAX])
{
	char path[PATH_MAX];
	bool is_named = false;
	struct stat st;

	for (const char *s = patterns; s && *s != '\0';) {
		size_t n = strcspn(s, "|");

		if (clients_expand(s, n, IS_MAC, getenv, path)) {
			bool is_there = lstat(path, &st) == 0;

			if (is_there || !is_named)
				memcpy(ret_path, path, strlen(path) + 1);
			if (is_there)
				return 1;
			is_named = true;
		}
		s += n + (s[n] == '|');
	}
	return is_named ? 0 : -1;
}

bool
clients_is_here(const struct client *cl)
{
	char path[PATH_MAX];

	return clients_first_of(cl->seen, path) == 1 ||
	       (cl->program && programs_on_path(cl->program, path));
}

int
clients_file(const struct client *cl, bool is_project, char ret_path[PATH_MAX],
	struct err *e)
{
	char here[PATH_MAX];

	if (!is_project) {
		if (!cl->file)
			return err_set(e, MDB_E_NOT_FOUND,
				"%s keeps its servers in no file", cl->title);
		if (clients_first_of(cl->file, ret_path) >= 0)
			return 0;
		return err_set(e, MDB_E_NOT_FOUND,
			"HOME is not set: name the file of %s with --file",
			cl->title);
	}
	if (!cl->project)
		return err_set(e, MDB_E_NOT_FOUND,
			"%s has no file of a project; --scope user is the one "
			"it has",
			cl->title);
	if (getcwd(here, sizeof(here)) == NULL)
		return err_set(e, MDB_E_STORE,
			"cannot find the working directory: %s",
			strerrordesc_np(errno));
	if (snprintf(ret_path, PATH_MAX, "%s/%s",
		    strcmp(here, "/") == 0 ? "" : here,
		    cl->project) >= PATH_MAX)
		return err_set(e, MDB_E_INVALID,
			"the path of the configuration file is too long");
	return 0;
}
