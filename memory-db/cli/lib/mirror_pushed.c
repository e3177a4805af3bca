/* The list of what was pushed: a file beside the state of the hooks for each
 * namespace of each database, a key a line. It only grows, by what is new. */
#include "memory-db/cli/lib/mirror_pushed.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "common/owned.h"
#include "memory-db/cli/lib/pairname.h"
#include "memory-db/cli/lib/statefolder.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/mirror_side.h"
#include "memory-db/cli/lib/mirror_values.h"

/* The file of the namespace of a database. */
static bool
mirror_pushed_path(struct cli *c, char path[PATH_MAX], bool is_making)
{
	AUTO_JSON json_t *status = NULL;
	char folder[PATH_MAX], key[33];

	if (cli_ask(c, "get_memory_status", json_object(), &status) != CLI_OK)
		return false;
	pairname(cli_str(json_object_get(status, "database"), "instance_id",
			 ""),
		c->namespace_ ? c->namespace_ : "default", key);
	return statefolder(folder, is_making) &&
	       snprintf(path, PATH_MAX, "%s/pushed-%s", folder, key) < PATH_MAX;
}

/* A key a line: a set. Returns new; empty when there is no file. */
static json_t *
mirror_pushed_file(const char *path)
{
	AUTO_JSON json_t *set = json_object();
	AUTO_LINES struct lines l = {0};
	AUTO_FD int fd = -1;
	const char *line;
	size_t n;

	if (!set || owned_open(path, O_RDONLY, 0, &fd, NULL, NULL) != 0)
		return take_ptr(set);
	lines_init(&l, fd, 64);
	while (lines_next(&l, &line, &n, NULL) == 1) {
		char key[33];

		if (n != 32)
			continue;
		memcpy(key, line, n);
		key[n] = '\0';
		if (jx_set(set, key, json_true()) != 0)
			return NULL;
	}
	return take_ptr(set);
}

/* The key of a value: "tier" and "semantic" of ada. No text of a fact begins as
 * what is hashed here. */
static int
value_key(const char *name, const char *member, const json_t *value,
	char key[PAIRNAME_SIZE])
{
	AUTO_BUF struct buf text = {0};

	if (buf_addf(&text, "\x01%s\n", member) != 0 ||
		jx_dump(value, &text) != 0 || !buf_str(&text))
		return cli_nomem();
	pairname(name, text.data, key);
	return CLI_OK;
}

int
mirror_pushed_has(const json_t *known, const char *name, const char *member,
	const json_t *value, bool *ret)
{
	char key[PAIRNAME_SIZE];
	int rc = value_key(name, member, value, key);

	if (rc == CLI_OK)
		*ret = json_object_get(known, key) != NULL;
	return rc;
}

/* Nobody asks for what is usual. */
static int
add_value(json_t *keys, const char *name, const char *member,
	const json_t *value)
{
	char key[PAIRNAME_SIZE];
	int rc;

	if (!value || mirror_values_is_usual(member, value))
		return CLI_OK;
	rc = value_key(name, member, value, key);
	if (rc != CLI_OK)
		return rc;
	return jx_set(keys, key, json_true()) == 0 ? CLI_OK : cli_nomem();
}

static int
add_entity(json_t *keys, const char *name, const json_t *row)
{
	const char *member, *text;
	json_t *x;
	int rc;

	json_object_foreach(json_object_get(row, "values"), member, x) {
		rc = add_value(keys, name, member, x);
		if (rc != CLI_OK)
			return rc;
	}
	json_object_foreach(json_object_get(row, "facts"), text, x) {
		AUTO_JSON json_t *marks = mirror_values_marks(x);
		char key[PAIRNAME_SIZE];

		pairname(name, text, key);
		if (!marks || jx_set(keys, key, json_true()) != 0)
			return cli_nomem();
		rc = add_value(keys, name, text, marks);
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

int
mirror_keys(struct cli *c, json_t **ret)
{
	AUTO_SIDE struct mirror_side now = {0};
	AUTO_JSON json_t *keys = json_object();
	const char *name;
	json_t *row;
	int rc = !keys ? cli_nomem()
		       : mirror_side_read(c,
				 c->namespace_ ? c->namespace_ : "default",
				 "main", &now);

	if (rc != CLI_OK)
		return rc;
	json_object_foreach(now.entities, name, row) {
		rc = add_entity(keys, name, row);
		if (rc != CLI_OK)
			return rc;
	}
	json_object_foreach(now.relations, name, row) {
		rc = add_value(keys, name, "weight",
			json_object_get(row, "weight"));
		if (rc != CLI_OK)
			return rc;
	}
	*ret = take_ptr(keys);
	return CLI_OK;
}

int
mirror_pushed(struct cli *c, const json_t *keys)
{
	AUTO_JSON json_t *known = NULL;
	char path[PATH_MAX], line[34];
	AUTO_FD int fd = -1;
	const char *key;
	json_t *x;

	if (!mirror_pushed_path(c, path, true) ||
		!(known = mirror_pushed_file(path)) ||
		owned_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600, &fd, NULL,
			NULL) != 0)
		return cli_fail(CLI_SYSTEM, "cannot note what was pushed");
	json_object_foreach((json_t *)(uintptr_t)keys, key, x) {
		if (json_object_get(known, key))
			continue;
		snprintf(line, sizeof(line), "%s\n", key);
		if (write(fd, line, 33) != 33)
			return cli_fail(CLI_SYSTEM,
				"cannot note what was pushed: %m");
	}
	return CLI_OK;
}

json_t *
mirror_pushed_known(struct cli *c)
{
	char path[PATH_MAX];

	return mirror_pushed_path(c, path, false) ? mirror_pushed_file(path)
						  : NULL;
}
