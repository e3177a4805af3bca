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
		} else if (!fact_is_verbal(t, i)) {
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

/* How many numbers are left over; -1: something else is, too. */
static int
numbers_left(const struct terms_text *t, const int *to, int *ret_first)
{
	int n = 0;

	*ret_first = -1;
	for (int i = 0; i < t->n; i++) {
		if (to[i] != -1 || t->v[i].flags & F_LIGHT)
			continue;
		if (t->v[i].kind != TERM_NUMBER || t->v[i].unit == UNIT_ORDINAL)
			return -1;
		*ret_first = *ret_first < 0 ? i : *ret_first;
		n++;
	}
	return n;
}

/* "The blood pressure is 150 over 95", "is 128 over 82" */
static bool
is_reading(struct comparing *c)
{
	const struct pairing *p = &c->p;
	int n = numbers_left(p->a, p->a_to, &c->value_a);

	if (n < 2 || numbers_left(p->b, p->b_to, &c->value_b) != n ||
		p->opposites > 0 || p->partners == 0 || fact_is_turned_round(p))
		return false;
	return p->a->copulas > 0 && p->b->copulas > 0;
}

/* All that is left over but dates is a time of the day. */
static bool
is_only_day_left(const struct terms_text *t, const int *to)
{
	static const char *const words[] = {"night", "morning", "evening",
		"afternoon", "noon"};

	for (int i = 0; i < t->n; i++) {
		const struct term *x = &t->v[i];
		bool found = to[i] != -1 || x->flags & F_LIGHT ||
			     x->kind == TERM_DATE;

		for (size_t k = 0; !found && k < ARRAY_LEN(words); k++)
			found = x->s_n == strlen(words[k]) &&
				memcmp(x->s, words[k], x->s_n) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* "Is set for Saturday", "for Sunday night": dates, and a word for the time of the
 * day at most. */
static bool
is_other_date(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;

	if (a->date < 0 || b->date < 0 || p->partners == 0 ||
		p->opposites > 0 || fact_is_turned_round(p) ||
		!is_only_day_left(p->a, p->a_to) ||
		!is_only_day_left(p->b, p->b_to) ||
		(p->a->is_past && p->b->is_past))
		return false;
	c->value_a = a->date;
	c->value_b = b->date;
	fact_attribute(c);
	return p->a->v[a->date].before == p->b->v[b->date].before &&
	       !fact_is_event(c);
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

/* "Is under the pot", "hangs in the pantry": a thing is at one place. */
static bool
is_at_place(const struct terms_text *t, const struct rest *rest)
{
	const struct term *x = rest->first < 0 ? NULL : &t->v[rest->first];

	if (!x || rest->runs != 1 || rest->subject_n > 0 || term_is_number(x) ||
		rest->date_n > 0)
		return false;
	return x->before == BEFORE_UNDER || x->before == BEFORE_PLACE ||
	       x->before == BEFORE_IN || x->before == BEFORE_OTHER ||
	       x->before == BEFORE_BY;
}

/* Both say that it hangs, stands, or is kept. */
static bool
is_positioned(const struct pairing *p)
{
	static const char *const verbs[] = {"hangs", "hang", "stands", "stand",
		"sits", "sit", "lies", "lie", "sleeps", "stays", "kept",
		"parked", "stored", "buried", "hidden", "mounted"};

	for (int i = 0; i < p->a->n; i++) {
		const struct term *x = &p->a->v[i];

		for (size_t k = 0; p->a_to[i] >= 0 && k < ARRAY_LEN(verbs); k++)
			if (x->s_n == strlen(verbs[k]) &&
				memcmp(x->s, verbs[k], x->s_n) == 0)
				return true;
	}
	return false;
}

static bool
has_the(const struct terms_text *t, const struct term *x)
{
	return x->at >= 4 && strncasecmp(t->text + x->at - 4, "the ", 4) == 0;
}

static bool
is_other_place(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	const struct term *x, *y;

	if (p->opposites > 0 || fact_is_turned_round(p) ||
		!is_at_place(p->a, a) || !is_at_place(p->b, b))
		return false;
	c->value_a = a->first;
	c->value_b = b->first;
	if (is_positioned(p))
		return true;
	x = &p->a->v[a->first];
	y = &p->b->v[b->first];
	if (p->a->copulas == 0 || p->b->copulas == 0 ||
		x->word > p->a->verb + 3 || y->word > p->b->verb + 3)
		return false;
	/* In the old town, on Main Street: of a place, both may be right. */
	if (x->before == BEFORE_UNDER || y->before == BEFORE_UNDER)
		return true;
	return x->before == y->before && x->before != BEFORE_OTHER &&
	       has_the(p->a, x) && has_the(p->b, y);
}

/* --- something else from now on ---------------------------------------------------- */
/* The one value behind "switched to", or of a text that names an attribute: "the
 * editor is Emacs"; -1: none. */
static int
value_of(const struct terms_text *t, const struct rest *rest)
{
	return rest->last >= 0 && rest->last == t->n - 1 ? rest->last : -1;
}

/* "The editor is Emacs", "switched to Helix" */
static bool
is_switch(struct comparing *c)
{
	const struct pairing *p = &c->p;

	if (!((p->a->marks ^ p->b->marks) & F_SWITCH) || p->opposites > 0 ||
		fact_is_turned_round(p))
		return false;
	c->value_a = value_of(p->a, &p->rest_a);
	c->value_b = value_of(p->b, &p->rest_b);
	return c->value_a >= 0 && c->value_b >= 0 &&
	       lexicon_same_kind(p->a->v[c->value_a].meaning,
		       p->b->v[c->value_b].meaning);
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
			!fact_is_verbal(t, i) && !pairing_is_before_verb(t, i))
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
	if (is_measure(c) || is_reading(c) || is_other_date(c) ||
		is_other_version(c) || is_other_kind(c) || is_other_trade(c) ||
		is_other_place(c) || is_switch(c))
		fact_compare_decide(c, FACTS_UPDATE, 0.87);
	else if (is_contrary(c) || is_contrary_twice(c))
		fact_compare_decide(c, FACTS_CONTRADICTION, 0.86);
	else if (fact_is_in_other_words(c))
		fact_compare_decide(c, FACTS_DUPLICATE, 0.86);
}
