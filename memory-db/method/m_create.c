/* create_entities, add_observations, create_relations. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/provenance.h"
#include "memory-db/model/remember.h"
#include "memory-db/store/names.h"

static const char *
string_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const json_t *
text_of(const json_t *item)
{
	return json_is_object(item) ? json_object_get(item, "text") : item;
}

/* --- create_entities ------------------------------------------------------------ */
/* Counts the texts of the entry that this change added. */
static int64_t
count_added(struct write *w, int64_t entity, const json_t *list)
{
	json_t *item;
	int64_t n = 0;
	size_t i;

	json_array_foreach(list, i, item) {
		const json_t *t = text_of(item);

		n += write_did(w, OP_SHOW, entity, FACT_OBSERVATION, 0, 0,
			json_string_value(t), json_string_length(t));
	}
	return n;
}

/* "type kept: person" when the entry says another one. */
static int
note_type(struct write *w, int64_t entity, const char *given, json_t *row,
	struct err *e)
{
	struct buf type AUTO_BUF = {0};
	int64_t label;
	int r = fact_existence(w->st, entity, NULL, &label, NULL, e);

	if (r == 1)
		r = label_text(w->st, label, &type, e);
	if (r != 1 || buf_str(&type) == NULL)
		return r < 0 ? r : 0;
	if (strcmp(type.data, given) == 0)
		return 0;
	return jx_set(row, "note", json_sprintf("type kept: %s", type.data)) !=
			       0
		       ? err_nomem(e)
		       : 0;
}

static int
entity_row(struct write *w, const json_t *entry, json_t *rows, struct err *e)
{
	const char *name = string_of(entry, "name"), *action = "unchanged";
	const char *type = string_of(entry, "entityType");
	int64_t entity, version, label = 0, added;
	json_t *row;
	int r = write_need_entity(w, name, "entities", &entity, e);

	if (r == 0)
		r = label_find(w->st, type, &label, e);
	if (r < 0)
		return r;
	if (write_did(w, OP_SHOW, entity, FACT_EXISTENCE, 0, label, "", 0))
		action = "created";
	else if (write_touched(w, entity))
		action = "updated";
	added = count_added(w, entity, json_object_get(entry, "observations"));
	r = write_version(w, entity, &version, e);
	if (r != 0)
		return r;
	row = json_pack("{s:s,s:s,s:I,s:I,s:I}", "name", name, "action", action,
		"id", (json_int_t)entity, "version", (json_int_t)version,
		"added", (json_int_t)added);
	if (jx_add(rows, row) != 0)
		return err_nomem(e);
	return strcmp(action, "created") == 0
		       ? 0
		       : note_type(w, entity, type, row, e);
}

int
m_create_entities(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *list = json_object_get(c->params, "entities"), *entry;
	enum create_mode mode = remember_mode(string_of(c->params, "mode"));
	json_t *rows AUTO_JSON = json_array();
	struct write w AUTO_WRITE = {0};
	char path[48];
	size_t i;
	int r = write_begin(&w, c, CHANGE_CREATE, e);

	json_array_foreach(list, i, entry) {
		snprintf(path, sizeof(path), "entities[%zu]", i);
		if (r == 0 && !w.replay)
			r = remember_entity(&w, entry, mode, path, e);
		if (r == 0)
			r = write_note(&w, string_of(entry, "name"), e);
	}
	if (r == 0)
		r = write_end(&w, e);
	json_array_foreach(list, i, entry)
		if (r == 0)
			r = entity_row(&w, entry, rows, e);
	return r == 0 ? reply_list(&w, "results", take_ptr(rows), ret_result, e)
		      : r;
}

/* --- add_observations ------------------------------------------------------------- */
static int
addition_row(struct write *w, const json_t *entry, const char *path,
	json_t *rows, struct err *e)
{
	const char *name = string_of(entry, "entityName");
	const json_t *list = json_object_get(entry, "contents");
	json_t *added AUTO_JSON = json_array(), *item, *row;
	int64_t entity, version;
	size_t i;
	int r = write_need_entity(w, name, path, &entity, e);

	if (r == 0)
		r = write_version(w, entity, &version, e);
	if (r != 0)
		return r;
	json_array_foreach(list, i, item) {
		const json_t *t = text_of(item);
		const char *s = json_string_value(t);
		size_t n = json_string_length(t);

		if (write_did(w, OP_SHOW, entity, FACT_OBSERVATION, 0, 0, s,
			    n) &&
			jx_add(added, json_stringn(s, n)) != 0)
			return err_nomem(e);
	}
	row = json_pack("{s:s,s:O,s:I,s:I}", "entityName", name,
		"addedObservations", added, "id", (json_int_t)entity,
		"version", (json_int_t)version);
	return jx_add(rows, row) != 0 ? err_nomem(e) : 0;
}

static int
add_one(struct write *w, const json_t *entry, const char *path, struct err *e)
{
	struct fact defaults = write_fact(0, FACT_OBSERVATION);
	char at[80];
	int64_t entity;
	int r;

	snprintf(at, sizeof(at), "%s.entityName", path);
	r = write_need_entity(w, string_of(entry, "entityName"), at, &entity, e);
	if (r == 0)
		r = provenance_read(w->st, w->ctx, entry, path, &defaults, e);
	if (r == 0)
		r = remember_observations(w, entity,
			json_object_get(entry, "contents"), &defaults, path, e);
	return r;
}

int
m_add_observations(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *list = json_object_get(c->params, "observations"), *entry;
	json_t *rows AUTO_JSON = json_array();
	struct write w AUTO_WRITE = {0};
	char path[48];
	size_t i;
	int r = write_begin(&w, c, CHANGE_ADD, e);

	json_array_foreach(list, i, entry) {
		snprintf(path, sizeof(path), "observations[%zu]", i);
		if (r == 0 && !w.replay)
			r = add_one(&w, entry, path, e);
		if (r == 0)
			r = write_note(&w, string_of(entry, "entityName"), e);
	}
	if (r == 0)
		r = write_end(&w, e);
	json_array_foreach(list, i, entry)
		if (r == 0)
			r = addition_row(&w, entry, "observations", rows, e);
	return r == 0 ? reply_list(&w, "results", take_ptr(rows), ret_result, e)
		      : r;
}

/* --- create_relations ------------------------------------------------------------------ */
static int
relation_row(struct write *w, const json_t *entry, json_t *rows, struct err *e)
{
	const char *from = string_of(entry, "from"), *to = string_of(entry, "to");
	const char *type = string_of(entry, "relationType");
	int64_t a, b, label = 0;
	bool made;
	int r = write_need_entity(w, from, "relations", &a, e);

	if (r == 0)
		r = write_need_entity(w, to, "relations", &b, e);
	if (r == 0)
		r = label_find(w->st, type, &label, e);
	if (r < 0)
		return r;
	made = write_did(w, OP_SHOW, a, FACT_RELATION, b, label, "", 0);
	return jx_add(rows,
		       json_pack("{s:s,s:s,s:s,s:s}", "from", from, "to", to,
			       "relationType", type, "action",
			       made ? "created" : "unchanged")) != 0
		       ? err_nomem(e)
		       : 0;
}

int
m_create_relations(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *list = json_object_get(c->params, "relations"), *entry;
	json_t *rows AUTO_JSON = json_array();
	struct write w AUTO_WRITE = {0};
	char path[48];
	size_t i;
	int r = write_begin(&w, c, CHANGE_RELATE, e);

	json_array_foreach(list, i, entry) {
		snprintf(path, sizeof(path), "relations[%zu]", i);
		if (r == 0 && !w.replay)
			r = remember_relation(&w, entry, path, e);
		if (r == 0)
			r = write_note(&w, string_of(entry, "from"), e);
	}
	if (r == 0)
		r = write_end(&w, e);
	json_array_foreach(list, i, entry)
		if (r == 0)
			r = relation_row(&w, entry, rows, e);
	return r == 0 ? reply_list(&w, "results", take_ptr(rows), ret_result, e)
		      : r;
}
