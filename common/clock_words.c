/* Dates in words. The parts may come in any order; what is no part of a date
 * spoils the whole. Purely numeric dates need the year in front: 5/8 is May in
 * one country and August in another. */
#include "common/clock_words.h"

#include <string.h>

#include "common/clock.h"

#define HOUR_MS	  INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

struct parts {
	int year, month, day;  /* 0: not given */
	int loose[2], loose_n; /* numbers after a year: month, day */
	int64_t in_day_ms;
	bool has_time;
};

static int
clock_words_find_name(const char *const *names, int count, const char *word,
	size_t n)
{
	for (int i = 0; i < count; i++) {
		size_t len = strlen(names[i]);

		if ((n == 3 || n == len) && n <= len &&
			memcmp(word, names[i], n) == 0)
			return i;
	}
	return -1;
}

int
clock_month(const char *word, size_t n)
{
	static const char *const names[] = {"january", "february", "march",
		"april", "may", "june", "july", "august", "september",
		"october", "november", "december"};

	if (n == 4 && memcmp(word, "sept", 4) == 0)
		return 9;
	return clock_words_find_name(names, 12, word, n) + 1;
}

int
clock_weekday(const char *word, size_t n)
{
	static const char *const names[] = {"monday", "tuesday", "wednesday",
		"thursday", "friday", "saturday", "sunday"};

	return clock_words_find_name(names, 7, word, n);
}

static bool
clock_words_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads at most 4 digits. */
static const char *
clock_words_number(const char *s, int *ret, int *ret_n)
{
	int n = 0, value = 0;

	while (n < 4 && clock_words_is_digit(s[n]))
		value = value * 10 + (s[n++] - '0');
	*ret = value;
	*ret_n = n;
	return n == 0 || clock_words_is_digit(s[n]) ? NULL : s + n;
}

/* am, pm, a.m., p.m. after an optional space; *ret: 0, 1, or -1 for none. */
static const char *
half_of_day(const char *s, int *ret)
{
	const char *p = *s == ' ' ? s + 1 : s;
	const char *q;

	*ret = -1;
	if (*p != 'a' && *p != 'p')
		return s;
	q = p[1] == '.' ? p + 2 : p + 1;
	if (*q != 'm')
		return s;
	q++;
	if (*q == '.')
		q++;
	if (*q >= 'a' && *q <= 'z')
		return s;
	*ret = *p == 'p';
	return q;
}

/* The rest of a time whose hour has been read. */
static const char *
time_after(const char *s, int hour, struct parts *p)
{
	int minute = 0, second = 0, half, n = 2;

	if (p->has_time)
		return NULL;
	if (*s == ':')
		s = clock_words_number(s + 1, &minute, &n);
	if (s && n == 2 && *s == ':')
		s = clock_words_number(s + 1, &second, &n);
	if (!s || n != 2)
		return NULL;
	s = half_of_day(s, &half);
	if (half >= 0 && (hour < 1 || hour > 12))
		return NULL;
	if (half >= 0)
		hour = hour % 12 + 12 * half;
	if (hour > 23 || minute > 59 || second > 59)
		return NULL;
	p->in_day_ms = hour * HOUR_MS + minute * MINUTE_MS + second * 1000;
	p->has_time = true;
	return s;
}

static const char *
ordinal(const char *s)
{
	static const char ends[] = "st nd rd th";

	for (int i = 0; i < 4; i++)
		if (strncmp(s, ends + 3 * i, 2) == 0 &&
			!(s[2] >= 'a' && s[2] <= 'z'))
			return s + 2;
	return s;
}

static const char *
read_number(const char *s, struct parts *p)
{
	int value, n, half;
	const char *end = clock_words_number(s, &value, &n);

	if (!end)
		return NULL;
	if (n <= 2 && *end == ':')
		return time_after(end, value, p);
	(void)half_of_day(end, &half);
	if (n <= 2 && half >= 0)
		return time_after(end, value, p);
	if (n == 4 && p->year == 0 && value > 0) {
		p->year = value;
		return end;
	}
	if (n > 2)
		return NULL;
	if (p->year != 0 && p->month == 0 && p->day == 0 && p->loose_n < 2) {
		p->loose[p->loose_n++] = value;
		return end;
	}
	if (p->day != 0 || p->loose_n > 0)
		return NULL;
	p->day = value;
	return value > 0 ? ordinal(end) : NULL;
}

static const char *
clock_words_read_name(const char *s, struct parts *p)
{
	static const char *const fillers[] = {"on", "at", "of", "the", "in",
		NULL};
	size_t n = 0;

	while (s[n] >= 'a' && s[n] <= 'z')
		n++;
	if (n == 0)
		return NULL;
	if (p->month == 0 && p->loose_n < 2 &&
		(p->month = clock_month(s, n)) != 0)
		return s + n;
	if (clock_weekday(s, n) >= 0)
		return s + n;
	for (int i = 0; fillers[i]; i++)
		if (strlen(fillers[i]) == n && memcmp(fillers[i], s, n) == 0)
			return s + n;
	return NULL;
}

/* Year and numbers: 2023/05/08, or 2023, 8 May. */
static bool
clock_words_settle(struct parts *p)
{
	if (p->loose_n == 1 && p->month != 0 && p->day == 0)
		p->day = p->loose[0];
	else if (p->loose_n == 2 && p->month == 0) {
		p->month = p->loose[0];
		p->day = p->loose[1];
	} else if (p->loose_n > 0)
		return false;
	return p->month >= 1 && p->month <= 12 &&
	       (p->day != 0 || (p->year != 0 && !p->has_time));
}

static bool
to_day(const struct parts *p, int64_t today, struct clock_words *ret)
{
	struct clock_date d = {p->year, p->month, p->day ? p->day : 1};
	int tries = p->year != 0 ? 1 : 8;

	if (p->year == 0)
		d.year = clock_date_of(today).year;
	/* 29 February may be seven years back. */
	for (; tries > 0; tries--, d.year--) {
		if (d.day > clock_month_days(d.year, d.month))
			continue;
		ret->day = clock_days(d);
		if (p->year != 0 || ret->day <= today)
			break;
	}
	ret->days = p->day ? 1 : clock_month_days(d.year, d.month);
	ret->in_day_ms = p->in_day_ms;
	ret->has_time = p->has_time;
	return tries > 0;
}

bool
clock_words(const char *s, int64_t today, struct clock_words *ret)
{
	struct parts p = {0};

	while (s && *s) {
		if (strchr(" ,-/()", *s))
			s++;
		else if (clock_words_is_digit(*s))
			s = read_number(s, &p);
		else
			s = clock_words_read_name(s, &p);
	}
	return s && clock_words_settle(&p) && to_day(&p, today, ret);
}
