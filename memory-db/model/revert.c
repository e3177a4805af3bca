/* Revert: the set of facts then against the set now. */
#include "memory-db/model/revert.h"

#include <string.h>

#include "memory-db/model/idset.h"
#include "memory-db/store/branch.h"
#include "memory-db/store/names.h"

struct side {
	struct idset ids; /* fact -> kind + 1 */
	struct err *e;
};

static int
add(void *ctx, const struct fact *f)
{
	struct side *s = ctx;
	int64_t *v = idset_put(&s->ids, f->id);

	if (v == NULL)
		return err_nomem(s->e);
	*v = (int64_t)f->kind + 1;
	return f->erased ? err_set(s->e, MDB_E_CONFLICT,
				   "a fact of that version was forgotten for "
				   "good; it cannot come back")
			 : 0;
}

static int
read_side(struct write *w, int64_t entity, const struct lens *lens,
	struct side *s, struct err *e)
{
	int r = lens_apply(w->st, lens, e);

	s->e = e;
	return r == 0 ? fact_each(w->st, entity, ~0u, add, s, e) : r;
}

struct peer {
	struct write *w;
	struct err *e;
};

static int
peer_exists(void *ctx, const struct fact *f)
{
	struct peer *p = ctx;

	if (f->kind != FACT_RELATION || f->peer == f->entity)
		return 2;
	return fact_existence(p->w->st, f->peer, NULL, NULL, NULL, p->e) == 1
		       ? 2
		       : 3;
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
	struct buf now AUTO_BUF = {0};
	int r = entity == x->entity ? 0
				    : fact_existence(x->w->st, entity, NULL,
					      NULL, &now, x->e);

	if (r != 1 || now.len != x->text.len ||
		memcmp(now.data, x->text.data, now.len) != 0)
		return r < 0 ? r : 0;
	return err_set(x->e, MDB_E_CONFLICT,
		"it was called '%.200s' then, and that is the name of another "
		"entity now; rename that one first",
		buf_str(&x->text));
}

static int
get_name(void *ctx, const struct fact *f)
{
	struct name *x = ctx;

	if (f->kind == FACT_EXISTENCE &&
		buf_add(&x->text, f->text, f->text_n) != 0)
		return err_nomem(x->e);
	return 0;
}

static int
check_name(struct write *w, int64_t entity, int64_t fact, struct err *e)
{
	struct name x = {.w = w, .entity = entity, .e = e};
	int r = fact_get(w->st, fact, get_name, &x, e);

	if (r == 1 && x.text.len > 0)
		r = buf_str(&x.text) == NULL
			    ? err_nomem(e)
			    : entity_each_named(w->st, w->ns, x.text.data,
				      x.text.len, see_named, &x, e);
	buf_done(&x.text);
	return r < 0 ? r : 0;
}

/* Shows a fact of then; a relation only when its other end exists. */
static int
show(struct write *w, int64_t fact, struct revert_result *out, struct err *e)
{
	struct peer p = {w, e};
	int r = fact_get(w->st, fact, peer_exists, &p, e);

	if (r == 3) {
		out->skipped++;
		return 0;
	}
	if (r < 0)
		return r;
	out->shown++;
	return write_show(w, fact, e);
}

/* Ids of a but not of b; existence facts first or last. */
static int
apply(struct write *w, int64_t entity, const struct side *a, const struct side *b, bool hide,
	struct revert_result *out, struct err *e)
{
	int r = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; r == 0 && i < a->ids.cap; i++) {
			int64_t id = a->ids.slots[i].id;
			bool existence =
				a->ids.slots[i].value == FACT_EXISTENCE + 1;

			if (id == 0 || idset_has(&b->ids, id) ||
				existence != (pass == (hide ? 1 : 0)))
				continue;
			if (hide) {
				out->hidden++;
				r = write_hide(w, id, e);
			} else {
				if (existence)
					r = check_name(w, entity, id, e);
				if (r == 0)
					r = show(w, id, out, e);
			}
		}
	return r;
}

static int
revert_attrs(struct write *w, int64_t entity, const struct lens *then,
	struct revert_result *out, struct err *e)
{
	static const enum attr_key keys[] = {ATTR_TIER, ATTR_PIN};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int64_t value, since, before = change_ops(w->change);
		int r = branch_attr(
			w->st, entity, keys[i], then, &value, &since, e);

		if (r == 0)
			r = write_attr(w, entity, keys[i], value, e);
		if (r != 0)
			return r;
		out->attributes += change_ops(w->change) - before;
	}
	return 0;
}

int
revert_entity(struct write *w, int64_t entity, const struct lens *then,
	struct revert_result *ret, struct err *e)
{
	struct lens now = w->scope.lens;
	struct side a = {.e = e}, b = {.e = e};
	int r = read_side(w, entity, then, &a, e);

	memset(ret, 0, sizeof(*ret));
	if (r == 0)
		r = read_side(w, entity, &now, &b, e);
	if (r == 0 && a.ids.n == 0 && b.ids.n > 0) {
		ret->hidden = (int64_t)b.ids.n;
		r = write_hide_entity(w, entity, e);
	} else if (r == 0) {
		r = apply(w, entity, &b, &a, true, ret, e);
		if (r == 0)
			r = apply(w, entity, &a, &b, false, ret, e);
		if (r == 0)
			r = revert_attrs(w, entity, then, ret, e);
	}
	idset_done(&a.ids);
	idset_done(&b.ids);
	return r;
}
