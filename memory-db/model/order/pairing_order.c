/* What the order of the terms says that two facts have in common.
 *
 *   "Ada gave Bob a book"   "Bob gave Ada a book"     the ends of the verb are
 *                                                     turned
 *   "prefers tea over wine" "prefers wine over tea"   swapped: the contrary
 *   "runs on Actions"       "Actions runs it"         neither: what stands behind
 *                                                     a preposition is no end */
#include <string.h>

#include "memory-db/model/order/pairing_internal.h"

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

/* "Taller than Bob", "Bob is taller than": what is compared changed places. */
static bool
is_compared_back(const struct pairing *p, int i, int k)
{
	bool a_over = p->a->v[i].before == BEFORE_OVER;
	bool b_over = p->b->v[k].before == BEFORE_OVER;

	return (a_over && !b_over && pairing_is_before_verb(p->b, k)) ||
	       (b_over && !a_over && pairing_is_before_verb(p->a, i));
}

/* What stands behind a preposition is no end of the verb, but who gives and who
 * gets: "bought it from Anna", "sold it to Tom". */
static bool
is_other_side(const struct terms_text *text, int i)
{
	const struct term *t = &text->v[i];

	/* "on empty input": the preposition is of both words. */
	while (i > 0 && t->before == BEFORE_NOTHING && !t->is_behind &&
		t[-1].word + t[-1].words == t->word &&
		(t->word < text->verb || t[-1].word > text->verb)) {
		t--;
		i--;
	}
	return t->is_behind ||
	       (t->before != BEFORE_NOTHING &&
		       (t->kind != TERM_NAME ||
			       (t->before != BEFORE_FROM &&
				       t->before != BEFORE_TO)));
}

/* From A to B, from B to A. */
static bool
is_way_back(const struct pairing *p)
{
	bool to_from = false, from_to = false;

	for (int i = 0; i < p->a->n; i++) {
		enum term_before x = p->a->v[i].before, y;

		if (p->a_to[i] < 0)
			continue;
		y = p->b->v[p->a_to[i]].before;
		to_from |= x == BEFORE_TO && y == BEFORE_FROM;
		from_to |= x == BEFORE_FROM && y == BEFORE_TO;
	}
	return to_from && from_to;
}

/* A word right before the one it belongs to: "black" of "a black cat". */
static bool
is_modifier(const struct terms_text *t, int i)
{
	const struct term *x = &t->v[i], *next = x + 1;

	if (i + 1 >= t->n || next->word > x->word + x->words + 1 ||
		next->before != BEFORE_NOTHING)
		return false;
	return !memchr(t->text + x->at, ',', next->at - x->at);
}

/* "A black cat and a white dog", "a white cat and a black dog": two words that
 * belong to others changed places, and all else stands where it stood. */
static bool
is_crossed(const struct pairing *p)
{
	int moved[2], n = 0;

	if (p->a->n != p->b->n)
		return false;
	for (int i = 0; i < p->a->n; i++) {
		if (p->a_to[i] < 0)
			return false;
		if (p->a_to[i] == i)
			continue;
		if (n == 2)
			return false;
		moved[n++] = i;
	}
	return n == 2 && moved[1] > moved[0] + 1 &&
	       is_modifier(p->a, moved[0]) && is_modifier(p->a, moved[1]);
}

/* "Is" and "has" are no terms. */
static bool
has_verb_term(const struct terms_text *t)
{
	for (int i = 0; i < t->n; i++)
		if (t->v[i].word == t->verb)
			return true;
	return false;
}

/* The verbs whose ends are looked at are the same; where one is not kept as a
 * term nothing is known. */
static bool
is_same_verb(const struct pairing *p)
{
	if (p->a->wide && has_verb_term(p->a) != has_verb_term(p->b))
		return false;
	for (int i = 0; i < p->a->n; i++) {
		const struct term *x = &p->a->v[i], *y;

		if (x->word != p->a->verb)
			continue;
		if (p->a_to[i] < 0)
			return false;
		y = &p->b->v[p->a_to[i]];
		/* "Attracts visitors", "visitors come": in other words the ends
		 * may be turned. */
		return y->word == p->b->verb &&
		       (!p->a->wide || x->stem == y->stem);
	}
	return true;
}

/* "Manages": who manages Bob is not managed by Bob. */
static bool
has_one_way(const struct pairing *p)
{
	for (int i = 0; i < p->a->n; i++)
		if (p->a_to[i] >= 0 && p->a->v[i].flags & F_ONE_WAY &&
			p->b->v[p->a_to[i]].flags & F_ONE_WAY)
			return true;
	return false;
}

void
pairing_order(struct pairing *p)
{
	int forth = 0, back = 0, over_a = -1, over_b = -1;
	bool compared_back = false;

	for (int i = 0; i < p->a->n; i++) {
		int k = p->a_to[i];

		if (k < 0)
			continue;
		if (is_over(p->a, i))
			over_a = i;
		if (is_over(p->b, k))
			over_b = k;
		p->is_same_subject |= pairing_is_before_verb(p->a, i) &&
				      pairing_is_before_verb(p->b, k) &&
				      !(p->a->v[i].flags & F_LIGHT);
		compared_back |= is_compared_back(p, i, k);
		if (is_other_side(p->a, i) || is_other_side(p->b, k))
			continue;
		forth += pairing_is_before_verb(p->a, i) &&
			 !pairing_is_before_verb(p->b, k);
		back += !pairing_is_before_verb(p->a, i) &&
			pairing_is_before_verb(p->b, k);
	}
	p->is_swapped = compared_back || (over_a >= 0 && over_b >= 0 &&
						 p->a_to[over_a] != over_b);
	if (p->a->subject >= 0 && p->b->subject >= 0) {
		bool a_first = p->a->subject < p->a->verb;
		bool b_first = p->b->subject < p->b->verb;

		forth += a_first && !b_first;
		back += !a_first && b_first;
	}
	p->is_turned = (forth > 0 && back > 0 && is_same_verb(p) &&
			       is_active(p->a) && is_active(p->b)) ||
		       is_way_back(p) || is_crossed(p);
	p->is_one_way = has_one_way(p);
}
