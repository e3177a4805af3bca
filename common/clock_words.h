/* Dates in words, for clock_parse: "1:56 pm on 8 May, 2023". Pure. */
#ifndef COMMON_CLOCK_WORDS_H
#define COMMON_CLOCK_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock_words {
	int64_t day; /* days since 1970 */
	int days;    /* of the span: 1, or those of a month */
	int64_t in_day_ms;
	bool has_time;
};

/* s: lower case, single spaces. today: days since 1970, local; a date without
 * a year is the latest that is not after it. False: it is no such date. */
bool clock_words(const char *s, int64_t today, struct clock_words *ret);

/* 1 to 12 for the name of a month or its first three letters, lower case; 0
 * for anything else. */
int clock_month(const char *word, size_t n);

/* 0 (Monday) to 6 for the name of a weekday or its first three letters; -1. */
int clock_weekday(const char *word, size_t n);

#endif
