/* Wall clock, monotonic clock, and times as RFC 3339 text. Calendar sums use
 * days since 1970 of the proleptic Gregorian calendar; nothing here reads the
 * process's time zone, so threads and clients do not disturb each other. */
#include "common/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

static _Atomic int64_t fake_ms;

#ifdef MEMORY_TEST_BUILD
/* Test builds can run in another time than the machine's. */
static int64_t
test_offset_ms(void)
{
	const char *text = getenv("MEMORY_TEST_CLOCK_OFFSET_MS");
	bool minus = text && *text == '-';
	int64_t ms = 0;

	if (!text)
		return 0;
	for (text += minus; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(ms, 10, &ms) ||
			__builtin_add_overflow(ms, *text - '0', &ms))
			return 0;
	return minus ? -ms : ms;
}
#else
static int64_t
test_offset_ms(void)
{
	return 0;
}
#endif

int64_t
clock_now_ms(void)
{
	int64_t fake = atomic_load_explicit(&fake_ms, memory_order_relaxed);
	struct timespec ts;

	if (fake != 0)
		return fake;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 +
	       test_offset_ms();
}

int64_t
clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void
clock_fake(int64_t now_ms)
{
	atomic_store_explicit(&fake_ms, now_ms, memory_order_relaxed);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Eras of 400 years; years begin in March, so that the leap day is last. */
int64_t
clock_days(struct clock_date d)
{
	int64_t y = d.month <= 2 ? d.year - 1 : d.year;
	int64_t era = floor_div(y, 400), yoe = y - era * 400;
	int64_t doy =
		(153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct clock_date
clock_date_of(int64_t days)
{
	int64_t z = days + 719468, era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct clock_date d;

	d.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	d.year = yoe + era * 400 + (d.month <= 2);
	return d;
}

int
clock_month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

void
clock_format(int64_t ms, char out[CLOCK_TEXT_SIZE])
{
	int64_t days = floor_div(ms, DAY_MS);
	struct clock_date d = clock_date_of(days);
	int in_day = (int)(ms - days * DAY_MS);

	/* Four digits of year are all that RFC 3339 has. */
	if (d.year < 0 || d.year > 9999) {
		snprintf(out, CLOCK_TEXT_SIZE, "%s",
			d.year < 0 ? "0000-01-01T00:00:00.000Z"
				   : "9999-12-31T23:59:59.999Z");
		return;
	}
	snprintf(out, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		(int)d.year, d.month, d.day, in_day / 3600000,
		in_day / 60000 % 60, in_day / 1000 % 60, in_day % 1000);
}
