/* What recall_dates.c reads dates with: a question as words, what a word may
 * be (a day, a month, a year, a count), and how a part of the year becomes
 * days.
 *
 * A month without a year could be any, so it becomes the spans of several
 * years back: "in May", asked in 2026, is May of 2026, 2025, 2024 and so on. A
 * fact fits if it lies in one of them. */
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "memory-db/model/recall/recall_dates_int.h"

/* Years that a date without one is looked for in. */
#define YEARS_BACK 10

static bool
recall_dates_words_is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
recall_dates_words_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_ordinal(const char *s)
{
	static const char *const ends[] = {"st", "nd", "rd", "th"};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (strncmp(s, ends[i], 2) == 0 &&
			!recall_dates_words_is_letter(s[2]))
			return true;
	return false;
}

/* ASCII words and numbers; an ordinal is a number. */
void
dates_split(struct reading *r)
{
	const char *s = r->text;

	while (*s && r->n < WORDS) {
		struct word *w = &r->w[r->n];
		size_t k = 0;

		*w = (struct word){s, 0, -1, 0};
		if (recall_dates_words_is_digit(*s)) {
			w->number = 0;
			for (; recall_dates_words_is_digit(s[k]); k++)
				if (w->number < 100000)
					w->number =
						w->number * 10 + (s[k] - '0');
			w->n = k;
			k += is_ordinal(s + k) ? 2 : 0;
		} else {
			while (recall_dates_words_is_letter(s[k]))
				k++;
			w->n = k;
		}
		s += k > 0 ? k : 1;
		w->end = (size_t)(s - r->text);
		r->n += k > 0;
	}
}

/* --- what words are ------------------------------------------------------- */

const struct word *
word_at(const struct reading *r, int i)
{
	static const struct word none = {"", 0, -1, 0};

	return i >= 0 && i < r->n ? &r->w[i] : &none;
}

bool
word_is(const struct word *w, const char *text)
{
	return w->n == strlen(text) && memcmp(w->s, text, w->n) == 0;
}

bool
word_one_of(const struct word *w, const char *const *list)
{
	for (; *list; list++)
		if (word_is(w, *list))
			return true;
	return false;
}

bool
word_is_day(const struct word *w)
{
	return w->number >= 1 && w->number <= 31 && w->n <= 2;
}

bool
word_is_month_number(const struct word *w)
{
	return w->number >= 1 && w->number <= 12 && w->n <= 2;
}

bool
word_is_year(const struct word *w)
{
	return w->n == 4 && w->number >= 1900 && w->number <= 2099;
}

/* What may stand before a month or a season that could be another word. */
bool
word_leads_to_time(const struct word *w)
{
	static const char *const list[] = {"in", "on", "of", "since", "until",
		"till", "during", "last", "past", "this", "next", "early",
		"late", "mid", "by", "from", "before", "after", "previous",
		"throughout", "around", "between", "and", "end", "beginning",
		"middle", "start", "that", NULL};

	return word_one_of(w, list);
}

int
word_count(const struct word *w)
{
	static const char *const names[] = {"zero", "one", "two", "three",
		"four", "five", "six", "seven", "eight", "nine", "ten",
		"eleven", "twelve"};

	if (w->number >= 0)
		return w->number;
	if (word_is(w, "a") || word_is(w, "an"))
		return 1;
	if (word_is(w, "couple"))
		return 2;
	for (int i = 1; i < (int)ARRAY_LEN(names); i++)
		if (word_is(w, names[i]))
			return i;
	return -1;
}

int
word_ordinal(const struct word *w)
{
	static const char *const names[] = {"", "first", "second", "third",
		"fourth"};

	for (int i = 1; i < (int)ARRAY_LEN(names); i++)
		if (word_is(w, names[i]))
			return i;
	return w->number >= 1 && w->number <= 4 && w->n == 1 ? w->number : 0;
}

int
word_unit_days(const struct word *w)
{
	static const struct {
		const char *name;
		int days;
	} units[] = {{"day", 1}, {"days", 1}, {"week", 7}, {"weeks", 7},
		{"month", 30}, {"months", 30}, {"year", 365}, {"years", 365}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (word_is(w, units[i].name))
			return units[i].days;
	return 0;
}

/* --- spans ---------------------------------------------------------------- */

void
dates_add_span(struct reading *r, int64_t from, int64_t to)
{
	struct recall_dates *d = r->ret;

	if (d->spans_n < DATES_SPANS && from <= to)
		d->spans[d->spans_n++] = (struct recall_span){from, to};
}

/* Words first to last are a date. */
void
dates_add_text(struct reading *r, int first, int last)
{
	struct recall_dates *d = r->ret;
	size_t at = (size_t)(word_at(r, first)->s - r->text);

	if (d->texts_n == DATES_TEXTS)
		return;
	d->texts[d->texts_n].at = at;
	d->texts[d->texts_n++].n = word_at(r, last)->end - at;
}

static struct recall_span
part_in(const struct part *p, int64_t year)
{
	bool over = p->to_month < p->from_month;
	int64_t to_year = year + over;
	int last = clock_month_days(to_year, p->to_month);

	return (struct recall_span){clock_days((struct clock_date){year,
					    p->from_month, p->from_day}),
		clock_days((struct clock_date){to_year, p->to_month,
			p->to_day == 0 || p->to_day > last ? last
							   : p->to_day})};
}

/* 29 February, 31 April. */
static bool
recall_dates_words_is_in(const struct part *p, int64_t year)
{
	return p->from_day <= clock_month_days(year, p->from_month);
}

/* last: only the latest one that is over. */
void
dates_add_part(struct reading *r, const struct part *p, int year, bool last)
{
	int64_t now = clock_date_of(r->today).year;
	struct recall_span s;

	for (int i = 0; year == 0 && i < r->years_n; i++)
		dates_add_part(r, p, r->years[i], false);
	if (year == 0 && r->years_n > 0)
		return;
	if (year != 0 && recall_dates_words_is_in(p, year)) {
		s = part_in(p, year);
		dates_add_span(r, s.from, s.to);
	}
	for (int64_t y = now; year == 0 && y >= now - YEARS_BACK; y--) {
		s = part_in(p, y);
		if (s.from > r->today || (last && s.to >= r->today) ||
			!recall_dates_words_is_in(p, y))
			continue;
		dates_add_span(r, s.from, s.to);
		if (last)
			break;
	}
}
