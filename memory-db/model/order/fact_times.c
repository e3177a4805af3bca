/* When it was so: what one says of another time than the other is no conflict, and
 * what is only planned or supposed is none either.
 *
 *   "worked at IBM until March 2023", "works at Intel"                 succession
 *   "worked at IBM from 2010 to 2015", "at Intel from 2012 to 2014"    an update
 */
#include "memory-db/model/order/fact_compare_internal.h"

/* A day as a number that grows with time. */
static int
fact_times_day_of(const struct term *t, bool is_end)
{
	int month = t->month, day = t->day;

	if (month == 0)
		month = is_end ? 12 : 1;
	if (day == 0)
		day = is_end ? 31 : 1;
	return (t->year * 12 + month) * 31 + day;
}

/* "From 2010 to 2015": both ends, as far as they are said with a year. */
static bool
read_span(const struct terms_text *t, int *ret_from, int *ret_to)
{
	bool from = false, to = false;

	for (int i = 0; i < t->n; i++) {
		const struct term *x = &t->v[i];

		if (x->kind != TERM_DATE || x->year == 0)
			continue;
		if (x->before == BEFORE_FROM || x->before == BEFORE_SINCE) {
			*ret_from = fact_times_day_of(x, false);
			from = true;
		} else if (x->before == BEFORE_TO ||
			   x->before == BEFORE_UNTIL) {
			*ret_to = fact_times_day_of(x, true);
			to = true;
		}
	}
	return from && to;
}

/* Both say from when until when, and for a while both are said to be so. */
static bool
do_overlap(const struct pairing *p)
{
	int from_a, to_a, from_b, to_b;

	if (!read_span(p->a, &from_a, &to_a) ||
		!read_span(p->b, &from_b, &to_b))
		return false;
	/* Until 2015, from 2015: one after the other all the same. */
	return from_a + 366 < to_b && from_b + 366 < to_a;
}

/* "Before v2", "since v2". */
static bool
is_parted(const struct pairing *p)
{
	for (int i = 0; i < p->a->n; i++) {
		enum term_before x = p->a->v[i].before, y;

		if (p->a_to[i] < 0)
			continue;
		y = p->b->v[p->a_to[i]].before;
		if (((x == BEFORE_EARLIER || x == BEFORE_UNTIL) &&
			    (y == BEFORE_SINCE || y == BEFORE_LATER)) ||
			((y == BEFORE_EARLIER || y == BEFORE_UNTIL) &&
				(x == BEFORE_SINCE || x == BEFORE_LATER)))
			return true;
	}
	return false;
}

bool
fact_is_one_after_other(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct rest *a = &p->rest_a, *b = &p->rest_b;
	bool was_a = p->a->is_past || p->a->marks & F_WAS;
	bool was_b = p->b->is_past || p->b->marks & F_WAS;

	/* "Never" is of all times. */
	if (c->ret->kind == FACTS_CONTRADICTION &&
		(p->a->marks | p->b->marks) & F_NEVER)
		return false;
	if (c->a->from != INT64_MIN && c->b->from != INT64_MIN &&
		c->a->from != c->b->from)
		return true;
	if (was_a != was_b && !(was_a && p->a->marks & F_NOW) &&
		!(was_b && p->b->marks & F_NOW))
		return true;
	if (c->ret->kind == FACTS_UPDATE && is_parted(p))
		return true;
	if (do_overlap(p))
		return false;
	return a->date >= 0 && b->date >= 0 && a->date != c->value_a &&
	       b->date != c->value_b && fact_is_validity(&p->a->v[a->date]) &&
	       fact_is_validity(&p->b->v[b->date]);
}

/* What is not said to be so contradicts nothing. */
bool
fact_is_said_otherwise(const struct pairing *p)
{
	unsigned other = F_MAYBE | F_IF;

	if (p->a->is_question != p->b->is_question)
		return true;
	/* "May use the pool" is a permission beside "may not use the pool". */
	if ((p->a->marks | p->b->marks) & F_FORBID)
		other = F_IF;
	return (p->a->marks & other) != (p->b->marks & other);
}

/* Who plans to move to Oslo may live in Rome. A meeting that will be on Thursday
 * is not on Tuesday. */
bool
fact_is_only_planned(const struct comparing *c)
{
	const struct pairing *p = &c->p;
	const struct term *x;

	if (!((p->a->marks ^ p->b->marks) & F_PLAN) || c->value_a < 0 ||
		c->ret->kind != FACTS_UPDATE)
		return false;
	x = &p->a->v[c->value_a];
	return !term_is_number(x) && x->kind != TERM_DATE &&
	       c->attribute >= 0 && p->a->v[c->attribute].flags & F_STATE;
}
