/* string, table, utf8 and math. Where one of their functions can run for ever
 * on a few bytes of input, it has a bound here; the alarm would end it as
 * well, but an error says more. */
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "sandbox/jail/alarm.h"
#include "sandbox/jail/env.h"

/* Elements that one call of a table function may touch. */
#define RANGE_MAX 10000000

static const char *const string_names[] = {"string.byte", "string.char",
	"string.find", "string.gmatch", "string.gsub", "string.len",
	"string.lower", "string.match", "string.pack", "string.packsize",
	"string.reverse", "string.sub", "string.unpack", "string.upper", NULL};
static const char *const table_names[] = {"table.pack", NULL};
static const char *const utf8_names[] = {"utf8.char", "utf8.charpattern",
	"utf8.codepoint", "utf8.codes", "utf8.len", "utf8.offset", NULL};
static const char *const math_names[] = {"math.abs", "math.acos", "math.asin",
	"math.atan", "math.ceil", "math.cos", "math.deg", "math.exp",
	"math.floor", "math.fmod", "math.huge", "math.log", "math.max",
	"math.maxinteger", "math.min", "math.mininteger", "math.modf",
	"math.pi", "math.rad", "math.random", "math.sin", "math.sqrt",
	"math.tan", "math.tointeger", "math.type", "math.ult", NULL};

/* Calls the library's own function (upvalue 1) with the same arguments. */
static int
forward(lua_State *L)
{
	int n = lua_gettop(L);

	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, n, LUA_MULTRET);
	return lua_gettop(L);
}

/* --- string --------------------------------------------------------------- */
static int
string_rep(lua_State *L)
{
	size_t n, separator = 0;

	luaL_checklstring(L, 1, &n);
	luaL_checkinteger(L, 2);
	luaL_optlstring(L, 3, "", &separator);
	if (n + separator == 0) { /* 2^62 times nothing takes for ever */
		lua_pushliteral(L, "");
		return 1;
	}
	return forward(L);
}

/* The conversion at s (behind the '%'); its letter is returned. */
static char
conversion(const char **s, const char *end)
{
	while (*s < end && strchr("-+ #0123456789.", **s))
		(*s)++;
	return *s < end ? *(*s)++ : '\0';
}

/* Addresses stay inside: %p is refused, %s of a table says "table". */
static int
string_format(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n), *end = s + n;
	int arg = 1, top = lua_gettop(L);

	while ((s = memchr(s, '%', (size_t)(end - s)))) {
		if (++s < end && *s == '%') {
			s++;
			continue;
		}
		char c = conversion(&s, end);
		arg++;
		if (c == 'p')
			return luaL_error(L, "string.format: %%p is not "
					     "available here");
		if (c == 's' && arg <= top && !lua_isstring(L, arg)) {
			env_tostring(L, arg, NULL);
			lua_replace(L, arg);
		}
	}
	return forward(L);
}

/* --- table ---------------------------------------------------------------- */
/* A length that __len makes up is believed only within reason. */
static void
check_length(lua_State *L)
{
	if (luaL_getmetafield(L, 1, "__len") == LUA_TNIL)
		return;
	lua_pop(L, 1);
	if (luaL_len(L, 1) > RANGE_MAX)
		luaL_error(L, "a table of more than %d elements", RANGE_MAX);
}

static void
check_range(lua_State *L, lua_Integer from, lua_Integer to)
{
	if (from <= to && (lua_Unsigned)to - (lua_Unsigned)from >= RANGE_MAX)
		luaL_error(L, "a range of more than %d elements", RANGE_MAX);
}

static int
table_bounded(lua_State *L)
{
	check_length(L);
	return forward(L);
}

static int
table_concat(lua_State *L)
{
	check_length(L);
	if (!lua_isnoneornil(L, 4))
		check_range(L, luaL_optinteger(L, 3, 1),
			luaL_checkinteger(L, 4));
	return forward(L);
}

static int
table_move(lua_State *L)
{
	check_range(L, luaL_checkinteger(L, 2), luaL_checkinteger(L, 3));
	return forward(L);
}

/* --- math ----------------------------------------------------------------- */
/* Without arguments the library would use and return an address. */
static int
math_randomseed(lua_State *L)
{
	if (lua_isnone(L, 1)) {
		lua_pushinteger(L, (lua_Integer)env_random());
		lua_pushinteger(L, (lua_Integer)env_random());
	}
	forward(L);
	return 0;
}

/* --- setting up ----------------------------------------------------------- */
static void
env_lib_wrap(lua_State *L, const char *full_name, lua_CFunction f)
{
	lua_getfield(L, -1, strchr(full_name, '.') + 1);
	alarm_name(lua_tocfunction(L, -1), full_name);
	lua_pushvalue(L, -3);
	lua_insert(L, -2); /* library, new table, original */
	env_function(L, full_name, f, 1);
	lua_pop(L, 1);
}

void
env_lib_setup(lua_State *L)
{
	lua_newtable(L);
	luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 0);
	env_allow(L, string_names);
	env_lib_wrap(L, "string.rep", string_rep);
	env_lib_wrap(L, "string.format", string_format);
	lua_pop(L, 1);
	lua_setfield(L, -2, LUA_STRLIBNAME);

	lua_newtable(L);
	luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 0);
	env_allow(L, table_names);
	env_lib_wrap(L, "table.insert", table_bounded);
	env_lib_wrap(L, "table.remove", table_bounded);
	env_lib_wrap(L, "table.sort", table_bounded);
	env_lib_wrap(L, "table.unpack", table_bounded);
	env_lib_wrap(L, "table.concat", table_concat);
	env_lib_wrap(L, "table.move", table_move);
	lua_pop(L, 1);
	lua_setfield(L, -2, LUA_TABLIBNAME);

	lua_newtable(L);
	luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 0);
	env_allow(L, utf8_names);
	lua_pop(L, 1);
	lua_setfield(L, -2, LUA_UTF8LIBNAME);

	lua_newtable(L);
	luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 0);
	env_allow(L, math_names);
	env_lib_wrap(L, "math.randomseed", math_randomseed);
	lua_getfield(L, -2, "randomseed");
	lua_call(L, 0, 0);
	lua_pop(L, 1);
	lua_setfield(L, -2, LUA_MATHLIBNAME);
}
