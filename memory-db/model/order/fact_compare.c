/* The decision; see fact_compare.h. Confidences are what the development half of
 * tests/data/fact_pairs.jsonl showed to be right, rounded. */
#include "memory-db/model/order/fact_compare.h"

#include <stdlib.h>
#include <string.h>

#include "memory-db/model/order/fact_compare_internal.h"

/* A part of a text that the other has not may be so large in a duplicate. */
#define DETAIL 0.30
/* ... and of a question: each of its words narrows the answer. */
#define DETAIL_ASKED 0.2
/* ... and in a contradiction. */
#define NARROWER 0.52
/* The weight of a name or a number (pairing.c). */
#define HARD 1.5
/* Shares of common weight from which different words may mean the same. */
#define ALIKE	   0.74
#define ALIKE_HARD 0.64 /* a name or number among it */
#define CORE	   0.55

void
fact_compare_decide(struct comparing *c, enum verdict_kind kind,
	double confidence)
{
	c->ret->kind = kind;
	c->ret->confidence = confidence > 1 ? 1 : confidence;
}

static double
share_of(const struct pairing *p)
{
	return p->all > 0 ? p->matched / p->all : 0;
}

/* --- nothing is left over, or on one side ---------------------------------- */
bool
fact_is_turned_round(const struct pairing *p)
{
	return (p->a->not_n + p->b->not_n + p->opposites + p->denials +
		       p->is_swapped) %
		       2 !=
	       0;
}

/* "Not expensive", "cheap": the "not" stands right before the opposite. */
static bool
is_right_denied(const struct pairing *p)
{
	int a = p->a->not_at < 0 ? -1
				 : p->a->v[p->a_opposite].word - p->a->not_at;
	int b = p->b->not_at < 0 ? -1
				 : p->b->v[p->b_opposite].word - p->b->not_at;

	return p->a->not_n + p->b->not_n == 1 &&
	       ((a > 0 && a <= 3) || (b > 0 && b <= 3));
}

static void
decide_nothing_left(struct comparing *c)
{
	const struct pairing *p = &c->p;

	if (p->partners + p->opposites == 0 && p->matched == 0)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.9);
	/* "Exports rose", "imports fell" */
	else if (p->opposites > 1)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.8);
	else if (fact_is_turned_round(p))
		fact_compare_decide(c, FACTS_CONTRADICTION,
			0.9 + 0.08 * p->core);
	else if (p->is_turned && p->is_one_way)
		fact_compare_decide(c, FACTS_CONTRADICTION, 0.9);
	else if (p->is_turned)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.8);
	else if (p->opposites == 1 && is_right_denied(p))
		fact_compare_decide(c, FACTS_DUPLICATE, 0.88);
	/* "Allowed in the east", "forbidden in the west": which of the two is
	 * turned round nobody knows. */
	else if (p->opposites == 1)
		fact_compare_decide(c, FACTS_DUPLICATE, 0.8);
	else
		fact_compare_decide(c, FACTS_DUPLICATE,
			0.88 + 0.1 * share_of(p));
}

/* "when tired", "on treadmills": said of a part only. "At Siemens" tells more of
 * the job that somebody has who is said to have none. */
static bool
is_narrower(const struct terms_text *t, const struct rest *rest)
{
	const struct term *x = rest->first < 0 ? NULL : &t->v[rest->first];

	if (!x || x->before == BEFORE_NOTHING || term_is_number(x))
		return false;
	return x->kind != TERM_NAME || x->before == BEFORE_WHEN;
}

/* One says that it was so and the other that something else is so: "was vegan in
 * college", "eats meat now". */
static bool
fact_compare_is_over(const struct comparing *c)
{
	const struct terms_text *a = c->p.a, *b = c->p.b;
	bool was_a = a->is_past || a->marks & F_WAS;
	bool was_b = b->is_past || b->marks & F_WAS;

	return (was_a && !was_b && b->marks & F_NOW) ||
	       (was_b && !was_a && a->marks & F_NOW);
}

/* "Rides without a helmet": that somebody rides is not denied. */
static bool
is_before_without(const struct terms_text *t, const struct rest *rest)
{
	return t->without >= 0 && rest->end <= t->without;
}

/* "Is an only child", "has two brothers"; "two dogs are running", "the dogs are
 * asleep": how many they are is no more news. */
static double
counts_of(const struct comparing *c, const struct rest *rest, bool in_a)
{
	const struct term *x =
		rest->first < 0 ? NULL
				: &(in_a ? c->p.a : c->p.b)->v[rest->first];
	double weight = c->p.is_doing ? HARD * rest->count_n : 0;

	if (c->p.opposites > 0 && x && x->kind == TERM_NUMBER &&
		x->unit == UNIT_NONE)
		weight += HARD;
	return weight;
}

/* One side says more. */
static void
decide_detail(struct comparing *c)
{
	const struct pairing *p = &c->p;
	bool in_a = p->rest_a.weight > 0;
	const struct rest *rest = in_a ? &p->rest_a : &p->rest_b;
	double weight =
		p->opposites > 0 ? rest->weight - rest->verbs : rest->weight;
	double part =
		2 * (weight - counts_of(c, rest, in_a)) / (p->all + weight);
	bool negated = (in_a ? p->a->not_n : p->b->not_n) % 2 != 0;
	/* The other denies all of it: who drinks no coffee drinks not three
	 * cups a day. */
	bool denied = (in_a ? p->b->not_n : p->a->not_n) % 2 != 0 && !negated &&
		      p->opposites == 0 && p->partners > 0 && p->core >= CORE;

	/* Where nobody dances, no woman does. */
	bool nobody = (in_a ? p->b : p->a)->nobody &&
		      rest->hard_n == rest->count_n &&
		      !(in_a ? p->a : p->b)->nobody;

	/* "Two dogs are running", "the dogs are asleep". */
	int counted = p->is_doing ? rest->count_n : 0;

	if (p->partners + p->opposites == 0)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.9);
	else if (fact_is_other_holder(p))
		fact_compare_decide(c, FACTS_UPDATE, 0.9);
	else if (c->switched)
		fact_compare_decide(c, FACTS_SUCCESSION, 0.92);
	else if (fact_is_turned_round(p) && fact_compare_is_over(c))
		fact_compare_decide(c, FACTS_SUCCESSION, 0.88);
	else if (fact_is_turned_round(p)) {
		/* Who does not eat fish may eat; who does not eat eats no
		 * fish. */
		if ((negated && p->opposites == 0 && rest->value_n > 0 &&
			    !is_before_without(in_a ? p->a : p->b, rest)) ||
			(p->opposites > 0 && !p->is_doing &&
				is_narrower(in_a ? p->a : p->b, rest)) ||
			(rest->subject_n > counted && !nobody) ||
			(part > NARROWER && !denied && !nobody))
			fact_compare_decide(c, FACTS_DIFFERENT, 0.7);
		else
			fact_compare_decide(c, FACTS_CONTRADICTION,
				0.94 - 0.1 * part);
	} else if (rest->hard_n - rest->date_n == 0 &&
		   part <= (p->a->is_question ? DETAIL_ASKED : DETAIL) &&
		   !p->is_swapped && !p->is_turned)
		fact_compare_decide(c, FACTS_DUPLICATE, 0.94 - 0.3 * part);
	else
		fact_compare_decide(c, FACTS_DIFFERENT, 0.75);
}

/* --- something is left over on both sides ------------------------------------ */
/* "Drinks only tea", "drinks coffee": of what may be many, one is said to be all. */
static bool
is_only_one(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct term *x = &p->a->v[c->value_a], *y = &p->b->v[c->value_b];

	return ((p->a->marks | p->b->marks) & F_ONLY) && c->attribute >= 0 &&
	       p->rest_a.value_n == 1 && p->rest_b.value_n == 1 &&
	       x->before == y->before && !term_is_number(x) &&
	       !term_is_number(y) && x->kind != TERM_DATE &&
	       y->kind != TERM_DATE && !p->a->is_past && !p->b->is_past;
}

static void
decide_values(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	double sure = fact_one_value(c);

	/* An event on another day, with another value, is another one. */
	if (a->date >= 0 && b->date >= 0 &&
		(!fact_is_validity(&p->a->v[a->date]) || fact_is_event(c)))
		sure = 0;
	/* "Drives to work", "has no licence and never drives" */
	if (p->a->not_n != p->b->not_n)
		sure = 0;
	if (sure > 0 && (p->core >= CORE || c->attribute >= 0 || c->rule >= 0))
		fact_compare_decide(c, FACTS_UPDATE,
			sure - 0.06 * (1 - p->core));
	else if (is_only_one(c))
		fact_compare_decide(c, FACTS_CONTRADICTION, 0.88);
	else
		fact_compare_decide(c, FACTS_DIFFERENT, 0.8);
}

/* Nothing but dates differ. */
static void
decide_dates(struct comparing *c)
{
	c->value_a = c->p.rest_a.date;
	c->value_b = c->p.rest_b.date;
	fact_attribute(c);
	if (fact_is_event(c))
		fact_compare_decide(c, FACTS_DIFFERENT, 0.7);
	else
		fact_compare_decide(c, FACTS_UPDATE,
			0.93 - 0.06 * (1 - c->p.core));
}

/* Both have something before the verb: it is said of different things, unless it
 * is the value that stands there. */
static void
decide_subjects(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	const struct term *x = &p->a->v[a->subject], *y = &p->b->v[b->subject];
	unsigned flags;

	c->value_a = a->subject;
	c->value_b = b->subject;
	flags = fact_attribute(c);
	/* "Version 1.8 was deployed in March", "1.9 in May" */
	if (a->date >= 0 && b->date >= 0 && p->a->is_past && p->b->is_past)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.85);
	else if (a->value_n + b->value_n > 0 || a->subject_n > 2 ||
		 b->subject_n > 2)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.9);
	else if (fact_is_numbers(x, y) && a->subject_n == 1 &&
		 b->subject_n == 1 && x->unit != UNIT_ORDINAL &&
		 !fact_is_identifier(p->a, a->subject))
		fact_compare_decide(c, FACTS_UPDATE, 0.87);
	else if ((flags & F_ROLE || fact_is_run(c)) && p->partners > 1)
		fact_compare_decide(c, FACTS_UPDATE, 0.88);
	else
		fact_compare_decide(c, FACTS_DIFFERENT, 0.9);
}

/* The value stands before the verb in one text, behind it in the other. */
static bool
is_inverted(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	bool a_first = a->subject_n > 0 && a->value_n == 0 &&
		       b->subject_n == 0 && b->value_n > 0;
	bool b_first = b->subject_n > 0 && b->value_n == 0 &&
		       a->subject_n == 0 && a->value_n > 0;

	if (!a_first && !b_first)
		return false;
	c->value_a = a_first ? a->subject : a->first;
	c->value_b = a_first ? b->first : b->subject;
	return true;
}

static bool
is_verbal(const struct terms_text *t, const struct term *x)
{
	return x->word == t->verb || x->flags & F_VERB ||
	       lexicon_is_past(x->s, x->s_n);
}

/* Both are words for what is done or is so; neither is known to mean something
 * else than the other. */
static bool
may_mean_same(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	const struct term *x, *y;
	double least = ALIKE;

	if (p->hard_partners > 0 && p->partners > 1)
		least = ALIKE_HARD;
	if (a->hard_n + b->hard_n > 0 || p->is_swapped || p->is_turned ||
		share_of(p) < least)
		return false;
	if (a->value_n + a->subject_n > 2 || b->value_n + b->subject_n > 2)
		return false;
	if (a->subject_n > 0 && b->subject_n > 0)
		return false;
	if (a->value_n == 0 || b->value_n == 0)
		return share_of(p) >= ALIKE;
	x = &p->a->v[a->first];
	y = &p->b->v[b->first];
	return !(x->meaning && y->meaning) && p->hard_partners > 0 &&
	       is_verbal(p->a, x) && is_verbal(p->b, y);
}

/* "I keep it under the bed", "I moved it to the closet": another place. */
static bool
is_moved(const struct terms_text *t, const struct terms_text *to,
	const struct rest *was, const struct rest *is)
{
	bool moved = false;

	for (int i = 0; i < to->n; i++)
		moved |= term_is_move(&to->v[i]);
	if (!moved || was->value_n == 0 || is->value_n == 0 ||
		was->subject_n + is->subject_n > 0)
		return false;
	return (t->v[was->last].before == BEFORE_PLACE ||
		       t->v[was->last].before == BEFORE_IN) &&
	       to->v[is->first].before == BEFORE_TO;
}

/* "No longer lives in Graz", "lives in Linz": of what may be one only. */
static bool
is_ended_for(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;

	if (((p->a->marks ^ p->b->marks) & F_ENDED) == 0 || p->opposites > 0 ||
		p->a->not_n + p->b->not_n != 1 || p->partners == 0 ||
		a->subject_n + b->subject_n > 0 || a->value_n != 1 ||
		b->value_n != 1)
		return false;
	c->value_a = a->first;
	c->value_b = b->first;
	return fact_one_value(c) > 0;
}

static void
decide_both_left(struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	int a_n = a->subject_n + a->value_n, b_n = b->subject_n + b->value_n;

	if (fact_is_other_holder(p)) {
		fact_compare_decide(c, FACTS_UPDATE, 0.9);
	} else if (is_ended_for(c)) {
		fact_compare_decide(c, FACTS_SUCCESSION, 0.88);
	} else if (fact_is_turned_round(p) && fact_compare_is_over(c) &&
		   a->subject_n == 0 && b->subject_n == 0) {
		fact_compare_decide(c, FACTS_SUCCESSION, 0.86);
	} else if (p->is_apart && p->opposites == 1 && a->value_n > 0 &&
		   b->value_n > 0) {
		/* Before and after are two times, with two values. */
		fact_compare_decide(c, FACTS_SUCCESSION, 0.86);
	} else if (fact_is_turned_round(p)) {
		if (a->subject_n > 0 && b->subject_n > 0)
			fact_compare_decide(c, FACTS_DIFFERENT, 0.85);
		else if (p->is_doing && p->partners > 0 && a->subject_n == 0 &&
			 b->subject_n == 0)
			fact_compare_decide(c, FACTS_CONTRADICTION, 0.87);
		else if (p->opposites > 0 && p->core > 0.6 &&
			 a->hard_n + b->hard_n == 0 && a_n + b_n <= 1 &&
			 !is_narrower(p->a, a) && !is_narrower(p->b, b))
			fact_compare_decide(c, FACTS_CONTRADICTION, 0.86);
		else
			fact_compare_decide(c, FACTS_DIFFERENT, 0.75);
	} else if (a_n == 0 && b_n == 0)
		decide_dates(c);
	else if (c->switched)
		fact_compare_decide(c, FACTS_SUCCESSION, 0.88);
	else if (p->partners > 0 && p->core >= 0.4 &&
		 (is_moved(p->a, p->b, a, b) || is_moved(p->b, p->a, b, a)))
		fact_compare_decide(c, FACTS_UPDATE, 0.87);
	else if (may_mean_same(c))
		fact_compare_decide(c, FACTS_DUPLICATE,
			0.8 + 0.08 * share_of(p));
	else if (a->subject_n > 0 && b->subject_n > 0)
		decide_subjects(c);
	else if (is_inverted(c))
		decide_values(c);
	else if (a->subject_n + b->subject_n > 0 || a->value_n == 0 ||
		 b->value_n == 0 || (a->runs > 1 && b->runs > 1))
		fact_compare_decide(c, FACTS_DIFFERENT, 0.75);
	else if (p->a->v[a->first].flags & p->b->v[b->first].flags & F_VERB &&
		 p->a->v[a->first].meaning && p->b->v[b->first].meaning)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.85);
	else {
		c->value_a = a->first;
		c->value_b = b->first;
		decide_values(c);
	}
}

/* --- time ---------------------------------------------------------------------- */
/* "switched from MySQL to PostgreSQL": the old value is the other text's. */
bool
fact_names_old_value(const struct terms_text *t, const int *to)
{
	bool from = false;

	for (int i = 0; i < t->n; i++)
		from |= t->v[i].before == BEFORE_FROM && to[i] >= 0 &&
			t->v[i].kind != TERM_DATE;
	return from && t->marks & F_SWITCH;
}

/* What was found of two that do not speak of one time, or are no statements. */
static void
decide_time(struct comparing *c)
{
	const struct pairing *p = &c->p;

	if (c->ret->kind == FACTS_DIFFERENT)
		return;
	if (fact_is_said_otherwise(p) || fact_is_only_planned(c) || p->is_two ||
		(p->a->is_question && c->ret->kind != FACTS_DUPLICATE))
		fact_compare_decide(c, FACTS_DIFFERENT, 0.8);
	else if ((c->ret->kind == FACTS_UPDATE ||
			 c->ret->kind == FACTS_CONTRADICTION) &&
		 fact_is_one_after_other(c))
		fact_compare_decide(c, FACTS_SUCCESSION, c->ret->confidence);
}

void
fact_compare_settle(struct comparing *c)
{
	const struct pairing *p = &c->p;

	if (fact_excludes(c) &&
		p->rest_a.subject_n + p->rest_b.subject_n == 0 &&
		(p->a->not_n + p->b->not_n) % 2 == 0)
		fact_compare_decide(c, FACTS_CONTRADICTION, 0.92);
	else if (p->is_unsure)
		fact_compare_decide(c, FACTS_DIFFERENT, 0.7);
	else if (fact_is_denied_by_word(p))
		fact_compare_decide(c,
			fact_is_turned_round(p) ? FACTS_DUPLICATE
						: FACTS_CONTRADICTION,
			0.87);
	else if (p->rest_a.weight == 0 && p->rest_b.weight == 0)
		decide_nothing_left(c);
	else if (p->rest_a.weight == 0 || p->rest_b.weight == 0)
		decide_detail(c);
	else
		decide_both_left(c);
	if (p->a->wide && p->b->wide && c->ret->kind == FACTS_DIFFERENT &&
		!p->is_unsure)
		fact_wide_decide(c);
	decide_time(c);
}
