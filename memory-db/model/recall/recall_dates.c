/* Dates are read word by word, left to right: a number or name begins one, and
 * what stands before and behind it says which. */
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/clock_words.h"
#include "memory-db/model/recall/recall_dates_int.h"

/* --- numbers -------------------------------------------------------------- */

/* The character between two numbers that touch; 0: they do not. */
static char
recall_dates_between(const struct reading *r, int i)
{
	const struct word *a = word_at(r, i), *b = word_at(r, i + 1);

	return a->n > 0 && b->n > 0 && a->s + a->n + 1 == b->s ? a->s[a->n] : 0;
}

static bool
is_separator(char c)
{
	return c == '-' || c == '/' || c == '.';
}

static bool
recall_dates_add_day(struct reading *r, int64_t year, int month, int day)
{
	struct clock_date date = {year, month, day};
	int64_t days;

	if (month < 1 || month > 12 || day < 1 ||
		day > clock_month_days(year, month))
		return false;
	days = clock_days(date);
	dates_add_span(r, days, days);
	return true;
}

/* 2023-05-08, 2023/5/8, 2023-05; 8.5.2023, 8/5/23, 5/2023. Returns how many
 * words it has. */
static int
recall_dates_read_numbers(struct reading *r, int i)
{
	const struct word *a = word_at(r, i), *b = word_at(r, i + 1);
	const struct word *c = word_at(r, i + 2);
	char x = recall_dates_between(r, i),
	     y = x && b->number >= 0 ? recall_dates_between(r, i + 1) : 0;
	bool three = x == y && c->number >= 0;
	int64_t year = c->number + (c->n == 2 ? 2000 : 0);

	if (a->number < 0 || b->number < 0 || !is_separator(x))
		return 0;
	if (word_is_year(a) && three &&
		recall_dates_add_day(r, a->number, b->number, c->number))
		return 3;
	if (word_is_year(a) && word_is_month_number(b) && x != '.' &&
		b->n == 2) {
		dates_add_part(r, &(struct part){b->number, 1, b->number, 0},
			a->number, false);
		return 2;
	}
	if (word_is_day(a) && three &&
		(word_is_year(c) || (c->n == 2 && b->n <= 2))) {
		bool month_first = x == '/' && r->us;

		if (month_first ? recall_dates_add_day(r, year, a->number,
					  b->number) ||
					  recall_dates_add_day(r, year,
						  b->number, a->number)
				: recall_dates_add_day(r, year, b->number,
					  a->number) ||
					  recall_dates_add_day(r, year,
						  a->number, b->number))
			return 3;
	}
	if (word_is_month_number(a) && word_is_year(b) && x == '/') {
		dates_add_part(r, &(struct part){a->number, 1, a->number, 0},
			b->number, false);
		return 2;
	}
	return 0;
}

/* --- parts of the year ---------------------------------------------------- */

/* "spring", "q3", "third quarter": words it has, or 0. */
static int
read_season(const struct reading *r, int i, struct part *ret)
{
	static const struct {
		const char *name;
		struct part part;
	} seasons[] = {{"spring", {3, 1, 5, 0}}, {"summer", {6, 1, 8, 0}},
		{"autumn", {9, 1, 11, 0}}, {"fall", {9, 1, 11, 0}},
		{"winter", {12, 1, 2, 0}}};
	const struct word *w = word_at(r, i);
	int quarter = word_ordinal(w);
	int the = word_is(word_at(r, i - 1), "the");

	if (quarter > 0 && word_is(word_at(r, i + 1), "quarter")) {
		*ret = (struct part){quarter * 3 - 2, 1, quarter * 3, 0};
		return 2;
	}
	if (word_is(w, "q") && w->s[1] >= '1' && w->s[1] <= '4' &&
		word_at(r, i + 1)->n == 1) {
		quarter = w->s[1] - '0';
		*ret = (struct part){quarter * 3 - 2, 1, quarter * 3, 0};
		return 2;
	}
	for (size_t k = 0; k < ARRAY_LEN(seasons); k++)
		if (word_is(w, seasons[k].name) &&
			(word_leads_to_time(word_at(r, i - 1 - the)) ||
				word_is_year(word_at(r, i + 1)) ||
				(word_is(word_at(r, i + 1), "of") &&
					word_is_year(word_at(r, i + 2))))) {
			*ret = seasons[k].part;
			return 1;
		}
	return 0;
}

/* "May" and "March" are also verbs. */
static bool
is_month_here(const struct reading *r, int i)
{
	const struct word *w = word_at(r, i), *next = word_at(r, i + 1);

	if (w->number >= 0 || clock_month(w->s, w->n) == 0)
		return false;
	if (!word_is(w, "may") && !word_is(w, "march") && !word_is(w, "mar"))
		return true;
	return word_leads_to_time(word_at(r, i - 1)) ||
	       word_is_day(word_at(r, i - 1)) || word_is_day(next) ||
	       word_is_year(next);
}

/* "8 May", "the 8th of May", "May 8th": *first and *last grow to hold the day. */
static int
day_beside(const struct reading *r, int *first, int *last)
{
	int i = *first;

	if (word_is_day(word_at(r, i - 1))) {
		*first = i - 1;
		return r->w[i - 1].number;
	}
	if (word_is(word_at(r, i - 1), "of") &&
		word_is_day(word_at(r, i - 2))) {
		*first = i - 2;
		return r->w[i - 2].number;
	}
	if (word_is_day(word_at(r, i + 1)) &&
		!is_separator(recall_dates_between(r, i + 1))) {
		*last = i + 1;
		return r->w[i + 1].number;
	}
	return 0;
}

/* Where in the span: early, mid, late. */
enum where { ALL, EARLY, MID, LATE, FIRST_HALF, SECOND_HALF, WEEK };

/* "early", "the end of", "the first half of", "the second week of" before word
 * *first, which moves there. *week: 1 to 4, 5: the last. */
static enum where
where_in(const struct reading *r, int *first, int *week)
{
	static const char *const early[] = {"early", "beginning", "start",
		NULL};
	static const char *const mid[] = {"mid", "middle", NULL};
	static const char *const late[] = {"late", "end", NULL};
	enum where where = ALL;
	int i = *first - 1;
	const struct word *w;

	if (word_is(word_at(r, i), "of"))
		i--;
	w = word_at(r, i);
	*week = word_is(word_at(r, i - 1), "last")
			? 5
			: word_ordinal(word_at(r, i - 1));
	if (word_one_of(w, early))
		where = EARLY;
	else if (word_one_of(w, mid))
		where = MID;
	else if (word_one_of(w, late))
		where = LATE;
	if (where != ALL) {
		*first = i;
		return where;
	}
	if (*week <= 0 || (!word_is(w, "half") && !word_is(w, "week")))
		return ALL;
	*first = i - 1;
	if (word_is(w, "week"))
		return WEEK;
	return *week == 1 ? FIRST_HALF : SECOND_HALF;
}

static void
narrow(struct recall_span *s, enum where where, int week)
{
	int64_t n = s->to - s->from + 1, from = s->from;

	switch (where) {
	case ALL:
		break;
	case EARLY:
		s->to = from + (n * 2 + 4) / 5 - 1;
		break;
	case MID:
		s->from = from + n / 4;
		s->to = from + n * 3 / 4;
		break;
	case LATE:
		s->from = from + n * 3 / 5;
		break;
	case FIRST_HALF:
		s->to = from + n / 2 - 1;
		break;
	case SECOND_HALF:
		s->from = from + n / 2;
		break;
	case WEEK:
		if (week == 5) {
			s->from = s->to - 6;
			break;
		}
		s->from = from + (int64_t)(week - 1) * 7;
		s->to = s->from + 6;
		break;
	}
}

/* The year of a part whose last word is `last`, which moves behind it. */
static int
year_behind(const struct reading *r, int *last)
{
	int i = *last + 1;

	if (word_is(word_at(r, i), "of") || word_is(word_at(r, i), "in"))
		i++;
	if (!word_is_year(word_at(r, i)) ||
		is_separator(recall_dates_between(r, i)))
		return 0;
	*last = i;
	return r->w[i].number;
}

/* A month, a season, a quarter, with what stands around it. Returns the word
 * behind it, or i. */
static int
recall_dates_read_part(struct reading *r, int i)
{
	struct part p;
	int first = i, last = i, from = r->ret->spans_n, day = 0, week, year;
	enum where where;
	bool is_last;

	if (is_month_here(r, i)) {
		int month = clock_month(r->w[i].s, r->w[i].n);

		day = day_beside(r, &first, &last);
		p = (struct part){month, day ? day : 1, month, day};
	} else {
		int n = read_season(r, i, &p);

		if (n == 0)
			return i;
		last = i + n - 1;
	}
	year = year_behind(r, &last);
	where = where_in(r, &first, &week);
	is_last = word_is(word_at(r, first - 1), "last") ||
		  word_is(word_at(r, first - 1), "past") ||
		  word_is(word_at(r, first - 1), "previous");
	first -= is_last;
	dates_add_part(r, &p, year, is_last);
	for (int k = from; day == 0 && k < r->ret->spans_n; k++)
		narrow(&r->ret->spans[k], where, week);
	dates_add_text(r, first, last);
	return last + 1;
}

/* A year alone, "early 2024". */
static int
read_year(struct reading *r, int i)
{
	struct part whole = {1, 1, 12, 31};
	int first = i, from = r->ret->spans_n, week;
	enum where where;

	if (!word_is_year(word_at(r, i)))
		return i;
	where = where_in(r, &first, &week);
	dates_add_part(r, &whole, r->w[i].number, false);
	for (int k = from; k < r->ret->spans_n; k++)
		narrow(&r->ret->spans[k], where, week);
	dates_add_text(r, first, i);
	return i + 1;
}

/* --- the question --------------------------------------------------------- */

void
recall_dates_read(const char *low, int64_t today, bool us,
	struct recall_dates *ret)
{
	struct reading r = {.text = low, .today = today, .us = us, .ret = ret};

	*ret = (struct recall_dates){0};
	dates_split(&r);
	for (int i = 0; i < r.n && r.years_n < (int)ARRAY_LEN(r.years); i++)
		if (word_is_year(&r.w[i]) &&
			!is_separator(recall_dates_between(&r, i)) &&
			!is_separator(recall_dates_between(&r, i - 1)))
			r.years[r.years_n++] = r.w[i].number;
	for (int i = 0, next; i<r.n; i = next> i ? next : i + 1) {
		next = i + recall_dates_read_numbers(&r, i);
		if (next > i)
			dates_add_text(&r, i, next - 1);
		if (next == i)
			next = recall_dates_read_part(&r, i);
		if (next == i)
			next = dates_relative(&r, i);
	}
	/* A year that belongs to no month is a time of its own. */
	for (int i = 0; ret->spans_n == 0 && i < r.n; i++)
		(void)read_year(&r, i);
}

static double
fit(const struct recall_span *s, int64_t day)
{
	int64_t wide = s->to - s->from + 1;
	double in = wide <= 100 ? 0.5 : 0.3;
	int64_t apart = day < s->from ? s->from - day : day - s->to;

	if (wide <= 31)
		in = wide <= 7 ? 1 : 0.7;

	if (day >= s->from && day <= s->to)
		return in;
	if (apart <= 7)
		return in / 2;
	return apart <= 31 && wide <= 31 ? 0.2 : 0;
}

double
recall_date_fits(const struct recall_dates *d, int64_t day)
{
	double best = 0;

	for (int i = 0; i < d->spans_n; i++) {
		double x = fit(&d->spans[i], day);

		best = x > best ? x : best;
	}
	return best;
}

/* The zones of the United States, where 5/8 is a day of May. */
bool
recall_month_first(const char *zone)
{
	static const char *const zones[] = {"US/", "America/New_York",
		"America/Detroit", "America/Chicago", "America/Denver",
		"America/Boise", "America/Phoenix", "America/Los_Angeles",
		"America/Anchorage", "America/Juneau", "America/Sitka",
		"America/Nome", "America/Adak", "America/Yakutat",
		"America/Metlakatla", "America/Menominee", "America/Indiana/",
		"America/Kentucky/", "America/North_Dakota/",
		"America/Puerto_Rico", "Pacific/Honolulu", "Pacific/Guam",
		"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", NULL};

	for (int i = 0; zones[i]; i++)
		if (strncmp(zone, zones[i], strlen(zones[i])) == 0)
			return true;
	return false;
}
