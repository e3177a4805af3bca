/* The facts of a memory that was read as a whole. Its receipt has no rows: they
 * would be the same facts again each time, so they are looked up when the answer
 * is judged.
 *
 *   read_graph at change 40     receipt g4k1..: change 40, no rows
 *   fact 41 is stored           the agent's own, which it was not shown
 *   useful_graph, change 40     facts 1 to 40 that are there still */
#include "memory-db/model/useful/useful_graph.h"

#include "memory-db/store/facts/facts.h"

struct of_graph {
	int64_t change;
	int64_t *v;
	size_t n;
};

static int
note_entity(void *ctx, const struct fact *f)
{
	struct of_graph *g = ctx;

	if (g->n == USEFUL_GRAPH_FACTS)
		return 1;
	g->v[g->n++] = f->entity;
	return 0;
}

static int
note_shown(void *ctx, const struct fact *f)
{
	struct of_graph *g = ctx;

	if (f->added > g->change)
		return 0;
	if (g->n == USEFUL_GRAPH_FACTS)
		return 1;
	g->v[g->n++] = f->id;
	return 0;
}

int
useful_graph(struct store *st, const struct scope *scope, int64_t change,
	int64_t facts[USEFUL_GRAPH_FACTS], size_t *ret_n, struct err *e)
{
	int64_t entities[USEFUL_GRAPH_FACTS];
	struct of_graph all = {.v = entities},
			shown = {.change = change, .v = facts};

	*ret_n = 0;
	for (int k = 0; k < scope->n; k++) {
		int rc = scope->ns[k] == 0 ? 0
					   : fact_each_entity(st, scope->ns[k],
						     0, note_entity, &all, e);

		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	for (size_t i = 0; i < all.n; i++) {
		int rc = fact_each(st, entities[i], 1u << FACT_OBSERVATION,
			note_shown, &shown, e);

		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	*ret_n = shown.n;
	return 0;
}
