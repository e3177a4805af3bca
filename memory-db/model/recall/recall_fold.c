/* The rows of the result. Near copies (near_copies.h) of a row are folded into it and
 * counted. One alone that is not quite the same is another fact, and of several
 * in which more than a number differs the first one written stands behind the
 * row: whoever repeats another's fact with one word changed does not hide it. */
#include <math.h>
#include <string.h>

#include "memory-db/model/recall/recall_internal.h"

#define DAY_MS INT64_C(86400000)

/* A row to be, in the order of the best. */
struct recall_fold_group {
	size_t best, first; /* candidates; first: the oldest that differs */
	enum copy_how how;  /* of all of them, the least */
	int alike, differ;  /* copies; those not the same */
	int64_t also[RECALL_ALSO];
};

static int
recall_fold_best_first(const void *a, const void *b)
{
	const struct recall_candidate *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (x->total != y->total)
		return x->total > y->total ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

struct copy_text
recall_fact_copy_text(const struct recall_fact *f)
{
	return (struct copy_text){.v = f->tokens,
		.n = f->words,
		.mins = f->mins,
		.entity = f->entity,
		.day = f->is_dated ? f->at / DAY_MS + 1 : 0};
}

struct copy_text
recall_copy_text(const struct recalling *r, const struct recall_candidate *c)
{
	struct copy_text t = recall_fact_copy_text(c->f);

	t.found = c->found;
	if (c->name >= 0) {
		t.name = r->names[c->name].tokens;
		t.name_n = (size_t)r->names[c->name].tokens_n;
	}
	return t;
}

static void
recall_fold_join(struct recall_fold_group *g, const struct recalling *r,
	size_t at, enum copy_how how)
{
	const struct recall_candidate *c = &r->c[at];
	struct copy_text mine = recall_copy_text(r, c);
	struct copy_text best = recall_copy_text(r, &r->c[g->best]);
	int64_t entity = c->f->entity;

	g->alike++;
	if (how != COPY_SAME) {
		if (g->differ++ == 0 || c->fact < r->c[g->first].fact)
			g->first = at;
		g->how = how < g->how ? how : g->how;
	}
	if (near_copy_names(&mine, &best))
		return;
	for (int i = 0; i < RECALL_ALSO; i++) {
		if (g->also[i] == 0)
			g->also[i] = entity;
		if (g->also[i] == entity)
			return;
	}
}

static int
group_all(const struct recalling *r, struct recall_fold_group *groups,
	size_t *ret_n)
{
	struct near_copy_set set = {0};
	int k = 0;

	for (size_t i = 0; k == 0 && i < r->n; i++) {
		if (r->c[i].total <= 0)
			continue;

		struct copy_text t = recall_copy_text(r, &r->c[i]);
		enum copy_how how;
		size_t at;

		k = near_copy_set_put(&set, &t, &at, &how);
		if (k == 0 && how == COPY_NOT)
			groups[at] = (struct recall_fold_group){.best = i,
				.how = COPY_SAME};
		else if (k == 0)
			recall_fold_join(&groups[at], r, i, how);
	}
	*ret_n = set.n;
	near_copy_set_done(&set);
	return k;
}

/* Does the first that differs have a row of its own? */
static bool
has_first(const struct recall_fold_group *g)
{
	return g->differ == 1 || (g->differ > 1 && g->how == COPY_ALMOST);
}

static void
recall_fold_add_row(struct recalling *r, size_t at, double confidence,
	double most, const struct recall_fold_group *g)
{
	struct recall_result *ret = r->ret;
	const struct recall_candidate *c = &r->c[at];
	struct recall_found *row;

	if (ret->n == (size_t)r->request->limit || c->total <= 0 ||
		c->total < r->request->cut * most)
		return;
	row = &ret->rows[ret->n++];
	*row = (struct recall_found){.fact = c->fact,
		.entity = c->f->entity,
		.at = c->f->at,
		.is_dated = c->f->is_dated,
		.is_instruction = c->f->is_instruction,
		.fit = most > 0 ? confidence * c->total / most : 0,
		.score = c->rank};
	memcpy(row->parts, c->parts, sizeof(row->parts));
	if (g) {
		row->alike = g->alike - has_first(g);
		memcpy(row->also, g->also, sizeof(row->also));
	}
}

int
recall_fold(struct recalling *r, double confidence)
{
	struct recall_fold_group *groups AUTO_FREE =
		calloc(r->n + 1, sizeof(*groups));
	double most = 0;
	size_t n = 0;
	int rc;

	r->ret->rows =
		calloc((size_t)r->request->limit + 1, sizeof(*r->ret->rows));
	if (!groups || !r->ret->rows)
		return err_nomem(r->e);
	for (size_t i = 0; i < r->n; i++)
		most = fmax(most, r->c[i].total);
	rc = recall_useful(r, confidence, most);
	if (rc < 0)
		return rc;
	if (r->n > 1)
		qsort(r->c, r->n, sizeof(*r->c), recall_fold_best_first);
	if (group_all(r, groups, &n) < 0)
		return err_nomem(r->e);
	for (size_t i = 0; i < n; i++) {
		recall_fold_add_row(r, groups[i].best, confidence, most,
			&groups[i]);
		if (has_first(&groups[i]))
			recall_fold_add_row(r, groups[i].first, confidence,
				most, NULL);
	}
	return 0;
}
