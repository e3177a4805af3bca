/* Dates in a question: "in May 2023", "on 8 May", "yesterday", "two weeks
 * ago", "2023-05-08". */
#include <string.h>

#include "common/clock.h"
#include "common/clock_words.h"
#include "memory-db/model/recall_internal.h"

/* A word or number of the text. */
struct word {
	const char *s;
	size_t n;
	int number;		/* -1: none */
};
#define WORDS 96

static bool
is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ASCII words and numbers; an ordinal is a number. */
static int
split(const char *s, struct word *w)
{
	int n = 0;

	while (*s && n < WORDS) {
		size_t k = 0;

		if (is_digit(*s)) {
			w[n] = (struct word){s, 0, 0};
			for (; is_digit(s[k]); k++)
				if (w[n].number < 100000)
					w[n].number = w[n].number * 10 +
						(s[k] - '0');
			w[n++].n = k;
			if ((s[k] == 's' && s[k + 1] == 't') ||
				(s[k] == 'n' && s[k + 1] == 'd') ||
				(s[k] == 'r' && s[k + 1] == 'd') ||
				(s[k] == 't' && s[k + 1] == 'h'))
				k += 2;
		} else if (is_letter(*s)) {
			while (is_letter(s[k]))
				k++;
			w[n++] = (struct word){s, k, -1};
		} else {
			k = 1;
		}
		s += k;
	}
	return n;
}

static bool
is(const struct word *w, const char *text)
{
	return w->n == strlen(text) && memcmp(w->s, text, w->n) == 0;
}

static bool
one_of(const struct word *w, const char *const *list)
{
	for (; *list; list++)
		if (is(w, *list))
			return true;
	return false;
}

static bool
is_day(const struct word *w)
{
	return w->number >= 1 && w->number <= 31 && w->n <= 2;
}

static bool
is_year(const struct word *w)
{
	return w->n == 4 && w->number >= 1900 && w->number <= 2099;
}

/* "May" and "March" are also verbs. */
static bool
is_month_here(const struct word *w, int i, int n)
{
	static const char *const before[] = {"in", "on", "of", "since",
		"until", "till", "during", "last", "this", "early", "late",
		"mid", "by", "from", "before", "after", NULL};

	if (!is(&w[i], "may") && !is(&w[i], "march") && !is(&w[i], "mar"))
		return true;
	return (i > 0 && (one_of(&w[i - 1], before) || is_day(&w[i - 1]))) ||
	       (i + 1 < n && (is_day(&w[i + 1]) || is_year(&w[i + 1])));
}

static void
read_month(const struct word *w, int i, int n, struct recall_dates *d)
{
	int month = w[i].number < 0 ? clock_month(w[i].s, w[i].n) : 0;

	if (month == 0 || !is_month_here(w, i, n))
		return;
	d->months |= 1u << month;
	if (d->day != 0)
		return;
	if (i > 0 && is_day(&w[i - 1]))
		d->day = w[i - 1].number;
	else if (i > 1 && is(&w[i - 1], "of") && is_day(&w[i - 2]))
		d->day = w[i - 2].number;
	else if (i + 1 < n && is_day(&w[i + 1]))
		d->day = w[i + 1].number;
}

static void
add_span(struct recall_dates *d, int64_t from, int64_t to)
{
	if (d->spans_n < (int)ARRAY_LEN(d->spans))
		d->spans[d->spans_n++] = (struct recall_span){from, to};
}

/* 2023-05-08, 2023/5/8 */
static bool
read_iso(const struct word *w, int i, int n, struct recall_dates *d)
{
	struct clock_date date;

	if (i + 2 >= n || !is_year(&w[i]) || w[i + 1].number < 1 ||
		w[i + 1].number > 12 || !is_day(&w[i + 2]) ||
		(w[i].s[4] != '-' && w[i].s[4] != '/'))
		return false;
	date = (struct clock_date){
		w[i].number, w[i + 1].number, w[i + 2].number};
	if (date.day > clock_month_days(date.year, date.month))
		return false;
	add_span(d, clock_days(date), clock_days(date));
	return true;
}

static int
count_of(const struct word *w)
{
	static const char *const names[] = {"zero", "one", "two", "three",
		"four", "five", "six", "seven", "eight", "nine", "ten"};

	if (w->number >= 0)
		return w->number;
	if (is(w, "a") || is(w, "an"))
		return 1;
	for (int i = 1; i < (int)ARRAY_LEN(names); i++)
		if (is(w, names[i]))
			return i;
	return -1;
}

static int
unit_days(const struct word *w)
{
	static const struct {
		const char *name;
		int days;
	} units[] = {{"day", 1}, {"days", 1}, {"week", 7}, {"weeks", 7},
		{"month", 30}, {"months", 30}, {"year", 365}, {"years", 365}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (is(w, units[i].name))
			return units[i].days;
	return 0;
}

static void
read_last(const struct word *w, int64_t today, struct recall_dates *d)
{
	int unit = unit_days(w), weekday = clock_weekday(w->s, w->n);
	int64_t back;

	if (unit > 1) {
		add_span(d, today - 2 * unit + 1, today - 1);
	} else if (weekday >= 0 && w->n > 3) {
		/* 1970-01-01 was a Thursday. */
		back = ((today + 3) % 7 + 7 - weekday) % 7;
		back = back == 0 ? 7 : back;
		add_span(d, today - back, today - back);
	}
}

static void
read_relative(const struct word *w, int i, int n, int64_t today,
	struct recall_dates *d)
{
	int count, unit;

	if (is(&w[i], "yesterday"))
		add_span(d, today - 1, today - 1);
	else if (is(&w[i], "today"))
		add_span(d, today, today);
	else if (is(&w[i], "last") && i + 1 < n)
		read_last(&w[i + 1], today, d);
	else if (is(&w[i], "ago") && i >= 2) {
		count = count_of(&w[i - 2]);
		unit = unit_days(&w[i - 1]);
		if (count >= 0 && count < 10000 && unit > 0)
			add_span(d, today - (int64_t)count * unit - unit / 2,
				today - (int64_t)count * unit + unit / 2);
	}
}

void
recall_dates_read(const char *low, int64_t today, struct recall_dates *ret)
{
	struct word w[WORDS];
	int n = split(low, w);

	*ret = (struct recall_dates){0};
	for (int i = 0; i < n; i++) {
		if (read_iso(w, i, n, ret)) {
			i += 2;
			continue;
		}
		if (is_year(&w[i]) && ret->years_n < 4)
			ret->years[ret->years_n++] = w[i].number;
		read_month(w, i, n, ret);
		read_relative(w, i, n, today, ret);
	}
}

bool
recall_has_dates(const struct recall_dates *d)
{
	return d->months != 0 || d->spans_n > 0 || d->years_n > 0;
}

static double
month_fits(const struct recall_dates *d, struct clock_date date)
{
	int apart = date.day > d->day ? date.day - d->day : d->day - date.day;
	int before = date.month == 1 ? 12 : date.month - 1;

	if (d->months >> date.month & 1) {
		if (d->day == 0)
			return 0.7;
		return apart == 0 ? 1 : apart <= 7 ? 0.5 : 0.3;
	}
	return d->months >> before & 1 ? 0.2 : 0;
}

double
recall_date_fits(const struct recall_dates *d, int64_t day)
{
	struct clock_date date = clock_date_of(day);
	bool year_fits = d->years_n == 0;
	double best = 0;

	for (int i = 0; i < d->spans_n; i++) {
		int64_t wide = d->spans[i].to - d->spans[i].from + 7;

		if (day >= d->spans[i].from && day <= d->spans[i].to)
			return 1;
		if (day >= d->spans[i].from - wide &&
			day <= d->spans[i].to + wide)
			best = 0.3;
	}
	for (int i = 0; i < d->years_n; i++)
		year_fits |= d->years[i] == date.year;
	if (year_fits && d->months != 0 && month_fits(d, date) > best)
		best = month_fits(d, date);
	if (year_fits && d->months == 0 && d->years_n > 0 && best < 0.3)
		best = 0.3;
	return best;
}
