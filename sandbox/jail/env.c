/* Out, and why: dofile, loadfile, require, io, package (files), load (the
 * source limit counts once), string.dump (bytecode), debug, collectgarbage
 * (emergency collections have holes), coroutine.close (overflows the C stack
 * in 5.4.4), warn. No __gc: nothing runs after the script. */
#include "sandbox/jail/env.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "sandbox/jail/alarm.h"
#include "sandbox/jail/arena.h"
#include "sandbox/jail/output.h"

static const char *const base_names[] = {"_.assert", "_.error", "_.ipairs",
	"_.next", "_.pairs", "_.rawequal", "_.rawget", "_.rawlen", "_.rawset",
	"_.select", "_.getmetatable", "_.tonumber", "_.type", NULL};

static uint64_t random_state;

uint64_t
env_random(void)
{
	/* splitmix64 */
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static const char *
short_name(const char *full)
{
	return strchr(full, '.') + 1;
}

static const char *
shown_name(const char *full)
{
	return full[0] == '_' ? full + 2 : full;
}

void
env_allow(lua_State *L, const char *const *names)
{
	for (; *names; names++) {
		lua_getfield(L, -1, short_name(*names));
		if (lua_iscfunction(L, -1))
			alarm_name(lua_tocfunction(L, -1), shown_name(*names));
		lua_setfield(L, -3, short_name(*names));
	}
}

void
env_function(lua_State *L, const char *full_name, lua_CFunction f, int upvalues)
{
	lua_pushcclosure(L, f, upvalues);
	lua_setfield(L, -2, short_name(full_name));
	alarm_name(f, shown_name(full_name));
}

const char *
env_tostring(lua_State *L, int idx, size_t *ret_n)
{
	idx = lua_absindex(L, idx);
	if (luaL_callmeta(L, idx, "__tostring")) {
		if (!lua_isstring(L, -1))
			luaL_error(L, "'__tostring' must return a string");
		return lua_tolstring(L, -1, ret_n);
	}
	switch (lua_type(L, idx)) {
	case LUA_TNIL:
	case LUA_TBOOLEAN:
	case LUA_TNUMBER:
	case LUA_TSTRING:
		return luaL_tolstring(L, idx, ret_n);
	default:
		lua_pushstring(L, luaL_typename(L, idx));
		return lua_tolstring(L, -1, ret_n);
	}
}

static int
base_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	env_tostring(L, 1, NULL);
	return 1;
}

static int
base_print(lua_State *L)
{
	int n = lua_gettop(L);

	for (int i = 1; i <= n; i++) {
		size_t len;
		const char *s = env_tostring(L, i, &len);

		if (i > 1)
			output_write("\t", 1);
		output_write(s, len);
		lua_pop(L, 1);
	}
	output_write("\n", 1);
	return 0;
}

static int
base_setmetatable(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (!lua_isnil(L, 2)) {
		luaL_checktype(L, 2, LUA_TTABLE);
		lua_pushliteral(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L,
				"setmetatable: __gc is not "
				"available here; use a <close> variable");
		lua_pop(L, 1);
	}
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

static int
base_collectgarbage(lua_State *L)
{
	const char *what = luaL_optstring(L, 1, "collect");

	if (strcmp(what, "count") != 0)
		return luaL_error(L,
			"collectgarbage: only 'count' is "
			"available here; memory is freed by itself");
	lua_pushnumber(L, (lua_Number)arena_used() / 1024);
	return 1;
}

/* Strings share one metatable: nobody replaces it. */
static void
protect_strings(lua_State *L)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_getfield(L, -3, "string");
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

void
env_setup(lua_State *L, const uint64_t seed[2])
{
	random_state = seed[0] ^ (seed[1] << 1);
	lua_newtable(L); /* the globals of the script */
	luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
	env_allow(L, base_names);
	lua_pop(L, 1);
	lua_pushvalue(L, -1);
	lua_setfield(L, -2, "_G");
	lua_pushliteral(L, LUA_VERSION);
	lua_setfield(L, -2, "_VERSION");
	env_function(L, "_.tostring", base_tostring, 0);
	env_function(L, "_.print", base_print, 0);
	env_function(L, "_.setmetatable", base_setmetatable, 0);
	env_function(L, "_.collectgarbage", base_collectgarbage, 0);
	env_co_setup(L);
	env_lib_setup(L);
	env_os_setup(L);
	protect_strings(L);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
