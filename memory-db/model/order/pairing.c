/* Partners are found from the surest to the loosest: the same thing, then words
 * of one family ("deploy", "deployment"). */
#include "memory-db/model/order/pairing.h"

#include <stdlib.h>
#include <string.h>

#define LIGHT 0.34
#define HARD  1.5
/* Words of one family share so many letters of the longer one. */
#define FAMILY 0.72

bool
term_is_number(const struct term *t)
{
	return t->kind == TERM_NUMBER || t->kind == TERM_TIME ||
	       t->kind == TERM_VERSION;
}

bool
term_is_hard(const struct term *t)
{
	return t->kind != TERM_WORD;
}

static double
weight_of(const struct term *t)
{
	if (t->flags & F_LIGHT)
		return LIGHT;
	return term_is_hard(t) ? HARD : 1;
}

/* --- opposites ---------------------------------------------------------------- */
static bool
is_prefixed(const struct term *longer, const struct term *shorter)
{
	static const char *const prefixes[] = {"un", "in", "im", "ir", "il",
		"non", "ab", "dis", "mis", "anti", "a", "de"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t k = strlen(prefixes[i]);

		/* "locked", "unlocked": the first letters of the stem. */
		if (shorter->s_n >= 4 && longer->s_n == shorter->s_n + k &&
			memcmp(longer->s, prefixes[i], k) == 0 &&
			memcmp(longer->s + k, shorter->s, shorter->s_n) == 0)
			return true;
	}
	return false;
}

bool
terms_opposite(const struct term *a, const struct term *b)
{
	if (lexicon_opposite(a->meaning, b->meaning))
		return true;
	if (a->kind == TERM_CODE || b->kind == TERM_CODE || term_is_number(a) ||
		term_is_number(b) || a->words > 1 || b->words > 1)
		return false;
	return is_prefixed(a, b) || is_prefixed(b, a);
}

/* --- partners ------------------------------------------------------------------ */
static bool
is_family(const struct term *a, const struct term *b)
{
	size_t least = a->s_n < b->s_n ? a->s_n : b->s_n;
	size_t most = a->s_n > b->s_n ? a->s_n : b->s_n, k = 0;

	if (a->words > 1 || b->words > 1 || least < 5 || a->kind != b->kind)
		return false;
	while (k < least && a->s[k] == b->s[k])
		k++;
	return (double)k >= FAMILY * (double)most;
}

static bool
is_same(const struct term *a, const struct term *b, bool loose)
{
	bool x = term_is_number(a) || a->kind == TERM_DATE;
	bool y = term_is_number(b) || b->kind == TERM_DATE;

	if (x || y)
		return x && y && term_same_number(a, b);
	if (a->key == b->key ||
		(a->words == 1 && b->words == 1 && a->stem == b->stem))
		return true;
	return loose && is_family(a, b);
}

static void
find_partners(struct pairing *p, bool loose)
{
	for (int i = 0; i < p->a->n; i++) {
		int best = -1, near = 0;

		for (int k = 0; p->a_to[i] == -1 && k < p->b->n; k++) {
			int away = abs(p->a->v[i].word - p->b->v[k].word);

			if (p->b_to[k] != -1 ||
				!is_same(&p->a->v[i], &p->b->v[k], loose))
				continue;
			/* The same preposition is nearer than any place. */
			away += p->a->v[i].before != p->b->v[k].before ? 50 : 0;
			if (best < 0 || away < near) {
				best = k;
				near = away;
			}
		}
		if (best >= 0) {
			p->a_to[i] = best;
			p->b_to[best] = i;
		}
	}
}

static bool
is_opposite_before(const struct term *a, const struct term *b)
{
	return (a->before == BEFORE_EARLIER && b->before == BEFORE_LATER) ||
	       (a->before == BEFORE_LATER && b->before == BEFORE_EARLIER);
}

/* What is told apart before the verb are two things: left knee, right knee. */
static bool
is_before_verb(const struct terms_text *t, int i)
{
	return t->v[i].word < t->verb;
}

static void
find_opposites(struct pairing *p)
{
	for (int i = 0; i < p->a->n; i++) {
		if (p->a_to[i] >= 0) {
			const struct term *t = &p->b->v[p->a_to[i]];

			if (is_opposite_before(&p->a->v[i], t)) {
				p->opposites++;
				p->a_opposite = i;
				p->b_opposite = p->a_to[i];
			}
			continue;
		}
		for (int k = 0; k < p->b->n; k++)
			if (p->b_to[k] == -1 && p->a_to[i] == -1 &&
				!(is_before_verb(p->a, i) &&
					is_before_verb(p->b, k)) &&
				terms_opposite(&p->a->v[i], &p->b->v[k])) {
				p->a_to[i] = p->b_to[k] = -2;
				p->opposites++;
				p->a_opposite = i;
				p->b_opposite = k;
			}
	}
}

/* --- order ---------------------------------------------------------------------- */
static bool
is_over(const struct terms_text *t, int i)
{
	bool over = false;

	for (int k = 0; k < i; k++)
		over |= (t->v[k].flags & F_OVER) != 0;
	return over &&
	       (t->v[i].before == BEFORE_OVER || t->v[i].before == BEFORE_TO);
}

/* "is brushing", not "is brushed by". */
static bool
is_active(const struct terms_text *t)
{
	bool ing = false;

	for (int i = 0; i < t->n; i++) {
		const struct term *x = &t->v[i];

		ing |= x->s_n > 4 && memcmp(x->s + x->s_n - 3, "ing", 3) == 0;
		if (x->before == BEFORE_BY)
			return false;
	}
	return t->copulas == 0 || ing;
}

static void
find_order(struct pairing *p)
{
	int forth = 0, back = 0, over_a = -1, over_b = -1;

	for (int i = 0; i < p->a->n; i++) {
		int k = p->a_to[i];

		if (k < 0)
			continue;
		if (is_over(p->a, i))
			over_a = i;
		if (is_over(p->b, k))
			over_b = k;
		p->is_same_subject |= is_before_verb(p->a, i) &&
				      is_before_verb(p->b, k) &&
				      !(p->a->v[i].flags & F_LIGHT);
		if (p->a->v[i].before != BEFORE_NOTHING ||
			p->b->v[k].before != BEFORE_NOTHING)
			continue;
		forth += is_before_verb(p->a, i) && !is_before_verb(p->b, k);
		back += !is_before_verb(p->a, i) && is_before_verb(p->b, k);
	}
	p->is_swapped = over_a >= 0 && over_b >= 0 && p->a_to[over_a] != over_b;
	p->is_turned =
		forth > 0 && back > 0 && is_active(p->a) && is_active(p->b);
}

/* --- what is left over ---------------------------------------------------------- */
static struct rest
rest_of(const struct terms_text *t, const int *to)
{
	struct rest r = {.first = -1, .last = -1, .subject = -1, .date = -1};
	bool running = false;

	for (int i = 0; i < t->n; i++) {
		const struct term *x = &t->v[i];

		if (to[i] == -2)
			continue;
		if (to[i] >= 0) {
			running = running && x->flags & F_LIGHT;
			continue;
		}
		if (x->flags & F_LIGHT)
			continue;
		r.weight += weight_of(x);
		r.hard_n += term_is_hard(x);
		if (x->flags & F_VERB && x->flags & F_MULTI)
			r.verbs += weight_of(x);
		if (x->kind == TERM_DATE) {
			r.date = r.date < 0 ? i : r.date;
			r.date_n++;
			continue;
		}
		if (is_before_verb(t, i)) {
			r.subject = r.subject < 0 ? i : r.subject;
			r.subject_n++;
			continue;
		}
		r.first = r.first < 0 ? i : r.first;
		r.last = i;
		r.value_n++;
		r.runs += !running || x->before != BEFORE_NOTHING;
		running = true;
	}
	return r;
}

static void
weigh(struct pairing *p)
{
	double core = 0;

	for (int i = 0; i < p->a->n; i++) {
		double w = weight_of(&p->a->v[i]);

		p->all += w;
		if (p->a_to[i] < 0)
			continue;
		p->matched += 2 * w;
		if (!(p->a->v[i].flags & F_LIGHT)) {
			p->partners++;
			p->hard_partners += term_is_hard(&p->a->v[i]);
		}
	}
	for (int i = 0; i < p->b->n; i++)
		p->all += weight_of(&p->b->v[i]);
	core = p->matched;
	for (int i = 0; i < p->a->n; i++)
		if (p->a_to[i] == -1 && i < p->rest_a.first &&
			p->a->v[i].kind != TERM_DATE)
			core += weight_of(&p->a->v[i]);
	for (int i = 0; i < p->b->n; i++)
		if (p->b_to[i] == -1 && i < p->rest_b.first &&
			p->b->v[i].kind != TERM_DATE)
			core += weight_of(&p->b->v[i]);
	p->core = core > 0 ? p->matched / core : 1;
}

void
pairing_make(const struct terms_text *a, const struct terms_text *b,
	struct pairing *ret)
{
	*ret = (struct pairing){.a = a,
		.b = b,
		.a_opposite = -1,
		.b_opposite = -1};
	for (int i = 0; i < TERMS; i++)
		ret->a_to[i] = ret->b_to[i] = -1;
	find_partners(ret, false);
	find_opposites(ret);
	find_partners(ret, true);
	find_order(ret);
	ret->rest_a = rest_of(a, ret->a_to);
	ret->rest_b = rest_of(b, ret->b_to);
	weigh(ret);
}
