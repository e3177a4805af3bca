/* What the second reading of two texts (fact_readings.c) finds beyond the rules of
 * the first:
 *
 *   "weighs 82 kg"          "is down to 78 kg"          one measure, two values
 *   "works as a nurse"      "is a physiotherapist"      one of a kind
 *   "commas are accepted"   "commas cause an error"     the poles of one thing
 */

#include <string.h>

#include "memory-db/model/order/fact_compare_internal.h"
#include "memory-db/model/order/pairing_internal.h"

/* Of all that two contrary texts say, so much must be common or contrary. */
#define CONTRARY 0.6
/* ... where no word is the same. */
#define CONTRARY_ALONE 0.45
/* Of two that say one thing in other words. */
#define OTHER_WORDS 0.75
#define OTHER_LEFT  2
#define PLAINLY	    0.62
/* ... and words that are left over in two that are contrary. */
#define CONTRARY_LEFT 3

/* --- what a word is --------------------------------------------------------------- */
static bool
is_verbal(const struct terms_text *t, int i)
{
	const struct term *x = &t->v[i];

	return x->flags & F_VERB || x->word == t->verb ||
	       lexicon_is_past(x->s, x->s_n) ||
	       (x->s_n > 5 && memcmp(x->s + x->s_n - 3, "ing", 3) == 0);
}

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
		} else if (!is_verbal(t, i)) {
			return -1;
		} else if (!(x->flags & F_SINGLE)) {
			++*ret_words;
		}
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
	if (x->unit != y->unit || x->unit == UNIT_ORDINAL || x->kind != y->kind)
		return false;
	/* "Four cups", "one cup" */
	if (x->unit == UNIT_NONE &&
		(i + 1 >= p->a->n || p->a_to[i + 1] != k + 1))
		return false;
	c->value_a = i;
	c->value_b = k;
	return p->partners > 0 || words_a + words_b == 0;
}

/* The number right behind a name that both have: "Python 3.8". */
static bool
is_behind_name(const struct pairing *p, int i, int k)
{
	return i > 0 && k > 0 && p->a_to[i - 1] == k - 1 &&
	       p->a->v[i - 1].kind == TERM_NAME &&
	       p->a->v[i - 1].word + 1 == p->a->v[i].word &&
	       p->b->v[k - 1].word + 1 == p->b->v[k].word;
}

static bool
is_other_version(struct comparing *c)
{
	const struct pairing *p = &c->p;
	int words_a, words_b;
	int i = one_number(p->a, p->a_to, &words_a);
	int k = one_number(p->b, p->b_to, &words_b);

	if (i < 0 || k < 0 || words_a + words_b > 1 || p->opposites > 0 ||
		fact_is_turned_round(p) || !is_behind_name(p, i, k) ||
		p->rest_a.subject_n + p->rest_b.subject_n > 0)
		return false;
	c->value_a = i;
	c->value_b = k;
	return true;
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

/* "Is under the pot", "is with the neighbor": a thing is at one place. */
static bool
is_at_place(const struct terms_text *t, const struct rest *rest)
{
	const struct term *x = rest->first < 0 ? NULL : &t->v[rest->first];

	if (!x || t->copulas == 0 || rest->runs != 1 || rest->subject_n > 0 ||
		term_is_number(x) || x->word > t->verb + 3)
		return false;
	return x->before == BEFORE_UNDER || x->before == BEFORE_PLACE ||
	       x->before == BEFORE_IN || x->before == BEFORE_OTHER;
}

static bool
is_other_place(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;

	if (p->opposites > 0 || fact_is_turned_round(p) ||
		!is_at_place(p->a, a) || !is_at_place(p->b, b) ||
		a->date_n + b->date_n > 0)
		return false;
	c->value_a = a->first;
	c->value_b = b->first;
	/* In the old town, on Main Street: of a place, both may be right. */
	return p->a->v[a->first].before == BEFORE_UNDER ||
	       p->b->v[b->first].before == BEFORE_UNDER;
}

/* --- in other words ------------------------------------------------------------------ */
static bool
are_partners(const struct pairing *p, int i, int k)
{
	bool a_end = i < 0 || i >= p->a->n, b_end = k < 0 || k >= p->b->n;

	return a_end || b_end ? a_end && b_end : p->a_to[i] == k;
}

/* "On stage", "for a child", both behind a guitar: two values in one slot. */
static bool
is_contrast(const struct pairing *p, int i, int k)
{
	return is_verbal(p->a, i) == is_verbal(p->b, k) &&
	       (are_partners(p, i - 1, k - 1) || are_partners(p, i + 1, k + 1));
}

static bool
has_contrast(const struct pairing *p)
{
	for (int i = 0; i < p->a->n; i++)
		for (int k = 0; k < p->b->n; k++)
			if (p->a_to[i] == -1 && p->b_to[k] == -1 &&
				!(p->a->v[i].flags & F_LIGHT) &&
				!(p->b->v[k].flags & F_LIGHT) &&
				is_contrast(p, i, k))
				return true;
	return false;
}

/* How many words are left over that are no verbs. */
static int
others_left(const struct terms_text *t, const int *to)
{
	int n = 0;

	for (int i = 0; i < t->n; i++)
		n += to[i] == -1 && !(t->v[i].flags & F_LIGHT) &&
		     !is_verbal(t, i);
	return n;
}

/* Much is common, and what is not has no counterpart. */
static bool
is_in_other_words(const struct comparing *c)
{
	const struct pairing *p = &c->p;

	return p->partners >= 3 && p->opposites == 0 && !p->is_swapped &&
	       !p->is_turned && !fact_is_turned_round(p) &&
	       !p->a->is_question && p->rest_a.hard_n + p->rest_b.hard_n == 0 &&
	       p->matched / p->all >= OTHER_WORDS &&
	       others_left(p->a, p->a_to) + others_left(p->b, p->b_to) <=
		       OTHER_LEFT &&
	       !has_contrast(p);
}

/* --- a verb that says little --------------------------------------------------------- */
/* Is one verb all that is left over? */
static bool
is_verb_left(const struct terms_text *t, const int *to)
{
	int found = -1;

	for (int i = 0; i < t->n; i++) {
		if (to[i] != -1 || t->v[i].flags & F_LIGHT)
			continue;
		if (found >= 0 || t->v[i].kind != TERM_WORD ||
			t->v[i].flags & F_ENDED || !is_verbal(t, i))
			return false;
		found = i;
	}
	return found >= 0;
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
	const struct terms_text *t = in_a ? p->a : p->b;

	if (p->opposites > 0 || p->is_swapped || p->is_turned ||
		p->a->is_question || fact_is_turned_round(p) ||
		(p->rest_a.weight > 0 && p->rest_b.weight > 0) ||
		!is_verb_left(t, in_a ? p->a_to : p->b_to))
		return false;
	return p->matched / p->all >= PLAINLY &&
	       (p->partners > 1 || has_plain_verb(in_a ? p->b : p->a));
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

/* All that is left over of a text are verbs, and who does it: "are stored in plain
 * text". */
static bool
only_verbs_left(const struct terms_text *t, const int *to)
{
	for (int i = 0; i < t->n; i++)
		if (to[i] == -1 && !(t->v[i].flags & F_LIGHT) &&
			!is_verbal(t, i) && !pairing_is_before_verb(t, i))
			return false;
	return true;
}

/* "You need an account": said of whomever the other text speaks of. */
static bool
is_of_anybody(const struct terms_text *t)
{
	static const char *const words[] = {"you ", "we ", "one ", "they ",
		"people "};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strncasecmp(t->text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* "Returns are free", "customers pay for returns": what is said before the verb of
 * one text stands behind that of the other, so that who does it is no other
 * subject. */
static bool
is_other_voice(const struct pairing *p, bool in_a)
{
	for (int i = 0; i < p->a->n; i++) {
		int k = p->a_to[i];
		bool a_first, b_first;

		if (k < 0)
			continue;
		a_first = pairing_is_before_verb(p->a, i) ||
			  p->a->v[i].word == p->a->verb;
		b_first = pairing_is_before_verb(p->b, k) ||
			  p->b->v[k].word == p->b->verb;
		if (a_first != b_first && b_first == in_a)
			return true;
	}
	return false;
}

static bool
has_other_subject(const struct pairing *p)
{
	const struct rest *a = &p->rest_a, *b = &p->rest_b;

	if (a->subject_n > 0 && b->subject_n > 0)
		return true;
	return (a->subject_n > 0 && !is_other_voice(p, true) &&
		       !is_of_anybody(p->b)) ||
	       (b->subject_n > 0 && !is_other_voice(p, false) &&
		       !is_of_anybody(p->a));
}

static bool
is_contrary(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	bool verbs_a = only_verbs_left(p->a, p->a_to);
	bool verbs_b = only_verbs_left(p->b, p->b_to);
	double common;

	if (!fact_is_turned_round(p) || p->opposites > 1 ||
		has_other_subject(p) || a->hard_n + b->hard_n > 0 ||
		a->value_n + b->value_n > CONTRARY_LEFT)
		return false;
	/* Where a "not" is all, it must be of the same. */
	if (p->opposites == 0 && !(verbs_a && verbs_b))
		return false;
	if (!verbs_a && !verbs_b)
		return false;
	common = (p->matched + weight_of_opposites(p)) / p->all;
	if (p->partners > 0)
		return common >= CONTRARY;
	/* "Drinks wine with dinner", "does not touch alcohol" */
	return (a->weight == 0 || b->weight == 0) && common >= CONTRARY_ALONE;
}

/* "Is tall and thin", "is short and stout" */
static bool
is_contrary_twice(const struct comparing *c)
{
	const struct pairing *p = &c->p;

	if (p->opposites < 2 || p->partners > 0 || p->rest_a.weight > 0 ||
		p->rest_b.weight > 0 || p->a->not_n + p->b->not_n > 0)
		return false;
	for (int i = 0; i < p->a->n; i++)
		if (p->a->v[i].word <= p->a->verb)
			return false;
	for (int i = 0; i < p->b->n; i++)
		if (p->b->v[i].word <= p->b->verb)
			return false;
	return true;
}

void
fact_wide_decide(struct comparing *c)
{
	if (c->rule == ATTRIBUTE_MULTI && c->p.opposites == 0 &&
		!fact_is_turned_round(&c->p))
		return;
	if (is_measure(c) || is_other_version(c) || is_other_kind(c) ||
		is_other_trade(c) || is_other_place(c))
		fact_compare_decide(c, FACTS_UPDATE, 0.87);
	else if (is_contrary(c) || is_contrary_twice(c))
		fact_compare_decide(c, FACTS_CONTRADICTION, 0.86);
	else if (is_plainly_said(c) || is_in_other_words(c))
		fact_compare_decide(c, FACTS_DUPLICATE, 0.86);
}
