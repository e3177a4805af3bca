/* The part of os that needs no system: times in UTC, without zone files or
 * locale. */
#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sandbox/jail/env.h"

#define DAY 86400LL

struct civil {
	int64_t year;
	int month, day, hour, minute, second, weekday, yearday;
};

/* Days since 1970-01-01 of a day in the Gregorian calendar. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	y += (m - 1) / 12;
	m = (m - 1) % 12 + 1;
	if (m < 1) {
		m += 12;
		y--;
	}
	if (m <= 2)
		y--;
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static struct civil
civil_of(int64_t t)
{
	int64_t days = t / DAY, rest = t % DAY;
	struct civil c = {0};

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = yoe + era * 400 + (c.month <= 2);
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	c.weekday = (int)(((days + 4) % 7 + 7) % 7);
	c.yearday = (int)(days - days_of(c.year, 1, 1)) + 1;
	return c;
}

static int64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

static int64_t
env_os_field(lua_State *L, const char *name, int64_t otherwise,
	bool is_required)
{
	int is_int;

	lua_getfield(L, 1, name);
	int64_t v = lua_tointegerx(L, -1, &is_int);
	if (!is_int && (!lua_isnil(L, -1) || is_required))
		luaL_error(L, "os.time: field '%s' must be an integer", name);
	if (is_int && (v > 10000000 || v < -10000000))
		luaL_error(L, "os.time: field '%s' is out of range", name);
	lua_pop(L, 1);
	return is_int ? v : otherwise;
}

static int
os_time(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_pushinteger(L, now());
		return 1;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	int64_t days = days_of(env_os_field(L, "year", 0, true),
		env_os_field(L, "month", 0, true),
		env_os_field(L, "day", 0, true));
	lua_pushinteger(L, days * DAY +
				   env_os_field(L, "hour", 12, false) * 3600 +
				   env_os_field(L, "min", 0, false) * 60 +
				   env_os_field(L, "sec", 0, false));
	return 1;
}

static void
date_table(lua_State *L, const struct civil *c)
{
	const struct {
		const char *name;
		int64_t value;
	} fields[] = {{"year", c->year}, {"month", c->month}, {"day", c->day},
		{"hour", c->hour}, {"min", c->minute}, {"sec", c->second},
		{"wday", c->weekday + 1}, {"yday", c->yearday}};

	lua_createtable(L, 0, 9);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		lua_pushinteger(L, fields[i].value);
		lua_setfield(L, -2, fields[i].name);
	}
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "isdst");
}

/* What one conversion of os.date expands to; 0: there is no such one. */
static int
env_os_expand(char *out, size_t size, char c, const struct civil *t)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char *const day[] = {"Sunday", "Monday", "Tuesday",
		"Wednesday", "Thursday", "Friday", "Saturday"};
	static const char *const month[] = {"January", "February", "March",
		"April", "May", "June", "July", "August", "September",
		"October", "November", "December"};
	long long y = t->year;
	int m = t->month;

	switch (c) {
	case 'Y':
		return snprintf(out, size, "%lld", y);
	case 'y':
		return snprintf(out, size, "%02lld", (y % 100 + 100) % 100);
	case 'm':
		return snprintf(out, size, "%02d", m);
	case 'd':
		return snprintf(out, size, "%02d", t->day);
	case 'H':
		return snprintf(out, size, "%02d", t->hour);
	case 'I':
		return snprintf(out, size, "%02d", (t->hour + 11) % 12 + 1);
	case 'p':
		return snprintf(out, size, t->hour < 12 ? "AM" : "PM");
	case 'M':
		return snprintf(out, size, "%02d", t->minute);
	case 'S':
		return snprintf(out, size, "%02d", t->second);
	case 'j':
		return snprintf(out, size, "%03d", t->yearday);
	case 'w':
		return snprintf(out, size, "%d", t->weekday);
	case 'u':
		return snprintf(out, size, "%d", (t->weekday + 6) % 7 + 1);
	case 'a':
		return snprintf(out, size, "%.3s", days + 3 * t->weekday);
	case 'A':
		return snprintf(out, size, "%s", day[t->weekday]);
	case 'b':
		return snprintf(out, size, "%.3s", month[m - 1]);
	case 'B':
		return snprintf(out, size, "%s", month[m - 1]);
	case 'F':
		return snprintf(out, size, "%lld-%02d-%02d", y, m, t->day);
	case 'T':
	case 'X':
		return snprintf(out, size, "%02d:%02d:%02d", t->hour, t->minute,
			t->second);
	case 'D':
	case 'x':
		return snprintf(out, size, "%02d/%02d/%02lld", m, t->day,
			(y % 100 + 100) % 100);
	case 'c':
		return snprintf(out, size, "%.3s %.3s %2d %02d:%02d:%02d %lld",
			days + 3 * t->weekday, month[m - 1], t->day, t->hour,
			t->minute, t->second, y);
	case 'Z':
		return snprintf(out, size, "UTC");
	case 'z':
		return snprintf(out, size, "+0000");
	case '%':
		return snprintf(out, size, "%%");
	default:
		return 0;
	}
}

static int
os_date(lua_State *L)
{
	const char *fmt = luaL_optstring(L, 1, "%c");
	int64_t t = lua_isnoneornil(L, 2) ? now() : luaL_checkinteger(L, 2);
	struct civil c;
	luaL_Buffer b;
	char text[64];

	luaL_argcheck(L, t > -62135596800LL && t < 253402300800LL, 2,
		"the year must lie between 1 and 9999");
	c = civil_of(t);
	if (*fmt == '!')
		fmt++;
	if (strcmp(fmt, "*t") == 0) {
		date_table(L, &c);
		return 1;
	}
	luaL_buffinit(L, &b);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			luaL_addchar(&b, *fmt);
			continue;
		}
		int n = env_os_expand(text, sizeof(text), *++fmt, &c);
		if (n <= 0)
			return luaL_error(L,
				"os.date: unknown conversion "
				"'%%%c'",
				*fmt ? *fmt : ' ');
		luaL_addlstring(&b, text, (size_t)n);
	}
	luaL_pushresult(&b);
	return 1;
}

static int
os_difftime(lua_State *L)
{
	lua_pushnumber(L, luaL_checknumber(L, 1) - luaL_optnumber(L, 2, 0));
	return 1;
}

static int
os_clock(lua_State *L)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	lua_pushnumber(L, (lua_Number)ts.tv_sec + (lua_Number)ts.tv_nsec / 1e9);
	return 1;
}

void
env_os_setup(lua_State *L)
{
	lua_createtable(L, 0, 4);
	env_function(L, "os.time", os_time, 0);
	env_function(L, "os.date", os_date, 0);
	env_function(L, "os.difftime", os_difftime, 0);
	env_function(L, "os.clock", os_clock, 0);
	lua_setfield(L, -2, "os");
}
