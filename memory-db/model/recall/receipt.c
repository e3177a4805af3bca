/* What a receipt says: which facts a recall gave, told as they were then.
 *
 * The texts are read under the lens of then (the branch and the newest change
 * that the recall saw), and each fact is asked whether it is visible now; one
 * that is not is marked `gone`. A forgotten text is `forgotten`: a receipt
 * keeps ids and no texts, so nothing that was erased comes back. */
#include "memory-db/model/recall/receipt.h"

#include <math.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/read/encode_internal.h"
#include "memory-db/model/scope/code_branch.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/beside/outcomes.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/engine/store.h"

struct receipt_telling {
	struct store *st;
	const struct scope *scope; /* what may be told of; NULL: all */
	json_t **ret;
	struct err *e;
	json_t *row; /* of the fact under way */
	int64_t entity;
};

static int
receipt_set_text(void *ctx, const struct fact *f)
{
	struct receipt_telling *t = ctx;

	t->entity = f->entity;
	if (f->erased)
		return jx_set(t->row, "forgotten", json_true());
	return jx_set(t->row, "text", json_stringn(f->text, f->text_n));
}

static int
set_name(struct receipt_telling *t)
{
	AUTO_BUF struct buf name = {0};
	int rc = fact_existence(t->st, t->entity, NULL, NULL, &name, t->e);

	if (rc == 1 && jx_set(t->row, "name",
			       json_stringn(name.data ? name.data : "",
				       name.len)) != 0)
		return err_nomem(t->e);
	return rc < 0 ? rc : 0;
}

/* What became of the fact in the namespace that read it: it explains the part of
 * the score. */
static int
receipt_add_outcomes(struct receipt_telling *t, const struct receipt *r,
	int64_t fact, json_t *row)
{
	struct outcome_row x;
	int rc = outcome_get(t->st, r->ns, fact, &x, t->e);

	if (rc != 1)
		return rc;
	for (int o = 0; o < OUTCOME_MAX; o++)
		if (jx_set(row, outcome_name((enum outcome)o),
			    json_integer((json_int_t)x.n[o])) != 0)
			return err_nomem(t->e);
	return 0;
}

static int
receipt_add_row(struct receipt_telling *t, const struct receipt *r, size_t i,
	const struct lens *now, json_t *facts)
{
	const struct receipt_row *x = &r->rows[i];
	bool visible = true;
	json_t *row AUTO_JSON = json_pack("{s:I, s:f}", "id",
		(json_int_t)x->fact, "score", round(x->score * 1000) / 1000);
	int k;

	if (!row)
		return err_nomem(t->e);
	t->row = row;
	k = fact_get(t->st, x->fact, receipt_set_text, t, t->e);
	if (k == MDB_E_NOMEM)
		return err_nomem(t->e);
	if (k == 1)
		k = set_name(t);
	if (k)
		return k;
	k = branch_sees(t->st, x->fact, now, &visible, NULL, t->e);
	if (k)
		return k;
	if (x->useful > 0.00005 || x->useful < -0.00005)
		k = jx_set(row, "useful",
			    json_real(round(x->useful * 10000) / 10000)) == 0
			    ? receipt_add_outcomes(t, r, x->fact, row)
			    : err_nomem(t->e);
	if (k)
		return k;
	if (!visible && jx_set(row, "gone", json_true()) != 0)
		k = err_nomem(t->e);
	if (k)
		return k;
	if (jx_add(facts, take_ptr(row)) != 0)
		k = err_nomem(t->e);
	return k;
}

struct branch_name {
	struct buf text;
	bool is_discarded;
};

/* The name it had: that of a discarded one is free again ("name#id"). */
static int
copy_branch(void *ctx, const struct branch_row *b)
{
	struct branch_name *x = ctx;
	size_t n = strlen(b->name);
	const char *end =
		b->state == BRANCH_DISCARDED ? memrchr(b->name, '#', n) : NULL;

	x->is_discarded = b->state == BRANCH_DISCARDED;
	return buf_add(&x->text, b->name, end ? (size_t)(end - b->name) : n);
}

static int
receipt_set_branch(struct receipt_telling *t, int64_t branch, json_t *j)
{
	struct branch_name x = {0};
	int k = branch == STORE_MAIN
			? 0
			: branch_get(t->st, branch, copy_branch, &x, t->e);

	if (x.text.len > 0 &&
		(jx_set(j, "branch", json_stringn(x.text.data, x.text.len)) !=
				0 ||
			(x.is_discarded &&
				jx_set(j, "discarded", json_true()) != 0)))
		k = MDB_E_NOMEM;
	buf_done(&x.text);
	if (k == MDB_E_NOMEM)
		return err_nomem(t->e);
	return k < 0 ? k : 0;
}

static int
receipt_set_head(struct receipt_telling *t, const struct receipt *r, json_t *j)
{
	static const char *const kinds[] = {[RECEIPT_RECALL] = "recall",
		[RECEIPT_CONTEXT] = "context",
		[RECEIPT_SEARCH] = "search",
		[RECEIPT_OPEN] = "open",
		[RECEIPT_GRAPH] = "graph"};
	const char *kind = r->kind > 0 && r->kind < ARRAY_LEN(kinds)
				   ? kinds[r->kind]
				   : "recall";
	AUTO_BUF struct buf ns = {0};
	int k = namespace_name(t->st, r->ns, &ns, t->e);

	if (k >= 0)
		k = receipt_set_branch(t, r->branch, j);
	if (k < 0)
		return k;
	if (jx_set(j, "receipt", json_string(r->id)) != 0 ||
		jx_set(j, "kind", json_string(kind)) != 0 ||
		jx_set(j, "query", json_stringn(r->query, r->query_n)) != 0 ||
		jx_set(j, "relevant", json_boolean(r->is_relevant)) != 0 ||
		jx_set(j, "change", json_integer((json_int_t)r->change)) != 0 ||
		(ns.len > 0 && jx_set(j, "namespace",
				       json_stringn(ns.data, ns.len)) != 0))
		return err_nomem(t->e);
	return encode_set_time(j, "at", r->at, t->e);
}

/* A receipt of a namespace that is not read. */
#define NOT_HERE 2

/* What was read on a branch of the code had the user's memory of then. */
static int
receipt_code(struct store *st, const struct receipt *r, struct lens *then,
	struct lens *now, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int rc = lens_branch_name(st, r->branch, &name, e);

	if (rc < 0 || !buf_str(&name))
		return rc < 0 ? rc : err_nomem(e);
	then->is_code = now->is_code = code_branch_is(name.data);
	return 0;
}

static int
receipt_tell(void *ctx, const struct receipt *r)
{
	struct receipt_telling *t = ctx;
	AUTO_JSON json_t *j = json_object(), *facts = json_array();
	struct lens then, now;
	int k;

	/* Of another project there is none: its existence is not told. */
	if (t->scope && r->ns != t->scope->ns[0] && r->ns != NAMESPACE_DEFAULT)
		return NOT_HERE;
	k = j && facts ? receipt_set_head(t, r, j) : err_nomem(t->e);

	if (k == 0)
		k = lens_make(t->st, r->branch, r->change, &then, t->e);
	if (k == 0)
		k = lens_make(t->st, r->branch, STORE_OPEN_END, &now, t->e);
	if (k == 0)
		k = receipt_code(t->st, r, &then, &now, t->e);
	if (k == 0)
		k = lens_apply(t->st, &then, t->e);
	for (size_t i = 0; k == 0 && i < r->n; i++)
		k = receipt_add_row(t, r, i, &now, facts);
	if (k == 0 && jx_set(j, "facts", take_ptr(facts)) != 0)
		k = err_nomem(t->e);
	if (k == 0)
		*t->ret = take_ptr(j);
	return k;
}

int
receipt_json(struct store *st, const struct scope *scope, const char *id,
	json_t **ret, struct err *e)
{
	struct receipt_telling t = {.st = st,
		.scope = scope,
		.ret = ret,
		.e = e};
	int rc = receipt_find(st, id, receipt_tell, &t, e);

	return rc == NOT_HERE ? 0 : rc;
}
