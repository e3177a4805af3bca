/* Undo; see undo.h. */
#include "memory-db/model/undo.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/members.h"
#include "memory-db/store/branch.h"
#include "memory-db/store/derive.h"
#include "memory-db/store/log.h"

#define LIST_MAX 50
#define UNDONE	 INT64_MAX /* `since` of what the plan itself set */

/* A fact with its state before, and the one the plan gives it. */
struct undo_fact {
	int64_t fact, entity;
	enum fact_kind kind;
	int64_t peer;
	bool was, is;
	bool erased;
	int64_t since;
};
struct undo_attr {
	int64_t entity;
	enum attr_key key;
	int64_t was, is, since;
};

void
undo_done(struct undo *u)
{
	idset_done(&u->changes);
	idset_done(&u->blockers);
	idset_done(&u->fact_index);
	free(u->facts);
	free(u->attrs);
	u->facts = NULL;
	u->attrs = NULL;
}

static bool
ours(const struct undo *u, int64_t since)
{
	return since == UNDONE || idset_has(&u->changes, since);
}

static int
block(struct undo *u, int64_t change, int64_t entity, struct err *e)
{
	int64_t *v = idset_put(&u->blockers, change);

	if (v == NULL)
		return err_nomem(e);
	*v = entity;
	return 0;
}

/* --- the plan's view of facts and attributes
 * ------------------------------------ */
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
new_fact(struct undo *u, int64_t fact, struct undo_fact *ret, struct err *e)
{
	const struct lens *lens = &u->w->scope.lens;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->fact = fact;
	r = fact_get(u->w->st, fact, get_kind, ret, e);
	if (r == 0)
		return err_set(e, MDB_E_CORRUPT, "fact %lld is missing",
			(long long)fact);
	if (r > 0)
		r = branch_sees(
			u->w->st, fact, lens, &ret->was, &ret->since, e);
	ret->is = ret->was;
	return r;
}

static int
fact_of(struct undo *u, int64_t fact, struct undo_fact **ret, struct err *e)
{
	int64_t *at = idset_put(&u->fact_index, fact);
	size_t cap = u->facts_cap == 0 ? 64 : u->facts_cap * 2;
	struct undo_fact *p;
	int r;

	if (at == NULL)
		return err_nomem(e);
	if (*at == 0) {
		if (u->facts_n == u->facts_cap) {
			p = realloc(u->facts, cap * sizeof(*p));
			if (p == NULL)
				return err_nomem(e);
			u->facts = p;
			u->facts_cap = cap;
		}
		r = new_fact(u, fact, &u->facts[u->facts_n], e);
		if (r != 0)
			return r;
		*at = (int64_t)++u->facts_n;
	}
	*ret = &u->facts[*at - 1];
	return 0;
}

static int
attr_of(struct undo *u, int64_t entity, enum attr_key key,
	struct undo_attr **ret, struct err *e)
{
	size_t cap = u->attrs_cap == 0 ? 16 : u->attrs_cap * 2;
	struct undo_attr *p;
	int r;

	for (size_t i = 0; i < u->attrs_n; i++)
		if (u->attrs[i].entity == entity && u->attrs[i].key == key) {
			*ret = &u->attrs[i];
			return 0;
		}
	if (u->attrs_n == u->attrs_cap) {
		p = realloc(u->attrs, cap * sizeof(*p));
		if (p == NULL)
			return err_nomem(e);
		u->attrs = p;
		u->attrs_cap = cap;
	}
	p = &u->attrs[u->attrs_n];
	*p = (struct undo_attr){.entity = entity, .key = key};
	r = branch_attr(u->w->st, entity, key, &u->w->scope.lens, &p->was,
		&p->since, e);
	if (r != 0)
		return r;
	p->is = p->was;
	u->attrs_n++;
	*ret = p;
	return 0;
}

/* --- one op back
 * -------------------------------------------------------------------- */
static int
take_back_fact(struct undo *u, const struct log_op *op, struct err *e)
{
	bool shows = op->what == OP_SHOW;
	struct undo_fact *f;
	int r = fact_of(u, op->fact, &f, e);

	if (r != 0 || f->erased) /* forgotten: neither comes nor goes */
		return r;
	if (f->is != shows || !ours(u, f->since)) {
		/* Somebody touched it since. */
		if (ours(u, f->since))
			return 0;
		return block(u, f->since, f->entity, e);
	}
	f->is = !shows;
	f->since = UNDONE;
	return 0;
}

static int
take_back_attr(struct undo *u, const struct log_op *op, struct err *e)
{
	struct undo_attr *a;
	int r = attr_of(u, op->entity, (enum attr_key)op->key, &a, e);

	if (r != 0)
		return r;
	if (!ours(u, a->since))
		return block(u, a->since, op->entity, e);
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
collect(void *ctx, const struct log_op *op)
{
	struct ops *x = ctx;

	if (x->n == x->cap) {
		size_t cap = x->cap == 0 ? 64 : x->cap * 2;
		struct log_op *p = realloc(x->v, cap * sizeof(*p));

		if (p == NULL)
			return err_nomem(x->e);
		x->v = p;
		x->cap = cap;
	}
	x->v[x->n++] = *op;
	return 0;
}

static int
take_back(struct undo *u, int64_t change, struct err *e)
{
	struct ops ops = {.e = e};
	int r = log_ops(u->w->st, change, 0, 0, collect, &ops, e);

	for (size_t i = ops.n; r == 0 && i-- > 0;) {
		const struct log_op *op = &ops.v[i];

		if (op->what == OP_SHOW || op->what == OP_HIDE)
			r = take_back_fact(u, op, e);
		else if (op->what == OP_ATTR)
			r = take_back_attr(u, op, e);
		else if (op->what == OP_ERASE)
			r = err_set(e, MDB_E_CONFLICT,
				"change %lld erased facts for good; that "
				"cannot be undone",
				(long long)change);
	}
	free(ops.v);
	return r;
}

/* --- what builds on it
 * ---------------------------------------------------------------- */
/* Does the entity exist after the plan? *ret_since: what hides it. */
struct exists {
	struct undo *u;
	bool yes;
	struct err *e;
};

static int
see_existence(void *ctx, const struct fact *f)
{
	struct exists *x = ctx;
	const int64_t *at = idset_get(&x->u->fact_index, f->id);

	if (at == NULL || x->u->facts[*at - 1].is)
		x->yes = true;
	return 0;
}

static int
exists_after(struct undo *u, int64_t entity, bool *ret, struct err *e)
{
	struct exists x = {u, false, e};
	int r = 0;

	for (size_t i = 0; i < u->facts_n; i++)
		if (u->facts[i].entity == entity && u->facts[i].is &&
			u->facts[i].kind == FACT_EXISTENCE)
			x.yes = true;
	if (!x.yes)
		r = fact_each(u->w->st, entity, 1u << FACT_EXISTENCE,
			see_existence, &x, e);
	*ret = x.yes;
	return r;
}

struct remains {
	struct undo *u;
	int64_t entity;
	struct err *e;
};

/* A visible fact that the plan does not hide needs its entity. */
static int
see_remaining(void *ctx, const struct fact *f)
{
	struct remains *x = ctx;
	const int64_t *at = idset_get(&x->u->fact_index, f->id);

	if (f->kind == FACT_EXISTENCE ||
		(at != NULL && !x->u->facts[*at - 1].is))
		return 0;
	return ours(x->u, f->added) ? 0
				    : block(x->u, f->added, x->entity, x->e);
}

/* The entity vanishes: nothing of it, and no relation to it, may remain. */
static int
check_vanishing(struct undo *u, int64_t entity, struct err *e)
{
	struct remains x = {u, entity, e};
	bool exists;
	int r = exists_after(u, entity, &exists, e);

	if (r != 0 || exists)
		return r;
	r = fact_each(u->w->st, entity, ~0u, see_remaining, &x, e);
	if (r == 0)
		r = fact_each_incoming(u->w->st, entity, see_remaining, &x, e);
	return r;
}

struct last {
	int64_t change;
};

static int
get_change(void *ctx, const struct log_change *c)
{
	((struct last *)ctx)->change = c->id;
	return 1;
}

/* A fact comes back: its entity (and the other end) must exist. */
static int
check_home(struct undo *u, int64_t entity, struct err *e)
{
	struct last last = {0};
	bool exists;
	int r = exists_after(u, entity, &exists, e);

	if (r != 0 || exists)
		return r;
	r = log_of_entity(u->w->st, entity, INT64_MAX, get_change, &last, e);
	if (r < 0)
		return r;
	return ours(u, last.change) ? 0 : block(u, last.change, entity, e);
}

struct twin {
	struct undo *u;
	const struct undo_fact *f;
	struct buf text;
	int64_t peer, label;
	struct err *e;
};

static int
get_text(void *ctx, const struct fact *f)
{
	struct twin *x = ctx;

	x->peer = f->peer;
	x->label = f->label;
	if (f->erased)
		return err_set(x->e, MDB_E_CONFLICT,
			"a fact of this change was forgotten for good; it "
			"cannot come back");
	return buf_add(&x->text, f->text, f->text_n) != 0 ? err_nomem(x->e) : 0;
}

/* The same text (triple) stands there again: it was added anew since. */
static int
check_twin(struct undo *u, const struct undo_fact *f, struct err *e)
{
	struct twin x = {.u = u, .f = f, .e = e};
	const int64_t *at;
	int64_t twin = 0, since;
	bool visible;
	int r = fact_get(u->w->st, f->fact, get_text, &x, e);

	if (r == 1)
		r = f->kind == FACT_RELATION
			    ? fact_find_relation(u->w->st, f->entity, x.peer,
				      x.label, &twin, e)
			    : fact_find_text(u->w->st, f->entity, f->kind,
				      x.text.data != NULL ? x.text.data : "",
				      x.text.len, &twin, e);
	buf_done(&x.text);
	if (r != 1)
		return r < 0 ? r : 0;
	at = idset_get(&u->fact_index, twin);
	if (twin == f->fact || (at != NULL && !u->facts[*at - 1].is))
		return 0;
	r = branch_sees(u->w->st, twin, &u->w->scope.lens, &visible, &since, e);
	return r == 0 && !ours(u, since) ? block(u, since, f->entity, e) : r;
}

struct derived {
	struct undo *u;
	int64_t entity; /* of the source: left alone by UNDO_SKIP */
	struct err *e;
};

static int
see_derived(void *ctx, int64_t fact)
{
	struct derived *x = ctx;
	const int64_t *at = idset_get(&x->u->fact_index, fact);
	int64_t since;
	bool visible;
	int r = branch_sees(x->u->w->st, fact, &x->u->w->scope.lens, &visible,
		&since, x->e);

	if (r != 0 || !visible || (at != NULL && !x->u->facts[*at - 1].is))
		return r;
	return ours(x->u, since) ? 0 : block(x->u, since, x->entity, x->e);
}

static int
check_fact(struct undo *u, const struct undo_fact *f, struct err *e)
{
	struct derived d = {u, f->entity, e};
	int r = 0;

	if (f->was == f->is)
		return 0;
	if (!f->is && f->kind == FACT_EXISTENCE)
		return check_vanishing(u, f->entity, e);
	if (!f->is)
		return derive_each_dependant(
			u->w->st, f->fact, see_derived, &d, e);
	if (f->kind == FACT_EXISTENCE)
		return 0;
	r = check_home(u, f->entity, e);
	if (r == 0 && f->kind == FACT_RELATION)
		r = check_home(u, f->peer, e);
	return r == 0 ? check_twin(u, f, e) : r;
}

/* --- the plan
 * ----------------------------------------------------------------------------
 */
static int
descending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x > y ? -1 : x < y;
}

/* The changes, newest first. */
static int
sorted(const struct undo *u, int64_t **ret, struct err *e)
{
	int64_t *v = calloc(u->changes.n + 1, sizeof(*v));
	size_t n = 0;

	if (v == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < u->changes.cap; i++)
		if (u->changes.slots[i].id != 0)
			v[n++] = u->changes.slots[i].id;
	qsort(v, n, sizeof(*v), descending);
	*ret = v;
	return 0;
}

static int
plan_once(struct undo *u, struct err *e)
{
	int64_t *v AUTO_FREE = NULL;
	int r = sorted(u, &v, e);

	u->facts_n = u->attrs_n = 0;
	idset_done(&u->fact_index);
	idset_done(&u->blockers);
	for (size_t i = 0; r == 0 && i < u->changes.n; i++)
		r = take_back(u, v[i], e);
	if (r == 0 && u->facts_n > LIMIT_CHANGE_FACTS)
		return err_set(e, MDB_E_LIMIT,
			"this would touch %zu facts at once; at most %d. Undo "
			"a part of the changes at a time",
			u->facts_n, LIMIT_CHANGE_FACTS);
	for (size_t i = 0; r == 0 && i < u->facts_n; i++)
		r = check_fact(u, &u->facts[i], e);
	return r;
}

/* Cascade: the blockers are taken back as well, until none is left. */
static int
add_blockers(struct undo *u, struct err *e)
{
	for (size_t i = 0; i < u->blockers.cap; i++)
		if (u->blockers.slots[i].id != 0 &&
			idset_put(&u->changes, u->blockers.slots[i].id) == NULL)
			return err_nomem(e);
	return 0;
}

/* Skip: facts of entities that a blocker touched stay as they are. */
static void
leave_blocked(struct undo *u)
{
	for (size_t i = 0; i < u->blockers.cap; i++) {
		int64_t entity = u->blockers.slots[i].value;

		if (u->blockers.slots[i].id == 0)
			continue;
		for (size_t k = 0; k < u->facts_n; k++)
			if (u->facts[k].entity == entity ||
				u->facts[k].peer == entity)
				u->facts[k].is = u->facts[k].was;
		for (size_t k = 0; k < u->attrs_n; k++)
			if (u->attrs[k].entity == entity)
				u->attrs[k].is = u->attrs[k].was;
	}
}

int
undo_plan(struct undo *u, struct err *e)
{
	size_t before;
	int r;

	do {
		before = u->changes.n;
		r = plan_once(u, e);
		if (r == 0 && u->policy == UNDO_CASCADE)
			r = add_blockers(u, e);
	} while (r == 0 && u->changes.n != before);
	if (r == 0 && u->policy == UNDO_SKIP)
		leave_blocked(u);
	return r;
}

int
undo_apply(struct undo *u, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->facts_n; i++)
		if (u->facts[i].was && !u->facts[i].is) {
			u->hidden++;
			r = write_hide(u->w, u->facts[i].fact, e);
		}
	for (size_t i = 0; r == 0 && i < u->facts_n; i++)
		if (!u->facts[i].was && u->facts[i].is) {
			u->shown++;
			r = write_show(u->w, u->facts[i].fact, e);
		}
	for (size_t i = 0; r == 0 && i < u->attrs_n; i++)
		if (u->attrs[i].was != u->attrs[i].is) {
			u->attributes++;
			r = write_attr(u->w, u->attrs[i].entity,
				u->attrs[i].key, u->attrs[i].is, e);
		}
	return r;
}

/* --- telling
 * -------------------------------------------------------------------------------
 */
struct row {
	struct undo *u;
	json_t *list;
	struct err *e;
};

static int
add_row(void *ctx, const struct fact *f)
{
	struct row *x = ctx;
	json_t *name = NULL, *row = json_object();
	int r = member_entity_name(x->u->w->st, f->entity, &name, x->e);

	if (r < 0) {
		json_decref(row);
		return r;
	}
	if (jx_set(row, "entity", name) != 0 || jx_add(x->list, row) != 0)
		return err_nomem(x->e);
	if (f->kind == FACT_EXISTENCE)
		return member_set_label(
			x->u->w->st, row, "entityType", f->label, x->e);
	return member_set_text(row, "text", f->text, f->text_n, x->e);
}

int
undo_list(struct undo *u, bool hide, json_t **ret, struct err *e)
{
	struct row x = {u, json_array(), e};
	int r = x.list == NULL ? err_nomem(e) : 0;

	for (size_t i = 0; r >= 0 && i < u->facts_n; i++) {
		const struct undo_fact *f = &u->facts[i];

		if (f->was == f->is || f->is == hide ||
			(f->kind != FACT_OBSERVATION &&
				f->kind != FACT_EXISTENCE) ||
			json_array_size(x.list) >= LIST_MAX)
			continue;
		r = fact_get(u->w->st, f->fact, add_row, &x, e);
	}
	if (r < 0) {
		json_decref(x.list);
		return r;
	}
	*ret = x.list;
	return 0;
}
