/* Three-way merge; see merge.h for the rules. */
#include "memory-db/model/merge_internal.h"

#include <string.h>

#include "common/jx.h"

/* --- sides
 * --------------------------------------------------------------------- */
struct parent {
	int64_t id, fork;
};

static int
get_parent(void *ctx, const struct branch_row *b)
{
	*(struct parent *)ctx = (struct parent){b->parent, b->fork};
	return 0;
}

static int
make_sides(struct merge *m)
{
	struct parent p = {0, 0};
	int64_t upto = 0;
	int r = branch_get(m->st, m->branch, get_parent, &p, m->e);

	if (r >= 0)
		r = lens_branch_name(m->st, m->branch, &m->name, m->e);
	if (r >= 0 && buf_str(&m->name) == NULL)
		r = err_nomem(m->e);
	if (r < 0)
		return r;
	m->parent = p.id;
	m->base_at = p.fork;
	m->ours = *lens_of(m->st);
	r = lens_make(m->st, m->branch, STORE_OPEN_END, &m->theirs, m->e);
	if (r == 0)
		r = branch_merged(m->st, m->branch, &m->base_at, &upto, m->e);
	if (r == 1) /* the parent took the branch as it was then */
		return lens_make(m->st, m->branch, upto, &m->base, m->e);
	return r == 0 ? lens_make(m->st, p.id, p.fork, &m->base, m->e) : r;
}

static int
add_touched(void *ctx, int64_t fact, int64_t entity)
{
	struct merge *m = ctx;

	if (m->n == m->cap) {
		size_t cap = m->cap == 0 ? 64 : m->cap * 2;
		struct touched *p = realloc(m->touched, cap * sizeof(*p));

		if (p == NULL)
			return err_nomem(m->e);
		m->touched = p;
		m->cap = cap;
	}
	m->touched[m->n++] = (struct touched){fact, entity, false};
	return 0;
}

static int
by_entity(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;

	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

/* --- one entity
 * -------------------------------------------------------------------------- */
struct group {
	int64_t entity;
	struct merge_item *items;
	size_t n;
	bool changed; /* the branch differs from base */
	bool has_metadata;
};

static int
any_incoming(void *ctx, const struct fact *f)
{
	int64_t *base_at = ctx;

	return f->added > *base_at;
}

/* Did the parent change the entity, or relate something to it, since base? */
static int
parent_changed(struct merge *m, int64_t entity, bool *ret)
{
	int64_t change;
	int r = branch_touched(m->st, entity, m->parent, &change, m->e);

	*ret = r == 0 && change > m->base_at;
	if (r != 0 || *ret)
		return r;
	r = fact_each_incoming(m->st, entity, any_incoming, &m->base_at, m->e);
	*ret = r == 1;
	return r < 0 ? r : 0;
}

/* 1 when the entity's facts are to be merged, 0 when it is left alone,
 * MERGE_WAITS when a name it needs may still come free. */
static int
decide(struct merge *m, const struct group *g)
{
	struct existence b AUTO_EXISTENCE = {0}, t AUTO_EXISTENCE = {0},
			   o AUTO_EXISTENCE = {0};
	bool changed = false;
	int r = existence_under(m, &m->base, g->entity, &b);

	if (r == 0)
		r = existence_under(m, &m->theirs, g->entity, &t);
	if (r == 0)
		r = existence_under(m, &m->ours, g->entity, &o);
	if (r != 0)
		return r;
	if (t.fact != 0 && o.fact != 0) {
		r = merge_existence(m, g->entity, &b, &t, &o);
		return r != 0 ? r : 1;
	}
	if (t.fact != 0 && b.fact != 0) /* deleted here */
		return g->changed ? merge_conflict(m, g->entity, CONFLICT_MERGE,
					    "existence", "deleted", "changed")
				  : 0;
	if (t.fact != 0) { /* new there */
		r = merge_new(m, g->entity, &t);
		return r != 0 ? r : 1;
	}
	if (o.fact == 0 || b.fact == 0)
		return 0;
	r = parent_changed(m, g->entity, &changed); /* deleted there */
	if (r == 0 && changed)
		return merge_conflict(m, g->entity, CONFLICT_MERGE, "existence",
			"changed", "deleted");
	if (r == 0) {
		m->out->removed++;
		r = write_hide_entity(m->w, g->entity, m->e);
	}
	return r;
}

static int
hide_kind(struct merge *m, const struct group *g, enum fact_kind kind)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->n; i++)
		if (g->items[i].f.kind == kind &&
			merge_item_goes(&g->items[i]))
			r = merge_item_hide(m, &g->items[i]);
	return r;
}

static int
merge_items(struct merge *m, const struct group *g)
{
	/* Removals first: a text removed and added again on the branch must
	 * not be taken for one that stands here. Tags before the facts, which
	 * take what is left of theirs along. */
	int r = hide_kind(m, g, FACT_TAG);

	if (r == 0)
		r = hide_kind(m, g, FACT_OBSERVATION);
	for (size_t i = 0; r == 0 && i < g->n; i++)
		if (g->items[i].f.kind == FACT_OBSERVATION &&
			merge_item_comes(&g->items[i]))
			r = merge_item_show(m, &g->items[i]);
	if (r == 0)
		r = merge_marks(m, g->items, g->n);
	if (r == 0 && g->has_metadata)
		r = merge_metadata(m, g->entity);
	return r == 0 ? lens_apply(m->st, &m->ours, m->e) : r;
}

static int
load_group(struct merge *m, size_t first, struct group *g)
{
	int r = 0;

	g->entity = m->touched[first].entity;
	while (first + g->n < m->n &&
		m->touched[first + g->n].entity == g->entity)
		g->n++;
	g->items = calloc(g->n, sizeof(*g->items));
	if (g->items == NULL)
		return err_nomem(m->e);
	for (size_t i = 0; r == 0 && i < g->n; i++) {
		struct merge_item *x = &g->items[i];

		r = merge_item_load(m, m->touched[first + i].fact, x);
		g->changed |= x->base != x->theirs;
		g->has_metadata |= x->f.kind == FACT_METADATA;
	}
	return r;
}

static void
free_group(struct group *g)
{
	for (size_t i = 0; g->items != NULL && i < g->n; i++)
		free(g->items[i].text);
	free(g->items);
}

static int
merge_entity(struct merge *m, size_t first, size_t *ret_n)
{
	struct group g = {0};
	int r = load_group(m, first, &g);

	if (r == 0)
		r = decide(m, &g);
	if (r >= 0 && lens_apply(m->st, &m->ours, m->e) != 0)
		r = MDB_E_STORE;
	if (r == 1)
		r = merge_items(m, &g);
	m->touched[first].waits = r == MERGE_WAITS;
	if (r == MERGE_WAITS) {
		m->waiting++;
		r = 0;
	}
	*ret_n = g.n;
	free_group(&g);
	return r;
}

/* Names move between entities: what waits for one is looked at again until no
 * more come free. */
static int
merge_waiting(struct merge *m)
{
	int r = 0;

	while (r == 0 && m->waiting > 0) {
		size_t before = m->waiting, n;

		m->waiting = 0;
		for (size_t i = 0; r == 0 && i < m->n; i++)
			if (m->touched[i].waits)
				r = merge_entity(m, i, &n);
		m->last_round = m->waiting == before;
	}
	return r;
}

/* --- relations, after all entities
 * ------------------------------------------------------- */
static int
merge_relation(struct merge *m, const struct merge_item *x)
{
	int r;

	if (x->f.kind != FACT_RELATION)
		return 0;
	if (merge_item_goes(x))
		return merge_item_hide(m, x);
	if (!merge_item_comes(x))
		return 0;
	r = fact_existence(m->st, x->f.entity, NULL, NULL, NULL, m->e);
	if (r == 1)
		r = fact_existence(m->st, x->f.peer, NULL, NULL, NULL, m->e);
	if (r == 1)
		return merge_item_show(m, x);
	return r < 0 ? r
		     : merge_conflict(m, x->f.entity, CONFLICT_MERGE, "relation",
			       "an end is deleted", "related");
}

static int
merge_relations(struct merge *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n; i++) {
		struct merge_item x = {0};

		r = merge_item_load(m, m->touched[i].fact, &x);
		if (r == 0)
			r = merge_relation(m, &x);
		free(x.text);
	}
	return r;
}

/* --- tier and pin
 * ---------------------------------------------------------------------------
 */
static int
merge_attrs(struct merge *m)
{
	struct merge pairs = {.e = m->e};
	int r = branch_each_attr(m->st, m->branch, add_touched, &pairs, m->e);

	for (size_t i = 0; r == 0 && i < pairs.n; i++)
		r = merge_attribute(m, pairs.touched[i].entity,
			(enum attr_key)pairs.touched[i].fact);
	free(pairs.touched);
	return r;
}

/* --- the whole
 * ----------------------------------------------------------------------------------
 */
static int
run(struct merge *m)
{
	int64_t newest;
	size_t n;
	int r = make_sides(m);

	if (r == 0)
		r = branch_newest(m->st, m->w->ns, m->parent, &newest, m->e);
	if (r != 0)
		return r;
	m->out->fast_forward = newest <= m->base_at;
	r = branch_each_fact(m->st, m->branch, add_touched, m, m->e);
	if (r != 0)
		return r;
	if (m->n > 0)
		qsort(m->touched, m->n, sizeof(*m->touched), by_entity);
	for (size_t i = 0; r == 0 && i < m->n; i += n)
		r = merge_entity(m, i, &n);
	if (r == 0)
		r = merge_waiting(m);
	if (r == 0)
		r = merge_relations(m);
	if (r == 0)
		r = merge_attrs(m);
	if (r == 0 && (change_ops(m->w->change) > 0 ||
			      json_array_size(m->out->conflicts) > 0))
		r = change_branch(
			m->w->change, BRANCH_OP_MERGE, m->branch, 0, m->e);
	return r;
}

int
merge_apply(struct write *w, int64_t branch, struct merge_result *ret,
	struct err *e)
{
	struct merge m = {
		.w = w, .st = w->st, .out = ret, .e = e, .branch = branch};
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->conflicts = json_array();
	if (ret->conflicts == NULL)
		return err_nomem(e);
	r = run(&m);
	free(m.touched);
	buf_done(&m.name);
	return r;
}

int
merge_record(struct write *w, int64_t branch, struct err *e)
{
	if (w->replay || w->change_id == 0)
		return 0;
	return branch_add_merge(
		w->st, branch, w->change_id, w->change_id - 1, e);
}

void
merge_result_done(struct merge_result *r)
{
	json_decref(r->conflicts);
	r->conflicts = NULL;
}
