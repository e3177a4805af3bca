/* Filters of a recall: types, tags, tiers, dates, the session.
 *
 * There is no bound before a filter: when only every thousandth fact has the
 * tag asked for, matches are read until enough have passed, or until the
 * deadline. Where an index tells that few facts can pass at all, those are
 * scored without reading any match (recall_filtered.c).
 *
 *   tags ["db"]   5 facts have the tag    these 5 are scored
 *                 200,000 have it         matches are read, each is asked
 *
 * What is found of an entity is kept for the call, as its facts come one after
 * the other. */
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/model/read/entity_tags.h"
#include "memory-db/model/search/tag_sets.h"
#include "memory-db/store/facts/facts.h"

/* The tags of the entity are those of its facts, too. */
static int
tags_pass(struct recalling *r, int64_t entity)
{
	AUTO_JSON json_t *missing = NULL;
	int k;

	if (r->tagged)
		return tag_sets_own(r->tagged, entity) ? 1 : RECALL_ASK_FACT;
	k = entity_tags_missing(r->st, entity, r->request->tags, &missing,
		r->e);

	if (k < 0)
		return k;
	return json_array_size(missing) > 0 ? RECALL_ASK_FACT : 1;
}

int
recall_tag_sets(struct recalling *r, int which, int64_t facts)
{
	int k;

	r->tagged = NULL;
	if (!r->request->tags || facts < TAG_SETS_FROM)
		return 0;
	k = tag_sets_get(r->st, &r->range[which], r->request->tags, &r->tagged,
		r->e);
	if (k == 0)
		r->tagged = NULL;
	return k < 0 ? k : 0;
}

int
recall_tags_pass(struct recalling *r, int64_t entity, int64_t fact)
{
	return r->tagged ? tag_sets_fact(r->tagged, fact)
			 : fact_tags_have(r->st, entity, fact, r->request->tags,
				   r->e);
}

/* Type and tier, tags. */
static int
entity_passes(struct recalling *r, int64_t entity)
{
	const struct recall_request *q = r->request;
	struct recall_entity x;
	int passes, k;

	if (r->tagged && q->types_n < 0 && q->tiers == 0)
		return tags_pass(r, entity);
	r->tmp.len = 0;
	passes = recall_entity(r->st, entity, &r->tmp, &x, r->e);
	if (passes <= 0)
		return passes;
	for (k = 0; k < q->types_n && q->types[k] != x.type; k++)
		;
	if (q->types_n >= 0 && k == q->types_n)
		return 0;
	if (q->tiers != 0 &&
		(x.tier < 0 || x.tier >= 32 || !(q->tiers >> x.tier & 1)))
		return 0;
	return q->tags ? tags_pass(r, entity) : 1;
}

int
recall_fact_of_passes(struct recalling *r, int64_t entity, int64_t fact)
{
	int over, k = recall_entity_passes(r, entity);

	if (k <= 0 || r->expiry.newest == 0)
		return k;
	over = expiry_fact_is_over(&r->expiry, entity, fact, r->e);
	if (over < 0)
		return over;
	return over ? 0 : k;
}

int
recall_entity_passes(struct recalling *r, int64_t entity)
{
	const struct recall_request *q = r->request;
	int32_t known;
	int passes, is_over;

	if (q->types_n < 0 && q->tiers == 0 && !q->tags &&
		r->expiry.newest == 0)
		return 1;
	if (idmap_get(&r->passed, entity, &known))
		return known;
	is_over = expiry_is_over(&r->expiry, entity, r->e);
	if (is_over < 0)
		return is_over;
	passes = is_over ? 0 : entity_passes(r, entity);
	if (passes >= 0 && idmap_put(&r->passed, entity, passes) < 0)
		return err_nomem(r->e);
	return passes;
}

static bool
times_pass(const struct recall_request *q, int64_t at, int64_t from, int64_t to)
{
	if (at < q->since || at > q->until)
		return false;
	return q->valid_at == FACT_NO_TIME ||
	       ((from == FACT_NO_TIME || from <= q->valid_at) &&
		       (to == FACT_NO_TIME || to > q->valid_at));
}

bool
recall_fact_passes(const struct recall_request *q, const struct recall_fact *f)
{
	return (q->source == 0 || f->source == q->source) &&
	       times_pass(q, f->at, f->valid_from, f->valid_to);
}

static bool
filters_facts(const struct recall_request *q)
{
	return q->since != INT64_MIN || q->until != INT64_MAX ||
	       q->source != 0 || q->valid_at != FACT_NO_TIME;
}

bool
recall_filters(const struct recall_request *q)
{
	return filters_facts(q) || q->types_n >= 0 || q->tiers != 0 || q->tags;
}

bool
recall_filters_by_sets(const struct recalling *r)
{
	const struct recall_request *q = r->request;

	return r->tagged && q->types_n < 0 && q->tiers == 0 &&
	       !filters_facts(q);
}

/* As below, where the tags are all that is asked for. */
static int
match_passes_by_sets(struct recalling *r, const struct search_row *row)
{
	if (row->name != 0 || tag_sets_fact(r->tagged, row->fact) ||
		tag_sets_own(r->tagged, row->entity))
		return 1;
	return tag_sets_is_existence(r->st, r->tagged, row->fact, r->e);
}

int
recall_match_passes(struct recalling *r, const struct search_row *row)
{
	const struct recall_request *q = r->request;
	struct recall_row x;
	int k = 1;

	if (recall_filters_by_sets(r))
		return match_passes_by_sets(r, row);
	if (filters_facts(q))
		k = recall_head(r->st, row->fact, &x, r->e);
	/* Existence facts pass: the facts they bring are asked again. */
	if (k == 1 && filters_facts(q) && x.kind == FACT_OBSERVATION &&
		((q->source != 0 && x.source != q->source) ||
			!times_pass(q, x.at, x.valid_from, x.valid_to)))
		return 0;
	if (k == 1)
		k = recall_fact_of_passes(r, row->entity, row->fact);
	if (k != RECALL_ASK_FACT)
		return k;
	k = filters_facts(q) ? 1 : recall_head(r->st, row->fact, &x, r->e);
	return k == 1 && x.kind == FACT_OBSERVATION
		       ? recall_tags_pass(r, row->entity, row->fact)
		       : k;
}

int
recall_row_passes(struct recalling *r, const struct recall_row *x)
{
	const struct recall_request *q = r->request;
	int k;

	if ((q->source != 0 && x->source != q->source) ||
		!times_pass(q, x->at, x->valid_from, x->valid_to))
		return 0;
	k = recall_fact_of_passes(r, x->entity, x->id);
	return k != RECALL_ASK_FACT ? k : recall_tags_pass(r, x->entity, x->id);
}
