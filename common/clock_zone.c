/* Offsets of time zones, read from the system's TZif files (RFC 8536) without
 * touching TZ or the C library's one global zone.
 *
 * File: header "TZif", version, 15 bytes, six 4-byte counts, then the data with
 * 4-byte times; from version 2 on a second header and the same data with 8-byte
 * times, then a line with a POSIX rule for the time after the last entry. */
#include "common/clock.h"

#include <fcntl.h>
#include <string.h>

#define ZONE_DIR      "/usr/share/zoneinfo/"
#define ZONE_FILE_MAX (8 * 1024) /* the largest has 4 KB */
#define ZONE_NAME_MAX 64
#define HEADER_SIZE   44
#define DAY_SECONDS   INT64_C(86400)

struct tzif {
	const unsigned char *times, *indexes, *types;
	size_t times_n, types_n, time_size;
	const char *rule; /* "" when there is none */
};

static int64_t
clock_zone_big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

/* Takes apart one header and its data at *at; *at moves behind them. */
static bool
read_block(const unsigned char *data, size_t n, size_t *at, size_t time_size,
	struct tzif *ret)
{
	size_t count[6], p = *at, size;

	if (n - p < HEADER_SIZE || memcmp(data + p, "TZif", 4) != 0)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int64_t c = clock_zone_big_endian(data + p + 20 + i * 4, 4);

		if (c < 0 || c > ZONE_FILE_MAX)
			return false;
		count[i] = (size_t)c;
	}
	p += HEADER_SIZE;
	/* isut, isstd, leap, times, types, characters */
	size = count[3] * time_size + count[3] + count[4] * 6 + count[5] +
	       count[2] * (time_size + 4) + count[1] + count[0];
	if (n - p < size || count[4] == 0)
		return false;
	ret->time_size = time_size;
	ret->times_n = count[3];
	ret->types_n = count[4];
	ret->times = data + p;
	ret->indexes = ret->times + count[3] * time_size;
	ret->types = ret->indexes + count[3];
	ret->rule = "";
	*at = p + size;
	return true;
}

/* data has a NUL at data[n]. */
static bool
read_tzif(const unsigned char *data, size_t n, struct tzif *ret)
{
	size_t at = 0;

	if (!read_block(data, n, &at, 4, ret))
		return false;
	if (data[4] < '2')
		return true;
	if (!read_block(data, n, &at, 8, ret))
		return false;
	if (at < n && data[at] == '\n')
		ret->rule = (const char *)data + at + 1;
	return true;
}

/* --- the POSIX rule: "CET-1CEST,M3.5.0,M10.5.0/3" ------------------------- */

static const char *
clock_zone_number(const char *s, int max, int *ret)
{
	int v = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (*s - '0');
		if (v > max)
			return NULL;
	}
	*ret = v;
	return s;
}

/* [+-]hh[:mm[:ss]] in seconds */
static const char *
clock_zone_span(const char *s, int *ret)
{
	bool minus = *s == '-';
	int part, total;

	if (*s == '-' || *s == '+')
		s++;
	s = clock_zone_number(s, 167, &part);
	total = s ? part * 3600 : 0;
	for (int unit = 60; s && *s == ':' && unit > 0; unit /= 60) {
		s = clock_zone_number(s + 1, 59, &part);
		total += s ? part * unit : 0;
	}
	*ret = minus ? -total : total;
	return s;
}

static const char *
abbreviation(const char *s)
{
	if (*s == '<') {
		s = strchr(s, '>');
		return s ? s + 1 : NULL;
	}
	while ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))
		s++;
	return s;
}

/* One date of a rule, as local seconds of a year since 1970. */
static const char *
rule_date(const char *s, int64_t year, int64_t *ret)
{
	int month, week, weekday, day, at = 7200;
	int64_t days;

	if (*s == 'M') {
		s = clock_zone_number(s + 1, 12, &month);
		s = s && *s == '.' ? clock_zone_number(s + 1, 5, &week) : NULL;
		s = s && *s == '.' ? clock_zone_number(s + 1, 6, &weekday)
				   : NULL;
		if (!s || month < 1 || week < 1)
			return NULL;
		days = clock_days((struct clock_date){year, month, 1});
		/* 1970-01-01 was day 4 of a week that begins on Sunday. */
		day = (weekday - (int)(((days + 4) % 7 + 7) % 7) + 7) % 7 +
		      (week - 1) * 7;
		if (day >= clock_month_days(year, month))
			day -= 7;
		days += day;
	} else {
		bool julian = *s == 'J';

		s = clock_zone_number(s + julian, 365, &day);
		if (!s)
			return NULL;
		days = clock_days((struct clock_date){year, 1, 1}) + day;
		/* Jn counts from 1 and never counts 29 February. */
		if (julian && (day < 60 || clock_month_days(year, 2) == 28))
			days--;
	}
	if (*s == '/')
		s = clock_zone_span(s + 1, &at);
	*ret = days * DAY_SECONDS + at;
	return s;
}

/* Offset in seconds by the rule; false: no rule, or not understood. */
static bool
rule_offset(const char *s, int64_t at, int *ret)
{
	int standard, summer;
	int64_t begin, end, year;

	s = abbreviation(s);
	s = s && *s ? clock_zone_span(s, &standard) : NULL;
	if (!s)
		return false;
	/* POSIX counts west of Greenwich. */
	standard = -standard;
	*ret = standard;
	if (*s == '\n' || *s == '\0')
		return true;
	summer = standard + 3600;
	s = abbreviation(s);
	if (s && *s != ',') {
		s = clock_zone_span(s, &summer);
		summer = -summer;
	}
	year = clock_date_of((at + standard) / DAY_SECONDS -
			     ((at + standard) % DAY_SECONDS < 0))
		       .year;
	s = s && *s == ',' ? rule_date(s + 1, year, &begin) : NULL;
	s = s && *s == ',' ? rule_date(s + 1, year, &end) : NULL;
	if (!s)
		return false;
	begin -= standard;
	end -= summer;
	if (begin < end ? at >= begin && at < end : at >= begin || at < end)
		*ret = summer;
	return true;
}

static bool
offset_at(const struct tzif *z, int64_t at, int *ret_seconds)
{
	size_t low = 0, high = z->times_n, type = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (clock_zone_big_endian(z->times + mid * z->time_size,
			    z->time_size) <= at)
			low = mid + 1;
		else
			high = mid;
	}
	/* low entries have happened */
	if (low == z->times_n && *z->rule &&
		rule_offset(z->rule, at, ret_seconds))
		return true;
	if (low > 0)
		type = z->indexes[low - 1];
	if (type >= z->types_n)
		return false;
	*ret_seconds = (int)clock_zone_big_endian(z->types + type * 6, 4);
	return true;
}

static bool
name_is_safe(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > ZONE_NAME_MAX || name[0] == '/' || strstr(name, ".."))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_' || c == '+' ||
			    c == '-' || c == '/'))
			return false;
	}
	return true;
}

static bool
file_offset(const char *name, int64_t at, int *ret_seconds)
{
	char path[sizeof(ZONE_DIR) + ZONE_NAME_MAX] = ZONE_DIR;
	unsigned char data[ZONE_FILE_MAX + 1];
	AUTO_FD int fd = -1;
	struct tzif z;
	size_t n = 0;
	ssize_t got;

	memcpy(path + strlen(ZONE_DIR), name, strlen(name) + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	while ((got = read(fd, data + n, sizeof(data) - 1 - n)) > 0)
		n += (size_t)got;
	if (got < 0 || n == sizeof(data) - 1)
		return false;
	data[n] = '\0';
	return read_tzif(data, n, &z) && offset_at(&z, at, ret_seconds);
}

/* "+02:00", "-0330", "+2" */
static bool
fixed_offset(const char *s, int *ret_minutes)
{
	int value, minutes = 0;
	bool minus = *s == '-';
	size_t n;
	const char *p;

	if (*s != '+' && *s != '-')
		return false;
	p = clock_zone_number(s + 1, 9999, &value);
	if (!p)
		return false;
	n = (size_t)(p - s - 1);
	if (n > 2) {
		minutes = value % 100;
		value /= 100;
	} else if (*p == ':') {
		p = clock_zone_number(p + 1, 59, &minutes);
	}
	if (!p || *p != '\0' || value > 18 || minutes > 59)
		return false;
	*ret_minutes = (value * 60 + minutes) * (minus ? -1 : 1);
	return true;
}

int
clock_zone_minutes(const char *zone, int64_t at_ms, int *ret_minutes)
{
	int64_t at = at_ms / 1000 - (at_ms % 1000 < 0);
	int seconds;

	if (*zone == ':') /* TZ=:Europe/Vienna */
		zone++;
	if (strcmp(zone, "UTC") == 0 || strcmp(zone, "Z") == 0 ||
		strcmp(zone, "GMT") == 0) {
		*ret_minutes = 0;
		return 0;
	}
	if (fixed_offset(zone, ret_minutes))
		return 0;
	if (!name_is_safe(zone) || !file_offset(zone, at, &seconds))
		return MDB_E_INVALID;
	/* Offsets before standard time have seconds; minutes do for us. */
	*ret_minutes = seconds / 60;
	return 0;
}
