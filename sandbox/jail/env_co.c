/* Protected calls and coroutines. Neither lets a script survive the end of
 * its memory, and the alarm knows which coroutine runs. */
#include <lauxlib.h>
#include <lualib.h>

#include "sandbox/jail/alarm.h"
#include "sandbox/jail/env.h"

static const char *const co_names[] = {"coroutine.create",
	"coroutine.isyieldable", "coroutine.running", "coroutine.status",
	"coroutine.yield", NULL};

/* --- pcall, xpcall -------------------------------------------------------- */
/* The results of a protected call: all above `extra` values. */
static int
finish_pcall(lua_State *L, int status, lua_KContext extra)
{
	if (status == LUA_ERRMEM)
		alarm_out_of_memory();
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_pushboolean(L, 0);
		lua_pushvalue(L, -2);
		return 2;
	}
	return lua_gettop(L) - (int)extra;
}

static int
base_pcall(lua_State *L)
{
	int status;

	luaL_checkany(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 1);
	status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0,
		finish_pcall);
	return finish_pcall(L, status, 0);
}

static int
base_xpcall(lua_State *L)
{
	int n = lua_gettop(L), status;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushboolean(L, 1);
	lua_pushvalue(L, 1);
	lua_rotate(L, 3, 2);
	status = lua_pcallk(L, n - 2, LUA_MULTRET, 2, 2, finish_pcall);
	return finish_pcall(L, status, 2);
}

/* --- coroutines ----------------------------------------------------------- */
/* Number of values that the coroutine gave, on the stack of L; -1: an error,
 * likewise. */
static int
env_co_resume(lua_State *L, lua_State *co, int args)
{
	struct alarm_frame frame;
	int status, n;

	if (!lua_checkstack(co, args)) {
		lua_pushliteral(L, "too many arguments to resume");
		return -1;
	}
	lua_xmove(L, co, args);
	alarm_enter(&frame, co);
	status = lua_resume(co, L, args, &n);
	alarm_leave(&frame);
	if (status == LUA_ERRMEM)
		alarm_out_of_memory();
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_xmove(co, L, 1);
		return -1;
	}
	if (!lua_checkstack(L, n + 1)) {
		lua_pop(co, n);
		lua_pushliteral(L, "too many results to resume");
		return -1;
	}
	lua_xmove(co, L, n);
	return n;
}

static int
co_resume(lua_State *L)
{
	lua_State *co = lua_tothread(L, 1);
	int n;

	luaL_argexpected(L, co, 1, "coroutine");
	n = env_co_resume(L, co, lua_gettop(L) - 1);
	lua_pushboolean(L, n >= 0);
	if (n < 0)
		n = 1;
	lua_insert(L, -(n + 1));
	return n + 1;
}

static int
wrapped(lua_State *L)
{
	lua_State *co = lua_tothread(L, lua_upvalueindex(1));
	struct alarm_frame frame;
	int n = env_co_resume(L, co, lua_gettop(L)), status;

	if (n >= 0)
		return n;
	/* It died of an error: what it has yet to close is closed, which may
	 * fail in its turn, and then that is the error. */
	status = lua_status(co);
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_xmove(L, co, 1);
		alarm_enter(&frame, co);
		status = lua_resetthread(co);
		alarm_leave(&frame);
		if (status == LUA_ERRMEM)
			alarm_out_of_memory();
		lua_xmove(co, L, 1);
	}
	if (lua_type(L, -1) == LUA_TSTRING) {
		luaL_where(L, 1);
		lua_insert(L, -2);
		lua_concat(L, 2);
	}
	return lua_error(L);
}

static int
co_wrap(lua_State *L)
{
	lua_State *co;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	co = lua_newthread(L);
	lua_pushvalue(L, 1);
	lua_xmove(L, co, 1);
	lua_pushcclosure(L, wrapped, 1);
	return 1;
}

void
env_co_setup(lua_State *L)
{
	env_function(L, "_.pcall", base_pcall, 0);
	env_function(L, "_.xpcall", base_xpcall, 0);
	lua_newtable(L);
	luaL_requiref(L, LUA_COLIBNAME, luaopen_coroutine, 0);
	env_allow(L, co_names);
	lua_pop(L, 1);
	env_function(L, "coroutine.resume", co_resume, 0);
	env_function(L, "coroutine.wrap", co_wrap, 0);
	alarm_name(wrapped, "a wrapped coroutine");
	lua_setfield(L, -2, LUA_COLIBNAME);
}
