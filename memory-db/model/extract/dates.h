/* Times that a sentence names, from the day on which it was said. Pure.
 *
 * Said on Sunday, 2026-05-10: "yesterday" is 2026-05-09, "last month" April 2026,
 * "next Friday" that of the next week (Monday to Sunday), 2026-05-15, "on Friday"
 * the next one, or the last in a sentence that tells of the past. */
#ifndef MODEL_EXTRACT_DATES_H
#define MODEL_EXTRACT_DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "memory-db/model/extract/words.h"

#define WHENS	   6
#define WHEN_BYTES 48

enum when_grain {
	WHEN_DAY,
	WHEN_WEEK,
	WHEN_WEEKEND,
	WHEN_MONTH,
	WHEN_SEASON,
	WHEN_YEAR
};

struct when {
	int first, last;  /* words, those of "on" and "in" before it too */
	int64_t from, to; /* days since 1970, inclusive */
	enum when_grain grain;
	bool is_relative; /* means another day when it is read later */
	bool is_named;	  /* by its month: "5 May" */
	bool is_since, is_until, is_by;
};

/* ahead: a day without a year, or a weekday, is one to come. Returns how many
 * there are, in order. */
int extract_dates(const struct extract_words *w, int64_t today, bool us,
	bool ahead, struct when ret[WHENS]);

/* How it is written so that it stays right: "on 2026-05-15", "in April 2026"; with
 * the preposition it had, if that says something ("by"). */
void extract_when_text(const struct extract_words *w, const struct when *x,
	char out[WHEN_BYTES]);

#endif
