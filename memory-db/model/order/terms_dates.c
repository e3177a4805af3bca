/* Dates, and numbers with their units, of several words, as one term each:
 *
 *   "4 May 1990"        date  1990-05-04
 *   "half past nine"    time  09:30
 *   "two hours"         120 minutes: units of one kind come to the same one
 *   "3 million"         3000000 */
#include <string.h>

#include "common/clock_words.h"
#include "memory-db/model/order/terms_internal.h"

struct term *
terms_new(struct reading *r, int word, int words)
{
	struct terms_text *t = r->t;
	const struct text_word *w = &r->w[word], *last = w + words - 1;
	struct term *x;

	if (t->n == TERMS) {
		t->too_long = true;
		return NULL;
	}
	x = &t->v[t->n++];
	*x = (struct term){.before = r->before,
		.is_behind = r->behind,
		.word = word,
		.words = words,
		.at = w->at,
		.n = last->at + last->len - w->at,
		.s = w->s,
		.s_n = w->n,
		.stem = w->stem,
		.key = w->stem};
	r->before = BEFORE_NOTHING;
	r->behind = false;
	return x;
}

static int
terms_dates_month_at(const struct reading *r, int i)
{
	static const char *const unsure[] = {"may", "march", "mar", "sep",
		"dec", "jan", "jun", "jul", "apr", "aug", "oct", "nov", "feb",
		NULL};

	if (i < 0 || i >= r->n || r->w[i].is_term)
		return 0;
	if (terms_word_in(r, i, unsure) && !r->w[i].capital)
		return 0;
	return clock_month(r->w[i].s, r->w[i].n);
}

static int
terms_dates_weekday_at(const struct reading *r, int i)
{
	const struct text_word *w = &r->w[i];
	size_t n = w->n > 4 && w->s[w->n - 1] == 's' ? w->n - 1 : w->n;

	if (w->is_term || (n == 3 && !w->capital))
		return 0;
	return clock_weekday(w->s, n) + 1;
}

/* A number that may be a day or a year: its value, 0: none. */
static int
plain_number(const struct reading *r, int i, int from, int to)
{
	const struct term *x;

	if (i < 0 || i >= r->n || !r->w[i].is_term)
		return 0;
	x = &r->w[i].term;
	if (x->kind != TERM_NUMBER || x->value < from || x->value > to ||
		(x->unit != UNIT_NONE && x->unit != UNIT_ORDINAL) ||
		memchr(r->w[i].s, ',', r->w[i].n))
		return 0;
	return (int)x->value;
}

static int
terms_dates_year_at(const struct reading *r, int i)
{
	return plain_number(r, i, 1800, 2200);
}

/* A date from word i on: how many words; 0: none. */
int
terms_read_date(struct reading *r, int i)
{
	static const char *const times[] = {"in", "since", "until", "till",
		"from", "before", "after", "of", "by", "during", "to", "year",
		"early", "late", "around", "mid", "and", NULL};
	static const char *const near[] = {"last", "this", "next", NULL};
	static const char *const spans[] = {"year", "month", "week", "quarter",
		"spring", "summer", "autumn", "winter", "weekend", NULL};
	struct term x = {.kind = TERM_DATE};
	struct term *to;
	int k = i;

	if (terms_word_in(r, i, near) &&
		(terms_word_in(r, i + 1, spans) ||
			(i + 1 < r->n && terms_dates_weekday_at(r, i + 1)))) {
		x.key = r->w[i].stem ^ r->w[i + 1].stem * 31;
		k = i + 2;
	} else if (terms_word_is(r, i, "tomorrow") ||
		   terms_word_is(r, i, "yesterday")) {
		x.key = r->w[i].stem;
		k = i + 1;
	} else {
		if ((x.weekday = terms_dates_weekday_at(r, k)) != 0)
			k++;
		if (plain_number(r, k, 1, 31) &&
			terms_dates_month_at(r,
				k + 1 + terms_word_is(r, k + 1, "of"))) {
			x.day = plain_number(r, k, 1, 31);
			k += 1 + terms_word_is(r, k + 1, "of");
		}
		if (k < r->n && (x.month = terms_dates_month_at(r, k)) != 0) {
			k++;
			if (!x.day && (x.day = plain_number(r, k, 1, 31)) != 0)
				k++;
			if ((x.year = terms_dates_year_at(r, k)) != 0)
				k++;
		} else if (k == i && terms_dates_year_at(r, k) &&
			   terms_word_in(r, k - 1, times)) {
			x.year = terms_dates_year_at(r, k++);
		}
	}
	if (k == i)
		return 0;
	to = terms_new(r, i, k - i);
	if (to) {
		to->kind = TERM_DATE;
		to->key = x.key;
		to->year = x.year;
		to->month = x.month;
		to->day = x.day;
		to->weekday = x.weekday;
	}
	return k - i;
}

/* "half past nine", "quarter to 8": how many words; 0: none. */
static int
read_past_hour(struct reading *r, int i)
{
	int minutes = 0;
	bool to = terms_word_is(r, i + 1, "to");
	struct term hour = {0}, *x;

	if (terms_word_is(r, i, "half"))
		minutes = 30;
	else if (terms_word_is(r, i, "quarter"))
		minutes = 15;

	if (minutes == 0 || (!to && !terms_word_is(r, i + 1, "past")) ||
		i + 2 >= r->n)
		return 0;
	if (r->w[i + 2].is_term)
		hour = r->w[i + 2].term;
	else if (!term_number_word(r->w[i + 2].s, r->w[i + 2].n, &hour))
		return 0;
	x = terms_new(r, i, 3);
	if (x) {
		x->kind = TERM_TIME;
		x->value = hour.value * 60 + (to ? -minutes : minutes);
	}
	return 3;
}

static void
put_number(struct reading *r, int i, int words, double value,
	enum lexicon_unit unit)
{
	struct term *x = terms_new(r, i, words);

	if (!x)
		return;
	x->kind = TERM_NUMBER;
	x->value = value;
	x->unit = unit;
}

/* Word k as a unit; UNIT_NONE: it is none. */
static enum lexicon_unit
unit_at(const struct reading *r, int k, double *ret)
{
	*ret = 1;
	if (k >= r->n || r->w[k].is_term)
		return UNIT_NONE;
	return lexicon_unit(r->w[k].s, r->w[k].n, ret);
}

/* "Half an hour", "a quarter of an hour", "an hour and a half", "half a tablet":
 * how many words; 0: none. */
int
terms_read_part(struct reading *r, int i)
{
	static const char *const one[] = {"a", "an", "one", NULL};
	enum lexicon_unit unit;
	double factor;
	int k = i + terms_word_in(r, i, one);

	if (terms_word_is(r, k, "quarter") && terms_word_is(r, k + 1, "of") &&
		terms_word_in(r, k + 2, one) &&
		(unit = unit_at(r, k + 3, &factor)) != UNIT_NONE) {
		put_number(r, i, k + 4 - i, factor / 4, unit);
		return k + 4 - i;
	}
	if (terms_word_is(r, i, "half") && terms_word_in(r, i + 1, one) &&
		i + 2 < r->n) {
		unit = unit_at(r, i + 2, &factor);
		k = unit != UNIT_NONE ? 3 : 2;
		put_number(r, i, k, factor / 2, unit);
		return k;
	}
	if (k > i && (unit = unit_at(r, k, &factor)) != UNIT_NONE &&
		terms_word_is(r, k + 1, "and") &&
		terms_word_in(r, k + 2, one) &&
		terms_word_is(r, k + 3, "half")) {
		put_number(r, i, k + 4 - i, factor * 1.5, unit);
		return k + 4 - i;
	}
	return 0;
}

/* "5 to 7 days" counts as the middle of it: how many words; 0: none. */
static int
read_range(struct reading *r, int i)
{
	const struct term *from = &r->w[i].term, *to;
	enum lexicon_unit unit;
	double factor;

	if (i + 3 >= r->n || !r->w[i].is_term || !r->w[i + 2].is_term ||
		(!terms_word_is(r, i + 1, "to") &&
			!terms_word_is(r, i + 1, "or")))
		return 0;
	to = &r->w[i + 2].term;
	unit = unit_at(r, i + 3, &factor);
	if (from->kind != TERM_NUMBER || to->kind != TERM_NUMBER ||
		from->unit != UNIT_NONE || to->unit != UNIT_NONE ||
		unit == UNIT_NONE)
		return 0;
	put_number(r, i, 4, (from->value + to->value) / 2 * factor, unit);
	return 4;
}

bool
terms_read_count(struct reading *r, int i)
{
	struct term x = {0};

	if (r->w[i].is_term)
		x = r->w[i].term;
	else if (!term_number_word(r->w[i].s, r->w[i].n, &x))
		return false;
	if (x.kind != TERM_NUMBER || x.unit != UNIT_NONE)
		return false;
	put_number(r, i, 1, x.value, UNIT_NONE);
	return true;
}

/* What the word behind a number multiplies it by; 1: it is no such word. */
static double
times_word(struct reading *r, int k)
{
	static const struct {
		const char *word;
		double times;
	} words[] = {{"hundred", 100}, {"thousand", 1e3}, {"million", 1e6},
		{"billion", 1e9}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (terms_word_is(r, k, words[i].word))
			return words[i].times;
	return 1;
}

/* A number and its unit, from word i on: how many words; 0: none. */
int
terms_read_number(struct reading *r, int i)
{
	static const char *const afternoon[] = {"pm", "p", NULL};
	static const char *const forenoon[] = {"am", "a", NULL};
	struct term x = {0}, *to;
	double factor;
	int k;

	if ((k = read_past_hour(r, i)) > 0 || (k = read_range(r, i)) > 0)
		return k;
	k = i + 1;
	if (r->w[i].is_term)
		x = r->w[i].term;
	else if (!term_number_word(r->w[i].s, r->w[i].n, &x))
		return 0;
	if (x.kind == TERM_NUMBER && x.unit != UNIT_ORDINAL && k < r->n) {
		double times = times_word(r, k);

		x.value *= times;
		k += times > 1;
	}
	if (x.kind == TERM_NUMBER && terms_word_is(r, k, "and") &&
		terms_word_is(r, k + 1, "a") &&
		terms_word_is(r, k + 2, "half")) {
		x.value += 0.5;
		k += 3;
	}
	if ((x.kind == TERM_TIME || x.kind == TERM_NUMBER) &&
		x.unit == UNIT_NONE && k < r->n) {
		bool pm = terms_word_in(r, k, afternoon),
		     am = terms_word_in(r, k, forenoon);

		am = am && (r->w[k].n == 2 || terms_word_is(r, k + 1, "m"));
		pm = pm && (r->w[k].n == 2 || terms_word_is(r, k + 1, "m"));
		if (am || pm || terms_word_is(r, k, "o")) {
			x.value *= x.kind == TERM_NUMBER ? 60 : 1;
			x.value += pm && x.value < 720 ? 720 : 0;
			x.kind = TERM_TIME;
			k += terms_word_is(r, k, "o") || r->w[k].n == 1 ? 2 : 1;
		}
	}
	if (x.kind == TERM_NUMBER && x.unit == UNIT_NONE && k < r->n &&
		!r->w[k].is_term) {
		x.unit = lexicon_unit(r->w[k].s, r->w[k].n, &factor);
		if (x.unit != UNIT_NONE) {
			x.value *= factor;
			k++;
		}
	}
	/* "220 C" */
	if (x.kind == TERM_NUMBER && x.unit == UNIT_NONE && k < r->n &&
		r->w[k].capital && terms_word_is(r, k, "c")) {
		x.unit = UNIT_DEGREE;
		k++;
	}
	if (x.unit == UNIT_DEGREE && k < r->n &&
		(terms_word_is(r, k, "celsius") || terms_word_is(r, k, "c")))
		k++;
	k = k > r->n ? r->n : k;
	to = terms_new(r, i, k - i);
	if (to) {
		to->kind = x.kind;
		to->value = x.value;
		to->unit = x.unit;
		to->year = x.year;
		to->month = x.month;
		to->day = x.day;
		to->key = x.key ? x.key : r->w[i].stem;
	}
	return k - i;
}
