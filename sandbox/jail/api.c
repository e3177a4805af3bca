/* A call is one frame out and one frame in. Its error is a Lua error with a
 * table that reads like a string: {code=, message=, param=, method=}. */
#include "sandbox/jail/api.h"

#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/jail/alarm.h"
#include "sandbox/jail/output.h"
#include "sandbox/jail/value.h"

#define CALL_NODES 200000

static const char key_error; /* registry: metatable of errors */
static const char key_shape; /* registry: method -> what completes its reply */
static const char key_begin; /* registry: what the helpers do at the start */
static int64_t calls_left, bytes_left;

/* Bytes of compiled code: our own, so that it may be trusted. */
static const unsigned char helpers[] = {
#include "helpers.inc"
};

void
api_limits(int64_t calls, int64_t bytes)
{
	calls_left = calls;
	bytes_left = bytes;
}

/* --- errors --------------------------------------------------------------- */
int
api_error_text(lua_State *L, int idx)
{
	idx = lua_absindex(L, idx);
	if (!lua_istable(L, idx) || !lua_getmetatable(L, idx))
		return 0;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_error);
	int is_ours = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	if (!is_ours)
		return 0;
	lua_pushliteral(L, "method");
	lua_rawget(L, idx);
	lua_pushliteral(L, "code");
	lua_rawget(L, idx);
	lua_pushliteral(L, "message");
	lua_rawget(L, idx);
	const char *method = lua_tostring(L, -3);
	const char *code = lua_tostring(L, -2);
	const char *message = lua_tostring(L, -1);
	lua_pushfstring(L, "%s: %s (%s)", method ? method : "?",
		message ? message : "?", code ? code : "?");
	lua_replace(L, -4);
	lua_pop(L, 2);
	return 1;
}

static int
error_tostring(lua_State *L)
{
	if (!api_error_text(L, 1))
		lua_pushliteral(L, "error");
	return 1;
}

static int
error_concat(lua_State *L)
{
	lua_settop(L, 2);
	for (int i = 1; i <= 2; i++)
		if (api_error_text(L, i))
			lua_replace(L, i);
	lua_concat(L, 2);
	return 1;
}

static int
raise(lua_State *L, const char *method, struct frame *f)
{
	struct in in = {f->body, f->body + f->len};
	static const char *const members[] = {"code", "message", "param"};
	const char *s;
	uint32_t count;
	size_t n;

	if (!in_array(&in, &count) || count != 3)
		_exit(WIRE_EXIT_PROTOCOL);
	lua_createtable(L, 0, 4);
	lua_pushstring(L, method);
	lua_setfield(L, -2, "method");
	for (int i = 0; i < 3; i++) {
		if (!in_string(&in, &s, &n))
			_exit(WIRE_EXIT_PROTOCOL);
		if (n == 0)
			continue;
		lua_pushlstring(L, s, n);
		lua_setfield(L, -2, members[i]);
	}
	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_error);
	lua_setmetatable(L, -2);
	return lua_error(L);
}

/* --- parameters ----------------------------------------------------------- */
/* The next name of "query limit"; NULL at the end. */
static const char *
api_next_name(const char **names, size_t *ret_n)
{
	const char *s = *names + strspn(*names, " ");

	*ret_n = strcspn(s, " ");
	*names = s + *ret_n;
	return *ret_n ? s : NULL;
}

static void
write_value(lua_State *L, struct out *o, int idx, const char *root)
{
	struct value_writer w = {.L = L,
		.o = o,
		.is_strict = true,
		.bytes = WIRE_FRAME_BYTES,
		.nodes = CALL_NODES,
		.depth_max = WIRE_DEPTH - 2,
		.root = root};

	luaL_checkstack(L, 8, NULL);
	lua_pushvalue(L, idx);
	if (!value_write(&w)) {
		if (w.limit)
			luaL_error(L,
				"%s: too large for one call (1 MiB, "
				"200000 values, 62 levels); use several calls",
				root);
		luaL_error(L, "%s", w.error);
	}
	lua_pop(L, 1);
}

/* One table without an array part is the whole of the parameters. */
static bool
api_is_whole(lua_State *L, const char *names)
{
	if (lua_gettop(L) != 1 || !lua_istable(L, 1))
		return false;
	int type = lua_rawgeti(L, 1, 1);
	lua_pop(L, 1);
	return *names == '\0' || type == LUA_TNIL;
}

static void
api_write_whole(lua_State *L, struct out *o)
{
	/* an empty table means no parameters, not an array */
	lua_pushnil(L);
	if (lua_next(L, 1) == 0) {
		out_count(o, WIRE_MAP, 0);
		return;
	}
	lua_pop(L, 2);
	if (lua_rawgeti(L, 1, 1) != LUA_TNIL)
		luaL_error(L,
			"memory.%s takes named parameters: "
			"{name = value, ...}; see memory.help('%s')",
			lua_tostring(L, lua_upvalueindex(1)),
			lua_tostring(L, lua_upvalueindex(1)));
	lua_pop(L, 1);
	write_value(L, o, 1, "parameters");
}

static void
write_positional(lua_State *L, struct out *o, const char *names)
{
	int n = lua_gettop(L);
	size_t count_at = o->len + 1, name_n;
	const char *all = names, *name;
	uint32_t count = 0;

	out_count(o, WIRE_MAP, 0);
	for (int i = 1; i <= n; i++) {
		name = api_next_name(&names, &name_n);
		if (!name)
			luaL_error(L,
				"memory.%s takes %s%s%s; others by "
				"name: {name = value, ...}",
				lua_tostring(L, lua_upvalueindex(1)),
				*all ? "at most (" : "named parameters only",
				all, *all ? ")" : "");
		if (lua_isnil(L, i))
			continue;
		uint8_t len[4] = {(uint8_t)name_n, 0, 0, 0};
		out_bytes(o, len, 4);
		out_bytes(o, name, name_n);
		lua_pushlstring(L, name, name_n);
		write_value(L, o, i, lua_tostring(L, -1));
		lua_pop(L, 1);
		count++;
	}
	o->data[count_at] = (uint8_t)count;
}

/* --- calls ---------------------------------------------------------------- */
static void
api_spend(size_t bytes)
{
	bytes_left -= (int64_t)bytes;
	if (bytes_left < 0)
		alarm_stop(WIRE_EXIT_API);
}

/* Gives the reply on top the members that the tool of this name has. */
static void
api_complete(lua_State *L, const char *method)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_shape);
	lua_pushstring(L, method);
	lua_rawget(L, -2);
	lua_remove(L, -2);
	if (lua_isfunction(L, -1) && lua_istable(L, -2)) {
		lua_pushvalue(L, -2);
		lua_call(L, 1, 0);
	} else {
		lua_pop(L, 1);
	}
}

/* Upvalues: name, names of positional parameters. */
static int
api_call(lua_State *L)
{
	const char *method = lua_tostring(L, lua_upvalueindex(1));
	const char *names = lua_tostring(L, lua_upvalueindex(2));
	struct out *o = out_begin();
	struct frame f;

	if (calls_left-- <= 0)
		alarm_stop(WIRE_EXIT_API);
	out_count(o, WIRE_ARRAY, 2);
	out_text(o, method);
	if (api_is_whole(L, names))
		api_write_whole(L, o);
	else
		write_positional(L, o, names);
	if (o->full)
		return luaL_error(L, "the parameters are larger than 1 MiB");
	api_spend(o->len - WIRE_HEADER);
	output_flush();
	io_send(o, WIRE_CALL);
	io_read(&f);
	api_spend(f.len);
	if (f.type == WIRE_FAIL)
		return raise(L, method, &f);
	struct in in = {f.body, f.body + f.len};
	if (f.type != WIRE_REPLY || !value_read(L, &in) || in.at != in.end)
		_exit(WIRE_EXIT_PROTOCOL);
	api_complete(L, method);
	return 1;
}

/* --- setting up ----------------------------------------------------------- */
/* memory.object(t): a table that is an object also when it is empty. */
static int
api_object(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (lua_getmetatable(L, 1)) {
		lua_pushnil(L);
		if (lua_next(L, 1) == 0)
			return luaL_error(L,
				"memory.object: the table has a metatable");
		lua_settop(L, 1); /* with members it is one anyway */
		return 1;
	}
	lua_rawgetp(L, LUA_REGISTRYINDEX, &value_object);
	lua_setmetatable(L, 1);
	return 1;
}

/* One method; memory and docs are at 1 and 2, names in order at 3. */
static void
add_method(lua_State *L, struct in *in, lua_Integer nth)
{
	const char *text[3];
	size_t n[3];
	uint32_t members;
	int64_t is_global;

	if (!in_array(in, &members) || members != 4 ||
		!in_string(in, &text[0], &n[0]) ||
		!in_string(in, &text[1], &n[1]) ||
		!in_string(in, &text[2], &n[2]) || !in_int(in, &is_global))
		_exit(WIRE_EXIT_PROTOCOL);
	lua_pushlstring(L, text[0], n[0]);
	lua_pushvalue(L, -1);
	lua_rawseti(L, 3, nth);
	lua_pushvalue(L, -1);
	lua_pushlstring(L, text[1], n[1]);
	lua_rawset(L, 2);
	lua_pushvalue(L, -1);
	lua_pushvalue(L, -1);
	lua_pushlstring(L, text[2], n[2]);
	lua_pushcclosure(L, api_call, 2);
	if (is_global) {
		lua_pushglobaltable(L);
		lua_pushvalue(L, -3);
		lua_pushvalue(L, -3);
		lua_rawset(L, -3);
		lua_pop(L, 1);
	}
	lua_rawset(L, 1);
	lua_pop(L, 1);
}

/* For the helpers alone: compile(code, chunk name, globals). Text only, as the
 * script itself. */
static int
compile(lua_State *L)
{
	size_t n;
	const char *code = luaL_checklstring(L, 1, &n);
	const char *chunk = luaL_checkstring(L, 2);

	luaL_checktype(L, 3, LUA_TTABLE);
	int status = luaL_loadbufferx(L, code, n, chunk, "t");
	if (status == LUA_ERRMEM)
		return lua_error(L);
	if (status != LUA_OK) {
		lua_pushnil(L);
		lua_insert(L, -2);
		return 2;
	}
	lua_pushvalue(L, 3);
	lua_setupvalue(L, -2, 1); /* _ENV */
	return 1;
}

/* For the helpers alone: strings(t) makes t the table in which methods of texts
 * are found, ("x"):upper(), and returns the one before. */
static int
strings(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_getfield(L, -1, "__index");
	lua_pushvalue(L, 1);
	lua_setfield(L, -3, "__index");
	return 1;
}

static int
null_tostring(lua_State *L)
{
	lua_pushliteral(L, "null");
	return 1;
}

static void
setup_errors(lua_State *L)
{
	lua_createtable(L, 0, 3);
	lua_pushcfunction(L, error_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pushcfunction(L, error_concat);
	lua_setfield(L, -2, "__concat");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &key_error);

	value_push_null(L); /* all light userdata share this metatable */
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, null_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

void
api_setup(lua_State *L, struct in *setup)
{
	uint32_t n;

	lua_settop(L, 0);
	setup_errors(L);
	lua_newtable(L); /* 1: memory */
	lua_newtable(L); /* 2: name -> documentation */
	lua_newtable(L); /* 3: names */
	alarm_name(api_call, "a call of the memory");
	if (!in_array(setup, &n))
		_exit(WIRE_EXIT_PROTOCOL);
	for (uint32_t i = 1; i <= n; i++)
		add_method(L, setup, i);
	value_push_null(L);
	lua_setfield(L, 1, "null");
	lua_pushcfunction(L, api_object);
	lua_setfield(L, 1, "object");
	lua_pushvalue(L, 1);
	lua_setglobal(L, "memory");
	if (luaL_loadbufferx(L, (const char *)helpers, sizeof(helpers),
		    "=memory", "b"))
		lua_error(L);
	lua_insert(L, 1);
	lua_pushcfunction(L, compile);
	alarm_name(compile, "the compiler");
	lua_pushcfunction(L, strings);
	alarm_name(strings, "the methods of strings");
	lua_call(L, 5, 2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &key_shape);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &key_begin);
}

void
api_begin(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_begin);
	lua_insert(L, -2);
	lua_call(L, 1, 0);
}
