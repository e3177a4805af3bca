/* Filters of a recall. No bound stands before them: matches are read until
 * enough have passed, or to the deadline.
 *
 * Where an index tells that few facts can pass - those of one session, those of
 * entities of a rare type -, these are looked at, and no match is read: the
 * price then is that of the few, however large the memory is. */
#include <string.h>

#include "common/text.h"
#include "memory-db/model/fact_tags.h"
#include "memory-db/model/recall_internal.h"
#include "memory-db/model/tags.h"
#include "memory-db/store/facts.h"
#include "memory-db/store/names.h"

/* Facts that are few. The text of one costs some 8 us at first. */
#define FEW	     1500
/* Matches of the words of a type looked at: they stand in texts, too. */
#define TYPE_MATCHES 4000
#define TYPES_MAX    16

/* The tags of the entity are those of its facts, too. */
static int
tags_pass(struct recalling *r, int64_t entity)
{
	json_t *missing AUTO_JSON = NULL;
	int k = tags_missing(
		r->st, entity, r->request->tags, &missing, r->e);

	return k < 0			      ? k
	       : json_array_size(missing) > 0 ? RECALL_ASK_FACT
					      : 1;
}

/* Type and tier, tags. */
static int
entity_passes(struct recalling *r, int64_t entity)
{
	const struct recall_request *q = r->request;
	struct recall_entity x;
	int passes, k;

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
recall_entity_passes(struct recalling *r, int64_t entity)
{
	const struct recall_request *q = r->request;
	int32_t known;
	int passes;

	if (q->types_n < 0 && q->tiers == 0 && !q->tags)
		return 1;
	if (idmap_get(&r->passed, entity, &known))
		return known;
	passes = entity_passes(r, entity);
	if (passes >= 0 && idmap_put(&r->passed, entity, passes) < 0)
		return err_nomem(r->e);
	return passes;
}

static bool
times_pass(const struct recall_request *q, int64_t at, int64_t from,
	int64_t to)
{
	if (at < q->since || at > q->until)
		return false;
	return q->valid_at == FACT_NO_TIME ||
	       ((from == FACT_NO_TIME || from <= q->valid_at) &&
		       (to == FACT_NO_TIME || to > q->valid_at));
}

bool
recall_fact_passes(const struct recall_request *q,
	const struct recall_fact *f)
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

int
recall_match_passes(struct recalling *r, const struct search_row *row)
{
	const struct recall_request *q = r->request;
	struct recall_row x;
	int k = 1;

	if (filters_facts(q))
		k = recall_head(r->st, row->fact, &x, r->e);
	/* Existence facts pass: the facts they bring are asked again. */
	if (k == 1 && filters_facts(q) && x.kind == FACT_OBSERVATION &&
		((q->source != 0 && x.source != q->source) ||
			!times_pass(q, x.at, x.valid_from, x.valid_to)))
		return 0;
	if (k == 1)
		k = recall_entity_passes(r, row->entity);
	if (k != RECALL_ASK_FACT)
		return k;
	k = filters_facts(q) ? 1 : recall_head(r->st, row->fact, &x, r->e);
	return k == 1 && x.kind == FACT_OBSERVATION
		       ? fact_tags_have(
				 r->st, row->entity, row->fact, q->tags, r->e)
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
	k = recall_entity_passes(r, x->entity);
	return k != RECALL_ASK_FACT ? k
	       : fact_tags_have(r->st, x->entity, x->id, q->tags, r->e);
}

/* --- few facts ---------------------------------------------------------------- */

struct few {
	struct recalling *r;
	int which;
	int64_t facts[FEW + 1];
	int n;
	struct idmap words;	/* entity -> words of its name and type */
	int64_t entities[FEW];
	int entities_n, looked;
};

static int
facts_of_session(struct few *x)
{
	struct recalling *r = x->r;

	return recall_neighbours(r->st, r->range[x->which].hi + 1,
		r->request->source, false, FEW + 1, x->facts, &x->n, r->e);
}

/* Appends the words of a type as an expression. 0: it has none. */
static int
type_expression(struct few *x, int64_t label, struct buf *out)
{
	struct buf text AUTO_BUF = {0}, tokens AUTO_BUF = {0};
	size_t end, from = out->len;
	int k = label_text(x->r->st, label, &text, x->r->e);

	if (k <= 0)
		return k;
	if (text_tokens(text.data ? text.data : "", text.len,
		    x->r->terms[x->which].stem, &tokens) < 0)
		return err_nomem(x->r->e);
	for (size_t at = 0; at < tokens.len; at = end + 1) {
		const char *space =
			memchr(tokens.data + at, ' ', tokens.len - at);

		end = space ? (size_t)(space - tokens.data) : tokens.len;
		if (end > at &&
			buf_addf(out, "%s\"%.*s\"",
				out->len > from ? " AND " : "",
				(int)(end - at), tokens.data + at) < 0)
			return err_nomem(x->r->e);
	}
	return out->len > from;
}

/* A match is the existence fact of an entity of the type, or a text. */
static int
take_entity(void *ctx, const struct search_row *row)
{
	struct few *x = ctx;
	bool known = idmap_get(&x->r->passed, row->entity, NULL);
	int k = known ? 0 : recall_entity_passes(x->r, row->entity);

	if (k < 0 || ++x->looked > TYPE_MATCHES || recall_is_late(x->r))
		return k < 0 ? k : 1;
	if (k > 0 && x->entities_n == FEW)
		return 1;
	if (k > 0)
		x->entities[x->entities_n++] = row->entity;
	return 0;
}

/* 1: x->facts has all of them, or is full; 0: no telling. */
static int
facts_of_types(struct few *x)
{
	struct recalling *r = x->r;
	const struct recall_request *q = r->request;
	struct search_match match = {.words = 1};
	struct buf text AUTO_BUF = {0};
	int k = q->types_n <= TYPES_MAX && buf_adds(&text, "body : (") == 0;

	for (int i = 0; k == 1 && i < q->types_n; i++) {
		if (buf_adds(&text, i > 0 ? " OR (" : "(") < 0)
			return err_nomem(r->e);
		k = type_expression(x, q->types[i], &text);
		if (k == 1 && buf_addc(&text, ')') < 0)
			return err_nomem(r->e);
	}
	if (k != 1 || q->types_n == 0)
		return k;
	if (buf_addc(&text, ')') < 0)
		return err_nomem(r->e);
	match.text = text.data;
	match.n = text.len;
	k = search_match(r->st, &r->range[x->which], &match, take_entity, x,
		r->e);
	if (k != 0)
		return k < 0 ? k : 0;
	for (int i = 0; k == 0 && i < x->entities_n && x->n <= FEW; i++) {
		int n = 0;

		k = recall_newest_of(r->st, x->entities[i], INT64_MAX,
			FEW + 1 - x->n, x->facts + x->n, &n, r->e);
		x->n += n;
	}
	return k < 0 ? k : 1;
}

static uint32_t
words_in(const struct recalling *r, int which, const token_t *v, size_t n)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < n; i++)
		for (int w = 0; w < r->terms[which].n; w++)
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
	struct buf text AUTO_BUF = {0};
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
	if (k >= 0 && tokens_add(&t, text.data ? text.data : "", text.len,
			      stem, &r->tmp, RECALL_FACT_TOKENS) < 0)
		k = err_nomem(r->e);
	*ret = words_in(r, x->which, t.v, t.n);
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
add_fact(struct few *x, int64_t fact)
{
	struct recalling *r = x->r;
	const struct recall_fact *f;
	uint32_t of_entity = 0, mask;
	int k = recall_fact(r->st, fact, r->terms[x->which].stem, &f, r->e);

	if (k == 1)
		k = recall_fact_passes(r->request, f);
	if (k == 1)
		k = recall_entity_passes(r, f->entity);
	if (k <= 0)
		return k;
	k = words_of_entity(x, f->entity, &of_entity);
	mask = of_entity | words_in(r, x->which, f->tokens,
		(size_t)f->words + f->speaker_words);
	if (k == 0 && mask != 0)
		k = recall_add(r, x->which, fact,
			recall_covered(r, x->which, mask), NULL);
	return k < 0 ? k : 0;
}

int
recall_gather_few(struct recalling *r, int which)
{
	const struct recall_request *q = r->request;
	struct few *x AUTO_FREE = NULL;
	int k = 0;

	if (q->source == 0 && q->types_n < 0)
		return 0;
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_nomem(r->e);
	x->r = r;
	x->which = which;
	if (q->source != 0) {
		k = facts_of_session(x);
		k = k < 0 ? k : x->n <= FEW;
	}
	if (k == 0 && q->types_n >= 0) {
		x->n = 0;
		k = facts_of_types(x);
		k = k == 1 ? x->n <= FEW : k;
	}
	if (k != 1)
		return k;
	for (int i = 0; k >= 0 && i < x->n && !recall_is_late(r); i++)
		k = add_fact(x, x->facts[i]);
	idmap_done(&x->words);
	return k < 0 ? k : 1;
}
