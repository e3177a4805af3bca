/* Taking changes back: the plan, and its execution. undo.h has the rule and an
 * example of a change that stands in the way.
 *
 * Nothing is written while it is worked out what an undo would do. The ops of
 * the changes are gone through, newest first, on a picture in memory: of each
 * fact touched whether it is visible now (`is`) and whether it shall be
 * (`was`). Ops that take each other back cancel out in the picture: change 5
 * hid fact 2, change 6 showed it again, and the undo of both writes nothing.
 * What remains to be done is then checked against later changes
 * (undo_check.c), and what is left is written as one change. */
#include "memory-db/model/time/undo_internal.h"

#include <assert.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/log.h"

#define LIST_MAX 50
/* Bytes of the facts that a reply lists, of each kind: it has two such lists,
 * and stays under LIMIT_REPLY_BYTES. */
#define LIST_BYTES (LIMIT_REPLY_BYTES * 2 / 5)

void
undo_done(struct undo *u)
{
	idset_done(&u->changes);
	idset_done(&u->others);
	idset_done(&u->blockers);
	idset_done(&u->fact_index);
	idset_done(&u->twins);
	idset_done(&u->homes);
	idset_done(&u->blocked);
	free(u->facts);
	free(u->attrs);
	u->facts = NULL;
	u->attrs = NULL;
}

int
undo_block(struct undo *u, int64_t change, int64_t entity, struct err *e)
{
	if (!idset_put(&u->blockers, change) || !idset_put(&u->blocked, entity))
		return err_nomem(e);
	return 0;
}

/* --- the plan's view of facts and attributes ------------------------------ */
static int
get_kind(void *ctx, const struct fact *f)
{
	struct undo_fact *x = ctx;

	x->entity = f->entity;
	x->kind = f->kind;
	x->peer = f->peer;
	x->erased = f->erased;
	return 0;
}

static int
undo_new_fact(struct undo *u, int64_t fact, struct undo_fact *ret,
	struct err *e)
{
	const struct lens *lens = &u->w->scope.lens;
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->fact = fact;
	rc = fact_get(u->w->st, fact, get_kind, ret, e);
	if (rc == 0)
		return err_set(e, MDB_E_CORRUPT, "fact %lld is missing",
			(long long)fact);
	if (rc > 0)
		rc = branch_sees(u->w->st, fact, lens, &ret->was, &ret->since,
			e);
	ret->is = ret->was;
	return rc;
}

static int
fact_of(struct undo *u, int64_t fact, struct undo_fact **ret, struct err *e)
{
	int64_t *at = idset_put(&u->fact_index, fact);
	int rc;

	if (!at)
		return err_nomem(e);
	if (*at == 0) {
		if (vec_room(u->facts, u->facts_n, u->facts_cap) != 0)
			return err_nomem(e);
		rc = undo_new_fact(u, fact, &u->facts[u->facts_n], e);
		if (rc != 0)
			return rc;
		*at = (int64_t)++u->facts_n;
	}
	assert(*at > 0 && (size_t)*at <= u->facts_n);
	*ret = &u->facts[*at - 1];
	return 0;
}

int
undo_attr_of(struct undo *u, int64_t entity, enum attr_key key,
	struct undo_attr **ret, struct err *e)
{
	struct undo_attr *p;
	int rc;

	for (size_t i = 0; i < u->attrs_n; i++)
		if (u->attrs[i].entity == entity && u->attrs[i].key == key) {
			*ret = &u->attrs[i];
			return 0;
		}
	if (vec_room(u->attrs, u->attrs_n, u->attrs_cap) != 0)
		return err_nomem(e);
	p = &u->attrs[u->attrs_n];
	*p = (struct undo_attr){.entity = entity, .key = key};
	rc = branch_attr(u->w->st, entity, key, &u->w->scope.lens, &p->was,
		&p->since, e);
	if (rc != 0)
		return rc;
	p->is = p->was;
	u->attrs_n++;
	*ret = p;
	return 0;
}

/* --- one op back ---------------------------------------------------------- */
static int
take_back_fact(struct undo *u, const struct log_op *op, struct err *e)
{
	bool shows = op->what == OP_SHOW;
	struct undo_fact *f = NULL;
	int rc = fact_of(u, op->fact, &f, e);

	if (rc != 0 || f->erased) /* forgotten: neither comes nor goes */
		return rc;
	if (f->is != shows || !undo_ours(u, f->since)) {
		/* Somebody touched it since. */
		if (undo_ours(u, f->since))
			return 0;
		return undo_block(u, f->since, f->entity, e);
	}
	f->is = !shows;
	f->since = UNDONE;
	return 0;
}

static int
take_back_attr(struct undo *u, const struct log_op *op, struct err *e)
{
	struct undo_attr *a = NULL;
	int rc = undo_attr_of(u, op->entity, (enum attr_key)op->key, &a, e);

	if (rc != 0)
		return rc;
	if (!undo_ours(u, a->since))
		return undo_block(u, a->since, op->entity, e);
	a->is = op->fact - 1; /* the value before */
	a->since = UNDONE;
	return 0;
}

struct ops {
	struct log_op *v;
	size_t n, cap;
	struct err *e;
};

static int
undo_collect(void *ctx, const struct log_op *op)
{
	struct ops *x = ctx;

	if (vec_room(x->v, x->n, x->cap) != 0)
		return err_nomem(x->e);
	x->v[x->n++] = *op;
	return 0;
}

static void
ops_done(struct ops *x)
{
	free(x->v);
}
#define AUTO_OPS __attribute__((cleanup(ops_done)))

static int
take_back_op(struct undo *u, int64_t change, const struct log_op *op,
	struct err *e)
{
	if (op->what == OP_SHOW || op->what == OP_HIDE)
		return take_back_fact(u, op, e);
	if (op->what == OP_ATTR)
		return take_back_attr(u, op, e);
	if (op->what == OP_ERASE)
		return err_set(e, MDB_E_CONFLICT,
			"change %lld erased facts for good; that "
			"cannot be undone",
			(long long)change);
	return 0;
}

static int
undo_take_back(struct undo *u, int64_t change, struct err *e)
{
	AUTO_OPS struct ops ops = {.e = e};
	int rc = log_ops(u->w->st, change, 0, 0, undo_collect, &ops, e);

	if (rc != 0)
		return rc;
	for (size_t i = ops.n; i-- > 0;) {
		rc = take_back_op(u, change, &ops.v[i], e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- the plan ------------------------------------------------------------- */
static int
undo_descending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x > y ? -1 : x < y;
}

static int
undo_ascending(const void *a, const void *b)
{
	return undo_descending(b, a);
}

/* The changes, newest first. */
static int
undo_sorted(const struct undo *u, int64_t **ret, struct err *e)
{
	int64_t *v = calloc(u->changes.n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_nomem(e);
	for (size_t i = 0; i < u->changes.cap; i++)
		if (u->changes.slots[i].id != 0)
			v[n++] = u->changes.slots[i].id;
	qsort(v, n, sizeof(*v), undo_descending);
	*ret = v;
	return 0;
}

static int
plan_once(struct undo *u, struct err *e)
{
	AUTO_FREE int64_t *v = NULL;
	int rc = undo_sorted(u, &v, e);

	u->facts_n = u->attrs_n = 0;
	idset_done(&u->fact_index);
	idset_done(&u->blockers);
	idset_done(&u->twins);
	idset_done(&u->homes);
	idset_done(&u->blocked);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < u->changes.n; i++) {
		rc = undo_take_back(u, v[i], e);
		if (rc != 0)
			return rc;
		/* Each is an op: what one change cannot hold is not even
		 * planned. */
		if (u->facts_n + u->attrs_n > LIMIT_CHANGE_FACTS)
			return sliced_run_too_large((int64_t)(u->facts_n +
							      u->attrs_n),
				e);
	}
	for (size_t i = 0; i < u->facts_n; i++) {
		rc = undo_check(u, &u->facts[i], e);
		if (rc != 0)
			return rc;
	}
	for (size_t i = 0; i < u->attrs_n; i++) {
		rc = undo_check_attr(u, &u->attrs[i], e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Cascade: the blockers are taken back as well, until none is left. */
static int
add_blockers(struct undo *u, struct err *e)
{
	for (size_t i = 0; i < u->blockers.cap; i++)
		if (u->blockers.slots[i].id != 0 &&
			!idset_put(&u->changes, u->blockers.slots[i].id))
			return err_nomem(e);
	return 0;
}

/* Skip: entities that a blocker touched stay as they are. */
static void
leave_blocked(struct undo *u)
{
	for (size_t k = 0; k < u->facts_n; k++)
		if (idset_has(&u->blocked, u->facts[k].entity) ||
			idset_has(&u->blocked, u->facts[k].peer))
			u->facts[k].is = u->facts[k].was;
	for (size_t k = 0; k < u->attrs_n; k++)
		if (idset_has(&u->blocked, u->attrs[k].entity))
			u->attrs[k].is = u->attrs[k].was;
}

/* What stays as it is keeps its name: others cannot get that back. */
static int
skip_blocked(struct undo *u, struct err *e)
{
	size_t before;

	do {
		before = u->blocked.n;
		leave_blocked(u);
		idset_done(&u->twins);
		for (size_t i = 0; i < u->facts_n; i++) {
			int rc = undo_check_name(u, &u->facts[i], e);

			if (rc != 0)
				return rc;
		}
	} while (u->blocked.n != before);
	return 0;
}

int
undo_plan(struct undo *u, struct err *e)
{
	size_t before;
	int rc;

	do {
		before = u->changes.n;
		rc = plan_once(u, e);
		if (rc != 0)
			return rc;
		if (u->policy == UNDO_CASCADE)
			rc = add_blockers(u, e);
		if (rc != 0)
			return rc;
	} while (u->changes.n != before);
	return u->policy == UNDO_SKIP ? skip_blocked(u, e) : 0;
}

int64_t *
undo_blockers(const struct undo *u)
{
	int64_t *v = calloc(u->blockers.n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v != NULL && i < u->blockers.cap; i++)
		if (u->blockers.slots[i].id != 0)
			v[n++] = u->blockers.slots[i].id;
	if (v)
		qsort(v, n, sizeof(*v), undo_ascending);
	return v;
}

int
undo_apply(struct undo *u, struct err *e)
{
	int64_t ops = undo_ops(u);
	int rc = ops > LIMIT_CHANGE_FACTS ? sliced_run_too_large(ops, e) : 0;

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < u->facts_n; i++) {
		if (u->facts[i].was && !u->facts[i].is) {
			u->hidden++;
			rc = write_hide(u->w, u->facts[i].fact, e);
		}
		if (rc != 0)
			return rc;
	}
	for (size_t i = 0; i < u->facts_n; i++) {
		if (!u->facts[i].was && u->facts[i].is) {
			/* What was forgotten is out of the picture. */
			assert(!u->facts[i].erased);
			u->shown++;
			rc = write_show(u->w, u->facts[i].fact, e);
		}
		if (rc != 0)
			return rc;
	}
	for (size_t i = 0; i < u->attrs_n; i++) {
		if (u->attrs[i].was != u->attrs[i].is) {
			u->attributes++;
			rc = write_attr(u->w, u->attrs[i].entity,
				u->attrs[i].key, u->attrs[i].is, e);
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- telling -------------------------------------------------------------- */
struct undo_row {
	struct undo *u;
	json_t *list;
	size_t bytes;
	struct err *e;
};

static int
undo_add_row(void *ctx, const struct fact *f)
{
	struct undo_row *x = ctx;
	json_t *name = NULL, *row = json_object();
	int r = member_entity_name(x->u->w->st, f->entity, &name, x->e);

	if (r < 0) {
		json_decref(row);
		return r;
	}
	if (jx_set(row, "entity", name) != 0) {
		json_decref(row);
		return err_nomem(x->e);
	}
	if (jx_add(x->list, row) != 0)
		return err_nomem(x->e);
	if (f->kind == FACT_EXISTENCE)
		return member_set_label(x->u->w->st, row, "entityType",
			f->label, x->e);
	if (!fact_is_mark(f->kind))
		return member_set_text(row, "text", f->text, f->text_n, x->e);
	r = f->kind == FACT_TAG
		    ? member_set_text(row, "tag", f->text, f->text_n, x->e)
		    : member_set_parsed(row, "metadata", f->text, f->text_n,
			      x->e);
	if (r != 0)
		return r;
	return member_set_fact(x->u->w->st, row, "of", f->supersedes, x->e);
}

/* Is the row added last one too many? A fact may have a megabyte. */
static bool
undo_is_full(struct undo_row *x)
{
	size_t last = json_array_size(x->list) - 1;

	x->bytes += encode_size(json_array_get(x->list, last));
	if (x->bytes <= LIST_BYTES)
		return false;
	(void)json_array_remove(x->list, last);
	return true;
}

int
undo_list(struct undo *u, bool hide, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	struct undo_row x = {u, list, 0, e};

	if (!list)
		return err_nomem(e);
	for (size_t i = 0; i < u->facts_n; i++) {
		const struct undo_fact *f = &u->facts[i];
		int rc;

		if (f->was == f->is || f->is == hide ||
			(f->kind != FACT_OBSERVATION &&
				f->kind != FACT_EXISTENCE &&
				!fact_is_mark(f->kind)) ||
			json_array_size(x.list) >= LIST_MAX)
			continue;
		rc = fact_get(u->w->st, f->fact, undo_add_row, &x, e);
		if (rc < 0)
			return rc;
		if (rc == 1 && undo_is_full(&x))
			break;
	}
	*ret = take_ptr(list);
	return 0;
}
