/* create_entities, add_observations, create_relations.
 *
 * The three share a frame (listed.c): each entry of a list is stored in whole
 * or not at all, and a row of the reply says what became of it. The rows are
 * made after the writing, from what the change did. So a retry, which writes
 * nothing, makes the same reply from the log.
 *
 *   add_observations "kay": ["likes tea", "likes tea"]
 *   row    added: 1: the change shows one fact, the second text is the same */
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/listed.h"
#include "memory-db/model/write/repeats.h"
#include "memory-db/model/write/told_again.h"
#include "memory-db/model/write/write_codespan.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/store/facts/labels.h"

static const json_t *
m_create_text_of(const json_t *item)
{
	return json_is_object(item) ? json_object_get(item, "text") : item;
}

/* --- create_entities ------------------------------------------------------ */
/* Counts the texts of the entry that this change added. */
static int64_t
count_added(struct write *w, int64_t entity, const json_t *list)
{
	json_t *item;
	int64_t n = 0;
	size_t i;

	json_array_foreach(list, i, item) {
		const json_t *t = m_create_text_of(item);

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
	AUTO_BUF struct buf type = {0};
	int64_t label;
	int rc = fact_existence(w->st, entity, NULL, &label, NULL, e);

	if (rc == 1)
		rc = label_text(w->st, label, &type, e);
	if (rc != 1 || !buf_str(&type))
		return rc < 0 ? rc : 0;
	if (strcmp(type.data, given) == 0)
		return 0;
	return jx_set(row, "note", json_sprintf("type kept: %s", type.data)) !=
			       0
		       ? err_nomem(e)
		       : 0;
}

/* The entity of a row. One that was left alone may be the user's. */
static int
row_entity(struct write *w, const char *name, enum create_mode mode,
	int64_t *ret_entity, struct err *e)
{
	int r;

	if (w->made_name == name) {
		*ret_entity = w->made;
		return 0;
	}
	r = mode == CREATE_SKIP ? write_find_entity(w, name, ret_entity, e) : 0;
	if (mode == CREATE_SKIP && r == 0)
		r = write_user_entity(w, name, ret_entity, e);
	if (r == 0)
		return write_need_entity(w, name, "entities", ret_entity, e);
	if (r < 0)
		return r;
	return 0;
}

static int
entity_row(struct write *w, const json_t *params, const json_t *entry,
	json_t *rows, struct err *e)
{
	const char *name = jx_text(entry, "name"), *action = "unchanged";
	const char *type = jx_text(entry, "entityType");
	const json_t *list = json_object_get(entry, "observations");
	int64_t entity, version, label = 0, added;
	json_t *row;
	enum create_mode mode = write_entity_mode(jx_text(params, "mode"));
	int rc = row_entity(w, name, mode, &entity, e);

	if (rc != 0)
		return rc;
	rc = label_find(w->st, type, &label, e);
	if (rc < 0)
		return rc;
	if (write_did(w, OP_SHOW, entity, FACT_EXISTENCE, 0, label, "", 0))
		action = "created";
	else if (write_touched(w, entity))
		action = "updated";
	added = count_added(w, entity, list);
	rc = write_version(w, entity, &version, e);
	if (rc != 0)
		return rc;
	row = json_pack("{s:s,s:s,s:I,s:I,s:I}", "name", name, "action", action,
		"id", (json_int_t)entity, "version", (json_int_t)version,
		"added", (json_int_t)added);
	if (jx_add(rows, row) != 0)
		return err_nomem(e);
	rc = repeats_row(w, list, row, e);
	if (rc)
		return rc;
	rc = told_again_row(w, entity, row, e);
	return rc != 0 || strcmp(action, "created") == 0
		       ? rc
		       : note_type(w, entity, type, row, e);
}

static int
create_one(struct write *w, const json_t *params, const json_t *entry,
	const char *path, struct err *e)
{
	enum create_mode mode = write_entity_mode(jx_text(params, "mode"));

	return write_entity(w, entry, mode, path, e);
}

int
m_create_entities(struct call *c, json_t **ret_result, struct err *e)
{
	static const struct listed l = {CHANGE_CREATE, "entities", "name",
		create_one, entity_row};

	return listed_write(&l, c, ret_result, e);
}

/* --- add_observations ----------------------------------------------------- */
static int
addition_row(struct write *w, const json_t *params, const json_t *entry,
	json_t *rows, struct err *e)
{
	const char *name = jx_text(entry, "entityName");
	const json_t *list = json_object_get(entry, "contents");
	json_t *added AUTO_JSON = json_array(), *item, *row;
	const char *type = jx_text(entry, "entityType");
	int64_t entity, version, label = 0;
	bool made;
	size_t i;
	int rc = write_need_entity(w, name, "observations", &entity, e);

	(void)params;
	if (rc != 0)
		return rc;
	rc = write_version(w, entity, &version, e);
	if (rc != 0)
		return rc;
	if (type)
		rc = label_find(w->st, type, &label, e);
	if (rc < 0)
		return rc;
	made = label != 0 &&
	       write_did(w, OP_SHOW, entity, FACT_EXISTENCE, 0, label, "", 0);
	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		const json_t *t = m_create_text_of(item);
		const char *s = json_string_value(t);
		size_t n = json_string_length(t);

		if (write_did(w, OP_SHOW, entity, FACT_OBSERVATION, 0, 0, s,
			    n) &&
			jx_add(added, json_stringn(s, n)) != 0)
			return err_nomem(e);
	}
	row = json_pack("{s:s,s:O,s:I,s:I}", "entityName", name,
		"addedObservations", added, "id", (json_int_t)entity, "version",
		(json_int_t)version);
	if (jx_add(rows, row) != 0 ||
		(made && jx_set(row, "action", json_string("created")) != 0))
		return err_nomem(e);
	rc = repeats_row(w, list, row, e);
	if (rc)
		return rc;
	rc = told_again_row(w, entity, row, e);
	if (rc)
		return rc;
	if (!made && type)
		rc = note_type(w, entity, type, row, e);
	return rc;
}

/* With an entityType, the entity is made when there is none. */
static int
find_or_make(struct write *w, const json_t *entry, const char *path,
	const struct fact *defaults, int64_t *ret_entity, bool *ret_made,
	struct err *e)
{
	const char *name = jx_text(entry, "entityName");
	const char *type = jx_text(entry, "entityType");
	char at[80];
	int r = !type ? 1 : write_find_entity(w, name, ret_entity, e);

	*ret_made = r == 0;
	if (r == 1) {
		snprintf(at, sizeof(at), "%s.entityName", path);
		return write_need_entity(w, name, at, ret_entity, e);
	}
	if (r < 0)
		return r;
	r = write_entity_twin(w, name, CREATE_MERGE, path, e);
	if (r != 0)
		return r;
	return write_entity_new(w, name, type, defaults, ret_entity, e);
}

static int
add_one(struct write *w, const json_t *params, const json_t *entry,
	const char *path, struct err *e)
{
	struct fact defaults = write_fact(0, FACT_OBSERVATION);
	const json_t *list = json_object_get(entry, "contents");
	int64_t entity;
	bool made;
	int rc = write_entity_check(w, list, path, e);

	(void)params;
	if (rc != 0)
		return rc;
	rc = write_codespan_check(entry, path, e);
	if (rc != 0)
		return rc;
	w->entry = entry;
	rc = provenance_read(w->st, w->ctx, entry, path, &defaults, e);
	if (rc != 0)
		return rc;
	rc = find_or_make(w, entry, path, &defaults, &entity, &made, e);
	if (rc != 0)
		return rc;
	rc = made ? 0 : write_expiry(w, entity, NULL, path, e);
	if (rc)
		return rc;
	return write_entity_observations(w, entity, made, list, &defaults, path,
		e);
}

int
m_add_observations(struct call *c, json_t **ret_result, struct err *e)
{
	static const struct listed l = {CHANGE_ADD, "observations",
		"entityName", add_one, addition_row};

	return listed_write(&l, c, ret_result, e);
}

/* --- create_relations ----------------------------------------------------- */
static int
relation_row(struct write *w, const json_t *params, const json_t *entry,
	json_t *rows, struct err *e)
{
	const char *from = jx_text(entry, "from"), *to = jx_text(entry, "to");
	const char *type = jx_text(entry, "relationType");
	struct relation_ends ends = {0};
	int64_t label = 0;
	bool made;
	int rc;

	(void)params;
	rc = write_need_ends(w, from, to, "relations", &ends, e);
	if (rc != 0)
		return rc;
	rc = label_find(w->st, type, &label, e);
	if (rc < 0)
		return rc;
	made = write_did_relation(w, OP_SHOW, &ends, label);
	return jx_add(rows, json_pack("{s:s,s:s,s:s,s:s}", "from", from, "to",
				    to, "relationType", type, "action",
				    made ? "created" : "unchanged")) != 0
		       ? err_nomem(e)
		       : 0;
}

static int
relate_one(struct write *w, const json_t *params, const json_t *entry,
	const char *path, struct err *e)
{
	(void)params;
	return write_entity_relation(w, entry, path, e);
}

int
m_create_relations(struct call *c, json_t **ret_result, struct err *e)
{
	static const struct listed l = {CHANGE_RELATE, "relations", "from",
		relate_one, relation_row};

	return listed_write(&l, c, ret_result, e);
}
