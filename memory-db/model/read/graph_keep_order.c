/* The order of the entities of a kept graph, and how it moves on with the changes:
 * what they touched is dropped, entities that came, went or got another place
 * are put where they stand now. graph_keep.h has the idea. */
#include "memory-db/model/read/graph_keep_int.h"

#include <stdlib.h>

#include "common/vec.h"
#include "memory-db/store/facts/facts.h"

size_t
graph_list_behind(const struct graph_list *l, int64_t after)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->v[mid].existence <= after)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int
graph_list_compare(const void *a, const void *b)
{
	const struct graph_list_item *x = a, *y = b;

	return (x->existence > y->existence) - (x->existence < y->existence);
}

/* Whether a kept text names an entity as the other end of a relation. */
static bool
graph_kept_names(const struct graph_kept *x, const struct idset *entities)
{
	for (size_t i = 0; i < x->rows_n; i++)
		if (idset_has(entities, x->rows[i].other))
			return true;
	return false;
}

/* Drops what was touched, and takes those whose place may be another out of the
 * order. */
static void
graph_list_drop_touched(struct graph_keep *k, struct graph_kept_graph *g,
	struct graph_list *l, const struct graph_touched *t)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct graph_list_item *x = &l->v[i];
		bool moves = idset_has(&t->places, x->entity);

		if (x->kept && (moves || idset_has(&t->entities, x->entity) ||
				       graph_kept_names(x->kept, &t->places)))
			graph_keep_drop_item(k, g, x);
		if (!moves)
			l->v[n++] = *x;
	}
	l->n = n;
}

/* Puts an entity where it stands now. */
static int
graph_keep_place(struct graph_kept_graph *g, struct store *st, int64_t entity,
	struct err *e)
{
	int64_t existence = 0;
	int rc = fact_existence(st, entity, &existence, NULL, NULL, e);

	if (rc != 1)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(g->lists); i++) {
		struct graph_list *l = &g->lists[i];

		if (g->ns[i] != fact_namespace(existence) || g->ns[i] == 0 ||
			(!l->is_complete && existence > l->upto))
			continue;
		if (vec_room(l->v, l->n, l->cap))
			return err_nomem(e);
		l->v[l->n++] =
			(struct graph_list_item){existence, entity, NULL};
	}
	return 0;
}

static int
graph_keep_apply(struct graph_keep *k, struct graph_kept_graph *g,
	struct store *st, const struct graph_touched *t, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(g->lists); i++)
		graph_list_drop_touched(k, g, &g->lists[i], t);
	for (size_t i = 0; i < t->places.cap; i++) {
		int64_t entity = t->places.slots[i].id;
		int rc = entity ? graph_keep_place(g, st, entity, e) : 0;

		if (rc < 0)
			return rc;
	}
	if (t->places.n > 0)
		for (size_t i = 0; i < ARRAY_LEN(g->lists); i++)
			if (g->lists[i].n > 0)
				qsort(g->lists[i].v, g->lists[i].n,
					sizeof(*g->lists[i].v),
					graph_list_compare);
	return 0;
}

static int
graph_keep_catch_up(struct graph_keep *k, struct graph_kept_graph *g,
	struct store *st, int64_t change, int64_t due, struct graph_touched *t,
	struct err *e)
{
	int rc = graph_keep_follow(g, st, change, due, t, e);

	if (rc != 0 || t->is_lost || (t->entities.n == 0 && t->places.n == 0))
		return rc;
	g->turn = ++k->turns;
	return graph_keep_apply(k, g, st, t, e);
}

int
graph_keep_move_on(struct graph_keep *k, struct graph_kept_graph *g,
	struct store *st, int64_t change, int64_t due, struct err *e)
{
	struct graph_touched t = {.ops = 0};
	int rc = graph_keep_catch_up(k, g, st, change, due, &t, e);

	if (rc || t.is_lost || g->lists[0].n > GRAPH_KEEP_ENTITIES ||
		g->lists[1].n > GRAPH_KEEP_ENTITIES)
		graph_keep_drop(k, g);
	if (rc)
		g->change = 0;
	idset_done(&t.entities);
	idset_done(&t.places);
	return rc;
}
