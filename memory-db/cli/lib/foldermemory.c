/* The side of the memory: what its entities say now, and changes to it, by
 * calls as anybody else makes them. An entity that came in part is left out as
 * a whole: what is missing of it would look deleted. Records of work (plans,
 * notes of handoff) are no notes for people and have no file. */
#include "memory-db/cli/lib/foldermemory.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/foldersecret.h"
#include "memory-db/cli/lib/notefile.h"
#include "memory-db/cli/lib/pages.h"

/* Of one call: a note of 1 MB has thousands. */
#define TEXTS_ONCE 1000

/* --- what the memory says ------------------------------------------------- */

/* Its own records of work are no notes. */
static bool
is_record(const char *type)
{
	static const char *const types[] = {"implementation_plan",
		"handoff_note", "skill"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static int
foldermemory_take_entity(struct foldermemory *x, const json_t *e)
{
	const char *name = cli_str(e, "name", "");
	AUTO_JSON json_t *facts = json_object(), *one = NULL;
	json_t *text;
	size_t i;

	/* The user's memory beside a project has a folder of its own. */
	if (json_object_get(e, "namespace"))
		return 0;
	/* Of what came in part it is not known what was deleted. */
	if (json_object_get(e, "omitted") || is_record(cli_str(e, "type", "")))
		return jx_set(x->closed, name, json_true());
	one = json_pack("{s:s,s:O}", "type", cli_str(e, "type", "note"),
		"facts", facts);
	if (!one || json_object_set(x->entities, name, one) != 0)
		return MDB_E_NOMEM;
	json_array_foreach(json_object_get(e, "aliases"), i, text)
		if (json_is_string(text) &&
			jx_set(x->renamed, json_string_value(text),
				json_string(name)) != 0)
			return MDB_E_NOMEM;
	json_array_foreach(json_object_get(e, "observations"), i, text) {
		char key[NOTEFILE_KEY_SIZE];

		if (!notefile_can_hold(json_string_value(text))) {
			if (jx_set(one, "has_more", json_true()) != 0)
				return MDB_E_NOMEM;
			continue;
		}
		notefile_key(json_string_value(text), json_string_length(text),
			key);
		if (jx_set(facts, key, json_incref(text)) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static int
foldermemory_take_page(struct cli *c, json_t *reply, void *ctx)
{
	struct foldermemory *x = ctx;
	json_t *e;
	size_t i;

	(void)c;
	json_array_foreach(json_object_get(reply, "entities"), i, e)
		if (foldermemory_take_entity(x, e) != 0)
			return cli_nomem();
	return CLI_OK;
}

int
foldermemory_read(struct foldermemory *x)
{
	struct pages p = {.method = "read_graph",
		.list = "entities",
		.with_as_of = CLI_NOW,
		.page = foldermemory_take_page,
		.ctx = x};

	return pages_read(x->c, &p,
		json_pack("{s:[s,s,s,s]}", "fields", "name", "type",
			"observations", "aliases"));
}

const char *
foldermemory_name(const struct foldermemory *x, const char *name)
{
	const char *now = cli_str(x->renamed, name, NULL);

	/* Another one has that name now. */
	if (!now || json_object_get(x->entities, name) ||
		json_object_get(x->closed, name))
		return name;
	return now;
}

/* --- changing the memory -------------------------------------------------- */
static int
foldermemory_take_back(struct cli *c, const json_t *reply)
{
	AUTO_JSON json_t *undone = NULL;
	int64_t change = cli_int(reply, "change", 0);

	if (change == 0)
		return CLI_OK;
	return cli_call(c, "memory_undo",
		json_pack("{s:I}", "change", (json_int_t)change), CLI_NOW,
		&undone);
}

/* Has the name of the entity a marker? Then it is another entity. */
static bool
is_name_marked(const json_t *reply)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(reply, "marked"), i, one) {
		const char *param = cli_str(one, "param", "");

		if (strstr(param, "entityName") || strstr(param, "entityType"))
			return true;
	}
	return false;
}

/* All texts of an entity, key -> text. */
static int
foldermemory_read_texts(struct cli *c, const char *entity, json_t *facts)
{
	AUTO_JSON json_t *reply = NULL;
	const json_t *e, *text;
	size_t i;
	int rc = cli_call(c, "open_nodes",
		json_pack("{s:[s],s:[s,s]}", "names", entity, "fields", "name",
			"observations"),
		CLI_NOW, &reply);

	if (rc != CLI_OK)
		return rc;
	e = json_array_get(json_object_get(reply, "entities"), 0);
	json_array_foreach(json_object_get(e, "observations"), i, text) {
		char key[NOTEFILE_KEY_SIZE];

		notefile_key(json_string_value(text), json_string_length(text),
			key);
		if (jx_set(facts, key, json_incref((json_t *)(uintptr_t)text)))
			return cli_nomem();
	}
	return CLI_OK;
}

/* Which of the texts are there with markers, and which as they were given. */
static int
find_marked(struct cli *c, const char *entity, json_t *added, json_t *stored,
	json_t *masked)
{
	AUTO_JSON json_t *facts = json_object();
	const char *key, *as;
	json_t *text;
	int rc =
		facts ? foldermemory_read_texts(c, entity, facts) : cli_nomem();

	if (rc != CLI_OK)
		return rc;
	json_object_foreach(added, key, text) {
		as = json_object_get(facts, key)
			     ? key
			     : foldersecret_find(facts,
				       json_string_value(text));
		if (!as)
			continue;
		if (json_object_set(stored, as, json_object_get(facts, as)) ||
			(as != key &&
				jx_set(masked, key, json_string(as)) != 0))
			return cli_nomem();
	}
	return CLI_OK;
}

/* *ret_stored: the texts are there, word for word or with markers. */
static int
foldermemory_add_texts(struct cli *c, const char *entity, const char *type,
	json_t *added, json_t *stored, json_t *masked, bool *ret_stored)
{
	AUTO_JSON json_t *reply = NULL, *texts = json_array();
	const char *key;
	json_t *text;
	int rc;

	*ret_stored = false;
	json_object_foreach(added, key, text)
		if (jx_add(texts, json_incref(text)) != 0)
			return cli_nomem();
	rc = cli_call(c, "add_observations",
		json_pack("{s:[{s:s,s:s,s:O}],s:s,s:s,s:b}", "observations",
			"entityName", entity, "entityType", type, "contents",
			texts, "on_conflict", "none", "message",
			"from a folder of notes", "mark_secrets", 1),
		CLI_NOW, &reply);
	if (rc != CLI_OK)
		return rc == CLI_PROBLEM ? CLI_OK : rc;
	if (is_name_marked(reply))
		return foldermemory_take_back(c, reply);
	*ret_stored = true;
	if (json_object_get(reply, "marked"))
		return find_marked(c, entity, added, stored, masked);
	return json_object_update(stored, added) == 0 ? CLI_OK : cli_nomem();
}

/* A part of the texts, in a call. */
static int
foldermemory_add_part(struct cli *c, const char *entity, const char *type,
	json_t *added, json_t *stored, json_t *masked)
{
	const char *key;
	json_t *text;
	bool is_stored;
	int rc = foldermemory_add_texts(c, entity, type, added, stored, masked,
		&is_stored);

	if (rc != CLI_OK || is_stored || json_object_size(added) == 1)
		return rc;
	/* A text that is too long keeps only itself out. */
	json_object_foreach(added, key, text) {
		AUTO_JSON json_t *one = json_pack("{s:O}", key, text);

		rc = one ? foldermemory_add_texts(c, entity, type, one, stored,
				   masked, &is_stored)
			 : cli_nomem();
		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

/* The first texts of a set, out of which they are taken; new. */
static json_t *
foldermemory_take_part(json_t *all)
{
	AUTO_JSON json_t *part = json_object();
	const char *key;
	json_t *text;
	void *next;

	json_object_foreach_safe(all, next, key, text) {
		if (!part || json_object_size(part) >= TEXTS_ONCE)
			break;
		if (json_object_set(part, key, text) != 0)
			return NULL;
		json_object_del(all, key);
	}
	return take_ptr(part);
}

int
foldermemory_add(struct cli *c, const char *entity, const char *type,
	json_t *added, json_t *stored, json_t *masked)
{
	AUTO_JSON json_t *left = jx_copy(added);

	if (!left)
		return cli_nomem();
	while (json_object_size(left) > 0) {
		AUTO_JSON json_t *part = foldermemory_take_part(left);
		int rc = part ? foldermemory_add_part(c, entity, type, part,
					stored, masked)
			      : cli_nomem();

		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

static int
foldermemory_remove_part(struct cli *c, const char *entity, const json_t *gone)
{
	AUTO_JSON json_t *reply = NULL, *texts = json_array();
	const char *key;
	json_t *text;

	json_object_foreach((json_t *)(uintptr_t)gone, key, text)
		if (jx_add(texts, json_incref(text)) != 0)
			return cli_nomem();
	return cli_call(c, "delete_observations",
		json_pack("{s:[{s:s,s:O}],s:b,s:s}", "deletions", "entityName",
			entity, "observations", texts, "confirm", 1, "message",
			"from a folder of notes"),
		CLI_NOW, &reply);
}

int
foldermemory_remove(struct cli *c, const char *entity, const json_t *gone)
{
	AUTO_JSON json_t *left = jx_copy((json_t *)(uintptr_t)gone);

	if (!left)
		return cli_nomem();
	while (json_object_size(left) > 0) {
		AUTO_JSON json_t *part = foldermemory_take_part(left);
		int rc = part ? foldermemory_remove_part(c, entity, part)
			      : cli_nomem();

		if (rc != CLI_OK)
			return rc;
	}
	return CLI_OK;
}

int
foldermemory_remove_entity(struct cli *c, const char *entity)
{
	AUTO_JSON json_t *reply = NULL, *gone = NULL;
	const json_t *e;
	int rc = cli_call(c, "open_nodes",
		json_pack("{s:[s],s:[s,s,s]}", "names", entity, "fields",
			"name", "observations", "relations"),
		CLI_NOW, &reply);

	if (rc != CLI_OK)
		return rc;
	/* Something came meanwhile, or others lead here: it stays. */
	e = json_array_get(json_object_get(reply, "entities"), 0);
	if (!e || json_object_get(e, "namespace") ||
		json_array_size(json_object_get(e, "observations")) > 0 ||
		json_array_size(json_object_get(e, "relations")) > 0)
		return CLI_OK;
	return cli_call(c, "delete_entities",
		json_pack("{s:[s],s:b}", "entityNames", entity, "confirm", 1),
		CLI_NOW, &gone);
}
