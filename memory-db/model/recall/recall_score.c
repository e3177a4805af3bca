/* The exact score of words: BM25F over the text, the entity's name, the
 * speaker and the date, each with its weight as in Robertson and Zaragoza,
 * "The Probabilistic Relevance Framework" (2009), section 3.6. How rare a word
 * is the index has said. Then what else a candidate shows by itself. */
#include <math.h>
#include <string.h>

#include "memory-db/model/recall/recall_internal.h"
#include "common/vec.h"

#define DAY_MS	    86400000.0
#define DECAY	    0.01 /* of relevance, a day without a confirmation */
#define PAIR_WINDOW 8
/* The share of its score that a text keeps which loses all for its length:
 * what was found stays found. */
#define LEAST 1e-3

/* The name and what else is known of an entity, from what is kept or read. */
static int
fill_kept(struct recalling *r, int which, int64_t entity,
	struct recall_kept_name *x)
{
	struct tokens t = {0};
	int k;

	r->text.len = 0;
	k = recall_entity(r->st, entity, &r->text, &x->e, r->e);
	if (k == 1 && tokens_add(&t, r->text.data ? r->text.data : "",
			      r->text.len, r->terms[which].stem, &r->tmp,
			      ARRAY_LEN(x->tokens)) < 0)
		k = err_nomem(r->e);
	x->tokens_n = (int)t.n;
	if (t.n > 0)
		memcpy(x->tokens, t.v, t.n * sizeof(*t.v));
	free(t.v);
	x->entity = k < 0 ? 0 : entity;
	return k < 0 ? k : 0;
}

static int
fill_name(struct recalling *r, int which, int64_t entity, struct recall_name *x)
{
	bool is_kept;
	struct recall_kept_name *kept =
		recall_kept_name(r->st, entity, &is_kept);
	/* How often it was used is told by no change. */
	int k = is_kept ? recall_usage(r->st, entity, &kept->e, r->e)
			: fill_kept(r, which, entity, kept);

	*x = (struct recall_name){.id = entity,
		.e = kept->e,
		.tokens_n = kept->tokens_n};
	memcpy(x->tokens, kept->tokens,
		(size_t)kept->tokens_n * sizeof(*kept->tokens));
	return k;
}

static double
named(const struct recalling *r, int which, const struct recall_name *x)
{
	int n = 0;

	for (int i = 0; i < x->tokens_n; i++) {
		bool has = false;

		for (int w = 0; !has && w < r->terms[which].all; w++)
			has = r->hashes[which][w] == x->tokens[i];
		n += has;
	}
	return x->tokens_n > 0 ? (double)n / x->tokens_n : 0;
}

static int
recall_score_name_of(struct recalling *r, struct recall_candidate *c)
{
	int64_t entity = c->f->entity;
	int32_t at;
	int k;

	if (idmap_get(&r->names_index, entity, &at)) {
		c->name = at;
		return 0;
	}
	if (vec_room(r->names, r->names_n, r->names_cap) != 0)
		return err_nomem(r->e);
	if (idmap_put(&r->names_index, entity, (int32_t)r->names_n) < 0)
		return err_nomem(r->e);
	c->name = (int)r->names_n;
	k = fill_name(r, c->which, entity, &r->names[r->names_n]);
	if (k == 0) {
		struct recall_name *x = &r->names[r->names_n++];

		x->named = named(r, c->which, x);
	}
	return k;
}

/* --- words ---------------------------------------------------------------- */

static void
count_tokens(const struct recalling *r, const struct recall_candidate *c,
	const token_t *v, size_t n, double weight, double *tf)
{
	const token_t *h = r->hashes[c->which];
	int words = r->terms[c->which].all;

	if (weight == 0)
		return;
	for (size_t i = 0; i < n; i++)
		for (int w = 0; w < words; w++)
			if (v[i] == h[w])
				tf[w] += weight;
}

/* Words that stand near each other in question and text: of each pair of
 * neighbours in the question, whether they do. Weighted by the rarer. */
double
recall_pairs(const struct recalling *r, const struct recall_candidate *c)
{
	const struct query_terms *t = &r->terms[c->which];
	const token_t *h = r->hashes[c->which];
	size_t last[SEARCH_WORDS];
	double sum = 0;
	uint32_t seen = 0, paired = 0;

	for (size_t i = 0; i < c->f->words; i++)
		for (int w = 0; w < t->all; w++) {
			if (c->f->tokens[i] != h[w])
				continue;
			for (int o = 0; o < t->all; o++)
				if (o != w && (seen >> o & 1) &&
					!(paired >> w & 1) &&
					i - last[o] <= PAIR_WINDOW) {
					sum += t->words[w].weight;
					paired |= UINT32_C(1) << w;
				}
			last[w] = i;
			seen |= UINT32_C(1) << w;
		}
	return sum;
}

static void
score_words(struct recalling *r, struct recall_candidate *c, double average)
{
	const struct query_terms *t = &r->terms[c->which];
	const struct recall_fact *f = c->f;
	const token_t *v = f->tokens;
	double tf[SEARCH_WORDS] = {0}, norm, sum = 0;

	count_tokens(r, c, v, f->words, 1, tf);
	count_tokens(r, c, v + f->words, f->speaker_words, r->w.said_by, tf);
	if (c->name >= 0)
		count_tokens(r, c, r->names[c->name].tokens,
			(size_t)r->names[c->name].tokens_n, r->w.name, tf);
	norm = r->w.k1 *
	       (1 - r->w.b + r->w.b * (f->words + 1.0) / (average + 1));
	c->found = 0;
	for (int w = 0; w < t->all; w++) {
		/* The text goes on behind the tokens that are kept of it. */
		if (tf[w] == 0 && f->words >= RECALL_FACT_TOKENS &&
			(c->in_index >> w & 1))
			tf[w] = 1;
		if (tf[w] == 0)
			continue;
		c->found |= UINT32_C(1) << w;
		sum += t->words[w].weight * tf[w] * (r->w.k1 + 1) /
		       (tf[w] + norm);
	}
	if (r->w.pair > 0)
		sum += r->w.pair * recall_pairs(r, c);
	c->base = sum;
}

int
recall_name_all(struct recalling *r)
{
	int k = 0;

	for (size_t i = 0; i < r->n && k == 0; i++)
		if (r->c[i].name < 0)
			k = recall_score_name_of(r, &r->c[i]);
	return k;
}

int
recall_score(struct recalling *r)
{
	double average = 0, most = 0;
	int k = 0;

	for (size_t i = 0; i < r->n && k == 0; i++) {
		average += (double)r->c[i].f->words / (double)r->n;
		k = recall_score_name_of(r, &r->c[i]);
	}
	for (size_t i = 0; i < r->n && k == 0; i++) {
		score_words(r, &r->c[i], average);
		most = fmax(most, r->c[i].base);
	}
	for (size_t i = 0; i < r->n && most > 0; i++)
		r->c[i].base /= most;
	return k;
}

/* How much of the question's weight these words have: 0 to 1. */
double
recall_covered(const struct recalling *r, int which, uint32_t found)
{
	const struct query_terms *t = &r->terms[which];
	double sum = 0;

	for (; found != 0; found &= found - 1)
		sum += t->words[__builtin_ctz(found)].weight;
	return sum;
}

/* --- what else ------------------------------------------------------------ */

/* Does the question name the speaker? */
static bool
names_speaker(const struct recalling *r, const struct recall_candidate *c)
{
	const token_t *v = c->f->tokens + c->f->words;

	for (int i = 0; i < c->f->speaker_words; i++)
		for (int w = 0; w < r->terms[c->which].all; w++)
			if (r->hashes[c->which][w] == v[i])
				return true;
	return false;
}

/* What leaves the working set unused stands behind what is in it. */
static double
tier_share(int64_t tier)
{
	static const double shares[] = {0.5, 0, 1, 1};

	return tier >= 0 && tier < (int64_t)ARRAY_LEN(shares) ? shares[tier]
							      : 0;
}

/* How far it still holds, 0 to 1: what nobody said again for a year is 0.03. A
 * fact counts from when it was said, or it or its entity was confirmed. */
static double
decay(const struct recalling *r, const struct recall_candidate *c)
{
	int64_t confirmed = r->names[c->name].e.confirmed_at;
	int64_t at = confirmed > c->f->at ? confirmed : c->f->at;
	double days;

	at = c->confirmed_at > at ? c->confirmed_at : at;
	days = (double)(r->request->now - at) / DAY_MS;

	return exp(-DECAY * fmax(days, 0));
}

static void
features_of_entity(const struct recalling *r, struct recall_candidate *c)
{
	const struct recall_name *x = &r->names[c->name];

	c->parts[PART_ENTITY] = (float)(r->w.entity * x->named);
	c->parts[PART_USE] =
		(float)(r->w.use * (1 - exp(-log1p((double)x->e.hits) / 3)));
	c->parts[PART_TIER] = (float)(r->w.tier * tier_share(x->e.tier));
	c->parts[PART_CONFIRMED] = (float)(r->w.confirmed * decay(r, c));
	c->parts[PART_PIN] = x->e.is_pinned ? (float)r->w.pin : 0;
}

/* What stands beside a text says less about it the longer it is: a reply of a
 * page would stand above the short message it answers. */
static void
features_of_length(const struct recalling *r, struct recall_candidate *c)
{
	double longer = c->f->words / fmax(r->w.long_from, 1);

	if (longer <= 1)
		return;
	c->parts[PART_NEAR] /= (float)longer;
	c->parts[PART_LENGTH] = -(float)(r->w.length * log2(longer));
}

void
recall_features(struct recalling *r)
{
	bool has_dates = r->question.dates.spans_n > 0;
	bool lists_rules = recall_lists_rules(r);

	recall_vectors_features(r);
	for (size_t i = 0; i < r->n; i++) {
		struct recall_candidate *c = &r->c[i];
		const struct recall_fact *f = c->f;
		double age = (double)(r->request->now - f->at) / DAY_MS;

		c->parts[PART_WORDS] = (float)c->base;
		c->parts[PART_NEAR] +=
			(float)(r->w.around * recall_covered(r, c->which,
						      c->found | c->around));
		features_of_length(r, c);
		if (names_speaker(r, c))
			c->parts[PART_SPEAKER] = (float)r->w.speaker;
		if (has_dates)
			c->parts[PART_DATE] =
				(float)(r->w.date *
					recall_date_fits(&r->question.dates,
						recall_day(r, f->at)));
		if (f->is_instruction && (c->found != 0 || lists_rules))
			c->parts[PART_RULE] = (float)r->w.rule;
		if (r->question.asks_when && f->has_time)
			c->parts[PART_TIME] = (float)r->w.time;
		c->parts[PART_RECENCY] =
			(float)(r->w.recency *
				exp2(-fmax(age, 0) /
					fmax(r->w.half_life, 0.001)));
		if (f->salience >= 0)
			c->parts[PART_SALIENCE] =
				(float)(r->w.salience * f->salience);
		if (c->name >= 0)
			features_of_entity(r, c);
		c->total = 0;
		for (int p = 0; p < PART_MAX; p++)
			c->total += c->parts[p];
		/* A long text may come last, but what was found stays found. */
		if (c->found != 0 && c->total <= 0)
			c->total = LEAST * c->base;
	}
}
