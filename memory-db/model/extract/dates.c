/* Times that a sentence names. dates.h has the rules and examples.
 *
 * The words are gone through from left to right. At each one three readers are
 * asked in this order: the name of a month, a number, a word that counts from
 * today. The first that understands something says where it begins and ends,
 * as days; a preposition in front of it ("since", "until", "by") is taken
 * along, because it says whether the span begins or ends there.
 *
 *   "since last May"     2025-05-01 to 2025-05-31, is_since
 *   "by Friday"          one day, is_by */
#include "memory-db/model/extract/dates.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/clock_words.h"
#include "memory-db/model/recall/recall_dates.h"

/* Days of a span that somebody names by counting: more is no date. */
#define COUNTED_DAYS 40000

struct dates_scan {
	const struct extract_words *w;
	int64_t today;
	bool us, ahead;
};

static int
weekday_of(int64_t day) /* 0: Monday */
{
	return (int)(((day + 3) % 7 + 7) % 7);
}

static int
dates_weekday_at(const struct extract_words *w, int i)
{
	const char *low = extract_low(w, i);

	return strlen(low) > 3 || extract_in(low, "mon|tue|wed|thu|fri")
		       ? clock_weekday(low, strlen(low))
		       : -1;
}

/* "may" and "march" are months with something of a date beside them. */
static bool
is_beside_number(const struct extract_words *w, int i)
{
	return (i > 0 && w->v[i - 1].flags & W_NUMBER) ||
	       (i + 1 < w->words && w->v[i + 1].flags & W_NUMBER);
}

static int
dates_month_at(const struct extract_words *w, int i)
{
	const char *low = extract_low(w, i);
	int month = clock_month(low, strlen(low));

	/* Many write without capitals; "oct" and "mar" are months then only
	 * beside a number. */
	if (month == 0 ||
		(!(w->v[i].flags & W_CAPITAL) && strlen(low) < 4 &&
			strcmp(low, "may") != 0 && !is_beside_number(w, i)))
		return 0;
	if (!extract_in(low, "may|march|mar|jan|dec|sun"))
		return month;
	return extract_in(extract_low(w, i - 1),
		       "in|on|of|by|since|until|till|before|after|last|next|this|"
		       "early|late|mid|every|from|to") ||
			       isdigit((unsigned char)extract_low(w,
				       i + 1)[0]) ||
			       isdigit((unsigned char)extract_low(w, i - 1)[0])
		       ? month
		       : 0;
}

static int
dates_number_at(const struct extract_words *w, int i)
{
	static const char *const names[] = {"zero", "one", "two", "three",
		"four", "five", "six", "seven", "eight", "nine", "ten",
		"eleven", "twelve"};
	const char *low = extract_low(w, i);
	int n = 0;

	for (int k = 0; k < 13; k++)
		if (low[0] == names[k][0] && strcmp(low, names[k]) == 0)
			return k;
	if (extract_in(low, "a|an"))
		return 1;
	if (strcmp(low, "couple") == 0)
		return 2;
	if (strcmp(low, "few") == 0)
		return 3;
	for (const char *p = low; *p; p++) {
		if (!isdigit((unsigned char)*p) || n > 9999)
			return -1;
		n = n * 10 + (*p - '0');
	}
	return low[0] ? n : -1;
}

static int
day_number(const struct extract_words *w, int i)
{
	static const char *const words[] = {"first", "second", "third",
		"fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
		"tenth", "eleventh", "twelfth", "fifteenth", "twentieth"};
	const char *low = extract_low(w, i);
	int n = 0, k = 0;

	/* "the first of June" */
	for (size_t x = 0; x < ARRAY_LEN(words); x++)
		if (strcmp(low, words[x]) == 0 && extract_is(w, i + 1, "of"))
			return x < 12 ? (int)x + 1 : (int)(x - 9) * 5;
	while (isdigit((unsigned char)low[k]) && k < 2)
		n = n * 10 + (low[k++] - '0');
	if (k == 0 || n < 1 || n > 31)
		return 0;
	return low[k] == '\0' || extract_in(low + k, "st|nd|rd|th") ? n : 0;
}

static int
dates_year_at(const struct extract_words *w, int i)
{
	const char *low = extract_low(w, i);
	int n = strlen(low) == 4 ? dates_number_at(w, i) : 0;

	return n >= 1900 && n <= 2099 ? n : 0;
}

static struct when
dates_span(int first, int last, int64_t from, int64_t to, enum when_grain grain,
	bool is_relative)
{
	return (struct when){.first = first,
		.last = last,
		.from = from,
		.to = to,
		.grain = grain,
		.is_relative = is_relative};
}

static struct when
day_span(int first, int last, int64_t day)
{
	return dates_span(first, last, day, day, WHEN_DAY, true);
}

static struct when
month_span(int first, int last, int64_t year, int month)
{
	year += (month - 1) / 12 - (month < 1 ? 1 : 0);
	month = ((month - 1) % 12 + 12) % 12 + 1;
	return dates_span(first, last,
		clock_days((struct clock_date){year, month, 1}),
		clock_days((struct clock_date){year, month,
			clock_month_days(year, month)}),
		WHEN_MONTH, true);
}

static struct when
year_span(int first, int last, int64_t year)
{
	return dates_span(first, last,
		clock_days((struct clock_date){year, 1, 1}),
		clock_days((struct clock_date){year, 12, 31}), WHEN_YEAR, true);
}

/* --- what is told from today -------------------------------------------------- */
static bool
read_day_word(const struct dates_scan *x, int i, struct when *ret)
{
	static const struct {
		const char *words;
		int days;
	} days[] = {{"the day after tomorrow|day after tomorrow", 2},
		{"the day before yesterday|day before yesterday", -2},
		{"yesterday morning|yesterday afternoon|yesterday evening|"
		 "yesterday|last night",
			-1},
		{"tomorrow morning|tomorrow afternoon|tomorrow evening|tomorrow "
		 "night|tomorrow",
			1},
		{"today|tonight|this morning|this afternoon|this evening|earlier "
		 "today|later today",
			0}};

	for (int k = 0; k < 5; k++) {
		int n = extract_match(x->w, i, days[k].words);

		if (n > 0) {
			*ret = day_span(i, i + n - 1, x->today + days[k].days);
			return true;
		}
	}
	return false;
}

/* "three weeks ago", "in three weeks", "three weeks from now". */
static bool
read_counted(const struct dates_scan *x, int i, struct when *ret)
{
	const struct extract_words *w = x->w;
	bool in = extract_is(w, i, "in") || extract_is(w, i, "within");
	int k = i + in, n, last, dir = 0, of;
	struct clock_date d = clock_date_of(x->today);
	int64_t days;

	if (extract_in(extract_low(w, k),
		    "about|around|roughly|exactly|another"))
		k++;
	n = dates_number_at(w, k);
	if (n == 1 && extract_in(extract_low(w, k + 1), "couple|few"))
		n = dates_number_at(w, ++k);
	of = extract_is(w, k + 1, "of");
	k += 1 + of;
	last = k;
	if (n < 0 || n > 999)
		return false;
	if (extract_is(w, k + 1, "ago"))
		dir = -1, last = k + 1;
	else if (extract_match(w, k + 1, "from now|from today") > 0)
		dir = 1, last = k + 2;
	else if (in)
		dir = 1;
	if (dir == 0)
		return false;
	if (extract_in(extract_low(w, k), "day|days"))
		*ret = day_span(i, last, x->today + (int64_t)dir * n);
	else if (extract_in(extract_low(w, k), "week|weeks"))
		*ret = day_span(i, last, x->today + (int64_t)dir * n * 7);
	else if (extract_in(extract_low(w, k), "month|months"))
		*ret = month_span(i, last, d.year, d.month + dir * n);
	else if (extract_in(extract_low(w, k), "year|years"))
		*ret = year_span(i, last, d.year + dir * n);
	else
		return false;
	days = ret->from - x->today;
	/* "in a year" may be how long something takes. */
	return days > -COUNTED_DAYS && days < COUNTED_DAYS &&
	       !(in && n == 1 &&
		       extract_in(extract_low(w, k), "day|year|week"));
}

static int64_t
season_start(int64_t year, const char *low, int *ret_months)
{
	static const char *const names = "winter|spring|summer|autumn|fall";
	int month = 9;

	if (strcmp(low, "spring") == 0)
		month = 3;
	else if (strcmp(low, "summer") == 0)
		month = 6;
	else if (strcmp(low, "winter") == 0)
		month = 12;

	*ret_months = extract_in(low, names) ? 3 : 0;
	return clock_days((struct clock_date){year, month, 1});
}

/* "last week", "next Friday", "this month": way is -1, 1 or 0. */
static bool
read_turned(const struct dates_scan *x, int i, int k, int way, struct when *ret)
{
	const struct extract_words *w = x->w;
	const char *low = extract_low(w, k);
	struct clock_date d = clock_date_of(x->today);
	int64_t monday = x->today - weekday_of(x->today);
	int day = dates_weekday_at(w, k), month = dates_month_at(w, k), months;

	if (strcmp(low, "week") == 0)
		*ret = dates_span(i, k, monday + 7 * way, monday + 7 * way + 6,
			WHEN_WEEK, true);
	else if (strcmp(low, "weekend") == 0)
		*ret = dates_span(i, k, monday + 5 + 7 * way,
			monday + 6 + 7 * way, WHEN_WEEKEND, true);
	else if (strcmp(low, "month") == 0)
		*ret = month_span(i, k, d.year, d.month + way);
	else if (strcmp(low, "year") == 0)
		*ret = year_span(i, k, d.year + way);
	else if (day >= 0 && way < 0)
		*ret = day_span(i, k,
			monday + day - (monday + day >= x->today ? 7 : 0));
	else if (day >= 0)
		*ret = day_span(i, k, monday + day + (way > 0 ? 7 : 0));
	else if (month > 0)
		*ret = month_span(i, k,
			d.year + (way > 0 && month <= d.month) -
				(way < 0 && month >= d.month),
			month);
	else {
		int64_t year = d.year, from = season_start(year, low, &months);

		if (months == 0)
			return false;
		if (way < 0 && from + 89 >= x->today)
			from = season_start(year - 1, low, &months);
		else if (way > 0 && from <= x->today)
			from = season_start(year + 1, low, &months);
		*ret = dates_span(i, k, from, from + 90, WHEN_SEASON, true);
	}
	return true;
}

static bool
read_relative(const struct dates_scan *x, int i, struct when *ret)
{
	const struct extract_words *w = x->w;
	static const struct {
		const char *words;
		int way;
	} ways[] = {{"last|this past|past|previous", -1},
		{"next|this coming|the coming|coming|upcoming", 1},
		{"this|later this|earlier this|the end of this", 0}};
	int day;

	if (read_day_word(x, i, ret) || read_counted(x, i, ret))
		return true;
	for (int k = 0; k < 3; k++) {
		int n = extract_match(w, i, ways[k].words);

		if (n > 0 && read_turned(x, i, i + n, ways[k].way, ret))
			return true;
	}
	day = dates_weekday_at(w, i);
	if (day >= 0 &&
		!extract_in(extract_low(w, i - 1), "every|each|most|any") &&
		!extract_in(extract_low(w, i - 2), "every|each") &&
		(w->v[i].flags & W_CAPITAL || strlen(w->v[i].low) > 5)) {
		int64_t at = x->today - weekday_of(x->today) + day;

		if (x->ahead && at <= x->today)
			at += 7;
		else if (!x->ahead && at > x->today)
			at -= 7;
		*ret = day_span(i, i, at);
		return true;
	}
	return false;
}

/* --- dates of the calendar ------------------------------------------------------ */
static int64_t
year_for(const struct dates_scan *x, int month, int day)
{
	int64_t year = clock_date_of(x->today).year;
	int64_t at = clock_days((struct clock_date){year, month, day});

	if (x->ahead && at < x->today - 7)
		return year + 1;
	return !x->ahead && at > x->today ? year - 1 : year;
}

/* "8 May 2026", "May 8th, 2026", "May 2026", "May". */
static bool
read_month(const struct dates_scan *x, int i, struct when *ret)
{
	const struct extract_words *w = x->w;
	int month = dates_month_at(w, i), first = i, last = i, day = 0, year;

	if (month == 0)
		return false;
	if (day_number(w, i - 1))
		day = day_number(w, first = i - 1);
	else if (extract_is(w, i - 1, "of") && day_number(w, i - 2))
		day = day_number(w, first = i - 2);
	else if (day_number(w, i + 1))
		day = day_number(w, last = i + 1);
	else if (extract_is(w, i + 1, "the") && day_number(w, i + 2))
		day = day_number(w, last = i + 2);
	if (first > 0 && first < i && extract_is(w, first - 1, "the"))
		first--;
	year = dates_year_at(w, last + 1);
	last += year > 0;
	if (day > clock_month_days(year > 0 ? year : 2024, month))
		return false;
	*ret = month_span(first, last,
		year > 0 ? year : year_for(x, month, day > 0 ? day : 1), month);
	if (day > 0) {
		ret->from += day - 1;
		ret->to = ret->from;
		ret->grain = WHEN_DAY;
	}
	ret->is_relative = year == 0;
	ret->is_named = true;
	return true;
}

/* 2026-05-08, 5/8/2026, 8.5.2026, "in 2019", "in Q3". */
static bool
dates_read_digits(const struct dates_scan *x, int i, struct when *ret)
{
	const struct extract_words *w = x->w;
	const char *low = extract_low(w, i);
	size_t n = strlen(low);
	struct recall_dates d;
	int year = dates_year_at(w, i), marks = 0;

	if (year > 0 && extract_in(extract_low(w, i - 1),
				"in|since|until|till|of|by|during|from|early|"
				"late|mid|before|after|around|summer|winter|"
				"spring|fall|autumn|back")) {
		*ret = year_span(i, i, year);
		ret->is_relative = false;
		return true;
	}
	/* "on the 14th" */
	if (extract_is(w, i - 1, "the") && n > 2 && day_number(w, i) > 0 &&
		extract_in(low + n - 2, "st|nd|rd|th") &&
		extract_in(extract_low(w, i - 2), "on|by|until|from|before") &&
		!extract_is(w, i + 1, "of") && dates_month_at(w, i + 1) == 0) {
		struct clock_date t = clock_date_of(x->today);
		bool next = x->ahead && day_number(w, i) < t.day;
		bool last = !x->ahead && day_number(w, i) > t.day;

		*ret = month_span(i - 1, i, t.year, t.month + next - last);
		ret->from += day_number(w, i) - 1;
		ret->to = ret->from;
		ret->grain = WHEN_DAY;
		return true;
	}
	for (const char *p = low; *p; p++)
		marks += strchr("-/.", *p) != NULL;
	if (!isdigit((unsigned char)low[0]) || marks != 2 || strlen(low) < 6)
		return false;
	recall_dates_read(low, x->today, x->us, &d);
	if (d.spans_n == 0 || d.spans[0].from != d.spans[0].to)
		return false;
	*ret = day_span(i, i, d.spans[0].from);
	ret->is_relative = strlen(low) < 10;
	return true;
}

/* Takes the preposition in front along. */
static void
take_preposition(const struct extract_words *w, struct when *x)
{
	const char *low = extract_low(w, x->first - 1);

	if (extract_in(low, "in|on|at|during|this"))
		x->first--;
	else if (strcmp(low, "since") == 0)
		x->is_since = true, x->first--;
	else if (extract_in(low, "until|till|through"))
		x->is_until = true, x->first--;
	else if (extract_in(low, "by|before"))
		x->is_by = true, x->first--;
}

int
extract_dates(const struct extract_words *w, int64_t today, bool us, bool ahead,
	struct when ret[WHENS])
{
	struct dates_scan x = {w, today, us, ahead};
	int n = 0;

	for (int i = 0; i < w->words && n < WHENS; i++) {
		struct when *r = &ret[n];

		if (!read_month(&x, i, r) && !dates_read_digits(&x, i, r) &&
			!read_relative(&x, i, r))
			continue;
		/* The day was taken for something before the month. */
		if (n > 0 && r->first <= ret[n - 1].last)
			r->first = ret[n - 1].last + 1;
		if (r->first > r->last)
			continue;
		i = r->last;
		take_preposition(w, r);
		n++;
	}
	return n;
}
