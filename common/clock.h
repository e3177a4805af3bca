/* Time. Replaceable in tests; all times are int64 milliseconds since 1970
 * (UTC) unless the name says otherwise. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

int64_t clock_now_ms(void);	/* wall clock */
int64_t clock_mono_ns(void);	/* monotonic, never replaced */

/* Tests only: a fixed wall clock; 0 goes back to the real one. The service
 * also honours the environment variable MEMORY_TEST_CLOCK_OFFSET_MS in test
 * builds. */
void clock_fake(int64_t now_ms);

/* "2026-11-20T08:05:33.120Z" (25 bytes with the NUL). */
#define CLOCK_TEXT_SIZE 32
void clock_format(int64_t ms, char out[CLOCK_TEXT_SIZE]);

/* Reads a point in time: RFC 3339 with or without zone ("2026-11-20",
 * "2026-11-20T08:05", "...:33.5+01:00"), "now", "today", "yesterday",
 * "N minutes|hours|days|weeks|months|years ago", "last week|month|year",
 * weekday names ("last tuesday"), "HH:MM".
 * Dates without a zone are local to zone_minutes east of UTC. A date without
 * a time is its first millisecond, or its last when end_of_day is set.
 * 0 or MDB_E_INVALID. */
int clock_parse(const char *text, int64_t now_ms, int zone_minutes,
	bool end_of_day, int64_t *ret_ms, struct err *e) MUST_CHECK;

/* Offset in minutes east of UTC at `at_ms` of an IANA zone name
 * ("Europe/Vienna", read from /usr/share/zoneinfo) or "+02:00" or "UTC".
 * 0 or MDB_E_INVALID. */
int clock_zone_minutes(const char *zone, int64_t at_ms, int *ret_minutes)
	MUST_CHECK;

#endif
