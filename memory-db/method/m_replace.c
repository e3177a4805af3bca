/* replace_observation: one text takes the place of another, in one change. The
 * new fact names the old one (`supersedes`) and takes over its tags and
 * metadata. When the old text is not there, the nearest one that is stands in
 * the error, so that a model which misquoted a text by a word can correct
 * itself. */
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/order/on_conflict.h"
#include "memory-db/model/write/repeats.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/write/write_codespan.h"
#include "memory-db/model/write/write_entity.h"

/* One that is this near, and nearer than the next by as much, is meant. */
#define SHARE_MEANT 0.6
#define SHARE_APART 0.12
/* Of each candidate in an error text. */
#define CANDIDATE_BYTES 120

static int
m_replace_refuse_all(const struct nearest *x, struct err *e)
{
	AUTO_BUF struct buf list = {0};

	if (x->n == 0 || x->v[0].share < SHARE_MEANT)
		return err_param(e, MDB_E_NOT_FOUND, "old",
			"no observation like 'old'%s%.*s%s; open_nodes gives "
			"what there is, add_observations adds",
			x->n > 0 ? "; the nearest: '" : "",
			x->n > 0 ? (int)text_cut(x->v[0].text,
					   x->v[0].n < CANDIDATE_BYTES
						   ? x->v[0].n
						   : CANDIDATE_BYTES)
				 : 0,
			x->n > 0 ? x->v[0].text : "", x->n > 0 ? "'" : "");
	for (size_t i = 0; i < x->n; i++) {
		size_t n = x->v[i].n < CANDIDATE_BYTES ? x->v[i].n
						       : CANDIDATE_BYTES;

		if (buf_addf(&list, "%s'%.*s'", i > 0 ? ", " : "",
			    (int)text_cut(x->v[i].text, n), x->v[i].text) != 0)
			return err_nomem(e);
	}
	if (!buf_str(&list))
		return err_nomem(e);
	return err_param(e, MDB_E_CONFLICT, "old",
		"'old' may mean several observations: %s. Give more of the "
		"text",
		list.data);
}

/* The observation meant by `old`: *ret_text is its text where that is another,
 * NULL: exactly this one. */
static int
find_old(struct write *w, int64_t entity, const json_t *old, int64_t *ret_fact,
	json_t **ret_text, struct err *e)
{
	AUTO_NEAREST struct nearest x = {0};
	int rc = fact_find_text(w->st, entity, FACT_OBSERVATION,
		json_string_value(old), json_string_length(old), ret_fact, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = repeats_find(w, entity, json_string_value(old),
		json_string_length(old), &x, e);
	if (rc != 0)
		return rc;
	if (x.n == 0 || x.v[0].share < SHARE_MEANT ||
		(x.n > 1 && x.v[0].share < 1 &&
			x.v[0].share - x.v[1].share < SHARE_APART))
		return m_replace_refuse_all(&x, e);
	*ret_fact = x.v[0].fact;
	*ret_text = json_stringn(x.v[0].text, x.v[0].n);
	return !*ret_text ? err_nomem(e) : 0;
}

static int
replace(struct write *w, int64_t entity, const json_t *params,
	json_t **ret_text, struct err *e)
{
	struct fact f = write_fact(entity, FACT_OBSERVATION);
	json_t *item AUTO_JSON =
		json_pack("{s:O}", "text", json_object_get(params, "new"));
	static const char *const times[] = {"valid_from", "valid_to"};
	int64_t old = 0;
	int rc;

	if (!item)
		return err_nomem(e);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		json_t *t = json_object_get(params, times[i]);

		if (t && json_object_set(item, times[i], t) != 0)
			rc = err_nomem(e);
		if (rc != 0)
			return rc;
	}
	rc = provenance_observation(w->st, w->ctx, item, "new", &f, e);
	if (rc != 0)
		return rc;
	rc = write_codespan_check(params, "", e);
	if (rc != 0)
		return rc;
	rc = find_old(w, entity, json_object_get(params, "old"), &old, ret_text,
		e);
	if (rc != 0)
		return rc;
	rc = write_replacement(w, old, &f, e);
	if (rc != 0 || !json_object_get(params, "source"))
		return rc;
	rc = fact_find_text(w->st, entity, FACT_OBSERVATION, f.text, f.text_n,
		&old, e);
	return rc == 1 ? write_codespan(w, entity, old, params, "", e) : rc;
}

int
m_replace_observation(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"new", "source", NULL};
	const char *name = jx_text(c->params, "entityName");
	AUTO_GUARD struct guard guard = {0};
	json_t *text AUTO_JSON = NULL, *result;
	AUTO_ON_CONFLICT struct on_conflict at_odds = {0};
	AUTO_WRITE struct write w = {0};
	int64_t entity, version;
	int rc = guard_params(&guard, c, kept, e);

	if (rc != 0)
		return rc;
	rc = write_begin(&w, c, CHANGE_UPDATE, e);
	if (rc != 0)
		return rc;
	rc = on_conflict_begin(&at_odds, &w, jx_text(c->params, "on_conflict"),
		e);
	if (rc != 0)
		return rc;
	rc = write_need_entity(&w, name, "entityName", &entity, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = replace(&w, entity, c->params, &text, e);
	if (rc != 0)
		return rc;
	rc = write_end_named(&w, name, entity, &version, e);
	if (rc != 0)
		return rc;
	result = json_pack("{s:s,s:s,s:I,s:I}", "entityName", name, "action",
		write_touched(&w, entity) ? "replaced" : "unchanged",
		"entity_id", (json_int_t)entity, "version",
		(json_int_t)version);
	if (text && jx_set(result, "replaced", json_incref(text)) != 0)
		rc = err_nomem(e);
	else
		rc = on_conflict_reply(&at_odds, result, e);
	if (rc != 0) {
		json_decref(result);
		return rc;
	}
	rc = reply_change(&w, result, ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}
