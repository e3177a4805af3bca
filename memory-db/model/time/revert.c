/* Revert: an entity becomes what it was at a point in time, as a new change.
 *
 * Both states are read as sets of facts. What is visible now and was not
 * then is hidden; what was visible then and is not now is shown; attributes
 * get the values they had. Facts of both sets are not touched.
 *
 *            then                  now                   the change
 *   facts    "lives in Rome"       "lives in Oslo"       shows Rome, hides Oslo
 *            "likes tea"           "likes tea"           -
 *
 * Marks are hidden before the facts they belong to and shown after them, so
 * that at no point of a run of slices a mark stands alone. */
#include "memory-db/model/time/revert.h"

#include <string.h>

#include "common/limits.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/facts/labels.h"

struct revert_side {
	struct idset ids; /* fact -> kind + 1 */
	struct err *e;
};

static int
revert_add(void *ctx, const struct fact *f)
{
	struct revert_side *s = ctx;
	int64_t *v = idset_put(&s->ids, f->id);

	if (!v)
		return err_nomem(s->e);
	*v = (int64_t)f->kind + 1;
	return f->erased ? err_set(s->e, MDB_E_CONFLICT,
				   "a fact of that version was forgotten for "
				   "good; it cannot come back")
			 : 0;
}

static int
revert_read_side(struct write *w, int64_t entity, const struct lens *lens,
	struct revert_side *s, struct err *e)
{
	int rc = lens_apply(w->st, lens, e);

	s->e = e;
	if (rc != 0)
		return rc;
	return fact_each(w->st, entity, ~0u, revert_add, s, e);
}

struct peer {
	struct write *w;
	struct err *e;
};

/* 1 is what fact_get says of a fact that is there. */
enum { PEER_THERE = 2, PEER_GONE = 3 };

static int
peer_exists(void *ctx, const struct fact *f)
{
	struct peer *p = ctx;

	if (f->kind != FACT_RELATION || f->peer == f->entity)
		return PEER_THERE;
	return fact_existence(p->w->st, f->peer, NULL, NULL, NULL, p->e) == 1
		       ? PEER_THERE
		       : PEER_GONE;
}

/* A name that another entity has by now cannot come back. */
struct name {
	struct write *w;
	int64_t entity;
	struct buf text;
	struct err *e;
};

static int
see_named(void *ctx, int64_t entity)
{
	struct name *x = ctx;
	AUTO_BUF struct buf now = {0};
	int rc = entity == x->entity ? 0
				     : fact_existence(x->w->st, entity, NULL,
					       NULL, &now, x->e);

	if (rc != 1 || now.len != x->text.len ||
		memcmp(now.data, x->text.data, now.len) != 0)
		return rc < 0 ? rc : 0;
	return err_set(x->e, MDB_E_CONFLICT,
		"it was called '%.200s' then, and that is the name of another "
		"entity now; rename that one first",
		buf_str(&x->text));
}

static int
revert_get_name(void *ctx, const struct fact *f)
{
	struct name *x = ctx;

	if (f->kind == FACT_EXISTENCE &&
		buf_add(&x->text, f->text, f->text_n) != 0)
		return err_nomem(x->e);
	return 0;
}

static int
revert_check_name(struct write *w, int64_t entity, int64_t fact, struct err *e)
{
	struct name x = {.w = w, .entity = entity, .e = e};
	int rc = fact_get(w->st, fact, revert_get_name, &x, e);

	if (rc == 1 && x.text.len > 0)
		rc = !buf_str(&x.text)
			     ? err_nomem(e)
			     : entity_each_named(w->st, w->ns, x.text.data,
				       x.text.len, see_named, &x, e);
	buf_done(&x.text);
	return rc < 0 ? rc : 0;
}

/* Shows a fact of then; a relation only when its other end exists. */
static int
revert_show(struct write *w, int64_t fact, struct revert_result *out,
	struct err *e)
{
	struct peer p = {w, e};
	int rc = fact_get(w->st, fact, peer_exists, &p, e);

	if (rc == PEER_GONE) {
		out->skipped++;
		return 0;
	}
	if (rc < 0)
		return rc;
	out->shown++;
	return write_show(w, fact, e);
}

/* Existence before all else, what is said of facts last; hidden the other way
 * round. Of an entity that was and is, the existence (name, type) is the last
 * to change: until the last slice it has the name by which the run is called
 * on to go on. */
static int
rank_of(int64_t value)
{
	enum fact_kind kind = (enum fact_kind)(value - 1);

	if (kind == FACT_EXISTENCE)
		return 0;
	if (fact_is_mark(kind))
		return 2;
	return 1;
}

struct reverting {
	struct write *w;
	int64_t entity, room; /* room 0: no slices */
	int64_t from, to; /* existence facts that change places; 0: none do */
	struct revert_result *out;
	struct err *e;
};

/* Is there no room for it? */
static bool
is_cut(struct reverting *x)
{
	bool full = x->room > 0 && change_ops(x->w->change) >= x->room;

	if (x->out->left > 0 || full)
		x->out->left++;
	return x->out->left > 0;
}

static int
change_one(struct reverting *x, int64_t id, int rank, bool hide)
{
	int rc = 0;

	if (hide) {
		x->out->hidden++;
		return write_hide(x->w, id, x->e);
	}
	if (rank == 0)
		rc = revert_check_name(x->w, x->entity, id, x->e);
	if (rc != 0)
		return rc;
	return revert_show(x->w, id, x->out, x->e);
}

/* Ids of a but not of b. */
static int
revert_apply(struct reverting *x, const struct revert_side *a,
	const struct revert_side *b, bool hide)
{
	for (int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < a->ids.cap; i++) {
			int64_t id = a->ids.slots[i].id;
			int rank = rank_of(a->ids.slots[i].value), rc;

			if (id == 0 || idset_has(&b->ids, id) ||
				id == x->from || id == x->to ||
				rank != (hide ? 2 - pass : pass) || is_cut(x))
				continue;
			rc = change_one(x, id, rank, hide);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static int64_t
existence_of(const struct revert_side *s)
{
	for (size_t i = 0; i < s->ids.cap; i++)
		if (s->ids.slots[i].id != 0 &&
			rank_of(s->ids.slots[i].value) == 0)
			return s->ids.slots[i].id;
	return 0;
}

/* Finds out whether it changes; a name that is taken is told before anything
 * is written. */
static int
plan_existence(struct reverting *x, const struct revert_side *then,
	const struct revert_side *now)
{
	x->to = existence_of(then);
	x->from = existence_of(now);
	if (x->to != 0 && x->from != 0 && x->to != x->from)
		return revert_check_name(x->w, x->entity, x->to, x->e);
	x->to = x->from = 0;
	return 0;
}

static int
change_existence(struct reverting *x)
{
	int rc;

	if (x->to == 0)
		return 0;
	if (x->out->left > 0) {
		x->out->left += 2;
		return 0;
	}
	rc = change_one(x, x->from, 0, true);
	if (rc != 0)
		return rc;
	return change_one(x, x->to, 0, false);
}

static int
revert_attrs(struct write *w, int64_t entity, const struct lens *then,
	struct revert_result *out, struct err *e)
{
	static const enum attr_key keys[] = ATTR_KEYS;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int64_t value, since, before = change_ops(w->change);
		int rc = branch_attr(w->st, entity, keys[i], then, &value,
			&since, e);

		if (rc != 0)
			return rc;
		rc = write_attr(w, entity, keys[i], value, e);
		if (rc != 0)
			return rc;
		out->attributes += change_ops(w->change) - before;
	}
	return 0;
}

/* From side b, now, to side a, then. */
static int
revert_sides(struct reverting *x, struct revert_side *a, struct revert_side *b,
	const struct lens *then)
{
	int r = plan_existence(x, a, b);

	if (r != 0)
		return r;
	r = revert_apply(x, b, a, true);
	if (r != 0)
		return r;
	r = revert_apply(x, a, b, false);
	if (r != 0)
		return r;
	r = change_existence(x);
	if (r != 0 || x->out->left != 0)
		return r;
	return revert_attrs(x->w, x->entity, then, x->out, x->e);
}

static void
revert_side_done(struct revert_side *s)
{
	idset_done(&s->ids);
}

static int
revert(struct write *w, int64_t entity, const struct lens *then, int64_t room,
	struct revert_result *ret, struct err *e)
{
	struct reverting x = {.w = w,
		.entity = entity,
		.room = room,
		.out = ret,
		.e = e};
	struct lens now = w->scope.lens;
	__attribute__((
		cleanup(revert_side_done))) struct revert_side a = {.e = e},
							       b = {.e = e};
	size_t left = 0;
	int rc = revert_read_side(w, entity, then, &a, e);

	memset(ret, 0, sizeof(*ret));
	if (rc != 0)
		return rc;
	rc = revert_read_side(w, entity, &now, &b, e);
	if (rc != 0)
		return rc;
	if (a.ids.n == 0 && b.ids.n > 0) {
		rc = write_hide_part(w, entity,
			room > 0 ? (size_t)room : SIZE_MAX, &left, e);
		ret->left = (int64_t)left;
		ret->hidden = change_ops(w->change);
	} else {
		rc = revert_sides(&x, &a, &b, then);
	}
	return sliced_run_refuse(w, (int64_t)(a.ids.n + b.ids.n), rc, e);
}

int
revert_entity(struct write *w, int64_t entity, const struct lens *then,
	struct revert_result *ret, struct err *e)
{
	return revert(w, entity, then, 0, ret, e);
}

int
revert_slice(struct write *w, int64_t entity, const struct lens *then,
	int64_t room, struct revert_result *ret, struct err *e)
{
	return revert(w, entity, then, room, ret, e);
}
