/* The short way of a recall whose filters few facts pass: those of one session,
 * of a time, of entities with a tag, of a rare type or tier. An index names
 * them; they are looked at, and no match is read. The price is that of the few,
 * however large the memory is. */
#include <string.h>

#include "memory-db/model/read/instruction.h"
#include "memory-db/model/search/filter_entities.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/index/filter_index.h"
#include "memory-db/store/facts/labels.h"

/* Facts that are few. The text of one costs some 8 us at first. */
#define FEW 1500

struct few {
	struct recalling *r;
	int which;
	int64_t *facts;	    /* FEW + 1 */
	int n, passed;	    /* those that passed come first */
	struct idmap words; /* entity -> words of its name and type */
};

/* Each of these: 1 x->facts has all that may pass, 0 they are many. */
static int
facts_of_session(struct few *x)
{
	struct recalling *r = x->r;
	int k = recall_neighbours(r->st, r->range[x->which].hi + 1,
		r->request->source, false, FEW + 1, x->facts, &x->n, r->e);

	return k < 0 ? k : x->n <= FEW;
}

static int
facts_of_time(struct few *x)
{
	struct recalling *r = x->r;
	const struct search_range *range = &r->range[x->which];
	struct filter_ids ids = {.most = FEW, .e = r->e};
	int k = filter_index_of_time(r->st, r->request->since,
		r->request->until, filter_ids_add, &ids, r->e);

	x->n = 0;
	for (size_t i = 0; k == 0 && i < ids.n; i++)
		if (ids.v[i] >= range->lo && ids.v[i] <= range->hi)
			x->facts[x->n++] = ids.v[i];
	filter_ids_done(&ids);
	return k < 0 ? k : k == 0;
}

/* Adds all facts of the entities that pass. */
static int
recall_filtered_add_entities(struct few *x, const struct filter_ids *ids)
{
	struct recalling *r = x->r;
	int k = 1;

	for (size_t i = 0; k == 1 && i < ids->n && !recall_is_late(r); i++) {
		int n = 0;

		k = recall_entity_passes(r, ids->v[i]);
		if (k > 0)
			k = recall_newest_of(r->st, ids->v[i], INT64_MAX,
				FEW + 1 - x->n, x->facts + x->n, &n, r->e);
		x->n += n;
		if (k >= 0)
			k = x->n <= FEW;
	}
	return k;
}

static int
facts_of_entities(struct few *x)
{
	struct recalling *r = x->r;
	const struct recall_request *q = r->request;
	const struct entity_filter filter = {.types = q->types,
		.types_n = q->types_n,
		.tiers = q->tiers,
		.tags = q->tags};
	struct filter_ids ids = {.most = FEW_LOOKED};
	int k = filter_entities(r->st, &r->range[x->which],
		r->terms[x->which].stem, &filter, &ids, r->e);

	x->n = 0;
	if (k == 1)
		k = recall_filtered_add_entities(x, &ids);
	filter_ids_done(&ids);
	return k;
}

static int
add_fact(void *ctx, const struct search_row *row)
{
	return filter_ids_add(ctx, row->fact);
}

/* Facts that have the tag, and facts of entities that may have it. */
static int
facts_with_tag(struct few *x, const char *tag)
{
	struct recalling *r = x->r;
	const struct search_range *range = &r->range[x->which];
	struct filter_ids facts = {.most = FEW, .e = r->e};
	struct filter_ids entities = {.most = FEW_LOOKED, .e = r->e};
	int64_t label = 0;
	int k = label_find(r->st, tag, &label, r->e);

	x->n = 0;
	if (k >= 0)
		k = filter_index_tagged_facts(r->st, range, label,
			filter_ids_add, &facts, r->e);
	if (k == 0 && strcmp(tag, INSTRUCTION_TAG) == 0)
		k = filter_instructions(r->st, range, r->terms[x->which].stem,
			add_fact, &facts, r->e);
	if (k == 0)
		k = filter_index_with_metadata(r->st, range, filter_ids_add,
			&entities, r->e);
	for (size_t i = 0; k == 0 && i < facts.n; i++)
		x->facts[x->n++] = facts.v[i];
	k = k < 0 ? k : k == 0;
	if (k == 1)
		k = recall_filtered_add_entities(x, &entities);
	filter_ids_done(&facts);
	filter_ids_done(&entities);
	return k;
}

static int
facts_of_tags(struct few *x)
{
	const json_t *tag;
	size_t i;
	int k = 0;

	json_array_foreach(x->r->request->tags, i, tag)
		if (k == 0)
			k = facts_with_tag(x, json_string_value(tag));
	return k;
}

uint32_t
recall_words_in(const struct recalling *r, int which, const token_t *v,
	size_t n)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < n; i++)
		for (int w = 0; w < r->terms[which].all; w++)
			if (v[i] == r->hashes[which][w])
				mask |= UINT32_C(1) << w;
	return mask;
}

/* Words of the question in the name or type of an entity. */
static int
words_of_entity(struct few *x, int64_t entity, uint32_t *ret)
{
	struct recalling *r = x->r;
	const char *stem = r->terms[x->which].stem;
	AUTO_BUF struct buf text = {0};
	struct recall_entity found;
	struct tokens t = {0};
	int32_t known = 0;
	int k;

	if (idmap_get(&x->words, entity, &known)) {
		*ret = (uint32_t)known;
		return 0;
	}
	k = recall_entity(r->st, entity, &text, &found, r->e);
	if (k == 1 && buf_addc(&text, ' ') < 0)
		k = err_nomem(r->e);
	if (k == 1)
		k = label_text(r->st, found.type, &text, r->e);
	if (k >= 0 && tokens_add(&t, text.data ? text.data : "", text.len, stem,
			      &r->tmp, RECALL_FACT_TOKENS) < 0)
		k = err_nomem(r->e);
	*ret = recall_words_in(r, x->which, t.v, t.n);
	free(t.v);
	if (k >= 0 && idmap_put(&x->words, entity, (int32_t)*ret) < 0)
		k = err_nomem(r->e);
	if (k >= 0 && *ret != 0 && r->named_n < (int)ARRAY_LEN(r->named)) {
		r->named[r->named_n] = entity;
		r->named_guess[r->named_n++] =
			recall_covered(r, x->which, *ret);
	}
	return k < 0 ? k : 0;
}

/* A candidate has a word of the question, or its entity has. */
static int
recall_filtered_add_fact(struct few *x, int64_t fact)
{
	struct recalling *r = x->r;
	const struct recall_fact *f;
	struct recall_row row;
	uint32_t of_entity = 0, mask;
	int k = recall_head(r->st, fact, &row, r->e); /* is it visible? */

	if (k == 1)
		k = row.kind == FACT_OBSERVATION;
	if (k == 1)
		k = recall_row_passes(r, &row);
	if (k == 1)
		x->facts[x->passed++] = fact;
	if (k == 1)
		k = recall_fact(r->st, fact, r->terms[x->which].stem, &f, r->e);
	if (k <= 0)
		return k;
	k = words_of_entity(x, f->entity, &of_entity);
	mask = of_entity | recall_words_in(r, x->which, f->tokens,
				   (size_t)f->words + f->speaker_words);
	if (k == 0 && mask != 0)
		k = recall_add(r, x->which, fact,
			recall_covered(r, x->which, mask), NULL);
	return k < 0 ? k : 0;
}

static int
find_few(struct few *x)
{
	const struct recall_request *q = x->r->request;
	int k = 0;

	if (q->source != 0)
		k = facts_of_session(x);
	if (k)
		return k;
	if (q->tags)
		k = facts_of_tags(x);
	if (k)
		return k;
	if (q->types_n >= 0 || q->tiers != 0 || q->tags)
		k = facts_of_entities(x);
	if (k)
		return k;
	if (q->since != INT64_MIN || q->until != INT64_MAX)
		k = facts_of_time(x);
	return k;
}

int
recall_gather_filtered(struct recalling *r, int which)
{
	AUTO_FREE int64_t *facts = NULL;
	struct few x = {.r = r, .which = which};
	int k;

	if (!recall_filters(r->request))
		return 0;
	facts = calloc(FEW + 1, sizeof(*facts));
	if (!facts)
		return err_nomem(r->e);
	x.facts = facts;
	k = find_few(&x);
	if (k != 1)
		return k;
	k = recall_tag_sets(r, which, x.n);
	for (int i = 0; k >= 0 && i < x.n && !recall_is_late(r); i++)
		k = recall_filtered_add_fact(&x, facts[i]);
	r->tagged = NULL;
	idmap_done(&x.words);
	r->few[which] = (struct recall_few){take_ptr(facts), (size_t)x.passed};
	return k < 0 ? k : 1;
}
