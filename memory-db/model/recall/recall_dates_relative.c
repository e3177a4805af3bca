/* Dates that are told from today. */
#include "common/clock.h"
#include "common/clock_words.h"
#include "memory-db/model/recall/recall_dates_int.h"

/* The latest such weekday before `before`. */
static int64_t
latest_weekday(int64_t before, int weekday)
{
	/* 1970-01-01 was a Thursday. */
	int64_t today = ((before + 3) % 7 + 7) % 7;
	int64_t back = (today + 7 - weekday) % 7;

	return before - (back == 0 ? 7 : back);
}

static int
read_last(struct reading *r, int i)
{
	const struct word *next = word_at(r, i + 1);
	int unit = word_unit_days(next),
	    weekday = clock_weekday(next->s, next->n);
	int count = word_count(next);

	/* "the last week of May" is read at "May". */
	if (word_is(word_at(r, i + 2), "of"))
		return i;
	if (unit > 1)
		dates_add_span(r, r->today - 2 * unit + 1, r->today - 1);
	else if (word_is(next, "weekend"))
		dates_add_span(r, latest_weekday(r->today, 5),
			latest_weekday(r->today, 5) + 1);
	else if (word_is(next, "night"))
		dates_add_span(r, r->today - 1, r->today);
	else if (weekday >= 0 && next->n > 3)
		dates_add_span(r, latest_weekday(r->today, weekday),
			latest_weekday(r->today, weekday));
	else if (count > 0 && count < 1000 &&
		 word_unit_days(word_at(r, i + 2)) > 0) {
		dates_add_span(r,
			r->today - (int64_t)count *
					   word_unit_days(word_at(r, i + 2)),
			r->today);
		dates_add_text(r, i, i + 2);
		return i + 3;
	} else {
		return i;
	}
	dates_add_text(r, i, i + 1);
	return i + 2;
}

static int
read_this(struct reading *r, int i)
{
	const struct word *next = word_at(r, i + 1);
	struct clock_date d = clock_date_of(r->today);

	if (word_is(next, "week"))
		dates_add_span(r, r->today - 6, r->today);
	else if (word_is(next, "month"))
		dates_add_span(r, r->today - d.day + 1, r->today);
	else if (word_is(next, "year"))
		dates_add_span(r, clock_days((struct clock_date){d.year, 1, 1}),
			r->today);
	else
		return i;
	dates_add_text(r, i, i + 1);
	return i + 2;
}

int
dates_relative(struct reading *r, int i)
{
	static const char *const last[] = {"last", "past", "previous", NULL};
	const struct word *w = word_at(r, i);
	int weekday = clock_weekday(w->s, w->n);
	int unit = word_unit_days(word_at(r, i + 1)), count = word_count(w);
	bool ago = word_is(word_at(r, i + 2), "ago");

	if (word_is(w, "yesterday"))
		dates_add_span(r, r->today - 1, r->today - 1);
	else if (word_is(w, "today") || word_is(w, "tonight"))
		dates_add_span(r, r->today, r->today);
	else if (word_one_of(w, last))
		return read_last(r, i);
	else if (word_is(w, "this"))
		return read_this(r, i);
	else if (unit > 0 && ago && count >= 0 && count < 10000) {
		dates_add_span(r, r->today - (int64_t)count * unit - unit / 2,
			r->today - (int64_t)count * unit + unit / 2);
		dates_add_text(r, i, i + 2);
		return i + 3;
	} else if (weekday >= 0 && w->n > 3 &&
		   word_is(word_at(r, i - 1), "on")) {
		dates_add_span(r, latest_weekday(r->today + 1, weekday),
			latest_weekday(r->today + 1, weekday));
	} else {
		return i;
	}
	dates_add_text(r, i, i);
	return i + 1;
}
