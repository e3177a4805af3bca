/* The merge of one entity: whether it comes, goes or stays, and its facts.
 *
 * For example, the branch deleted Ada and the parent did not touch her: she
 * goes on the parent. Had the parent given her a new fact meanwhile, that
 * would be a conflict: she stays on the parent, and a row of `conflict` says
 * so. */
#include "memory-db/model/time/merge_internal.h"
#include "memory-db/store/log/log.h"

struct merge_entity_group {
	int64_t entity;
	struct merge_item *items;
	size_t n;
	bool changed; /* the branch differs from base */
	bool has_metadata;
};

struct merge_entity_other {
	struct merge *m;
	int64_t change;
};

static int
any_incoming(void *ctx, const struct fact *f)
{
	const struct merge *m = ctx;

	return f->added > m->base_at && !idset_has(&m->own, f->added);
}

static int
not_own(void *ctx, const struct log_change *c)
{
	struct merge_entity_other *x = ctx;

	if (idset_has(&x->m->own, c->id))
		return 0;
	x->change = c->id;
	return 1;
}

/* The newest change of the parent that touched it and is no slice of this
 * merge; 0 none. */
static int
touched_by_others(struct merge *m, int64_t entity, int64_t *ret_change)
{
	struct merge_entity_other x = {m, 0};
	int rc;

	if (m->own.n == 0)
		return branch_touched(m->st, entity, m->parent, ret_change,
			m->e);
	rc = lens_apply(m->st, &m->ours, m->e);
	if (rc != 0)
		return rc;
	rc = log_of_entity(m->st, entity, INT64_MAX, not_own, &x, m->e);
	*ret_change = x.change;
	return rc < 0 ? rc : 0;
}

/* Did the parent change the entity, or relate something to it, since base? */
static int
parent_changed(struct merge *m, int64_t entity, bool *ret)
{
	int64_t change;
	int rc = touched_by_others(m, entity, &change);

	*ret = rc == 0 && change > m->base_at;
	if (rc != 0 || *ret)
		return rc;
	rc = fact_each_incoming(m->st, entity, any_incoming, m, m->e);
	*ret = rc == 1;
	return rc < 0 ? rc : 0;
}

/* In slices, its facts go before it. */
static int
merge_entity_delete_entity(struct merge *m, int64_t entity)
{
	size_t left = 0;
	int rc;

	if (m->room == 0) {
		m->out->removed++;
		return write_hide_entity(m->w, entity, m->e);
	}
	m->at.pass = PASS_DELETE;
	rc = write_hide_part(m->w, entity, (size_t)m->room, &left, m->e);
	m->cut |= left > 0;
	m->out->removed += left == 0;
	return rc;
}

/* A slice before ended within the entity. 1 its facts are to be merged, 0 it
 * is left alone: deleted since. */
static int
go_on(struct merge *m, int64_t entity)
{
	int64_t change;
	int rc;

	if (m->at.pass != PASS_DELETE)
		return fact_existence(m->st, entity, NULL, NULL, NULL, m->e);
	rc = branch_touched(m->st, entity, m->parent, &change, m->e);
	if (rc != 0)
		return rc;
	if (change > m->at.change) /* what is left stays */
		return merge_gone(m, entity, "changed", "deleted");
	return merge_entity_delete_entity(m, entity);
}

/* 1 when the entity's facts are to be merged, 0 when it is left alone,
 * MERGE_WAITS when a name it needs may still come free. */
static int
merge_entity_decide(struct merge *m, const struct merge_entity_group *g)
{
	struct existence b AUTO_EXISTENCE = {0}, t AUTO_EXISTENCE = {0},
			   o AUTO_EXISTENCE = {0};
	bool changed = false;
	int rc = existence_under(m, &m->base, g->entity, &b);

	if (rc != 0)
		return rc;
	rc = existence_under(m, &m->theirs, g->entity, &t);
	if (rc != 0)
		return rc;
	rc = existence_under(m, &m->ours, g->entity, &o);
	if (rc != 0)
		return rc;
	if (t.fact != 0 && o.fact != 0) {
		rc = merge_existence(m, g->entity, &b, &t, &o);
		return rc != 0 ? rc : 1;
	}
	if (t.fact != 0 && b.fact != 0) /* deleted here */
		return g->changed
			       ? merge_gone(m, g->entity, "deleted", "changed")
			       : 0;
	if (t.fact != 0) { /* new there */
		rc = merge_new(m, g->entity, &t);
		return rc != 0 ? rc : 1;
	}
	if (o.fact == 0 || b.fact == 0)
		return 0;
	rc = parent_changed(m, g->entity, &changed); /* deleted there */
	if (rc != 0)
		return rc;
	if (changed)
		return merge_gone(m, g->entity, "changed", "deleted");
	return merge_entity_delete_entity(m, g->entity);
}

bool
merge_takes(struct merge *m, enum merge_pass pass, const struct merge_item *x)
{
	if (m->cut || (m->at.pass == (int64_t)pass && x->f.id <= m->at.fact) ||
		m->at.pass > (int64_t)pass || merge_full(m))
		return false;
	m->at.pass = pass;
	m->at.fact = x->f.id;
	return true;
}

static int
hide_kind(struct merge *m, const struct merge_entity_group *g,
	enum fact_kind kind)
{
	enum merge_pass pass = kind == FACT_TAG ? PASS_HIDE_TAGS : PASS_HIDE;
	int rc = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (g->items[i].f.kind == kind &&
			merge_item_goes(&g->items[i]) &&
			merge_takes(m, pass, &g->items[i]))
			rc = merge_item_hide(m, &g->items[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
merge_items(struct merge *m, const struct merge_entity_group *g)
{
	/* Removals first: a text removed and added again on the branch must
	 * not be taken for one that stands here. Tags before the facts, which
	 * take what is left of theirs along. */
	int rc = hide_kind(m, g, FACT_TAG);

	if (rc != 0)
		return rc;
	rc = hide_kind(m, g, FACT_OBSERVATION);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < g->n; i++) {
		if (g->items[i].f.kind == FACT_OBSERVATION &&
			merge_item_comes(&g->items[i]) &&
			merge_takes(m, PASS_SHOW, &g->items[i]))
			rc = merge_item_show(m, &g->items[i]);
		if (rc != 0)
			return rc;
	}
	if (!m->cut)
		rc = merge_marks(m, g->items, g->n);
	if (rc != 0)
		return rc;
	if (!m->cut && g->has_metadata)
		rc = merge_metadata(m, g->entity);
	if (rc != 0)
		return rc;
	return lens_apply(m->st, &m->ours, m->e);
}

static int
load_group(struct merge *m, size_t first, struct merge_entity_group *g)
{
	int rc = 0;

	g->entity = m->touched[first].entity;
	while (first + g->n < m->n &&
		m->touched[first + g->n].entity == g->entity)
		g->n++;
	g->items = calloc(g->n, sizeof(*g->items));
	if (!g->items)
		return err_nomem(m->e);
	for (size_t i = 0; i < g->n; i++) {
		struct merge_item *x = &g->items[i];

		rc = merge_item_load(m, m->touched[first + i].fact, x);
		g->changed |= x->base != x->theirs;
		g->has_metadata |= x->f.kind == FACT_METADATA;
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void
free_group(struct merge_entity_group *g)
{
	for (size_t i = 0; g->items != NULL && i < g->n; i++)
		free(g->items[i].text);
	free(g->items);
}
#define AUTO_GROUP __attribute__((cleanup(free_group)))

/* Where the slice before ended within it, from there on. */
static int
merge_group(struct merge *m, struct merge_entity_group *g)
{
	int rc;

	if (m->at.entity == g->entity && m->at.pass != PASS_NEW) {
		rc = go_on(m, g->entity);
	} else {
		m->at.pass = PASS_NEW;
		m->at.fact = 0;
		m->at.entity = g->entity;
		rc = merge_entity_decide(m, g);
	}
	if (rc < 0)
		return rc;
	if (lens_apply(m->st, &m->ours, m->e) != 0)
		return MDB_E_STORE;
	if (rc != 1)
		return rc;
	if (m->at.pass < PASS_HIDE_TAGS)
		m->at.pass = PASS_HIDE_TAGS;
	return merge_items(m, g);
}

int
merge_entity(struct merge *m, size_t first, size_t *ret_n)
{
	AUTO_GROUP struct merge_entity_group g = {0};
	int rc = load_group(m, first, &g);

	*ret_n = g.n;
	if (rc != 0)
		return rc;
	rc = merge_group(m, &g);
	m->touched[first].waits = rc == MERGE_WAITS;
	if (rc != MERGE_WAITS)
		return rc;
	m->waiting++;
	return 0;
}
