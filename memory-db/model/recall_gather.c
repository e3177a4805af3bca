/* Candidates of a recall.
 *
 * Words of the question in order of rarity. All facts that have one of the
 * rarest are found, as many as the bounds allow; of words that are common
 * throughout, the newest. A match costs half a microsecond and tells which
 * words it has; the best by their weight are read. Entities whose name or type
 * has words of the question bring their newest facts along. */
#include <string.h>

#include "common/clock.h"
#include "memory-db/model/recall_internal.h"
#include "memory-db/model/tags.h"
#include "memory-db/store/facts.h"

/* A word in more facts is common: their number is estimated. */
#define COMMON_BOUND 1500
/* Matches read for the rare words (the rarest always, up to COMMON_BOUND) and,
 * joined with them, for the less rare. */
#define RARE_MAX     4000
#define MID_MAX	     8000
/* Newest matches read when every word is common: with all words, with any. */
#define ALL_MAX	     600
#define ANY_MAX	     2000
/* Rows looked at for each that passes the filters. */
#define FILTER_FACTOR 20
/* Matches of one namespace kept by weight of their words. */
#define KEEP	     200
/* Facts that an entity brings along by its name. */
#define NAMED_FACTS  24
#define TICKS	     64

struct match {
	int64_t fact, entity;
	double weight;
	bool in_name;
};
struct gathering {
	struct recalling *r;
	int which;
	struct match *v;
	size_t n, cap;
	struct idmap seen;
	int64_t taken, max, looked, look_max;
};

bool
recall_is_late(struct recalling *r)
{
	if (r->late || r->request->deadline_ns == 0 ||
		++r->ticks % TICKS != 0)
		return r->late;
	r->late = clock_mono_ns() > r->request->deadline_ns;
	return r->late;
}

/* 1 when the entity passes the filters on type and tier. */
static int
passes(struct recalling *r, int64_t entity)
{
	const struct recall_request *q = r->request;
	struct recall_entity x;
	int32_t known;
	int passes, k;

	if (q->types_n < 0 && q->tiers == 0 && !q->tags)
		return 1;
	if (idmap_get(&r->passed, entity, &known))
		return known;
	r->tmp.len = 0;
	passes = recall_entity(r->st, entity, &r->tmp, &x, r->e);
	if (passes < 0)
		return passes;
	for (k = 0; passes && k < q->types_n && q->types[k] != x.type; k++)
		;
	if (passes && q->types_n >= 0 && k == q->types_n)
		passes = 0;
	if (passes && q->tiers != 0)
		passes = x.tier >= 0 && x.tier < 32 && (q->tiers >> x.tier & 1);
	if (passes && q->tags)
		passes = tags_have(r->st, entity, q->tags, r->e);
	if (passes < 0)
		return passes;
	if (idmap_put(&r->passed, entity, passes) < 0)
		return err_nomem(r->e);
	return passes;
}

/* Filters on the fact itself. */
static bool
fact_passes(const struct recall_request *q, const struct recall_fact *f)
{
	if (f->at < q->since || f->at > q->until)
		return false;
	if (q->source != 0 && f->source != q->source)
		return false;
	if (q->valid_at == FACT_NO_TIME)
		return true;
	return (f->valid_from == FACT_NO_TIME ||
		f->valid_from <= q->valid_at) &&
	       (f->valid_to == FACT_NO_TIME || f->valid_to > q->valid_at);
}

static bool
filters_facts(const struct recall_request *q)
{
	return q->since != INT64_MIN || q->until != INT64_MAX ||
	       q->source != 0 || q->valid_at != FACT_NO_TIME;
}

int
recall_add(struct recalling *r, int which, int64_t fact, double guess,
	struct recall_candidate **ret)
{
	const struct recall_fact *f;
	struct recall_candidate *c;
	int32_t at;
	int k;

	if (idmap_get(&r->index, fact, &at)) {
		if (ret)
			*ret = &r->c[at];
		return 1;
	}
	k = recall_fact(r->st, fact, r->terms[which].stem, &f, r->e);
	if (k == 1 && (!f->is_observation || !fact_passes(r->request, f)))
		return 0;
	if (k == 1)
		k = passes(r, f->entity);
	if (k != 1)
		return k;
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 512;
		struct recall_candidate *p =
			reallocarray(r->c, cap, sizeof(*p));

		if (!p)
			return err_nomem(r->e);
		r->c = p;
		r->cap = cap;
	}
	if (idmap_put(&r->index, fact, (int32_t)r->n) < 0)
		return err_nomem(r->e);
	c = &r->c[r->n++];
	*c = (struct recall_candidate){.fact = fact, .which = which,
		.guess = guess, .f = f, .name = -1};
	if (ret)
		*ret = c;
	return 1;
}

/* --- matches ------------------------------------------------------------------- */

static double
weight_of(const struct query_terms *t, uint32_t mask)
{
	double sum = 0;

	for (; mask != 0; mask &= mask - 1)
		sum += t->words[__builtin_ctz(mask)].weight;
	return sum;
}

static int
match_passes(struct gathering *g, const struct search_row *row)
{
	struct recalling *r = g->r;
	const struct recall_fact *f;
	int k = passes(r, row->entity);

	if (k != 1 || !filters_facts(r->request))
		return k;
	k = recall_fact(r->st, row->fact, r->terms[g->which].stem, &f, r->e);
	/* Existence facts pass: the facts they bring are asked again. */
	return k == 1 ? !f->is_observation || fact_passes(r->request, f) : k;
}

static int
keep_match(struct gathering *g, const struct search_row *row)
{
	const struct query_terms *t = &g->r->terms[g->which];

	if (idmap_get(&g->seen, row->fact, NULL))
		return 0;
	if (g->n == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 1024;
		struct match *p = reallocarray(g->v, cap, sizeof(*p));

		if (!p)
			return err_nomem(g->r->e);
		g->v = p;
		g->cap = cap;
	}
	if (idmap_put(&g->seen, row->fact, 1) < 0)
		return err_nomem(g->r->e);
	g->v[g->n++] = (struct match){.fact = row->fact,
		.entity = row->entity, .in_name = row->name != 0,
		.weight = weight_of(t, row->name | row->body)};
	return 0;
}

static int
take_row(void *ctx, const struct search_row *row)
{
	struct gathering *g = ctx;
	int k = match_passes(g, row);

	if (k == 1) {
		g->taken++;
		k = keep_match(g, row);
	}
	if (k < 0)
		return k;
	g->looked++;
	return g->taken >= g->max || g->looked >= g->look_max ||
	       recall_is_late(g->r);
}

static int
take(struct gathering *g, const struct buf *text, int words, int counted,
	int64_t max)
{
	struct search_match match = {.text = text->data, .n = text->len,
		.words = words, .counted = counted};
	int k;

	g->taken = g->looked = 0;
	g->max = max;
	g->look_max = max > INT32_MAX ? max : max * FILTER_FACTOR;
	k = search_match(g->r->st, &g->r->range[g->which], &match, take_row,
		g, g->r->e);
	return k < 0 ? k : 0;
}

/* (rare AND mid) OR rare: phrase i is word i % mid; see model/search_rank.c. */
static int
take_rare(struct gathering *g, int rare)
{
	const struct query_terms *t = &g->r->terms[g->which];
	struct buf text AUTO_BUF = {0};
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
	return take(g, &text, mid, mid > rare ? mid + rare : mid, INT64_MAX);
}

static int
take_common(struct gathering *g)
{
	const struct query_terms *t = &g->r->terms[g->which];
	struct buf all AUTO_BUF = {0}, any AUTO_BUF = {0};
	int k = 0;

	if (query_expression(t, 0, t->n, "AND", &all) < 0 ||
		query_expression(t, 0, t->n, "OR", &any) < 0)
		return err_nomem(g->r->e);
	if (t->n > 1)
		k = take(g, &all, t->n, t->n, ALL_MAX);
	return k == 0 ? take(g, &any, t->n, t->n, ANY_MAX) : k;
}

/* --- the best of them ------------------------------------------------------------ */

static int
heaviest_first(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

/* An entity that the question names or whose type it names. */
static int
take_named(struct gathering *g, const struct match *m)
{
	struct recalling *r = g->r;
	int64_t facts[NAMED_FACTS];
	int n = 0, k = 0;

	for (int i = 0; i < r->named_n; i++)
		if (r->named[i] == m->entity)
			return 0;
	if (r->named_n == (int)ARRAY_LEN(r->named))
		return 0;
	r->named[r->named_n] = m->entity;
	r->named_guess[r->named_n++] = m->weight;
	k = recall_newest_of(
		r->st, m->entity, NAMED_FACTS, facts, &n, r->e);
	for (int i = 0; k >= 0 && i < n; i++)
		k = recall_add(r, g->which, facts[i], m->weight, NULL);
	return k < 0 ? k : 0;
}

static int
take_best(struct gathering *g)
{
	struct recalling *r = g->r;
	int k = 0;

	if (g->n > 1)
		qsort(g->v, g->n, sizeof(*g->v), heaviest_first);
	for (size_t i = 0; k >= 0 && i < g->n && i < KEEP; i++) {
		const struct match *m = &g->v[i];

		k = recall_add(r, g->which, m->fact, m->weight, NULL);
		if (k == 0) /* an existence fact: its entity's facts */
			k = take_named(g, m);
	}
	return k < 0 ? k : 0;
}

static int
gather_one(struct recalling *r, int which)
{
	const struct query_terms *t = &r->terms[which];
	struct gathering g = {.r = r, .which = which};
	int64_t facts = 0;
	int rare, k = 0;

	for (rare = 0; rare < t->n; rare++) {
		facts += t->words[rare].count;
		if (t->words[rare].is_common || (rare > 0 && facts > RARE_MAX))
			break;
	}
	if (rare > 0)
		k = take_rare(&g, rare);
	else if (t->n > 0)
		k = take_common(&g);
	if (k == 0)
		k = take_best(&g);
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
				&r->range[i], COMMON_BOUND, 0, r->e);
		if (k < 0)
			return k;
		r->has_terms[i] = true;
		for (int w = 0; w < r->terms[i].n; w++)
			r->hashes[i][w] = recall_token(
				r->terms[i].tokens.data +
					r->terms[i].words[w].at,
				r->terms[i].words[w].n);
		k = gather_one(r, i);
	}
	return k;
}
