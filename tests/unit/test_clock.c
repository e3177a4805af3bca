#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/lib/unit.h"

#define DAY_MS INT64_C(86400000)

static void
formats(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
		{INT64_C(4107542399999), "2100-02-28T23:59:59.999Z"},
		{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
		{INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
		{INT64_MAX, "9999-12-31T23:59:59.999Z"},
		{INT64_MIN, "0000-01-01T00:00:00.000Z"}};
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		clock_format(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void
agrees_with_gmtime(void **state)
{
	(void)state;
	for (int64_t day = -700000; day < 2900000; day += 37) {
		struct clock_date d = clock_date_of(day);
		time_t t = (time_t)(day * 86400);
		struct tm tm;

		gmtime_r(&t, &tm);
		assert_int_equal(d.year, tm.tm_year + 1900);
		assert_int_equal(d.month, tm.tm_mon + 1);
		assert_int_equal(d.day, tm.tm_mday);
		assert_int_equal(clock_days(d), day);
	}
	assert_int_equal(clock_month_days(2000, 2), 29);
	assert_int_equal(clock_month_days(1900, 2), 28);
	assert_int_equal(clock_month_days(2024, 2), 29);
	assert_int_equal(clock_month_days(2023, 12), 31);
}

static void
can_be_replaced(void **state)
{
	int64_t before = clock_mono_ns();

	(void)state;
	assert_true(clock_now_ms() > INT64_C(1700000000000));
	clock_fake(12345);
	assert_int_equal(clock_now_ms(), 12345);
	clock_fake(0);
	assert_true(clock_now_ms() > INT64_C(1700000000000));
	assert_true(clock_mono_ns() >= before);
#ifdef MEMORY_TEST_BUILD
	{
		int64_t now = clock_now_ms();

		setenv("MEMORY_TEST_CLOCK_OFFSET_MS", "-86400000", 1);
		assert_in_range(now - clock_now_ms(), DAY_MS - 60000, DAY_MS);
		unsetenv("MEMORY_TEST_CLOCK_OFFSET_MS");
	}
#endif
}

/* --- parsing -------------------------------------------------------------- */

/* Friday */
#define NOW "2026-11-20T08:05:30.250Z"

static int64_t
utc(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(clock_parse(text, 0, 0, false, &ms, NULL), 0);
	return ms;
}

static void
check(const char *text, int zone, bool end_of_day, const char *want)
{
	char got[CLOCK_TEXT_SIZE];
	int64_t ms = 0;
	struct err e;

	if (clock_parse(text, utc(NOW), zone, end_of_day, &ms, &e) < 0)
		fail_msg("%s", e.text);
	clock_format(ms, got);
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s: is %s, not %s", text, got, want);
}

static void
reads_rfc_3339(void **state)
{
	(void)state;
	check("2026-11-20T08:05:33.120Z", 0, false, "2026-11-20T08:05:33.120Z");
	check("2026-11-20t08:05:33z", 60, true, "2026-11-20T08:05:33.000Z");
	check("2026-11-20 08:05", 0, true, "2026-11-20T08:05:00.000Z");
	check("2026-11-20T08:05", 60, false, "2026-11-20T07:05:00.000Z");
	check("2026-11-20T08:05:33.5+01:00", 0, false,
		"2026-11-20T07:05:33.500Z");
	check("2026-11-20T08:05:33-0930", 0, false, "2026-11-20T17:35:33.000Z");
	check("2026-11-20T08:05:33+05", 0, false, "2026-11-20T03:05:33.000Z");
	check("2026-11-20T08:05:33 UTC", 60, false, "2026-11-20T08:05:33.000Z");
	check("2026-11-20T08:05:33.123456789Z", 0, false,
		"2026-11-20T08:05:33.123Z");
	check("2016-12-31T23:59:60Z", 0, false, "2017-01-01T00:00:00.000Z");
	check("2026-11-20", 0, false, "2026-11-20T00:00:00.000Z");
	check("2026-11-20", 0, true, "2026-11-20T23:59:59.999Z");
	check("2026-11-20", 120, true, "2026-11-20T21:59:59.999Z");
	check("2026-11-20", -300, false, "2026-11-20T05:00:00.000Z");
	check("2024-02-29", 0, false, "2024-02-29T00:00:00.000Z");
	check("  2024-02-29\t", 0, false, "2024-02-29T00:00:00.000Z");
}

static void
reads_relative_times(void **state)
{
	(void)state;
	check("now", 330, true, "2026-11-20T08:05:30.250Z");
	check("NOW", 0, false, "2026-11-20T08:05:30.250Z");
	check("today", 0, false, "2026-11-20T00:00:00.000Z");
	check("today", 0, true, "2026-11-20T23:59:59.999Z");
	check("yesterday", 0, false, "2026-11-19T00:00:00.000Z");
	/* at -9 hours the local day is still the 19th */
	check("yesterday", -540, false, "2026-11-18T09:00:00.000Z");
	check("5 minutes ago", 60, true, "2026-11-20T08:00:30.250Z");
	check("1 minute ago", 0, false, "2026-11-20T08:04:30.250Z");
	check("an hour ago", 0, false, "2026-11-20T07:05:30.250Z");
	check("30 seconds ago", 0, false, "2026-11-20T08:05:00.250Z");
	check("3 days ago", 0, false, "2026-11-17T00:00:00.000Z");
	check("3  Days   Ago", 0, true, "2026-11-17T23:59:59.999Z");
	check("2 weeks ago", 0, false, "2026-11-06T00:00:00.000Z");
	check("9 months ago", 0, false, "2026-02-20T00:00:00.000Z");
	check("a year ago", 0, false, "2025-11-20T00:00:00.000Z");
	check("11 months ago", 0, true, "2025-12-20T23:59:59.999Z");
	check("last week", 0, false, "2026-11-13T00:00:00.000Z");
	check("last month", 0, false, "2026-10-20T00:00:00.000Z");
	check("last year", 0, false, "2025-11-20T00:00:00.000Z");
	check("friday", 0, false, "2026-11-20T00:00:00.000Z");
	check("last friday", 0, false, "2026-11-13T00:00:00.000Z");
	check("last tuesday", 0, false, "2026-11-17T00:00:00.000Z");
	check("Saturday", 0, false, "2026-11-14T00:00:00.000Z");
	check("thu", 0, true, "2026-11-19T23:59:59.999Z");
	check("08:05", 0, false, "2026-11-20T08:05:00.000Z");
	check("08:06", 0, false, "2026-11-19T08:06:00.000Z");
	check("9:00", 60, false, "2026-11-20T08:00:00.000Z");
}

static void
months_end_where_they_end(void **state)
{
	int64_t ms = 0;

	(void)state;
	assert_int_equal(clock_parse("1 month ago", utc("2026-03-31T12:00:00Z"),
				 0, false, &ms, NULL),
		0);
	assert_true(ms == utc("2026-02-28"));
	assert_int_equal(clock_parse("a year ago", utc("2024-02-29T12:00:00Z"),
				 0, false, &ms, NULL),
		0);
	assert_true(ms == utc("2023-02-28"));
}

static void
reads_dates_in_words(void **state)
{
	(void)state;
	check("1:56 pm on 8 May, 2023", 0, false, "2023-05-08T13:56:00.000Z");
	check("12:05 AM on 9 June, 2023", 0, true, "2023-06-09T00:05:00.000Z");
	check("12 pm, 9 June 2023", 60, true, "2023-06-09T11:00:00.000Z");
	check("8 May 2023", 0, false, "2023-05-08T00:00:00.000Z");
	check("8 May 2023", 120, true, "2023-05-08T21:59:59.999Z");
	check("8th of May 2023", 0, false, "2023-05-08T00:00:00.000Z");
	check("May 8, 2023", 0, false, "2023-05-08T00:00:00.000Z");
	check("Mon, May 8th, 2023 at 1:56 p.m.", 0, false,
		"2023-05-08T13:56:00.000Z");
	check("2023 Sept 21", 0, false, "2023-09-21T00:00:00.000Z");
	check("March-15-2024", 0, false, "2024-03-15T00:00:00.000Z");
	check("2023/05/08", 0, false, "2023-05-08T00:00:00.000Z");
	check("2023/05/08 (Mon) 02:43", 0, true, "2023-05-08T02:43:00.000Z");
	check("2023-05-08 (Mon) 02:43:09", 0, true, "2023-05-08T02:43:09.000Z");
	check("May 2023", 0, false, "2023-05-01T00:00:00.000Z");
	check("February 2024", 0, true, "2024-02-29T23:59:59.999Z");
	/* without a year: the latest that is not in the future */
	check("5 May", 0, false, "2026-05-05T00:00:00.000Z");
	check("20 november", 0, false, "2026-11-20T00:00:00.000Z");
	check("November 21", 0, true, "2025-11-21T23:59:59.999Z");
	check("29 February", 0, false, "2024-02-29T00:00:00.000Z");
}

static void
refuses_what_is_no_time(void **state)
{
	static const char *const bad[] = {"", " ", "tomorrow week", "2026",
		"2026-11", "2026-13-01", "2026-00-10", "2026-02-29",
		"2026-11-31", "2026-11-20T", "2026-11-20T24:00", "20261120",
		"2026-11-20T08:60", "2026-11-20T08:05:61", "2026-11-20T8",
		"2026-11-20T08:05:33.Z", "2026-11-20T08:05+1", "2026-11-20x",
		"2026-11-20T08:05+19:00", "2026-11-20T08:05Zx", "days ago",
		"3 days", "3 fortnights ago", "-3 days ago", "1e3 days ago",
		"9999999 days ago", "999999 years ago", "last", "last day",
		"last x", "ago", " ago", "25:00", "12", "12:3", "1763625600",
		"may", "8", "8 may 9", "31 june", "5/8/2023", "8 may 2023 june",
		"13 pm 8 may 2023", "0 am 8 may 2023", "8 may 2023 1:5 pm",
		"8 may 2023 13:56 14:00", "may 2023 13:56", "8 mayor 2023",
		"the 8", "2023/13/01", "2023/05/08/01", "8 may 20230",
		"2026-11-20T08:05:33.120Z 2026-11-20T08:05:33.120Z and then "
		"something longer than any time"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t ms = 7;
		struct err e = {0};

		if (clock_parse(bad[i], utc(NOW), 0, true, &ms, &e) !=
				MDB_E_INVALID ||
			ms != 7)
			fail_msg("'%s' was read as a time", bad[i]);
		assert_non_null(strstr(e.text, "is no time; write"));
	}
}

/* --- zones ---------------------------------------------------------------- */

static void
reads_fixed_zones(void **state)
{
	static const struct {
		const char *zone;
		int minutes;
	} cases[] = {{"UTC", 0}, {"GMT", 0}, {"Z", 0}, {"+02:00", 120},
		{"-0330", -210}, {"+5", 300}, {"-11", -660}, {"+00:00", 0}};
	static const char *const bad[] = {"", "+", "+1:", "+25:00", "+01:60",
		"+1x", "../../../etc/passwd", "/etc/localtime", "Europe/..",
		"Europe", "No/Such", "a b", "Europe/Vienna ", "\xc3\xa9"};
	int minutes = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(clock_zone_minutes(cases[i].zone, 0, &minutes),
			0);
		assert_int_equal(minutes, cases[i].minutes);
	}
	minutes = 7;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(clock_zone_minutes(bad[i], 0, &minutes),
			MDB_E_INVALID);
		assert_int_equal(minutes, 7);
	}
}

static bool
has_zones(void)
{
	return access("/usr/share/zoneinfo/Europe/Vienna", R_OK) == 0;
}

/* The C library reads the same files its own way. */
static void
agrees_with_localtime(void **state)
{
	static const char *const zones[] = {"Europe/Vienna", "America/New_York",
		"Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo",
		"Pacific/Apia", "Africa/Casablanca", "Asia/Tehran",
		"Europe/Dublin", "Antarctica/Troll", "America/Caracas",
		"Pacific/Kiritimati", "Etc/GMT+5"};

	(void)state;
	if (!has_zones())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		setenv("TZ", zones[i], 1);
		tzset();
		/* 1950 to 2100 in steps of about a day and an hour */
		for (int64_t at = -631152000; at < INT64_C(4102444800);
			at += 90113) {
			time_t t = (time_t)at;
			int minutes = 0;
			struct tm tm;

			localtime_r(&t, &tm);
			assert_int_equal(clock_zone_minutes(zones[i], at * 1000,
						 &minutes),
				0);
			if (minutes != tm.tm_gmtoff / 60)
				fail_msg("%s at %lld: %d, not %ld", zones[i],
					(long long)at, minutes,
					tm.tm_gmtoff / 60);
			if (at > 0)
				at += 900000;
		}
	}
	unsetenv("TZ");
	tzset();
}

static void
check_in(const char *text, const char *now, const char *zone, const char *want)
{
	char got[CLOCK_TEXT_SIZE];
	int64_t ms = 0;

	assert_int_equal(clock_parse_in(text, utc(now), zone, false, &ms, NULL),
		0);
	clock_format(ms, got);
	assert_string_equal(got, want);
}

static void
uses_the_offset_of_the_time_named(void **state)
{
	struct err e;
	int64_t ms = 0;

	(void)state;
	check_in("2026-11-20", NOW, NULL, "2026-11-20T00:00:00.000Z");
	check_in("2026-11-20", NOW, "", "2026-11-20T00:00:00.000Z");
	check_in("2026-11-20", NOW, "+03:00", "2026-11-19T21:00:00.000Z");
	assert_int_equal(clock_parse_in("now", 0, "Mars/Base", false, &ms, &e),
		MDB_E_INVALID);
	assert_string_equal(e.param, "time_zone");
	if (!has_zones())
		return;
	/* named in winter, lies in summer, and the other way */
	check_in("2026-07-01", NOW, "Europe/Vienna",
		"2026-06-30T22:00:00.000Z");
	check_in("2026-01-15T12:00", "2026-07-01T00:00:00Z", "Europe/Vienna",
		"2026-01-15T11:00:00.000Z");
	/* the day after the change of the clock */
	check_in("yesterday", "2026-10-26T10:00:00Z", "Europe/Vienna",
		"2026-10-24T22:00:00.000Z");
	check_in("today", "2026-10-26T10:00:00Z", "Europe/Vienna",
		"2026-10-25T23:00:00.000Z");
	check_in("2026-07-01T12:00Z", NOW, "Europe/Vienna",
		"2026-07-01T12:00:00.000Z");
	check_in("5 hours ago", "2026-10-25T03:00:00Z", "Europe/Vienna",
		"2026-10-24T22:00:00.000Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(agrees_with_gmtime),
		cmocka_unit_test(can_be_replaced),
		cmocka_unit_test(reads_rfc_3339),
		cmocka_unit_test(reads_relative_times),
		cmocka_unit_test(months_end_where_they_end),
		cmocka_unit_test(reads_dates_in_words),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(reads_fixed_zones),
		cmocka_unit_test(agrees_with_localtime),
		cmocka_unit_test(uses_the_offset_of_the_time_named),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
