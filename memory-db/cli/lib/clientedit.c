/* The editors by format, and the check of what they made. */
#include "memory-db/cli/lib/clientedit.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/cliententry.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/clientjson.h"
#include "memory-db/cli/lib/clienttoml.h"
#include "memory-db/cli/lib/clientyaml.h"

/* Takes the entry and what becomes empty with it out of a document, so that
 * two of them can be compared without it. */
static int
without(const struct client *cl, json_t *all, const char *name)
{
	json_t *entry, *holder;
	int rc = cliententry_find(cl, all, name, &entry, &holder, NULL);

	if (rc != 0 || !holder)
		return rc;
	if (json_is_array(holder)) {
		for (size_t i = 0; entry && i < json_array_size(holder); i++)
			if (json_array_get(holder, i) == entry)
				return json_array_remove(holder, i) == 0
					       ? 0
					       : MDB_E_INTERNAL;
		return 0;
	}
	(void)json_object_del(holder, name);
	return 0;
}

/* Whether the servers are a list whose elements say their names. */
static bool
clientedit_is_list(const struct client *cl)
{
	return cl->shape == SHAPE_NAMED;
}

static bool
clientedit_is_empty(const json_t *v)
{
	return (json_is_object(v) && json_object_size(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0) || json_is_null(v);
}

/* Removes the holders that are empty now, from the innermost outwards. */
static void
drop_empty(json_t *at, const char *key)
{
	size_t n = strcspn(key, "/");
	char part[64];

	if (n >= sizeof(part) || !json_is_object(at))
		return;
	snprintf(part, sizeof(part), "%.*s", (int)n, key);
	if (key[n] == '/')
		drop_empty(json_object_get(at, part), key + n + 1);
	if (clientedit_is_empty(json_object_get(at, part)))
		json_object_del(at, part);
}

/* wanted: the entry, NULL when it has to be gone. */
static int
clientedit_check(const struct client *cl, const struct buf *before,
	const char *name, const json_t *wanted, const struct buf *after,
	struct err *e)
{
	AUTO_JSON json_t *a = clientfile_parse(cl->format, before, e);
	AUTO_JSON json_t *b = clientfile_parse(cl->format, after, e);
	json_t *entry;

	if (!a || !b)
		return e && e->code == MDB_E_NOMEM ? MDB_E_NOMEM
						   : MDB_E_INVALID;
	if (cliententry_find(cl, b, name, &entry, NULL, e) != 0)
		return MDB_E_INVALID;
	if (wanted ? !json_equal(entry, (json_t *)(uintptr_t)wanted)
		   : entry != NULL)
		return MDB_E_INVALID;
	if (without(cl, a, name) != 0 || without(cl, b, name) != 0)
		return MDB_E_INVALID;
	drop_empty(a, cl->key);
	drop_empty(b, cl->key);
	return json_equal(a, b) ? 0 : MDB_E_INVALID;
}

/* The result of an editor: kept when it is what was meant. */
static int
checked(int rc, const struct client *cl, const struct buf *before,
	const char *name, const json_t *wanted, const struct buf *after,
	struct err *e)
{
	struct err why = {0};

	if (rc != 0)
		return rc;
	rc = clientedit_check(cl, before, name, wanted, after, &why);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	return rc == 0 ? 0
		       : err_set(e, MDB_E_INVALID,
				 "cannot be edited without changing more of it");
}

int
clientedit_put(const struct client *cl, const struct buf *text,
	const char *name, const json_t *entry, struct buf *after, struct err *e)
{
	int rc = MDB_E_INVALID;

	switch (cl->format) {
	case CLIENT_JSON:
		rc = clientjson_put(text, cl->key, name, entry, after, e);
		break;
	case CLIENT_TOML:
		rc = clienttoml_put(text, cl->key, name, clientedit_is_list(cl),
			entry, after, e);
		break;
	case CLIENT_YAML:
		rc = clientyaml_put(text, cl->key, name, entry, after, e);
		break;
	case CLIENT_NONE:
		rc = err_set(e, MDB_E_INVALID, "cannot be edited");
		break;
	}
	return checked(rc, cl, text, name, entry, after, e);
}

int
clientedit_program(const struct client *cl, const struct buf *text,
	const char *name, const char *command, struct buf *after, struct err *e)
{
	AUTO_JSON json_t *all = clientfile_parse(cl->format, text, e);
	AUTO_JSON json_t *wanted = NULL, *value = NULL;
	const char *member;
	json_t *entry;
	char path[PATH_MAX];
	int rc;

	if (!all)
		return e ? e->code : MDB_E_INVALID;
	rc = cliententry_find(cl, all, name, &entry, NULL, e);
	if (rc != 0)
		return rc;
	value = cliententry_program(cl->shape, entry, command, &member);
	wanted = jx_copy(entry);
	if (!value || !wanted ||
		jx_set(wanted, member, json_incref(value)) != 0)
		return err_nomem(e);
	switch (cl->format) {
	case CLIENT_JSON:
		snprintf(path, sizeof(path), "%s/%s", cl->key, name);
		rc = clientjson_put(text, path, member, value, after, e);
		break;
	case CLIENT_TOML:
		rc = clienttoml_set(text, cl->key, name, clientedit_is_list(cl),
			member, value, after, e);
		break;
	case CLIENT_YAML:
		rc = clientyaml_set(text, cl->key, name, member, command, after,
			e);
		break;
	case CLIENT_NONE:
		rc = err_set(e, MDB_E_INVALID, "cannot be edited");
		break;
	}
	return checked(rc, cl, text, name, wanted, after, e);
}

/* The line end before an entry that a text ends with came with it, or belongs
 * to a text of several lines: then it has to stay. */
static int
remove_yaml(const struct client *cl, const struct buf *text, const char *name,
	struct buf *after, struct err *e)
{
	int rc = clientyaml_remove(text, cl->key, name, false, after, e);

	if (rc != 0)
		return rc;
	rc = checked(0, cl, text, name, NULL, after, e);
	if (rc != MDB_E_INVALID)
		return rc;
	buf_clear(after, 0);
	return clientyaml_remove(text, cl->key, name, true, after, e);
}

int
clientedit_remove(const struct client *cl, const struct buf *text,
	const char *name, struct buf *after, struct err *e)
{
	int rc = MDB_E_INVALID;

	switch (cl->format) {
	case CLIENT_JSON:
		rc = clientjson_remove(text, cl->key, name, after, e);
		break;
	case CLIENT_TOML:
		rc = clienttoml_remove(text, cl->key, name,
			clientedit_is_list(cl), after, e);
		break;
	case CLIENT_YAML:
		rc = remove_yaml(cl, text, name, after, e);
		break;
	case CLIENT_NONE:
		rc = err_set(e, MDB_E_INVALID, "cannot be edited");
		break;
	}
	return checked(rc, cl, text, name, NULL, after, e);
}

int
clientedit_snippet(const struct client *cl, const char *name,
	const json_t *entry, struct buf *out, struct err *e)
{
	AUTO_BUF struct buf none = {0};

	switch (cl->format) {
	case CLIENT_TOML:
		return clienttoml_put(&none, cl->key, name,
			clientedit_is_list(cl), entry, out, e);
	case CLIENT_YAML:
		return clientyaml_put(&none, cl->key, name, entry, out, e);
	case CLIENT_JSON:
	case CLIENT_NONE:
		break;
	}
	/* A list whose elements say their names. */
	if (cl->shape == SHAPE_NAMED_PLAIN) {
		AUTO_JSON json_t *list = json_pack("[O]", entry);

		return !list ? err_nomem(e)
			     : clientjson_put(&none, "", cl->key, list, out, e);
	}
	return clientjson_put(&none, cl->key, name, entry, out, e);
}
