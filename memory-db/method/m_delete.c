/* delete_entities, delete_observations, delete_relations. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/write.h"
#include "memory-db/store/names.h"

/* --- delete_entities ------------------------------------------------------------- */
static int
delete_entity(struct write *w, const char *name, struct err *e)
{
	int64_t entity;
	int r = write_entity(w, name, &entity, e);

	if (r == 1)
		r = write_note(w, name, e);
	else
		return r;
	return r == 0 ? write_hide_entity(w, entity, e) : r;
}

/* Puts the name into `deleted` or `missing`. */
static int
deleted_row(struct write *w, const char *name, json_t *deleted, json_t *missing,
	struct err *e)
{
	json_t *target = missing;
	int64_t entity;
	int r = entity_find(w->st, w->ns, name, strlen(name), &entity, e);

	if (r == 1 && write_touched(w, entity))
		target = deleted;
	if (r < 0)
		return r;
	return jx_add(target, json_string(name)) != 0 ? err_nomem(e) : 0;
}

int
m_delete_entities(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *names = json_object_get(c->params, "entityNames"), *name;
	json_t *result AUTO_JSON = json_pack("{s:[],s:[]}", "deleted", "missing");
	struct write w AUTO_WRITE = {0};
	size_t i;
	int r = result == NULL ? err_nomem(e)
			       : write_begin(&w, c, CHANGE_DELETE, e);

	json_array_foreach(names, i, name)
		if (r == 0 && !w.replay)
			r = delete_entity(&w, json_string_value(name), e);
	if (r == 0)
		r = write_end(&w, e);
	json_array_foreach(names, i, name)
		if (r == 0)
			r = deleted_row(&w, json_string_value(name),
				json_object_get(result, "deleted"),
				json_object_get(result, "missing"), e);
	return r == 0 ? reply_change(&w, take_ptr(result), ret_result, e) : r;
}

/* --- delete_observations --------------------------------------------------------------- */
static int
delete_texts(struct write *w, const json_t *entry, struct err *e)
{
	const json_t *texts = json_object_get(entry, "observations"), *text;
	int64_t entity, fact;
	size_t i;
	int r = write_entity(w, jx_text(entry, "entityName"), &entity, e);

	if (r != 1)
		return r;
	r = write_note(w, jx_text(entry, "entityName"), e);
	json_array_foreach(texts, i, text) {
		if (r == 0)
			r = fact_find_text(w->st, entity, FACT_OBSERVATION,
				json_string_value(text),
				json_string_length(text), &fact, e);
		if (r == 1)
			r = write_hide_marked(w, entity, fact, e);
		if (r != 0)
			return r;
	}
	return r;
}

static int
texts_row(struct write *w, const json_t *entry, json_t *rows, struct err *e)
{
	const char *name = jx_text(entry, "entityName");
	json_t *texts = json_object_get(entry, "observations"), *text;
	json_t *missing AUTO_JSON = json_array();
	int64_t entity = 0, n = 0;
	size_t i;
	int r = write_entity(w, name, &entity, e);

	json_array_foreach(texts, i, text) {
		if (r == 1 && write_did(w, OP_HIDE, entity, FACT_OBSERVATION, 0,
				      0, json_string_value(text),
				      json_string_length(text)))
			n++;
		else if (r >= 0 && json_array_append(missing, text) != 0)
			return err_nomem(e);
	}
	if (r < 0)
		return r;
	return jx_add(rows, json_pack("{s:s,s:I,s:O}", "entityName", name,
				    "deleted", (json_int_t)n, "missing",
				    missing)) != 0
		       ? err_nomem(e)
		       : 0;
}

int
m_delete_observations(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *list = json_object_get(c->params, "deletions"), *entry;
	json_t *rows AUTO_JSON = json_array();
	struct write w AUTO_WRITE = {0};
	size_t i;
	int r = write_begin(&w, c, CHANGE_DELETE, e);

	json_array_foreach(list, i, entry)
		if (r == 0 && !w.replay)
			r = delete_texts(&w, entry, e);
	if (r == 0)
		r = write_end(&w, e);
	json_array_foreach(list, i, entry)
		if (r == 0)
			r = texts_row(&w, entry, rows, e);
	return r == 0 ? reply_list(&w, "results", take_ptr(rows), ret_result, e)
		      : r;
}

/* --- delete_relations ---------------------------------------------------------------------- */
struct triple {
	struct relation_ends ends;
	int64_t label;
};

/* 1 all three known. */
static int
find_triple(struct write *w, const json_t *entry, struct triple *t,
	struct err *e)
{
	int r = write_ends(
		w, jx_text(entry, "from"), jx_text(entry, "to"), &t->ends, e);

	return r == 1 ? label_find(w->st, jx_text(entry, "relationType"),
				&t->label, e)
		      : r < 0 ? r : 0;
}

static int
delete_relation(struct write *w, const json_t *entry, struct err *e)
{
	struct triple t;
	int64_t fact;
	int r = find_triple(w, entry, &t, e);

	if (r == 1)
		r = fact_find_relation(
			w->st, t.ends.entity, t.ends.peer, t.label,
			t.ends.reversed, &fact, e);
	if (r != 1)
		return r;
	r = write_note(w, jx_text(entry, "from"), e);
	return r == 0 ? write_hide(w, fact, e) : r;
}

int
m_delete_relations(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *list = json_object_get(c->params, "relations"), *entry;
	struct write w AUTO_WRITE = {0};
	struct triple t;
	int64_t deleted = 0;
	size_t i;
	int r = write_begin(&w, c, CHANGE_DELETE, e);

	json_array_foreach(list, i, entry)
		if (r == 0 && !w.replay)
			r = delete_relation(&w, entry, e);
	if (r == 0)
		r = write_end(&w, e);
	json_array_foreach(list, i, entry) {
		int found = r == 0 ? find_triple(&w, entry, &t, e) : 0;

		if (found < 0)
			return found;
		deleted += found == 1 &&
			   write_did_relation(&w, OP_HIDE, &t.ends, t.label);
	}
	if (r != 0)
		return r;
	return reply_change(&w,
		json_pack("{s:I,s:I}", "deleted", (json_int_t)deleted,
			"missing",
			(json_int_t)json_array_size(list) - deleted),
		ret_result, e);
}
