/* Time. Replaceable in tests; all times are int64 milliseconds since 1970
 * (UTC) unless the name says otherwise. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

int64_t clock_now_ms(void);  /* wall clock */
int64_t clock_mono_ns(void); /* monotonic, never replaced */

/* Tests only: a fixed wall clock; 0 goes back to the real one. The service
 * also honours the environment variable MEMORY_TEST_CLOCK_OFFSET_MS in test
 * builds. */
void clock_fake(int64_t now_ms);

/* "2026-11-20T08:05:33.120Z" (25 bytes with the NUL). */
#define CLOCK_TEXT_SIZE 32
void clock_format(int64_t ms, char out[CLOCK_TEXT_SIZE]);

/* 9999-12-31T23:59:59.999Z, the latest moment that a text of ours can say. */
#define CLOCK_LATEST_MS INT64_C(253402300799999)

/* A day of the Gregorian calendar. */
struct clock_date {
	int64_t year;
	int month, day; /* from 1 */
};

/* Days since 1970-01-01 and back. */
int64_t clock_days(struct clock_date d);
struct clock_date clock_date_of(int64_t days);
int clock_month_days(int64_t year, int month);

/* Reads a point in time: RFC 3339 with or without zone ("2026-11-20",
 * "2026-11-20T08:05", "...:33.5+01:00"), "now", "today", "yesterday",
 * "N minutes|hours|days|weeks|months|years ago", "last week|month|year",
 * weekday names ("last tuesday"), "HH:MM", dates in words ("8 May 2023",
 * "1:56 pm on May 8th, 2023", "2023/05/08", "May 2023", "5 May": the latest
 * that is not in the future). Case does not matter.
 * Dates without a zone are local to zone_minutes east of UTC. A date without
 * a time is its first millisecond, or its last when end_of_day is set; so are
 * today, weekdays and all that is counted in days or longer ("3 days ago" is
 * a date). "last tuesday" is before today, "tuesday" may be today; "08:05" is
 * the latest one, today or yesterday.
 * 0 or MDB_E_INVALID. */
int clock_parse(const char *text, int64_t now_ms, int zone_minutes,
	bool end_of_day, int64_t *ret_ms, struct err *e) MUST_CHECK;

/* The same in an IANA zone (NULL or "": UTC), with the offset that holds at
 * the time named, not the one that holds now. */
int clock_parse_in(const char *text, int64_t now_ms, const char *zone,
	bool end_of_day, int64_t *ret_ms, struct err *e) MUST_CHECK;

/* Offset in minutes east of UTC at `at_ms` of an IANA zone name
 * ("Europe/Vienna", read from /usr/share/zoneinfo) or "+02:00" or "UTC".
 * 0 or MDB_E_INVALID. */
int clock_zone_minutes(const char *zone, int64_t at_ms, int *ret_minutes)
	MUST_CHECK;

#endif
