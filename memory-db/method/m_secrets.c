/* scan_secrets: what is stored already and looks like a secret;
 * forget_secrets: erases it. An id that is passed to the latter is looked
 * through once more: only a fact of this namespace that still holds a secret
 * is erased, so that a wrong id erases nothing. */
#include "common/jx.h"
#include "memory-db/method/forget_reply.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/read/secret_scan.h"
#include "memory-db/model/time/forget.h"

int
m_scan_secrets(struct call *c, json_t **ret_result, struct err *e)
{
	struct scope s;
	int r = scope_read(c->st, c->ctx, 0, &s, e);

	if (r != 0)
		return r;
	return secret_scan(c->st, &s, jx_text(c->params, "cursor"), ret_result,
		e);
}

/* --- forgetting -------------------------------------------------------------- */
struct secret_fact {
	struct store *st;
	struct fact f;
	struct buf text;
	bool is_secret;
	struct err *e;
};

static int
read_secret_fact(void *ctx, const struct fact *f)
{
	struct secret_fact *x = ctx;
	const char *rule;
	int rc = secret_of_fact(f, &rule, NULL, x->e);

	if (!rc)
		rc = secret_of_type(x->st, f, &rule, NULL, x->e);
	if (rc < 0)
		return rc;
	x->f = *f;
	x->is_secret = rc == 1;
	return buf_add(&x->text, f->text, f->text_n) ? err_nomem(x->e) : 0;
}

/* A fact of this namespace that holds a secret still; whatever else the id
 * may name is not erased. */
static int
m_secrets_find(struct write *w, int64_t id, struct secret_fact *x)
{
	int rc = fact_get(w->st, id, read_secret_fact, x, x->e);

	if (rc < 0)
		return rc;
	if (fact_namespace(id) != w->ns || !x->is_secret)
		return err_param(x->e, MDB_E_NOT_FOUND, "facts",
			"no fact %lld with a secret here; scan_secrets lists "
			"them",
			(long long)id);
	if (x->f.kind == FACT_EXISTENCE)
		return err_param(x->e, MDB_E_INVALID, "facts",
			"fact %lld is the name and type of an entity, and goes with "
			"the entity alone: forget the entity",
			(long long)id);
	return 0;
}

static int
m_secrets_forget_found(struct write *w, int64_t id, const struct secret_fact *x,
	struct forget_result *ret)
{
	if (x->f.kind != FACT_OBSERVATION)
		return forget_one(w, x->f.entity, id, ret, x->e);
	return forget_apply(w, x->f.entity,
		x->text.data != NULL ? x->text.data : "", x->text.len, ret,
		x->e);
}

static int
forget_if_secret(struct write *w, int64_t id, struct secret_fact *x,
	struct forget_result *ret)
{
	int rc = m_secrets_find(w, id, x);

	if (rc != 0)
		return rc;
	return m_secrets_forget_found(w, id, x, ret);
}

static int
forget_fact(struct write *w, int64_t id, struct forget_result *sum,
	struct err *e)
{
	struct secret_fact x = {.st = w->st, .e = e};
	struct forget_result one = {0};
	int rc = forget_if_secret(w, id, &x, &one);

	buf_done(&x.text);
	sum->facts += one.facts;
	sum->messages += one.messages;
	sum->notes += one.notes;
	sum->words += one.words;
	return rc < 0 ? rc : 0;
}

/* 2, or 1 when it is erased: two facts of the list may read the same, and the
 * first takes both along. */
static int
is_left(void *ctx, const struct fact *f)
{
	(void)ctx;
	return f->erased ? 0 : 2;
}

static int
forget_facts(struct write *w, const json_t *facts, struct forget_result *out,
	struct err *e)
{
	json_t *id;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)facts, i, id) {
		int64_t fact = json_integer_value(id);
		int rc = fact_get(w->st, fact, is_left, NULL, e);

		if (rc < 0)
			return rc;
		if (rc == 1)
			continue;
		rc = forget_fact(w, fact, out, e);
		if (rc)
			return rc;
	}
	return 0;
}

/* Texts at one place that hold a secret still. */
static int
m_secrets_forget_place(struct erasure *x, struct write *w,
	enum beside_place place, const json_t *ids, struct err *e)
{
	json_t *id;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)ids, i, id) {
		int64_t n = json_integer_value(id);
		int rc = secret_beside(w->st, place, w->ns, n, e);

		if (rc < 0)
			return rc;
		if (rc != 1 && place != BESIDE_QUESTION)
			return err_param(e, MDB_E_NOT_FOUND,
				secret_place_list(place),
				"no %s %lld with a secret here; scan_secrets "
				"lists them",
				secret_place_name(place), (long long)n);
		/* Every erasure in a namespace takes its questions along. */
		if (rc != 1)
			continue;
		rc = erase_beside(x, place, w->ns, n, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int
forget_beside(struct write *w, const json_t *params, struct forget_result *out,
	struct err *e)
{
	AUTO_ERASURE struct erasure x = {0};
	int rc = erase_begin(&x, w->change, e);

	if (rc)
		return rc;
	for (int i = 0; i < BESIDE_PLACES; i++) {
		enum beside_place place = (enum beside_place)i;

		rc = m_secrets_forget_place(&x, w, place,
			json_object_get(params, secret_place_list(place)), e);
		if (rc)
			return rc;
	}
	out->messages += x.messages;
	out->notes += x.notes;
	return x.messages + x.notes > 0 ? erase_end(&x, true, e) : 0;
}

static int
forget_asked(struct write *w, const json_t *params, struct forget_result *out,
	struct err *e)
{
	int rc = forget_facts(w, json_object_get(params, "facts"), out, e);

	return rc ? rc : forget_beside(w, params, out, e);
}

static int
check_asked(const json_t *params, struct err *e)
{
	size_t n = json_array_size(json_object_get(params, "facts"));

	for (int i = 0; i < BESIDE_PLACES; i++)
		n += json_array_size(json_object_get(params,
			secret_place_list((enum beside_place)i)));
	if (n == 0)
		return err_param(e, MDB_E_INVALID, "facts",
			"name what is to go: ids of `facts`, `changes`, "
			"`receipts`, `conflicts` or `staged`, as scan_secrets "
			"gives them");
	if (!json_is_true(json_object_get(params, "confirm")))
		return err_param(e, MDB_E_INVALID, "confirm",
			"this erases for good, every version on every branch, "
			"and cannot be undone; pass confirm:true");
	return 0;
}

int
m_forget_secrets(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_WRITE struct write w = {0};
	struct forget_result out = {0};
	int rc = check_asked(c->params, e);

	if (rc)
		return rc;
	rc = write_begin_on(&w, c, CHANGE_FORGET, STORE_MAIN, 0, e);
	if (rc)
		return rc;
	if (!w.replay)
		rc = forget_asked(&w, c->params, &out, e);
	if (rc)
		return rc;
	rc = write_end(&w, e);
	if (rc)
		return rc;
	return forget_reply(c, &w, &out, ret_result, e);
}
