/* Two values in the place of one: may both be right?
 *
 *   "lives in Rome", "lives in Oslo"     one place to live: no
 *   "likes tea", "likes coffee"          of what one likes there are many: yes
 *   "is 34 years old", "is 35 years old" a number: no
 *   "met Bob", "met Zoe"                 things that happened: yes
 *
 * What the namespace says of its attributes comes first, then the flags of the
 * lexicon (F_SINGLE, F_MULTI), then the form of the values. The answer is how
 * sure it is that there can be only one value, from 0 to 1. */
#include <string.h>

#include "memory-db/model/order/fact_compare_internal.h"

/* What the namespace knows comes before what the lexicon knows. */
static unsigned
by_rule(const struct comparing *c, unsigned flags)
{
	const unsigned numbers = F_SINGLE | F_MULTI | F_KIND | F_NAMED;

	if (c->rule == ATTRIBUTE_SINGLE)
		return (flags & ~numbers) | F_SINGLE | F_THING;
	if (c->rule == ATTRIBUTE_MULTI)
		return (flags & ~numbers) | F_MULTI;
	return flags;
}

unsigned
fact_attribute(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const unsigned wanted = F_SINGLE | F_MULTI | F_KIND;
	int found = -1;

	for (int i = 0; i < p->a->n; i++)
		if (p->a_to[i] >= 0 && p->a->v[i].flags & wanted &&
			(found < 0 || i < c->value_a))
			found = i;
	c->attribute = found;
	return by_rule(c, found < 0 ? 0 : p->a->v[found].flags);
}

void
fact_find_rule(struct comparing *c, const struct fact_attributes *known)
{
	uint64_t both = c->p.a->attributes & c->p.b->attributes;

	c->rule = -1;
	for (size_t i = 0; known && both != 0 && i < known->n; i++)
		if (both & UINT64_C(1) << i && c->rule < 0) {
			c->rule = (int)known->v[i].rule;
			c->which = i;
		}
}

bool
fact_excludes(const struct comparing *c)
{
	uint16_t x = c->p.a->attribute_value[c->which];
	uint16_t y = c->p.b->attribute_value[c->which];

	return c->rule == ATTRIBUTE_SET && x != 0 && y != 0 && x != y;
}

bool
fact_is_identifier(const struct terms_text *t, int i)
{
	return i > 0 && t->v[i - 1].flags & F_IDENT &&
	       t->v[i - 1].word + t->v[i - 1].words == t->v[i].word;
}

bool
fact_is_numbers(const struct term *x, const struct term *y)
{
	bool both = (term_is_number(x) || x->kind == TERM_DATE) &&
		    (term_is_number(y) || y->kind == TERM_DATE);

	if (!both)
		return false;
	if (x->kind == TERM_NUMBER && y->kind == TERM_NUMBER)
		return x->unit == y->unit || x->unit == UNIT_NONE ||
		       y->unit == UNIT_NONE;
	return x->kind == y->kind || x->kind == TERM_NUMBER ||
	       y->kind == TERM_NUMBER;
}

static bool
fact_values_is_name(const struct term *t)
{
	return t->kind == TERM_NAME || t->maybe_name;
}

/* "Microsoft", "Microsoft Azure": the same, told more exactly. */
static bool
fact_values_is_part(const struct pairing *p, const struct comparing *c)
{
	const struct term *x = &p->a->v[c->value_a], *y = &p->b->v[c->value_b];
	const char *s = p->a->text + x->at, *t = p->b->text + y->at;

	if (x->n > y->n)
		return memmem(s, x->n, t, y->n) != NULL && s[y->n] == ' ';
	return x->n < y->n && memmem(t, y->n, s, x->n) && t[x->n] == ' ';
}

/* Neither word is known to have one value or many. */
static double
by_form(const struct pairing *p, const struct term *x, const struct term *y)
{
	bool names = fact_values_is_name(x) && fact_values_is_name(y);
	bool copulas = p->a->copulas > 0 && p->b->copulas > 0;
	bool same_before = x->before == y->before;

	/* "is on the fridge": a thing is in one place. */
	if (copulas && same_before &&
		(x->before == BEFORE_PLACE || x->before == BEFORE_UNDER))
		return 0.87;
	same_before = same_before && x->before != BEFORE_NOTHING;
	if (x->kind == TERM_CODE && y->kind == TERM_CODE)
		return copulas || same_before ? 0.88 : 0;
	if (!names || (p->a->is_past && p->b->is_past))
		return 0;
	return copulas || same_before ? 0.87 : 0;
}

/* "Shares of Roche": many may be owned. */
static bool
is_behind_of(const struct terms_text *t, const struct term *x)
{
	return x->at >= 3 && memcmp(t->text + x->at - 3, "of ", 3) == 0;
}

/* "teaches at Lincoln High", "scraped by Prometheus": one, though one may teach
 * many things. */
static bool
is_one_place(const struct pairing *p, const struct term *x,
	const struct term *y)
{
	if (!fact_values_is_name(x) || !fact_values_is_name(y) ||
		x->before != y->before || is_behind_of(p->a, x))
		return false;
	if (x->before == BEFORE_BY)
		return true;
	return !(p->a->is_past && p->b->is_past) &&
	       (x->before == BEFORE_PLACE || x->before == BEFORE_IN ||
		       x->before == BEFORE_OTHER);
}

/* "Stored in memory", "stored in Redis": said of the same, at the same place. */
static bool
fact_values_is_thing(const struct pairing *p, const struct term *x,
	const struct term *y)
{
	return x->before == y->before && p->rest_a.runs <= 1 &&
	       p->rest_b.runs <= 1;
}

/* "Every two weeks", "every week". */
static bool
is_how_often(const struct term *x, const struct term *y)
{
	int weekly = lexicon_known(WORD_WEEKLY);

	if (x->unit != UNIT_TIME && x->unit != UNIT_MONTHS &&
		x->unit != UNIT_TIMES)
		return false;
	return y->meaning == weekly || lexicon_same_kind(y->meaning, weekly);
}

/* How many values are left over; "a month" behind an amount is none. */
static int
values_n(const struct terms_text *t, const int *to, const struct rest *rest)
{
	int weekly = lexicon_known(WORD_WEEKLY), n = rest->value_n;

	for (int i = rest->first + 1; n > 1 && i < t->n; i++)
		n -= to[i] == -1 &&
		     (t->v[i].meaning == weekly ||
			     lexicon_same_kind(t->v[i].meaning, weekly));
	return n;
}

/* "Is reading Dune", "is reading Emma" */
static bool
is_under_way(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct term *x = c->attribute < 0 ? NULL : &p->a->v[c->attribute];

	return x && p->a->copulas > 0 && p->b->copulas > 0 && x->s_n > 5 &&
	       memcmp(x->s + x->s_n - 3, "ing", 3) == 0 &&
	       p->rest_a.value_n == 1 && p->rest_b.value_n == 1;
}

/* "The exam is in room 204": where it is, not which room is meant. */
static bool
is_in_room(const struct pairing *p, int i)
{
	return p->a->copulas > 0 && p->b->copulas > 0 &&
	       (p->a->v[i - 1].before == BEFORE_IN ||
		       p->a->v[i - 1].before == BEFORE_PLACE);
}

/* "The address is 12 Elm Street": a number and a name are one value. */
static bool
is_address(const struct comparing *c, unsigned flags)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;

	return flags & F_SINGLE && a->runs == 1 && b->runs == 1 &&
	       a->value_n > 1 && b->value_n > 1 &&
	       p->a->v[a->last].kind == TERM_NAME &&
	       p->b->v[b->last].kind == TERM_NAME;
}

double
fact_one_value(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct term *x = &p->a->v[c->value_a], *y = &p->b->v[c->value_b];
	unsigned flags = fact_attribute(c);
	bool kind = lexicon_same_kind(x->meaning, y->meaning);
	bool names = fact_values_is_name(x) && fact_values_is_name(y);

	if (c->rule == ATTRIBUTE_MULTI)
		return 0;
	if (flags & F_NAMED && !names && !fact_is_numbers(x, y))
		return 0;
	if (is_address(c, flags))
		return 0.9;
	/* "three bedrooms", "two bathrooms" */
	if (fact_is_numbers(x, y))
		return (fact_is_identifier(p->a, c->value_a) &&
			       !is_in_room(p, c->value_a)) ||
				       values_n(p->a, p->a_to, &p->rest_a) >
					       1 ||
				       values_n(p->b, p->b_to, &p->rest_b) > 1
			       ? 0
			       : 0.93;
	if (is_how_often(x, y) || is_how_often(y, x))
		return 0.9;
	if (term_is_number(x) || term_is_number(y))
		return flags & F_SINGLE ? 0.8 : 0;
	if (fact_values_is_part(p, c))
		return 0.8;
	if (flags & F_THING && fact_values_is_thing(p, x, y))
		return 0.89;
	if (!kind && !names && (x->kind == TERM_WORD) != (y->kind == TERM_WORD))
		return 0.8;
	if (flags & F_SINGLE)
		return kind || names ? 0.94 : 0.89;
	/* One reads one book at a time, though many in a life. */
	if (flags & F_MULTI && names && is_under_way(c))
		return 0.88;
	if (flags & F_MULTI)
		return !(flags & (F_EVENT | F_ORDER)) && is_one_place(p, x, y)
			       ? 0.87
			       : 0;
	if (kind)
		return 0.9;
	return flags & F_KIND ? 0 : by_form(p, x, y);
}

/* "The meeting" is none that happened, "met" is. */
static bool
is_noun(const struct term *t)
{
	return t->s_n > 4 && memcmp(t->s + t->s_n - 3, "ing", 3) == 0;
}

bool
fact_is_event(const struct comparing *c)
{
	const struct pairing *p = &c->p;

	for (int i = 0; i < p->a->n; i++)
		if (p->a_to[i] >= 0 && p->a->v[i].flags & F_EVENT &&
			!is_noun(&p->a->v[i]))
			return true;
	if (!p->a->is_past || !p->b->is_past)
		return false;
	/* "Flew to Oslo in 2019", "flew to Tokyo in 2022" */
	return c->attribute < 0 ||
	       (!(p->a->v[c->attribute].flags & (F_STATE | F_ROLE)) &&
		       p->rest_a.date >= 0 && p->rest_b.date >= 0);
}

bool
fact_is_validity(const struct term *t)
{
	return t->before == BEFORE_IN || t->before == BEFORE_FROM ||
	       t->before == BEFORE_SINCE || t->before == BEFORE_UNTIL ||
	       t->before == BEFORE_EARLIER || t->before == BEFORE_LATER ||
	       (t->weekday == 0 && t->month == 0 && t->day == 0);
}

/* Of Maya: "Maya was captain of the team", "Jo is captain of the team". */
static bool
is_held_by(const struct terms_text *t, const struct terms_text *other,
	const struct rest *rest, const struct rest *none)
{
	const struct term *x;

	if (t->subject < 0 || other->subject >= 0 || t->subject >= t->verb ||
		rest->subject_n != 1 || rest->value_n > 0 ||
		none->subject_n + none->value_n > 0)
		return false;
	x = &other->v[rest->subject];
	return (x->kind == TERM_NAME || x->maybe_name) &&
	       x->word + x->words <= other->verb;
}

bool
fact_is_other_holder(const struct pairing *p)
{
	bool role = false;

	for (int i = 0; i < p->a->n; i++)
		role |= p->a_to[i] >= 0 && p->a->v[i].flags & F_ROLE &&
			p->a->v[i].flags & F_SINGLE;
	return role && p->partners > 1 && !fact_is_turned_round(p) &&
	       (is_held_by(p->a, p->b, &p->rest_b, &p->rest_a) ||
		       is_held_by(p->b, p->a, &p->rest_a, &p->rest_b));
}

bool
fact_is_run(const struct comparing *c)
{
	static const char *const verbs[] = {"runs", "organizes", "organises",
		"coordinates", "chairs", "heads", "hosts", "edits", "oversees",
		"manages", "directs", "ran", "run", "owns"};
	const struct terms_text *t = c->p.a;

	if (c->p.a->v[c->value_a].kind == TERM_WORD &&
		!c->p.a->v[c->value_a].maybe_name)
		return false;
	for (int i = 0; i < t->n; i++) {
		const struct term *x = &t->v[i];

		if (c->p.a_to[i] < 0 || x->word != t->verb ||
			strncasecmp(t->text + x->at + x->n, " the ", 5) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(verbs); k++)
			if (x->s_n == strlen(verbs[k]) &&
				memcmp(x->s, verbs[k], x->s_n) == 0)
				return true;
	}
	return false;
}
