/* Candidates of a recall.
 *
 * Words of the question in order of rarity. All facts that have one of the
 * rarest are found, as many as the bounds allow; of words that are common
 * throughout, the newest. A match costs half a microsecond and tells which
 * words it has; the best by their weight are read. Entities whose name or type
 * has words of the question bring their newest facts along. */
#include <string.h>

#include "common/vec.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/model/search/tag_sets.h"

/* A word in more facts is common: their number is estimated. */
#define COMMON_BOUND 1000
/* Matches read for the rare words (the rarest always, up to COMMON_BOUND) and,
 * joined with them, for the less rare. */
#define RARE_MAX 3000
#define MID_MAX	 6000
/* Newest matches read when every word is common: with all words, with any. */
#define ALL_MAX 600
#define ANY_MAX 2000
/* Matches of one namespace kept by weight of their words; so many more as rows
 * are asked for, when these are many. */
#define KEEP	  150
#define MANY_ROWS 100
/* Near copies among them that do not count. */
#define COPIES 1000
/* Facts that an entity brings along by its name. */
#define NAMED_FACTS 24

struct match {
	int64_t fact;
	double weight;
	uint32_t mask, body;
};
struct recall_gather_gathering {
	struct recalling *r;
	int which;
	struct match *v;
	size_t n, cap;
	struct idmap seen;
	int64_t taken, max; /* matches that pass the filters */
	bool filters;
};

/* --- matches -------------------------------------------------------------- */

static double
recall_gather_weight_of(const struct query_terms *t, uint32_t mask)
{
	double sum = 0;

	for (; mask != 0; mask &= mask - 1)
		sum += t->words[__builtin_ctz(mask)].weight;
	return sum;
}

static int
keep_match(struct recall_gather_gathering *g, const struct search_row *row)
{
	const struct query_terms *t = &g->r->terms[g->which];

	if (idmap_get(&g->seen, row->fact, NULL))
		return 0;
	if (vec_room(g->v, g->n, g->cap) != 0)
		return err_nomem(g->r->e);
	if (idmap_put(&g->seen, row->fact, 1) < 0)
		return err_nomem(g->r->e);
	g->v[g->n++] = (struct match){.fact = row->fact,
		.mask = row->name | row->body,
		.body = row->body,
		.weight = recall_gather_weight_of(t, row->name | row->body)};
	return 0;
}

static int
recall_gather_take_row(void *ctx, const struct search_row *row)
{
	struct recall_gather_gathering *g = ctx;
	int k = g->filters ? recall_match_passes(g->r, row) : 1;

	if (k == 1) {
		g->taken++;
		k = keep_match(g, row);
	}
	return k < 0 ? k : g->taken >= g->max || recall_is_late(g->r);
}

static int
recall_gather_take(struct recall_gather_gathering *g, const struct buf *text,
	int words, int counted, int64_t max)
{
	struct search_match match = {.text = text->data,
		.n = text->len,
		.words = words,
		.counted = counted,
		.bare = !g->filters ||
			(recall_filters_by_sets(g->r) &&
				!tag_sets_any_own(g->r->tagged))};
	int k;

	g->taken = 0;
	g->max = max;
	k = search_match(g->r->st, &g->r->range[g->which], &match,
		recall_gather_take_row, g, g->r->e);
	return k < 0 ? k : 0;
}

/* (rare AND mid) OR rare: phrase i is word i % mid; see model/search/search_rank.c. */
static int
recall_gather_take_rare(struct recall_gather_gathering *g, int rare)
{
	const struct query_terms *t = &g->r->terms[g->which];
	AUTO_BUF struct buf text = {0};
	int64_t facts = 0;
	int mid = rare;

	while (mid < t->n && facts + t->words[mid].count <= MID_MAX)
		facts += t->words[mid++].count;
	if (mid > rare &&
		(buf_addc(&text, '(') < 0 ||
			query_expression(t, 0, rare, "OR", &text) < 0 ||
			buf_adds(&text, ") AND (") < 0 ||
			query_expression(t, rare, mid, "OR", &text) < 0 ||
			buf_adds(&text, ") OR ") < 0))
		return err_nomem(g->r->e);
	if (query_expression(t, 0, rare, "OR", &text) < 0)
		return err_nomem(g->r->e);
	return recall_gather_take(g, &text, mid, mid > rare ? mid + rare : mid,
		INT64_MAX);
}

static int
recall_gather_take_common(struct recall_gather_gathering *g)
{
	const struct query_terms *t = &g->r->terms[g->which];
	AUTO_BUF struct buf all = {0}, any = {0};
	int k;

	if (query_expression(t, 0, t->n, "AND", &all) < 0 ||
		query_expression(t, 0, t->n, "OR", &any) < 0)
		return err_nomem(g->r->e);
	k = recall_gather_take(g, &any, t->n, t->n, ANY_MAX);
	/* That was not all of them: those with all words. */
	if (k)
		return k;
	if (t->n > 1 && g->taken == g->max)
		k = recall_gather_take(g, &all, t->n, t->n, ALL_MAX);
	return k;
}

/* --- the best of them ----------------------------------------------------- */

static int
recall_gather_heaviest_first(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

/* The newest facts of an entity that pass the filters. */
static int
take_facts_of(struct recall_gather_gathering *g, int64_t entity, double weight)
{
	struct recalling *r = g->r;
	struct search_row row = {.fact = INT64_MAX, .entity = entity};
	int64_t facts[NAMED_FACTS];
	int taken = 0, n = NAMED_FACTS, k = 0;

	while (n == NAMED_FACTS && taken < NAMED_FACTS && !recall_is_late(r)) {
		k = recall_newest_of(r->st, entity, row.fact, NAMED_FACTS,
			facts, &n, r->e);
		for (int i = 0; k >= 0 && i < n && taken < NAMED_FACTS; i++) {
			row.fact = facts[i];
			k = g->filters ? recall_match_passes(r, &row) : 1;
			if (k == 1)
				k = recall_add(r, g->which, row.fact, weight,
					NULL);
			taken += k == 1;
		}
		if (k < 0)
			return k;
	}
	return 0;
}

/* An entity that the question names or whose type it names. */
static int
take_named(struct recall_gather_gathering *g, const struct match *m)
{
	struct recalling *r = g->r;
	const struct recall_fact *f;
	int k = recall_fact(r->st, m->fact, r->terms[g->which].stem, &f, r->e);

	if (k <= 0)
		return k;
	for (int i = 0; i < r->named_n; i++)
		if (r->named[i] == f->entity)
			return 0;
	if (r->named_n == (int)ARRAY_LEN(r->named))
		return 0;
	r->named[r->named_n] = f->entity;
	r->named_guess[r->named_n++] = m->weight;
	return take_facts_of(g, f->entity, m->weight);
}

static void
swap(struct match *a, struct match *b)
{
	struct match x = *a;

	*a = *b;
	*b = x;
}

/* Brings the k heaviest of n to the front; they are few of many. */
static void
heaviest_to_front(struct match *v, size_t n, size_t k)
{
	while (n > k && k > 0) {
		size_t front = 0;

		swap(&v[n / 2], &v[n - 1]);
		for (size_t i = 0; i + 1 < n; i++)
			if (recall_gather_heaviest_first(&v[i], &v[n - 1]) < 0)
				swap(&v[i], &v[front++]);
		swap(&v[front], &v[n - 1]);
		if (front >= k) {
			n = front;
			continue;
		}
		front++; /* v[front - 1] and those before it */
		v += front;
		n -= front;
		k -= front;
	}
}

/* A match that is not much like one before it. */
static int
is_other(struct recall_gather_gathering *g, const struct match *m,
	const struct recall_candidate *c, struct near_copy_set *set)
{
	struct copy_text t = recall_copy_text(g->r, c);
	enum copy_how how;
	size_t at;

	t.found = m->mask;
	return near_copy_set_put(set, &t, &at, &how) < 0 ? err_nomem(g->r->e)
							 : how == COPY_NOT;
}

/* Takes the heaviest of n until `keep` of them say something of their own.
 * *kept: those so far. */
static int
take_heaviest(struct recall_gather_gathering *g, const struct match *v,
	size_t n, size_t keep, size_t *kept, struct near_copy_set *set)
{
	int k = 0;

	for (size_t i = 0; k >= 0 && i < n && *kept < keep; i++) {
		struct recall_candidate *c;

		k = recall_add(g->r, g->which, v[i].fact, v[i].weight, &c);
		if (k == 1) {
			c->in_index |= v[i].body;
			k = is_other(g, &v[i], c, set);
		} else if (k == 0) /* an existence fact: its entity's facts */
			k = take_named(g, &v[i]);
		*kept += k == 1;
	}
	return k < 0 ? k : 0;
}

static int
take_best(struct recall_gather_gathering *g)
{
	size_t rows = (size_t)g->r->request->limit, kept = 0, from = 0;
	size_t few = (size_t)recall_share(g->r, KEEP);
	size_t keep = rows > MANY_ROWS ? few + rows : few;
	struct near_copy_set set = {0};
	int k = 0;

	/* So many are enough unless there are copies among them. */
	for (size_t n = keep;
		k == 0 && from < g->n && kept < keep && from < keep + COPIES;
		n *= 2) {
		struct match *v = g->v + from;
		size_t left = g->n - from;

		heaviest_to_front(v, left, n);
		n = n < left ? n : left;
		if (n > 1)
			qsort(v, n, sizeof(*v), recall_gather_heaviest_first);
		k = take_heaviest(g, v, n, keep, &kept, &set);
		from += n;
	}
	near_copy_set_done(&set);
	return k;
}

/* So many facts have the words of the question, more or less. */
static int64_t
facts_with_words(const struct query_terms *t)
{
	int64_t facts = 0;

	for (int i = 0; i < t->n; i++)
		facts += t->words[i].count;
	return facts;
}

static int
recall_gather_one(struct recalling *r, int which)
{
	const struct query_terms *t = &r->terms[which];
	struct recall_gather_gathering g = {.r = r,
		.which = which,
		.filters = recall_filters(r->request)};
	int64_t facts = 0;
	int rare, k = recall_gather_filtered(r, which);

	if (k != 0)
		return k < 0 ? k : 0;
	for (rare = 0; rare < t->n; rare++) {
		facts += t->words[rare].count;
		if (t->words[rare].is_common || (rare > 0 && facts > RARE_MAX))
			break;
	}
	k = recall_tag_sets(r, which, facts_with_words(t));
	if (k == 0 && rare > 0)
		k = recall_gather_take_rare(&g, rare);
	/* The rare words occur nowhere, or where the filters end. */
	if (k == 0 && g.n < (size_t)r->request->limit && rare < t->n)
		k = recall_gather_take_common(&g);
	if (k == 0)
		k = take_best(&g);
	r->tagged = NULL; /* the next namespace has others */
	free(g.v);
	idmap_done(&g.seen);
	return k;
}

int
recall_gather(struct recalling *r)
{
	int k = 0;

	for (int i = 0; i < 2; i++) {
		const struct recall_request *q = r->request;

		if (q->ns[i] == 0 || k < 0)
			continue;
		k = search_range(r->st, q->ns[i], &r->range[i], r->e);
		if (k == 0)
			k = query_terms_init(&r->terms[i], &r->query, r->st,
				&r->range[i], COMMON_BOUND, 0, true, r->e);
		if (k < 0)
			return k;
		r->has_terms[i] = true;
		for (int w = 0; w < r->terms[i].all; w++)
			r->hashes[i][w] =
				recall_token(r->terms[i].tokens.data +
						     r->terms[i].words[w].at,
					r->terms[i].words[w].n);
		k = recall_gather_one(r, i);
		if (k == 0)
			k = recall_gather_dates(r, i);
		if (k == 0)
			k = recall_gather_rules(r, i);
	}
	return k;
}
