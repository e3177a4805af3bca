/* Points in time as people and models write them. A small scanner over the
 * lower-cased text; each form is one function that either takes all of it or
 * leaves it to the next. */
#include "common/clock.h"

#include <stdio.h>
#include <string.h>

#include "common/clock_words.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS	  INT64_C(86400000)
#define TEXT_MAX  64

/* What a text says, in local time. */
struct moment {
	int64_t now_ms; /* local */
	int64_t day;	/* days since 1970 */
	int days;	/* a date: how many of them; 0 means 1 */
	int64_t in_day_ms;
	bool is_date;  /* no time of day was given */
	bool is_exact; /* counted from now: no calendar involved */
	bool has_zone;
	int zone_minutes;
};

static int64_t
floor_day(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

/* Reads min to max digits; NULL when there are fewer or more. */
static const char *
clock_parse_digits(const char *s, int min, int max, int *ret)
{
	int n = 0, value = 0;

	while (n < max && s[n] >= '0' && s[n] <= '9')
		value = value * 10 + (s[n++] - '0');
	if (n < min || (s[n] >= '0' && s[n] <= '9'))
		return NULL;
	*ret = value;
	return s + n;
}

/* HH:MM[:SS[.fraction]] */
static const char *
time_of_day(const char *s, int64_t *ret_ms)
{
	int hour, minute, second = 0, ms = 0;

	s = clock_parse_digits(s, 1, 2, &hour);
	if (!s || *s != ':')
		return NULL;
	s = clock_parse_digits(s + 1, 2, 2, &minute);
	if (s && *s == ':') {
		s = clock_parse_digits(s + 1, 2, 2, &second);
		if (s && (*s == '.' || *s == ',')) {
			int unit = 100;

			if (s[1] < '0' || s[1] > '9')
				return NULL;
			for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10)
				ms += (*s - '0') * unit;
		}
	}
	/* Second 60 is a leap second, and the first of the next minute. */
	if (!s || hour > 23 || minute > 59 || second > 60)
		return NULL;
	*ret_ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + ms;
	return s;
}

/* z, +HH:MM, +HHMM, +HH, utc */
static const char *
zone(const char *s, struct moment *m)
{
	int hour, minute = 0;
	bool west = *s == '-';
	const char *p;

	m->has_zone = true;
	m->zone_minutes = 0;
	if (*s == 'z')
		return s + 1;
	if (strcmp(s, " utc") == 0 || strcmp(s, " gmt") == 0)
		return s + 4;
	if (*s != '+' && *s != '-')
		return NULL;
	p = clock_parse_digits(s + 1, 2, 2, &hour);
	if (p && *p == ':') {
		p = clock_parse_digits(p + 1, 2, 2, &minute);
	} else if (!p) {
		p = clock_parse_digits(s + 1, 4, 4, &hour);
		minute = hour % 100;
		hour /= 100;
	}
	if (!p || hour > 18 || minute > 59)
		return NULL;
	m->zone_minutes = (hour * 60 + minute) * (west ? -1 : 1);
	return p;
}

static bool
clock_parse_read_date(const char *s, struct moment *m)
{
	int year, month, day;

	s = clock_parse_digits(s, 4, 4, &year);
	s = s && *s == '-' ? clock_parse_digits(s + 1, 2, 2, &month) : NULL;
	s = s && *s == '-' ? clock_parse_digits(s + 1, 2, 2, &day) : NULL;
	if (!s || month < 1 || month > 12 || day < 1 ||
		day > clock_month_days(year, month))
		return false;
	m->day = clock_days((struct clock_date){year, month, day});
	if (*s == '\0') {
		m->is_date = true;
		return true;
	}
	if (*s != 't' && *s != ' ')
		return false;
	s = time_of_day(s + 1, &m->in_day_ms);
	if (s && *s != '\0')
		s = zone(s, m);
	return s && *s == '\0';
}

static bool
read_clock(const char *s, struct moment *m)
{
	s = time_of_day(s, &m->in_day_ms);
	if (!s || *s != '\0')
		return false;
	m->day = floor_day(m->now_ms);
	if (m->day * DAY_MS + m->in_day_ms > m->now_ms)
		m->day--;
	return true;
}

static bool
clock_parse_read_word(const char *s, struct moment *m)
{
	if (strcmp(s, "now") == 0) {
		m->is_exact = true;
		return true;
	}
	m->is_date = true;
	m->day = floor_day(m->now_ms);
	if (strcmp(s, "today") == 0)
		return true;
	m->day--;
	return strcmp(s, "yesterday") == 0;
}

static bool
read_weekday(const char *s, struct moment *m)
{
	/* 1970-01-01 was a Thursday. */
	static const char *const names[] = {"thursday", "friday", "saturday",
		"sunday", "monday", "tuesday", "wednesday"};
	bool last = strncmp(s, "last ", 5) == 0;
	int64_t today = floor_day(m->now_ms), back;

	s += last ? 5 : 0;
	for (int i = 0; i < 7; i++) {
		if (strcmp(s, names[i]) != 0 &&
			(strlen(s) != 3 || strncmp(s, names[i], 3) != 0))
			continue;
		back = (today - i) % 7;
		back = back < 0 ? back + 7 : back;
		m->day = today - (last && back == 0 ? 7 : back);
		m->is_date = true;
		return true;
	}
	return false;
}

static void
months_back(struct moment *m, int64_t n)
{
	struct clock_date d = clock_date_of(floor_day(m->now_ms));
	int64_t months = d.year * 12 + d.month - 1 - n;
	int last;

	d.year = months / 12;
	d.month = (int)(months % 12) + 1;
	last = clock_month_days(d.year, d.month);
	d.day = d.day > last ? last : d.day;
	m->day = clock_days(d);
}

static bool
count_back(struct moment *m, int64_t n, const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms; /* 0: months */
		int months;
	} units[] = {{"second", 1000, 0}, {"minute", 60000, 0},
		{"hour", 3600000, 0}, {"day", DAY_MS, 0},
		{"week", 7 * DAY_MS, 0}, {"month", 0, 1}, {"year", 0, 12}};
	size_t len = strlen(unit);

	if (len > 1 && unit[len - 1] == 's')
		len--;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strlen(units[i].name) != len ||
			strncmp(units[i].name, unit, len) != 0)
			continue;
		m->is_exact = units[i].ms > 0 && units[i].ms < DAY_MS;
		m->is_date = !m->is_exact;
		if (m->is_exact)
			m->now_ms -= n * units[i].ms;
		else if (units[i].ms > 0)
			m->day =
				floor_day(m->now_ms) - n * units[i].ms / DAY_MS;
		else if (n * units[i].months > 12 * 1900)
			return false;
		else
			months_back(m, n * units[i].months);
		return true;
	}
	return false;
}

/* "3 days ago", "an hour ago", "last week" */
static bool
read_ago(const char *s, struct moment *m)
{
	char unit[16];
	const char *end = strrchr(s, ' ');
	size_t len;
	int n = 1;

	if (strncmp(s, "last ", 5) == 0)
		return strcmp(s + 5, "week") == 0 ||
				       strcmp(s + 5, "month") == 0 ||
				       strcmp(s + 5, "year") == 0
			       ? count_back(m, 1, s + 5)
			       : false;
	if (!end || strcmp(end, " ago") != 0)
		return false;
	if (strncmp(s, "a ", 2) == 0)
		s += 2;
	else if (strncmp(s, "an ", 3) == 0)
		s += 3;
	else if (!(s = clock_parse_digits(s, 1, 6, &n)))
		return false;
	else if (*s == ' ')
		s++;
	if (s >= end || (len = (size_t)(end - s)) >= sizeof(unit))
		return false;
	memcpy(unit, s, len);
	unit[len] = '\0';
	return count_back(m, n, unit);
}

/* "8 May 2023", "1:56 pm on May 8, 2023", "2023/05/08", "May 2023" */
static bool
read_words(const char *s, struct moment *m)
{
	struct clock_words w;

	if (!clock_words(s, floor_day(m->now_ms), &w))
		return false;
	m->day = w.day;
	m->days = w.days;
	m->in_day_ms = w.in_day_ms;
	m->is_date = !w.has_time;
	return true;
}

/* Lower case, single spaces, none at the ends. */
static bool
normalise(const char *text, char out[TEXT_MAX])
{
	size_t n = 0;

	for (; *text; text++) {
		char c = *text;

		if (c == '\t' || c == ' ') {
			if (n == 0 || out[n - 1] == ' ')
				continue;
			c = ' ';
		} else if (c >= 'A' && c <= 'Z') {
			c = (char)(c - 'A' + 'a');
		}
		if (n == TEXT_MAX - 1)
			return false;
		out[n++] = c;
	}
	if (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n > 0;
}

/* *ret gets the moment, *ret_local_ms its local time (exact ones: UTC). */
static int
clock_parse_text(const char *text, int64_t now_ms, int zone_minutes,
	bool end_of_day, struct moment *ret, int64_t *ret_local_ms,
	struct err *e)
{
	static bool (*const forms[])(const char *,
		struct moment *) = {clock_parse_read_date, read_clock,
		clock_parse_read_word, read_weekday, read_ago, read_words};
	struct moment m = {0};
	char s[TEXT_MAX];
	bool found = false;

	if (normalise(text, s)) {
		for (size_t i = 0; i < ARRAY_LEN(forms) && !found; i++) {
			m = (struct moment){.now_ms = now_ms +
						      zone_minutes * MINUTE_MS,
				.zone_minutes = zone_minutes};
			found = forms[i](s, &m);
		}
	}
	if (!found)
		return err_set(e, MDB_E_INVALID,
			"'%.80s' is no time; write 2026-11-20, "
			"2026-11-20T08:05:00Z, '8 May 2023', yesterday, "
			"'3 days ago', 'last tuesday' or 08:05",
			text);
	if (m.is_exact)
		*ret_local_ms = m.now_ms;
	else if (m.is_date && end_of_day)
		*ret_local_ms =
			(m.day + (m.days > 0 ? m.days : 1)) * DAY_MS - 1;
	else
		*ret_local_ms = m.day * DAY_MS + m.in_day_ms;
	*ret = m;
	return 0;
}

int
clock_parse(const char *text, int64_t now_ms, int zone_minutes, bool end_of_day,
	int64_t *ret_ms, struct err *e)
{
	struct moment m;
	int64_t local;
	int rc = clock_parse_text(text, now_ms, zone_minutes, end_of_day, &m,
		&local, e);

	if (rc != 0)
		return rc;
	*ret_ms = local - m.zone_minutes * MINUTE_MS;
	return 0;
}

int
clock_parse_in(const char *text, int64_t now_ms, const char *zone_name,
	bool end_of_day, int64_t *ret_ms, struct err *e)
{
	const char *name = zone_name && *zone_name ? zone_name : "UTC";
	struct moment m;
	int64_t local;
	int offset, rc;

	if (clock_zone_minutes(name, now_ms, &offset) < 0)
		return err_param(e, MDB_E_INVALID, "time_zone",
			"'%.64s' is no time zone; write Europe/Vienna, +01:00 "
			"or UTC",
			name);
	rc = clock_parse_text(text, now_ms, offset, end_of_day, &m, &local, e);
	if (rc < 0)
		return rc;
	if (!m.has_zone && !m.is_exact) {
		/* The offset at that time, found from the present one: wrong
		 * only inside the hour that a change of the clock skips. */
		rc = clock_zone_minutes(name, local - offset * MINUTE_MS,
			&offset);
		if (rc < 0)
			return err_set(e, rc, "time zone '%.64s' vanished",
				name);
		m.zone_minutes = offset;
	}
	*ret_ms = local - m.zone_minutes * MINUTE_MS;
	return 0;
}
