/* Dates in a question: "in May 2023", "on 8 May", "yesterday", "two weeks ago",
 * 2023-05-08, 8.5.2023, "early 2024", "last spring", "Q3", "on Monday".
 *
 * 5/8/2023 is a day of May where the client's time zone is one of the United
 * States, else one of August, unless only one of them can be. With dots or
 * dashes the day comes first. */
#ifndef MODEL_RECALL_RECALL_DATES_H
#define MODEL_RECALL_RECALL_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Days since 1970, inclusive. */
struct recall_span {
	int64_t from, to;
};
#define DATES_SPANS 12
#define DATES_TEXTS 12
struct recall_dates {
	struct recall_span spans[DATES_SPANS]; /* the latest first */
	int spans_n;
	/* Where in the text they stand. */
	struct {
		size_t at, n;
	} texts[DATES_TEXTS];
	int texts_n;
};
/* low: in lower case (ASCII). today: days since 1970, local. us: the month comes
 * first. A date without a year is that of each year from this one back. */
void recall_dates_read(const char *low, int64_t today, bool us,
	struct recall_dates *ret);
/* Is this the time zone of a place where the month comes first? */
bool recall_month_first(const char *zone);
/* How well a day fits: 0 to 1. The narrower the span, the better; some days
 * behind count, too: of yesterday one speaks today. */
double recall_date_fits(const struct recall_dates *d, int64_t day);

#endif
