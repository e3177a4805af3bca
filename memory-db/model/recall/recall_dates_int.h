/* What the files of recall_dates.h share. */
#ifndef MODEL_RECALL_RECALL_DATES_INT_H
#define MODEL_RECALL_RECALL_DATES_INT_H

#include "memory-db/model/recall/recall_dates.h"

/* A word or number of the text. */
struct word {
	const char *s;
	size_t n;
	int number; /* -1: none */
	size_t end; /* of it with "th"; in the text */
};
#define WORDS 128
struct reading {
	const char *text;
	struct word w[WORDS];
	int n;
	int64_t today;
	bool us;
	int years[4], years_n; /* of the whole question */
	struct recall_dates *ret;
};

/* A part of the year: months and days, both inclusive. Ends in the next year
 * when it ends before it begins. */
struct part {
	int from_month, from_day, to_month, to_day; /* to_day 0: the last */
};

/* --- words (recall_dates_words.c) ----------------------------------------- */
void dates_split(struct reading *r);
/* Word i; one without letters where there is none. */
const struct word *word_at(const struct reading *r, int i);
bool word_is(const struct word *w, const char *text);
bool word_one_of(const struct word *w, const char *const *list);
bool word_is_day(const struct word *w);
bool word_is_month_number(const struct word *w);
bool word_is_year(const struct word *w);
/* May it stand before a month or a season that could be another word? */
bool word_leads_to_time(const struct word *w);
/* "3", "three", "a": the number, or -1; "first", "1st": it, or 0. */
int word_count(const struct word *w);
int word_ordinal(const struct word *w);
/* Days of "week", "months"; 0: no unit. */
int word_unit_days(const struct word *w);

/* --- spans (recall_dates_words.c) ----------------------------------------- */
void dates_add_span(struct reading *r, int64_t from, int64_t to);
/* Words first to last are a date. */
void dates_add_text(struct reading *r, int first, int last);
/* year 0: of the years that the question names, or each back from this one.
 * last: only the latest one that is over. */
void dates_add_part(struct reading *r, const struct part *p, int year,
	bool last);

/* "last week", "on Monday", "3 days ago" (recall_dates_relative.c). Returns the
 * word behind it, or i. */
int dates_relative(struct reading *r, int i);

#endif
