/* delete_entities, delete_observations, delete_relations.
 *
 * To delete is to hide: the facts stay in the history, and memory_undo brings
 * them back. What is not there is no error but a row of the reply, with a hint
 * where there is one: the nearest name or text, or that the entity lies in the
 * user's memory and needs scope:"user". */
#include <string.h>

#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/write/repeats.h"
#include "memory-db/model/write/write.h"
#include "memory-db/store/facts/labels.h"

/* --- delete_entities ------------------------------------------------------ */
static int
m_delete_delete_entity(struct write *w, const char *name, struct err *e)
{
	int64_t entity;
	int rc = write_find_entity(w, name, &entity, e);

	if (rc == 1)
		rc = write_note(w, name, e);
	else
		return rc;
	if (rc != 0)
		return rc;
	return write_hide_entity(w, entity, e);
}

/* Why it is missing: a near name, or the other memory. */
static int
add_hint(struct write *w, const char *name, json_t *result, struct err *e)
{
	json_t *hints = json_object_get(result, "hints");
	struct err why = {0};
	int rc = write_missing(w, name, "entityNames", &why);

	if (rc != MDB_E_NOT_FOUND)
		return err_set(e, rc, "%s", why.text);
	if (strstr(why.text, "similar: ") == NULL &&
		strstr(why.text, "memory") == NULL)
		return 0; /* it says nothing that `missing` does not */
	if (!hints) {
		hints = json_array();
		if (jx_set(result, "hints", hints) != 0)
			return err_nomem(e);
	}
	return jx_add(hints, json_string(why.text)) != 0 ? err_nomem(e) : 0;
}

/* Puts the name into `deleted` or `missing`. */
static int
deleted_row(struct write *w, const char *name, json_t *result, struct err *e)
{
	bool gone;
	int64_t entity;
	int r = entity_find(w->st, w->ns, name, strlen(name), &entity, e);

	if (r < 0)
		return r;
	gone = r == 1 && write_touched(w, entity);
	if (jx_add(json_object_get(result, gone ? "deleted" : "missing"),
		    json_string(name)) != 0)
		return err_nomem(e);
	return gone ? 0 : add_hint(w, name, result, e);
}

int
m_delete_entities(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *names = json_object_get(c->params, "entityNames"), *name;
	json_t *result AUTO_JSON =
		json_pack("{s:[],s:[]}", "deleted", "missing");
	AUTO_WRITE struct write w = {0};
	size_t i;
	int rc = !result ? err_nomem(e) : write_begin(&w, c, CHANGE_DELETE, e);

	if (rc != 0)
		return rc;
	json_array_foreach(names, i, name) {
		if (!w.replay)
			rc = m_delete_delete_entity(&w, json_string_value(name),
				e);
		if (rc != 0)
			return rc;
	}
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	json_array_foreach(names, i, name) {
		rc = deleted_row(&w, json_string_value(name), result, e);
		if (rc != 0)
			return rc;
	}
	return reply_change(&w, take_ptr(result), ret_result, e);
}

/* --- delete_observations -------------------------------------------------- */
static int
m_delete_delete_texts(struct write *w, const json_t *entry, struct err *e)
{
	const json_t *texts = json_object_get(entry, "observations"), *text;
	int64_t entity, fact;
	size_t i;
	int rc = write_find_entity(w, jx_text(entry, "entityName"), &entity, e);

	if (rc != 1)
		return rc;
	rc = write_note(w, jx_text(entry, "entityName"), e);
	if (rc != 0)
		return rc;
	json_array_foreach(texts, i, text) {
		rc = fact_find_text(w->st, entity, FACT_OBSERVATION,
			json_string_value(text), json_string_length(text),
			&fact, e);
		if (rc == 1)
			rc = write_hide_marked(w, entity, fact, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The texts that were not there, each with the nearest that is: null for none
 * near enough. */
static int
missing_text(struct write *w, int64_t entity, const json_t *text, json_t *row,
	struct err *e)
{
	json_t *nearest = json_object_get(row, "nearest");
	AUTO_NEAREST struct nearest found = {0};
	int rc = entity == 0 ? 0
			     : repeats_find(w, entity, json_string_value(text),
				       json_string_length(text), &found, e);

	if (rc != 0)
		return rc;
	if (!nearest && found.n > 0) {
		nearest = json_array();
		for (size_t i = json_array_size(
			     json_object_get(row, "missing"));
			i > 0; i--)
			if (jx_add(nearest, json_null()) != 0)
				return err_nomem(e);
		if (jx_set(row, "nearest", nearest) != 0)
			return err_nomem(e);
	}
	if (json_array_append(json_object_get(row, "missing"),
		    (json_t *)(uintptr_t)text) != 0)
		return err_nomem(e);
	return nearest != NULL &&
			       jx_add(nearest,
				       found.n == 0
					       ? json_null()
					       : json_stringn(found.v[0].text,
							 found.v[0].n)) != 0
		       ? err_nomem(e)
		       : 0;
}

static int
texts_row(struct write *w, const json_t *entry, json_t *rows, struct err *e)
{
	const char *name = jx_text(entry, "entityName");
	json_t *texts = json_object_get(entry, "observations"), *text;
	json_t *row AUTO_JSON = json_pack("{s:s,s:I,s:[]}", "entityName", name,
		"deleted", (json_int_t)0, "missing");
	int64_t entity = 0, n = 0;
	size_t i;
	int r = !row ? err_nomem(e) : write_find_entity(w, name, &entity, e);
	bool is_there = r == 1;

	json_array_foreach(texts, i, text) {
		if (r < 0)
			return r;
		if (is_there && write_did(w, OP_HIDE, entity, FACT_OBSERVATION,
					0, 0, json_string_value(text),
					json_string_length(text)))
			n++;
		else
			r = missing_text(w, is_there ? entity : 0, text, row,
				e);
	}
	if (r >= 0 && !is_there)
		r = add_hint(w, name, row, e);
	if (r < 0)
		return r;
	return jx_set(row, "deleted", json_integer((json_int_t)n)) != 0 ||
			       jx_add(rows, json_incref(row)) != 0
		       ? err_nomem(e)
		       : 0;
}

int
m_delete_observations(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *list = json_object_get(c->params, "deletions"), *entry;
	AUTO_JSON json_t *rows = json_array();
	AUTO_WRITE struct write w = {0};
	size_t i;
	int r = write_begin(&w, c, CHANGE_DELETE, e);

	if (r != 0)
		return r;
	json_array_foreach(list, i, entry) {
		if (!w.replay)
			r = m_delete_delete_texts(&w, entry, e);
		if (r != 0)
			return r;
	}
	r = write_end(&w, e);
	if (r != 0)
		return r;
	json_array_foreach(list, i, entry) {
		r = texts_row(&w, entry, rows, e);
		if (r != 0)
			return r;
	}
	return reply_list(&w, "results", take_ptr(rows), ret_result, e);
}

/* --- delete_relations ----------------------------------------------------- */
struct m_delete_triple {
	struct relation_ends ends;
	int64_t label;
};

/* 1 all three known. */
static int
find_triple(struct write *w, const json_t *entry, struct m_delete_triple *t,
	struct err *e)
{
	int rc = write_ends(w, jx_text(entry, "from"), jx_text(entry, "to"),
		&t->ends, e);

	if (rc == 1)
		return label_find(w->st, jx_text(entry, "relationType"),
			&t->label, e);
	if (rc < 0)
		return rc;
	return 0;
}

static int
delete_relation(struct write *w, const json_t *entry, struct err *e)
{
	struct m_delete_triple t;
	int64_t fact;
	int rc = find_triple(w, entry, &t, e);

	if (rc == 1)
		rc = fact_find_relation(w->st, t.ends.entity, t.ends.peer,
			t.label, t.ends.reversed, &fact, e);
	if (rc != 1)
		return rc;
	rc = write_note(w, jx_text(entry, "from"), e);
	if (rc != 0)
		return rc;
	return write_hide(w, fact, e);
}

int
m_delete_relations(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *list = json_object_get(c->params, "relations"), *entry;
	AUTO_WRITE struct write w = {0};
	AUTO_JSON json_t *missing = json_array();
	struct m_delete_triple t;
	int64_t deleted = 0;
	size_t i;
	int rc;

	if (!missing)
		return err_nomem(e);
	rc = write_begin(&w, c, CHANGE_DELETE, e);
	if (rc != 0)
		return rc;
	json_array_foreach(list, i, entry) {
		rc = w.replay ? 0 : delete_relation(&w, entry, e);
		if (rc != 0)
			return rc;
	}
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	json_array_foreach(list, i, entry) {
		int found = find_triple(&w, entry, &t, e);

		if (found < 0)
			return found;
		if (found == 1 &&
			write_did_relation(&w, OP_HIDE, &t.ends, t.label))
			deleted++;
		else if (jx_add(missing, json_integer((json_int_t)i)) != 0)
			return err_nomem(e);
	}
	return reply_change(&w,
		json_pack("{s:I,s:I,s:O}", "deleted", (json_int_t)deleted,
			"missing", (json_int_t)json_array_size(list) - deleted,
			"missing_at", missing),
		ret_result, e);
}
