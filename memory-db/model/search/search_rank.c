/* The ranked part of a search: candidates, then their order.
 *
 * Candidates of a namespace are
 *   - the entity whose name is the query,
 *   - all facts with a rare word, with the less common words they have as well,
 *   - the newest facts that have the rarest words together, that have a word in
 *     a name, or have one at all,
 *   - the newest facts with the whole query as a substring.
 * What is found of one entity is put together: words may be spread over its
 * name and its facts. Everything here depends on the state that the lens shows
 * alone, so a later page finds the same candidates in the same order.
 *
 * Level of an entity: 3 the query is its name, 2 a part of its name, 1 it has
 * all words, 0 else. Inside a level: weight of the words found (rare words
 * weigh more; together, in one fact, in the name), then substrings of facts,
 * then the newest. */
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "common/vec.h"
#include "memory-db/model/search/search_internal.h"
#include "memory-db/store/facts/labels.h"

/* Rows looked at for each that passes a filter on type or tier. */
#define FILTER_FACTOR 20
struct gather {
	struct searching *s;
	int which;
	int64_t max, taken; /* facts that pass the filters */
	int64_t looked, look_max;
	bool verify; /* substrings: look at the text */
	bool cut;
};

static double
search_rank_weight_of(const struct query_terms *t, uint32_t mask)
{
	double sum = 0;

	for (; mask != 0; mask &= mask - 1)
		sum += t->words[__builtin_ctz(mask)].weight;
	return sum;
}

/* The candidate of an entity, new if need be; valid until the next. NULL: no
 * memory. */
static struct candidate *
candidate_of(struct searching *s, int which, int64_t entity)
{
	struct candidate *c;
	int32_t at;

	if (idmap_get(&s->index, entity, &at))
		return &s->candidates[at];
	if (vec_room(s->candidates, s->n, s->cap) != 0)
		return NULL;
	if (idmap_put(&s->index, entity, (int32_t)s->n) < 0)
		return NULL;
	c = &s->candidates[s->n++];
	*c = (struct candidate){.entity = entity, .which = which};
	return c;
}

int
searching_found(struct searching *s, int which, const struct search_row *row,
	unsigned flags)
{
	struct candidate *c = candidate_of(s, which, row->entity);
	double weight =
		search_rank_weight_of(&s->terms[which], row->name | row->body);

	if (!c)
		return err_nomem(s->e);
	c->name |= row->name;
	c->body |= row->body;
	c->flags |= flags;
	if (weight > c->best)
		c->best = weight;
	if (row->fact > c->newest)
		c->newest = row->fact;
	return 0;
}

/* A fact of its entity that is not over. */
static int
search_rank_goes_on(struct searching *s, const struct search_row *row)
{
	int over =
		expiry_fact_is_over(&s->expiry, row->entity, row->fact, s->e);

	return over < 0 ? over : !over;
}

static int
search_rank_take_row(void *ctx, const struct search_row *row)
{
	struct gather *g = ctx;
	int flags = 0;
	int rc = searching_passes(g->s, row->entity);

	if (rc > 0 && g->s->expiry.newest != 0)
		rc = search_rank_goes_on(g->s, row);
	if (rc > 0 && g->verify) {
		flags = searching_verify(g->s, row->fact);
		rc = flags;
	}
	if (rc > 0) {
		rc = searching_found(g->s, g->which, row, (unsigned)flags);
		g->taken++;
	}
	if (rc < 0)
		return rc;
	g->looked++;
	g->cut = g->taken >= g->max || g->looked >= g->look_max;
	return g->cut;
}

/* Takes the newest matches of an expression in a range. */
static int
take_in(struct searching *s, int which, const struct search_range *range,
	const struct buf *text, int words, int counted, int64_t max)
{
	struct gather g = {.s = s,
		.which = which,
		.max = max,
		.look_max = max * FILTER_FACTOR};
	struct search_match match = {.text = text->data,
		.n = text->len,
		.words = words,
		.counted = counted};
	int rc = search_match(s->st, range, &match, search_rank_take_row, &g,
		s->e);

	s->cut |= g.cut;
	return rc < 0 ? rc : 0;
}

static int
search_rank_take(struct searching *s, int which, const struct buf *text,
	int words, int counted, int64_t max)
{
	return take_in(s, which, &s->range[which], text, words, counted, max);
}

/* Where a common word is in no name, FTS5 walks through all texts that have it:
 * only the newest facts, in which the words should occur so many times. */
static int
take_names(struct searching *s, int which, const struct buf *text, int64_t max)
{
	const struct query_terms *t = &s->terms[which];
	struct search_range range = s->range[which];
	double found = 0, walk = s->caps->names_walk;

	for (int i = 0; i < t->n; i++)
		found += (double)t->words[i].count;
	if (walk > 0 && found > walk)
		range.lo = range.hi - (int64_t)((double)(range.hi - range.lo) *
						walk / found);
	return take_in(s, which, &range, text, t->n, t->n, max);
}

/* (rare AND mid) OR rare: phrase i is word i % mid, and a row tells which words
 * of the middle it has. More common words are left out: FTS5 would walk through
 * all of their matches. They weigh little, and are looked up for the best. */
static int
search_rank_take_rare(struct searching *s, int which)
{
	const struct query_terms *t = &s->terms[which];
	AUTO_BUF struct buf text = {0};
	int64_t facts = 0;
	int mid = t->rare;

	while (mid < t->n && facts + t->words[mid].count <= s->caps->mid_max)
		facts += t->words[mid++].count;
	if (mid > t->rare &&
		(buf_addc(&text, '(') < 0 ||
			query_expression(t, 0, t->rare, "OR", &text) < 0 ||
			buf_adds(&text, ") AND (") < 0 ||
			query_expression(t, t->rare, mid, "OR", &text) < 0 ||
			/* AND binds before OR. */
			buf_adds(&text, ") OR ") < 0))
		return err_nomem(s->e);
	if (query_expression(t, 0, t->rare, "OR", &text) < 0)
		return err_nomem(s->e);
	return search_rank_take(s, which, &text, mid,
		mid > t->rare ? mid + t->rare : mid, INT32_MAX);
}

static int
search_rank_take_common(struct searching *s, int which)
{
	const struct query_terms *t = &s->terms[which];
	AUTO_BUF struct buf all = {0}, any = {0};
	AUTO_BUF struct buf names = {0};
	/* Beside rare words common ones hardly matter. */
	int share = t->rare > 0 ? 3 : 1;
	int64_t facts = 0;
	int together = 0, rc = 0;

	/* The rarest words together, as far as FTS5 has not too much to walk
	 * through when nothing has them all. */
	while (together < t->n &&
		(together < 2 || facts + t->words[together].count <=
					 s->caps->together_max))
		facts += t->words[together++].count;
	/* Words in order from the first on give phrase i = word i. */
	if (query_expression(t, 0, together, "AND", &all) < 0 ||
		query_expression(t, 0, t->n, "OR", &any) < 0 ||
		buf_adds(&names, "name : (") < 0 ||
		buf_add(&names, any.data, any.len) < 0 ||
		buf_addc(&names, ')') < 0)
		return err_nomem(s->e);
	if (t->rare == 0 && t->n > 1)
		rc = search_rank_take(s, which, &all, together, together,
			s->caps->all_max);
	if (rc != 0)
		return rc;
	rc = take_names(s, which, &names, s->caps->names_max / share);
	if (rc != 0)
		return rc;
	return search_rank_take(s, which, &any, t->n, t->n,
		s->caps->common_max / share);
}

static int
take_substrings(struct searching *s, int which)
{
	const struct query_terms *t = &s->terms[which];
	struct gather g = {.s = s,
		.which = which,
		.max = s->caps->hits_max,
		.look_max = s->caps->verify_max,
		.verify = true};
	struct search_match match = {.text = t->match.data,
		.n = t->match.len,
		.words = 1,
		.looked_at = true};
	int rc = 0;

	/* Opening the matches of each word costs some 10 us. */
	if (t->substring == SUBSTRING_MATCH &&
		(t->found > s->caps->rank_terms || s->waits[which]))
		g.cut = true;
	else if (t->substring == SUBSTRING_MATCH)
		rc = search_match(s->st, &s->range[which], &match,
			search_rank_take_row, &g, s->e);
	else if (t->substring == SUBSTRING_SCAN)
		rc = search_facts(s->st, &s->range[which], search_rank_take_row,
			&g, s->e);
	s->cut |= g.cut;
	return rc < 0 ? rc : 0;
}

/* The entity whose name is the query may be older than what is read of the
 * matches of a common word. */
static int
take_name(struct searching *s, int which)
{
	struct search_row row = {0};
	int flags = 0;
	int rc = entity_find(s->st, s->range[which].ns, s->query.text,
		s->query.n, &row.entity, s->e);

	if (rc == 1)
		rc = fact_existence(s->st, row.entity, &row.fact, NULL, NULL,
			s->e);
	if (rc == 1)
		rc = searching_passes(s, row.entity);
	if (rc == 1) {
		/* It may have another name by now. */
		flags = searching_verify(s, row.fact);
		rc = flags;
	}
	return rc > 0 ? searching_found(s, which, &row, (unsigned)flags) : rc;
}

/* Rare words first, as many as can be read completely. */
static void
choose_rare(struct searching *s, int which)
{
	struct query_terms *t = &s->terms[which];
	int64_t facts = 0;

	for (t->rare = 0; t->rare < t->n; t->rare++) {
		const struct query_word *w = &t->words[t->rare];

		facts += w->count;
		if (w->is_common || (t->rare > 0 && facts > s->caps->rare_max))
			break;
	}
}

static int
search_rank_gather(struct searching *s, int which)
{
	const struct query_terms *t = &s->terms[which];
	int rc = search_filtered(s, which);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	choose_rare(s, which);
	rc = take_name(s, which);
	if (rc != 0)
		return rc;
	if (t->rare > 0)
		rc = search_rank_take_rare(s, which);
	if (rc != 0)
		return rc;
	if (t->rare < t->n)
		rc = search_rank_take_common(s, which);
	if (rc != 0)
		return rc;
	return take_substrings(s, which);
}

/* --- order ---------------------------------------------------------------- */

static double
search_rank_score_of(const struct searching *s, const struct candidate *c)
{
	const struct query_terms *t = &s->terms[c->which];
	uint32_t found = c->name | c->body;
	int level = t->n > 0 && t->unknown == 0 && found == QUERY_ALL(t);
	double inside = 0.5 * search_rank_weight_of(t, found) + 0.25 * c->best +
			0.15 * search_rank_weight_of(t, c->name) +
			(c->flags & FOUND_FACT_HAS ? 0.09 : 0);

	if (c->flags & FOUND_NAME_IS)
		level = 3;
	else if (c->flags & FOUND_NAME_HAS)
		level = 2;
	return (level + inside) / 4;
}

static int
search_rank_best_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->newest != y->newest)
		return x->newest > y->newest ? -1 : 1;
	return x->entity > y->entity ? -1 : x->entity < y->entity;
}

static void
search_rank_order(struct searching *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s->candidates[i].score =
			search_rank_score_of(s, &s->candidates[i]);
	if (n > 1)
		qsort(s->candidates, n, sizeof(*s->candidates),
			search_rank_best_first);
}

struct refine {
	struct searching *s;
	struct candidate *c;
	int left_of, *left;
	struct buf tokens, type;
};

static int
mask_of(struct refine *x, const char *text, size_t n, uint32_t *ret)
{
	const struct query_terms *t = &x->s->terms[x->c->which];

	return query_mask(t, text, n, &x->tokens, ret) < 0 ? err_nomem(x->s->e)
							   : 0;
}

static int
refine_fact(void *ctx, const struct fact *f)
{
	struct refine *x = ctx;
	struct candidate *c = x->c;
	uint32_t mask = 0, type = 0;
	double weight;
	int rc;

	if (--*x->left < 0 || --x->left_of < 0)
		return 1;
	rc = mask_of(x, f->text, f->text_n, &mask);
	if (rc != 0)
		return rc;
	if (f->kind == FACT_EXISTENCE) {
		x->type.len = 0;
		rc = label_text(x->s->st, f->label, &x->type, x->s->e);
		if (rc < 0)
			return rc;
		rc = mask_of(x, x->type.data ? x->type.data : "", x->type.len,
			&type);
	}
	if (rc < 0)
		return rc;
	if (f->kind == FACT_EXISTENCE)
		c->name |= mask;
	else
		c->body |= mask;
	c->body |= type;
	weight = search_rank_weight_of(&x->s->terms[c->which], mask | type);
	if (weight > c->best)
		c->best = weight;
	return 0;
}

/* Is the query a part of the name? Then of three words one at least, which is
 * neither the first nor the last, is a word of the name. */
static int
refine_name(struct searching *s, struct candidate *c)
{
	int64_t fact;
	int flags = 0, rc;

	if (s->terms[c->which].n >= 3 && c->name == 0)
		return 0;
	rc = fact_existence(s->st, c->entity, &fact, NULL, NULL, s->e);

	if (rc == 1) {
		flags = searching_verify(s, fact);
		rc = flags;
	}
	c->flags |= (unsigned)(flags > 0 ? flags : 0);
	return rc < 0 ? rc : 0;
}

static int
refine_each(struct refine *x, size_t n)
{
	struct searching *s = x->s;

	for (size_t i = 0; i < n; i++) {
		struct candidate *c = &s->candidates[i];
		const struct query_terms *t = &s->terms[c->which];
		int rc = refine_name(s, c);

		if (rc != 0)
			return rc;
		if (*x->left <= 0 || t->rare == t->n ||
			(c->name | c->body) == QUERY_ALL(t))
			continue;
		x->c = c;
		x->left_of = s->caps->refine_facts_of;
		rc = fact_each(s->st, c->entity,
			1u << FACT_EXISTENCE | 1u << FACT_OBSERVATION,
			refine_fact, x, s->e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Completes what is known of the best: names, and words that older facts of
 * the entity have. */
static int
refine(struct searching *s, size_t n)
{
	int left = s->caps->refine_facts;
	struct refine x = {.s = s, .left = &left};
	int rc = refine_each(&x, n);

	buf_done(&x.tokens);
	buf_done(&x.type);
	return rc;
}

int
search_rank(struct searching *s)
{
	size_t n;
	int rc = 0;

	for (int k = 0; k < 2; k++) {
		if (s->has_terms[k])
			rc = search_rank_gather(s, k);
		if (rc != 0)
			return rc;
	}
	/* Behind the ranked part only its set counts, and it stands. */
	if (s->request->a & POSITION_TAIL)
		return 0;
	search_rank_order(s, s->n);
	n = (size_t)s->caps->refine_entities;
	n = s->n < n ? s->n : n;
	rc = refine(s, n);
	if (rc < 0)
		return rc;
	search_rank_order(s, n);
	return 0;
}
