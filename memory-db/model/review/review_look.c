/* What a staged change would be on main as it is now.
 *
 * The rules are those of a merge (model/time/merge_pick.c), followed by a write
 * that only tells. So what a reviewer is shown is what an approval does. */
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/vec.h"
#include "memory-db/model/read/history.h"
#include "memory-db/model/review/review.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/time/merge.h"
#include "memory-db/model/write/write.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/log.h"

void
review_view_done(struct review_view *v)
{
	json_decref(v->row);
	json_decref(v->conflicts);
	json_decref(v->needs);
	*v = (struct review_view){0};
}

/* --- a write that only tells ---------------------------------------------- */
struct review_look_looking {
	struct write_look look; /* first */
	struct store *st;
	struct log_op *ops;
	size_t n, cap;
};

static int
looking_add(struct review_look_looking *x, const struct log_op *op,
	struct err *e)
{
	if (vec_room(x->ops, x->n, x->cap) != 0)
		return err_nomem(e);
	x->ops[x->n++] = *op;
	return 0;
}

/* A fact that would be written anew, as it comes to stand under another name or
 * at another fact, is told as the one it is made from. */
static int
review_look_fact(struct write_look *l, enum op_what what, const struct fact *f,
	struct err *e)
{
	struct log_op op = {.what = what,
		.entity = f->entity,
		.fact = f->id != 0 ? f->id : f->supersedes};

	return op.fact == 0
		       ? 0
		       : looking_add((struct review_look_looking *)l, &op, e);
}

static int
look_attr(struct write_look *l, int64_t entity, enum attr_key key,
	int64_t value, struct err *e)
{
	struct review_look_looking *x = (struct review_look_looking *)l;
	struct log_op op = {.what = OP_ATTR,
		.entity = entity,
		.key = (int64_t)key,
		.value = value};
	int64_t before;
	int rc = attr_get(x->st, entity, key, &before, e);

	if (rc != 0 || before == value)
		return rc;
	op.fact = before + 1;
	return looking_add(x, &op, e);
}

/* --- what it builds on ---------------------------------------------------- */
struct needing {
	struct store *st;
	const struct staged *s;
	struct lens base, main;
	json_t *needs;
	struct idset seen; /* changes that were asked for */
	struct err *e;
};

static int
add_need(struct needing *x, int64_t change)
{
	for (size_t i = 0; i < json_array_size(x->needs); i++)
		if (json_integer_value(json_array_get(x->needs, i)) == change)
			return 0;
	return jx_add(x->needs, json_integer(change)) != 0 ? err_nomem(x->e)
							   : 0;
}

/* The fact stood on the inbox alone when the change was made: which staged
 * change brought it, if that one still waits. */
static int
need_fact(struct needing *x, int64_t fact)
{
	struct lens inbox = x->base;
	int64_t shown, origin = 0;
	bool visible = false;
	int rc;

	if (fact == 0)
		return 0;
	inbox.n = 1;
	rc = branch_sees(x->st, fact, &inbox, &visible, &shown, x->e);
	if (rc)
		return rc;
	if (visible)
		rc = review_origin(x->st, shown, &origin, x->e);
	if (rc)
		return rc;
	if (origin == 0 || origin == x->s->change)
		return 0;
	return add_need(x, origin);
}

static int
review_look_need_entity(struct needing *x, int64_t entity)
{
	int64_t fact = 0;
	int rc;

	if (entity == 0)
		return 0;
	rc = lens_apply(x->st, &x->main, x->e);
	if (rc != 0)
		return rc;
	/* Main has it, under whatever name and type. */
	rc = fact_existence(x->st, entity, NULL, NULL, NULL, x->e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = lens_apply(x->st, &x->base, x->e);
	if (rc != 0)
		return rc;
	rc = fact_existence(x->st, entity, &fact, NULL, NULL, x->e);
	return rc < 0 ? rc : need_fact(x, rc == 1 ? fact : 0);
}

struct needed {
	int64_t entity, peer, of;
};

static int
get_needed(void *ctx, const struct fact *f)
{
	*(struct needed *)ctx = (struct needed){f->entity,
		f->kind == FACT_RELATION ? f->peer : 0,
		fact_is_mark((int64_t)f->kind) ? f->supersedes : 0};
	return 0;
}

static int
need_op(void *ctx, const struct log_op *op)
{
	struct needing *x = ctx;
	struct needed n = {0, 0, 0};
	int rc = 0;

	if (op->what == OP_ATTR)
		return review_look_need_entity(x, op->entity);
	if (op->what != OP_SHOW && op->what != OP_HIDE)
		return 0;
	if (op->what == OP_HIDE)
		rc = need_fact(x, op->fact);
	if (rc != 0)
		return rc;
	rc = fact_get(x->st, op->fact, get_needed, &n, x->e);
	if (rc < 0)
		return rc;
	rc = review_look_need_entity(x, n.entity);
	if (rc)
		return rc;
	rc = review_look_need_entity(x, n.peer);
	if (rc)
		return rc;
	return need_fact(x, n.of);
}

static int
find_needs(struct store *st, const struct staged *s, json_t *needs,
	struct err *e)
{
	struct needing x = {.st = st, .s = s, .needs = needs, .e = e};
	int rc = lens_make(st, s->branch, s->change - 1, &x.base, e);

	if (rc != 0)
		return rc;
	rc = lens_make(st, STORE_MAIN, STORE_OPEN_END, &x.main, e);
	if (rc != 0)
		return rc;
	rc = log_ops(st, s->change, 0, 0, need_op, &x, e);
	idset_done(&x.seen);
	return rc;
}

/* --- the look ------------------------------------------------------------- */
static int
look_begin(struct store *st, const struct context *ctx, const struct staged *s,
	struct review_look_looking *x, struct write *w, struct err *e)
{
	int rc = lens_make(st, STORE_MAIN, STORE_OPEN_END, &w->scope.lens, e);

	x->look = (struct write_look){review_look_fact, look_attr};
	x->st = st;
	w->st = st;
	w->ctx = ctx;
	w->ns = s->ns;
	w->branch = STORE_MAIN;
	w->look = &x->look;
	w->scope.ns[0] = s->ns;
	w->scope.n = 1;
	fact_home(st, s->ns);
	if (rc)
		return rc;
	return lens_apply(st, &w->scope.lens, e);
}

/* What the merge of this one change would do, into v and x. */
static int
review_look_at(struct store *st, const struct context *ctx,
	const struct staged *s, bool wins, struct review_look_looking *x,
	size_t max_bytes, struct review_view *v, struct err *e)
{
	AUTO_IDSET struct idset own = {0};
	struct merge_pick pick = {.change = s->change,
		.branch = s->branch,
		.wins = wins,
		.own = &own};
	struct merge_result m = {0};
	AUTO_WRITE struct write w = {0};
	int rc = find_needs(st, s, v->needs, e);

	if (rc)
		return rc;
	rc = review_own(st, s, &own, e);
	if (rc)
		return rc;
	rc = look_begin(st, ctx, s, x, &w, e);
	if (rc)
		return rc;
	rc = merge_pick(&w, &pick, &m, e);
	v->conflicts = m.conflicts;
	if (rc)
		return rc;
	rc = lens_apply(st, &w.scope.lens, e);
	if (rc)
		return rc;
	return history_tell_ops(st, &w.scope, x->ops, x->n, max_bytes, v->row,
		e);
}

/* What the change builds on waits as well and is told in `needs`; that main has
 * not got it is no conflict. */
static void
drop_missing(json_t *conflicts)
{
	for (size_t i = json_array_size(conflicts); i-- > 0;) {
		const json_t *row = json_array_get(conflicts, i);
		const char *member = jx_text(row, "member");

		if (member && (strcmp(member, "existence") == 0 ||
				      strcmp(member, "relation") == 0))
			(void)json_array_remove(conflicts, i);
	}
}

int
review_look(struct store *st, const struct context *ctx, const struct staged *s,
	bool wins, size_t max_bytes, struct review_view *ret, struct err *e)
{
	AUTO_REVIEW_VIEW struct review_view v = {.row = json_object(),
		.needs = json_array()};
	struct review_look_looking x = {.n = 0};
	int rc;

	if (v.row && v.needs)
		rc = review_look_at(st, ctx, s, wins, &x, max_bytes, &v, e);
	else
		rc = err_nomem(e);
	if (rc == 0 && json_array_size(v.needs) > 0)
		drop_missing(v.conflicts);
	v.is_dissolved = x.n == 0 && json_array_size(v.conflicts) == 0 &&
			 json_array_size(v.needs) == 0;
	free(x.ops);
	if (rc != 0)
		return rc;
	*ret = v;
	v = (struct review_view){0};
	return 0;
}
