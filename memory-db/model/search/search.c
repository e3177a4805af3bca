/* Search: a request is taken apart, and its parts share what is here.
 * search.h says what is found and in which order.
 *
 * For example "ada tea": query.c makes two words of it. search_rank.c ranks
 * the entities that have one or both; search_tail.c goes on with those
 * behind the ranking, newest first; at each candidate searching_verify looks
 * at the text itself, because the index knows hashes and beginnings of
 * words. What has been given already is kept in a set, so that no entity
 * comes twice. */
#include "memory-db/model/search/search.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/search/search_internal.h"
#include "memory-db/model/search/substring.h"
#include "memory-db/model/search/tag_sets.h"
#include "memory-db/store/facts/labels.h"

/* A sentence of common words then reads some 10,000 postings and some 500
 * texts: 3 to 5 ms. */
static const struct search_caps default_caps = {
	.common_bound = 500,
	.rare_max = 1500,
	.mid_max = 12000,
	.together_max = 50000,
	.all_max = 200,
	.names_max = 250,
	.names_walk = 10000,
	.common_max = 1000,
	.verify_max = 250,
	.hits_max = 100,
	.refine_entities = 60,
	.refine_facts = 150,
	.refine_facts_of = 20,
	.gather_max = 5000,
	.terms_bound = 512,
	.rank_terms = 40,
};
/* A later page looks the query up as the first one did, although words have
 * come since: so many times more may. */
#define TERMS_LATER 4
/* The vocabulary is that of all namespaces. In a quiet one of so few facts,
 * with so many times more words in it, the texts themselves are looked at. */
#define QUIET_FACTS 250
#define QUIET_WORDS 32
/* Time kept for writing the reply. */
#define RESERVE_NS (INT64_C(100) * 1000 * 1000)
/* How often the clock is looked at. */
#define TICKS 32
/* Entities asked for their tags before sets are made. */
#define ASKED_TAGS 100

/* The first are asked one by one; of many, sets tell it. */
static int
searching_has_tags(struct searching *s, int64_t entity)
{
	const struct search_request *q = s->request;
	struct tag_sets *sets = NULL;
	int has = 0, r = s->asked_tags++ < ASKED_TAGS ? 0 : 1;

	for (int k = 0; r == 1 && !has && k < 2 && q->ns[k] != 0; k++) {
		r = tag_sets_get(s->st, &s->range[k], q->tags, &sets, s->e);
		has = r == 1 && tag_sets_entity(sets, entity);
	}
	if (r != 0)
		return r < 0 ? r : has;
	return fact_tags_any(s->st, entity, q->tags, s->e);
}

int
searching_passes(struct searching *s, int64_t entity)
{
	const struct search_request *q = s->request;
	int32_t known;
	int64_t label = 0, tier = 0;
	int rc, passes = 1;

	if (q->types_n < 0 && q->tiers == 0 && !q->tags &&
		s->expiry.newest == 0)
		return 1;
	if (idmap_get(&s->filtered, entity, &known))
		return known;
	rc = expiry_is_over(&s->expiry, entity, s->e);
	if (rc < 0)
		return rc;
	if (rc > 0)
		return idmap_put(&s->filtered, entity, 0) >= 0
			       ? 0
			       : err_nomem(s->e);
	if (q->types_n >= 0) {
		rc = fact_existence(s->st, entity, NULL, &label, NULL, s->e);
		if (rc < 0)
			return rc;
		passes = 0;
		for (int i = 0; rc == 1 && i < q->types_n; i++)
			passes |= q->types[i] == label;
	}
	if (passes && q->tiers != 0) {
		rc = attr_get(s->st, entity, ATTR_TIER, &tier, s->e);
		if (rc < 0)
			return rc;
		passes = tier >= 0 && tier < 32 && (q->tiers >> tier & 1);
	}
	if (passes && q->tags) {
		passes = searching_has_tags(s, entity);
		if (passes < 0)
			return passes;
	}
	if (idmap_put(&s->filtered, entity, passes) < 0)
		return err_nomem(s->e);
	return passes;
}

bool
searching_late(struct searching *s)
{
	if (s->deadline_ns == 0 || ++s->ticks % TICKS != 0)
		return false;
	return clock_mono_ns() > s->deadline_ns;
}

int
searching_stop(struct searching *s, int64_t a, int64_t b)
{
	s->ret->more = true;
	s->ret->a = a;
	s->ret->b = b;
	return 1;
}

int
searching_give(struct searching *s, int64_t entity, double score, int64_t a,
	int64_t b)
{
	struct search_result *ret = s->ret;

	if (ret->n == (size_t)s->request->limit)
		return searching_stop(s, a, b);
	ret->rows[ret->n++] = (struct search_found){.entity = entity,
		.score = score,
		.a = a,
		.b = b};
	return 0;
}

/* --- whole-query substrings ----------------------------------------------- */

static int
name_flags(struct searching *s, const char *name, size_t n)
{
	int rc = query_is_in(&s->query, name, n, &s->tmp);

	if (rc <= 0)
		return rc;
	return FOUND_NAME_HAS |
	       (s->tmp.len == s->query.fold.len ? FOUND_NAME_IS : 0);
}

int
searching_verify_fact(struct searching *s, const struct fact *f)
{
	AUTO_BUF struct buf type = {0};
	int flags, r;

	if (f->erased)
		return 0;
	if (f->kind == FACT_OBSERVATION) {
		r = query_is_in(&s->query, f->text, f->text_n, &s->tmp);
		flags = r > 0 ? FOUND_FACT_HAS : r;
		return flags < 0 ? err_nomem(s->e) : flags;
	}
	if (f->kind != FACT_EXISTENCE)
		return 0;
	flags = name_flags(s, f->text, f->text_n);
	if (flags < 0)
		return err_nomem(s->e);
	r = label_text(s->st, f->label, &type, s->e);
	if (r <= 0)
		return r < 0 ? r : flags;
	r = query_is_in(&s->query, type.data ? type.data : "", type.len,
		&s->tmp);
	if (r < 0)
		return err_nomem(s->e);
	return flags | (r > 0 ? FOUND_FACT_HAS : 0);
}

struct verifying {
	struct searching *s;
	int flags;
};

static int
verify_fact(void *ctx, const struct fact *f)
{
	struct verifying *v = ctx;

	v->flags = searching_verify_fact(v->s, f);
	return v->flags < 0 ? v->flags : 0;
}

int
searching_verify(struct searching *s, int64_t fact)
{
	struct verifying v = {.s = s};
	int rc = search_text(s->st, fact, verify_fact, &v, s->e);

	return rc < 0 ? rc : v.flags;
}

/* --- the request ---------------------------------------------------------- */

int64_t
searching_how(const struct searching *s)
{
	int64_t how = 0;

	for (int k = 0; k < 2; k++)
		if (s->has_terms[k] && s->terms[k].substring == SUBSTRING_MATCH)
			how |= POSITION_MATCH(k);
	for (int k = 0; k < 2; k++) {
		if (s->is_few[k])
			how |= POSITION_FEW(k);
		if (s->waits[k])
			how |= POSITION_WAITS(k);
	}
	return how;
}

static int
is_quiet(struct searching *s, const struct search_range *range)
{
	int64_t facts = range->hi - range->lo, words = 0;
	int rc = 0;

	if (facts <= QUIET_FACTS)
		rc = search_terms_count(s->st, &words, s->e);
	return rc < 0 ? rc : words / QUIET_WORDS > facts;
}

static int
search_take_apart(struct searching *s)
{
	const struct search_request *q = s->request;
	int r, quiet;

	for (int k = 0; k < 2; k++) {
		bool matched = (q->a & POSITION_MATCH(k)) != 0;

		if (q->ns[k] == 0)
			continue;
		r = search_range(s->st, q->ns[k], &s->range[k], s->e);
		quiet = r == 0 && !matched ? is_quiet(s, &s->range[k]) : r;
		if (quiet >= 0 && s->query.n > 0)
			r = query_terms_init(&s->terms[k], &s->query, s->st,
				&s->range[k],
				q->substring ? 0 : s->caps->common_bound,
				quiet ? 0
				      : s->caps->terms_bound *
						(matched ? TERMS_LATER : 1),
				q->near && !q->substring, s->e);
		if (quiet < 0 || r < 0)
			return quiet < 0 ? quiet : r;
		if (quiet)
			s->terms[k].substring = SUBSTRING_SCAN;
		r = q->a == 0 && q->b == 0
			    ? search_has_waits(s->st, q->ns[k], s->e)
			    : (q->a & POSITION_WAITS(k)) != 0;
		if (r < 0)
			return r;
		s->waits[k] = r;
		s->has_terms[k] = s->query.n > 0;
	}
	return 0;
}

static int
search_best(struct searching *s)
{
	int64_t from = s->request->a & POSITION_ROWS;
	bool in_tail = s->request->a & POSITION_TAIL;
	int rc = search_rank(s);
	int64_t how = searching_how(s); /* search_rank() settles it */

	if (rc != 0)
		return rc;
	for (size_t i = (size_t)from; !in_tail && i < s->n; i++) {
		rc = searching_give(s, s->candidates[i].entity,
			s->candidates[i].score, how | (int64_t)i, 0);
		if (rc != 0)
			return rc;
	}
	if (s->cut)
		rc = search_tail(s, in_tail ? s->request->b : 0);
	return rc;
}

/* A fact with one of these comes first when an entity is cut. */
static int
make_lead(struct searching *s)
{
	AUTO_BUF struct buf lead = {0};
	const struct query_terms *t = &s->terms[s->has_terms[0] ? 0 : 1];
	for (int i = 0; i < t->n; i++)
		if (buf_add(&lead, t->tokens.data + t->words[i].at,
			    t->words[i].n) < 0 ||
			buf_addc(&lead, ' ') < 0)
			return err_nomem(s->e);
	if (t->n == 0 &&
		buf_add(&lead, s->query.fold.data, s->query.fold.len) < 0)
		return err_nomem(s->e);
	s->ret->lead = buf_steal(&lead);
	return s->ret->lead ? 0 : err_nomem(s->e);
}

static int
search_steps(struct searching *s)
{
	int rc = query_init(&s->query, s->request->query, s->request->query_n,
		!s->request->substring, s->e);

	if (rc != 0)
		return rc;
	rc = search_take_apart(s);
	if (rc != 0)
		return rc;
	rc = make_lead(s);
	if (rc < 0)
		return rc;
	if (s->request->substring)
		return search_substrings(s);
	return s->query.n == 0 ? search_everything(s) : search_best(s);
}

int
search_run(struct store *st, const struct search_request *request,
	struct search_result *ret, struct err *e)
{
	struct searching s = {.st = st, .request = request, .ret = ret, .e = e};
	int rc;

	assert(request->limit > 0);

	s.caps = request->caps ? request->caps : &default_caps;
	*ret = (struct search_result){0};
	if (request->deadline_ns != 0)
		s.deadline_ns = request->deadline_ns - RESERVE_NS;
	ret->rows = calloc((size_t)request->limit, sizeof(*ret->rows));
	rc = ret->rows ? expiry_begin(st, clock_now_ms(), &s.expiry, e)
		       : err_nomem(e);
	if (rc == 0)
		rc = search_steps(&s);
	query_done(&s.query);
	for (int k = 0; k < 2; k++)
		query_terms_done(&s.terms[k]);
	buf_done(&s.tmp);
	idmap_done(&s.filtered);
	idmap_done(&s.index);
	free(s.candidates);
	if (rc < 0)
		search_result_done(ret);
	return rc < 0 ? rc : 0;
}

void
search_result_done(struct search_result *r)
{
	free(r->rows);
	free(r->lead);
	*r = (struct search_result){0};
}
