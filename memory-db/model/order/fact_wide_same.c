/* Two texts that say one thing in other words, by the second reading:
 *
 *   "serves breakfast all day"     "has breakfast at any time"
 *   "user passwords are hashed"    "we hash the passwords of users"
 *
 * and two of which one has but a word more, which denies it: "can log in", "the
 * login is disabled". What is left over is looked at by its place: where each
 * text has a word of its own beside the same neighbour, they differ in it. */
#include <string.h>

#include "memory-db/model/order/fact_compare_internal.h"
#include "memory-db/model/order/pairing_internal.h"

/* Of two that say one thing in other words. */
#define OTHER_WORDS 0.75
#define OTHER_LEFT  2
#define PLAINLY	    0.62
/* ... of which one says besides that it is denied. */
#define DENIED 0.6

/* --- what a word is --------------------------------------------------------------- */
bool
fact_is_verbal(const struct terms_text *t, int i)
{
	const struct term *x = &t->v[i];

	return x->flags & F_VERB || x->word == t->verb ||
	       lexicon_is_past(x->s, x->s_n) ||
	       (x->s_n > 5 && memcmp(x->s + x->s_n - 3, "ing", 3) == 0);
}

/* --- denials ------------------------------------------------------------------------- */
/* The one word that is left over, -1: none, or several. */
static int
one_left(const struct terms_text *t, const int *to)
{
	int found = -1;

	for (int i = 0; i < t->n; i++) {
		if (to[i] != -1 || t->v[i].flags & F_LIGHT)
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

bool
fact_is_denied_by_word(const struct pairing *p)
{
	bool in_a = p->rest_b.weight == 0;
	const struct terms_text *t = in_a ? p->a : p->b;
	int i = one_left(t, in_a ? p->a_to : p->b_to);

	return i >= 0 && p->opposites == 0 && p->partners > 0 &&
	       (p->rest_a.weight == 0 || p->rest_b.weight == 0) &&
	       !pairing_is_before_verb(t, i) &&
	       lexicon_is_denial(t->v[i].meaning) &&
	       p->matched / p->all >= DENIED;
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
	return fact_is_verbal(p->a, i) == fact_is_verbal(p->b, k) &&
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
		     !fact_is_verbal(t, i);
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
			t->v[i].flags & F_ENDED || !fact_is_verbal(t, i))
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

bool
fact_is_in_other_words(const struct comparing *c)
{
	return is_plainly_said(c) || is_in_other_words(c);
}
