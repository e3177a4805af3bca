/* What the second reading of two texts (fact_readings.c) finds beyond the rules of
 * the first:
 *
 *   "weighs 82 kg"          "is down to 78 kg"          one measure, two values
 *   "works as a nurse"      "is a physiotherapist"      one of a kind
 *   "commas are accepted"   "commas cause an error"     the poles of one thing
 */

#include <string.h>

#include "memory-db/model/order/fact_compare_internal.h"

/* Of all that two contrary texts say, so much must be common or contrary. */
#define CONTRARY 0.6
/* ... and words that are left over in them. */
#define CONTRARY_LEFT 3

/* --- measures ------------------------------------------------------------------- */
/* The one number that is left over, -1: none, or several; *ret_words: words that
 * say something else, but for verbs that say little. */
static int
one_number(const struct terms_text *t, const int *to, int *ret_words)
{
	int found = -1;

	*ret_words = 0;
	for (int i = 0; i < t->n; i++) {
		const struct term *x = &t->v[i];

		if (to[i] != -1 || x->flags & F_LIGHT || x->kind == TERM_DATE)
			continue;
		if (term_is_number(x)) {
			if (found >= 0)
				return -1;
			found = i;
		} else if (!(x->flags & F_SINGLE && x->flags & F_VERB))
			++*ret_words;
	}
	return found;
}

static bool
is_measure(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct term *x, *y;
	int words_a, words_b;
	int i = one_number(p->a, p->a_to, &words_a);
	int k = one_number(p->b, p->b_to, &words_b);

	if (i < 0 || k < 0 || words_a + words_b > 1 || p->opposites > 0 ||
		fact_is_turned_round(p) ||
		p->rest_a.subject_n + p->rest_b.subject_n > 0 ||
		p->rest_a.date_n + p->rest_b.date_n > 0)
		return false;
	x = &p->a->v[i];
	y = &p->b->v[k];
	if (x->unit != y->unit || x->unit == UNIT_NONE ||
		x->unit == UNIT_ORDINAL || x->kind != y->kind)
		return false;
	c->value_a = i;
	c->value_b = k;
	return p->partners > 0 || words_a + words_b == 0;
}

/* --- one of a kind ------------------------------------------------------------------ */
/* "Is a nurse", "is a pilot": nothing else is said of somebody. */
static bool
is_other_kind(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;

	if (p->partners > 0 || p->opposites > 0 || a->value_n != 1 ||
		b->value_n != 1 || a->subject_n + b->subject_n > 0 ||
		p->a->not_n + p->b->not_n > 0 || p->a->verb < 0 ||
		p->b->verb < 0 || p->a->copulas + p->b->copulas == 0)
		return false;
	c->value_a = a->first;
	c->value_b = b->first;
	return lexicon_same_kind(p->a->v[a->first].meaning,
		p->b->v[b->first].meaning);
}

/* The ending of who does something for a living: "physiotherapist". */
static bool
is_trade(const struct term *t)
{
	static const char *const endings[] = {"er", "or", "ist", "ian", "ant",
		"man", "woman", "eer", "ess", "nurse", "chef", "cook", "pilot",
		"guard", "clerk", "coach", "vet", "judge", "agent", "monk"};

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t n = strlen(endings[i]);

		if (t->kind == TERM_WORD && t->s_n >= n &&
			memcmp(t->s + t->s_n - n, endings[i], n) == 0)
			return true;
	}
	return false;
}

/* The trade of somebody of whom nothing else is said, -1: it is none; *works: it
 * is what somebody works as. */
static int
trade_of(const struct terms_text *t, const struct rest *rest, bool *works)
{
	int work = lexicon_known(WORD_WORK_AS), last = rest->last;

	for (int i = 0; i < t->n; i++) {
		*works |= t->v[i].meaning == work;
		if (i != last && t->v[i].meaning != work &&
			!(t->v[i].flags & F_LIGHT) && i + 1 != last)
			return -1;
	}
	return last >= 0 && rest->subject_n == 0 && t->copulas + *works > 0 &&
			       is_trade(&t->v[last])
		       ? last
		       : -1;
}

/* "Works as a nurse", "is a physiotherapist now" */
static bool
is_other_trade(struct comparing *c)
{
	const struct pairing *p = &c->p;
	bool works = false;

	if (p->opposites > 0 || p->near > 0 || p->a->not_n + p->b->not_n > 0)
		return false;
	c->value_a = trade_of(p->a, &p->rest_a, &works);
	c->value_b = trade_of(p->b, &p->rest_b, &works);
	return works && c->value_a >= 0 && c->value_b >= 0;
}

/* --- a verb that says little --------------------------------------------------------- */
/* Which term is all that is left over, and the verb of its text? -1: none. */
static int
verb_left(const struct terms_text *t, const int *to)
{
	int found = -1;

	for (int i = 0; i < t->n; i++) {
		if (to[i] != -1 || t->v[i].flags & F_LIGHT)
			continue;
		if (found >= 0 || t->v[i].kind != TERM_WORD ||
			t->v[i].flags & (F_EVENT | F_ENDED))
			return -1;
		found = i;
	}
	return found >= 0 && t->v[found].word == t->verb ? found : -1;
}

/* The verb is "is", "has", "gets": it is no term. */
static bool
has_plain_verb(const struct terms_text *t)
{
	for (int i = 0; i < t->n; i++)
		if (t->v[i].word == t->verb)
			return false;
	return t->verb >= 0;
}

/* "Serves breakfast all day", "has breakfast at any time" */
static bool
is_plainly_said(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	bool in_a = p->rest_b.weight == 0;

	if (p->partners < 2 || p->opposites > 0 || p->is_swapped ||
		p->is_turned || fact_is_turned_round(p) ||
		(p->rest_a.weight > 0 && p->rest_b.weight > 0))
		return false;
	return in_a ? verb_left(p->a, p->a_to) >= 0 && has_plain_verb(p->b)
		    : verb_left(p->b, p->b_to) >= 0 && has_plain_verb(p->a);
}

/* --- poles -------------------------------------------------------------------------- */
static double
weight_of_opposites(const struct pairing *p)
{
	double n = 0;

	for (int i = 0; i < p->a->n; i++)
		n += p->a_to[i] == -2;
	for (int i = 0; i < p->b->n; i++)
		n += p->b_to[i] == -2;
	return n;
}

/* All that is left over of a text are verbs: "are stored in plain text". */
static bool
only_verbs_left(const struct terms_text *t, const int *to)
{
	for (int i = 0; i < t->n; i++)
		if (to[i] == -1 && !(t->v[i].flags & (F_LIGHT | F_VERB)) &&
			t->v[i].word != t->verb &&
			!lexicon_is_past(t->v[i].s, t->v[i].s_n))
			return false;
	return true;
}

static bool
is_contrary(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;

	if (!fact_is_turned_round(p) || p->opposites != 1 ||
		a->subject_n + b->subject_n > 0 || a->hard_n + b->hard_n > 0 ||
		a->value_n + b->value_n > CONTRARY_LEFT)
		return false;
	if (!only_verbs_left(p->a, p->a_to) && !only_verbs_left(p->b, p->b_to))
		return false;
	return p->partners > 0 &&
	       (p->matched + weight_of_opposites(p)) / p->all >= CONTRARY;
}

void
fact_wide_decide(struct comparing *c)
{
	if (is_measure(c) || is_other_kind(c) || is_other_trade(c))
		fact_compare_decide(c, FACTS_UPDATE, 0.87);
	else if (is_contrary(c))
		fact_compare_decide(c, FACTS_CONTRADICTION, 0.86);
	else if (is_plainly_said(c))
		fact_compare_decide(c, FACTS_DUPLICATE, 0.86);
}
