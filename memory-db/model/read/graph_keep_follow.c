/* What changed since a graph was read: from the log, from the table of
 * conflicts, and from the ends that came. graph_keep.h says what depends on
 * what. */
#include "memory-db/model/read/graph_keep_int.h"

#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/log/conflicts.h"
#include "memory-db/store/log/log.h"

struct graph_follow {
	struct store *st;
	struct graph_touched *t;
	struct err *e;
};

/* Adds the entity; 1: more than are followed, 0, or MDB_E_NOMEM. */
static int
graph_follow_touch(struct graph_touched *t, struct idset *set, int64_t entity)
{
	if (entity > 0 && !idset_put(set, entity))
		return MDB_E_NOMEM;
	t->is_lost = t->is_lost || ++t->ops > GRAPH_KEEP_OPS;
	return t->is_lost;
}

/* The texts of two entities; 0: none. */
static int
graph_follow_pair(struct graph_follow *f, int64_t entity, int64_t other)
{
	int rc = graph_follow_touch(f->t, &f->t->entities, entity);

	if (rc == 0)
		rc = graph_follow_touch(f->t, &f->t->entities, other);
	return rc == MDB_E_NOMEM ? err_nomem(f->e) : rc;
}

/* --- ops ------------------------------------------------------------------ */
/* Attributes that no text of a graph tells of. */
static bool
graph_follow_is_silent(const struct log_touch *x)
{
	return x->what == OP_BRANCH ||
	       (x->what == OP_ATTR &&
		       (x->key == ATTR_TIER || x->key == ATTR_CONFIRMED ||
			       x->key == ATTR_FACT_CONFIRMED));
}

/* Whether an entity may have appeared, gone, or got another name. */
static bool
graph_follow_is_place(const struct log_touch *x)
{
	return x->kind == FACT_EXISTENCE ||
	       (x->what == OP_ATTR &&
		       (x->key == ATTR_EXPIRES || x->key == ATTR_PIN));
}

static int
graph_follow_op(void *ctx, const struct log_touch *x)
{
	struct graph_follow *f = ctx;
	struct graph_touched *t = f->t;
	int rc;

	t->is_lost = t->is_lost || ++t->looked > GRAPH_KEEP_LOOKED;
	if (t->is_lost || graph_follow_is_silent(x))
		return t->is_lost;
	if (x->what == OP_ERASE) {
		t->is_lost = true;
		return 1;
	}
	rc = graph_follow_pair(f, x->entity,
		x->kind == FACT_RELATION ? x->peer : 0);
	if (rc != 0 || !graph_follow_is_place(x))
		return rc;
	rc = graph_follow_touch(t, &t->places, x->entity);
	return rc == MDB_E_NOMEM ? err_nomem(f->e) : rc;
}

/* --- what depends on the entities touched --------------------------------- */
static int
graph_follow_relation(void *ctx, const struct fact *x)
{
	return graph_follow_pair(ctx, x->entity, x->peer);
}

/* Whoever has a relation with an entity that appeared, or has another name. One
 * that went is found in the texts that are kept. */
static int
graph_follow_ends(struct graph_follow *f)
{
	for (size_t i = 0; i < f->t->places.cap; i++) {
		int64_t entity = f->t->places.slots[i].id;
		int rc;

		if (entity == 0)
			continue;
		rc = fact_each(f->st, entity, 1u << FACT_RELATION,
			graph_follow_relation, f, f->e);
		if (rc)
			return rc;
		rc = fact_each_incoming(f->st, entity, graph_follow_relation, f,
			f->e);
		if (rc)
			return rc;
	}
	return 0;
}

static int
graph_follow_conflict(void *ctx, const struct conflict *c)
{
	return graph_follow_pair(ctx, c->entity, c->other);
}

/* The other entities of conflicts of those that were touched. */
static int
graph_follow_contested(struct graph_follow *f)
{
	AUTO_FREE int64_t *ids = NULL;
	size_t n = 0;
	int rc = f->t->entities.n > 0 ? conflict_any(f->st, f->e) : 0;

	if (rc != 1)
		return rc;
	/* The set grows meanwhile. */
	ids = calloc(f->t->entities.n, sizeof(*ids));
	if (!ids)
		return err_nomem(f->e);
	for (size_t i = 0; i < f->t->entities.cap; i++)
		if (f->t->entities.slots[i].id != 0)
			ids[n++] = f->t->entities.slots[i].id;
	for (size_t i = 0; i < n; i++) {
		rc = conflict_each_of_entity(f->st, ids[i],
			graph_follow_conflict, f, f->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- what is in no op ----------------------------------------------------- */
static int
graph_follow_due(void *ctx, int64_t entity)
{
	struct graph_follow *f = ctx;
	int rc = graph_follow_touch(f->t, &f->t->places, entity);

	return rc == MDB_E_NOMEM ? err_nomem(f->e) : rc;
}

/* Rows of conflicts are only ever added; if there are others, all is lost. */
static int
graph_follow_new_conflicts(struct graph_follow *f, struct graph_kept_graph *g)
{
	int64_t last = 0, n = 0, added = 0;
	int rc = conflict_extent(f->st, g->conflict, &last, &n, &added, f->e);

	if (rc)
		return rc;
	f->t->is_lost = f->t->is_lost || g->conflicts_n + added != n;
	if (!f->t->is_lost && added > 0)
		rc = conflict_each_at(f->st, 0, INT64_MAX, g->conflict,
			graph_follow_conflict, f, f->e);
	g->conflict = last;
	g->conflicts_n = n;
	return rc;
}

int
graph_keep_follow(struct graph_kept_graph *g, struct store *st, int64_t change,
	int64_t due, struct graph_touched *t, struct err *e)
{
	struct graph_follow f = {st, t, e};
	int rc;

	/* A graph of which nothing is known begins here. */
	t->is_lost = g->change == 0 || due < g->due;
	rc = graph_follow_new_conflicts(&f, g);
	if (rc >= 0 && !t->is_lost && due > g->due)
		rc = curated_each_due(st, g->due, due, graph_follow_due, &f, e);
	if (rc >= 0 && !t->is_lost && change > g->change)
		rc = log_touched(st, g->change, change, graph_follow_op, &f, e);
	if (rc >= 0 && !t->is_lost)
		rc = graph_follow_ends(&f);
	if (rc >= 0 && !t->is_lost)
		rc = graph_follow_contested(&f);
	if (rc < 0)
		return rc;
	g->change = change;
	g->due = due;
	return 0;
}
