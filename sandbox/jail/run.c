/* One script, from the frame that holds it to the frame that tells its end.
 * Only source text is run, compiled Lua could break the interpreter. Whatever
 * comes out is one of three: a result, an error with the line where it
 * happened, or the end by a limit (time and memory: alarm.h, arena.h). The
 * parent believes none of it without its own clock and counters
 * (sandbox/outcome.c). */
#include "sandbox/jail/run.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sandbox/jail/alarm.h"
#include "sandbox/jail/api.h"
#include "sandbox/jail/arena.h"
#include "sandbox/jail/env.h"
#include "sandbox/jail/output.h"
#include "sandbox/jail/probe.h"
#include "sandbox/jail/value.h"

#define MESSAGE_MAX 900

struct task {
	const char *source;
	size_t source_n;
	int64_t limit[WIRE_L_MAX];
};

/* What the message handler saw of an error. */
static struct {
	uint8_t frames_data[8192];
	struct out frames;
	char message[MESSAGE_MAX + 1];
	size_t message_n;
	int line;
} failure;

static int
on_panic(lua_State *L)
{
	(void)L;
	_exit(WIRE_EXIT_PANIC);
}

/* --- preparing ------------------------------------------------------------ */
static int
run_ready(lua_State *L)
{
	uint64_t seed[2];

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		_exit(WIRE_EXIT_PANIC);
	env_setup(L, seed);
	value_setup(L);
	probe_setup(L);
	return 0;
}

lua_State *
run_prepare(void)
{
	lua_State *L = lua_newstate(arena_alloc, NULL);

	if (!L)
		_exit(WIRE_EXIT_MEMORY);
	lua_atpanic(L, on_panic);
	lua_pushcfunction(L, run_ready);
	lua_call(L, 0, 0);
	return L;
}

static int
setup(lua_State *L)
{
	api_setup(L, lua_touserdata(L, 1));
	return 0;
}

void
run_setup(lua_State *L, struct in *in)
{
	lua_pushcfunction(L, setup);
	lua_pushlightuserdata(L, in);
	lua_call(L, 1, 0);
}

/* --- errors --------------------------------------------------------------- */
static void
keep_message(const char *s, size_t n)
{
	failure.message_n = n < MESSAGE_MAX ? n : MESSAGE_MAX;
	memcpy(failure.message, s, failure.message_n);
}

/* The text of any error value; a script's own __tostring may run. */
static void
keep_error(lua_State *L, int idx)
{
	char text[120];
	const char *s;
	size_t n;

	if (api_error_text(L, idx)) {
		s = lua_tolstring(L, -1, &n);
	} else if (lua_isstring(L, idx) ||
		   luaL_getmetafield(L, idx, "__tostring") != LUA_TNIL) {
		s = env_tostring(L, idx, &n);
	} else {
		n = (size_t)snprintf(text, sizeof(text),
			"an error that is no text (a %s)",
			luaL_typename(L, idx));
		s = text;
		if (lua_istable(L, idx)) {
			lua_pushliteral(L, "message");
			if (lua_rawget(L, idx) == LUA_TSTRING)
				s = lua_tolstring(L, -1, &n);
		}
	}
	keep_message(s, n);
}

/* Runs where the error happened, with the stack still there. */
static int
run_on_error(lua_State *L)
{
	const char *where;

	failure.frames = (struct out){failure.frames_data, 0,
		sizeof(failure.frames_data), false};
	alarm_traceback(&failure.frames, L, &failure.line, &where);
	lua_settop(L, 1);
	keep_error(L, 1);
	lua_settop(L, 1);
	return 1;
}

/* The line of a message of the parser, "script:12: ...". */
static int
run_line_of(const char *s)
{
	const char *prefix = "script:";
	int line = 0;

	if (strncmp(s, prefix, strlen(prefix)) != 0)
		return 0;
	for (s += strlen(prefix); *s >= '0' && *s <= '9' && line < 1000000; s++)
		line = line * 10 + (*s - '0');
	return line;
}

/* Text as UTF-8, whatever it holds. */
static void
run_write_message(lua_State *L, struct out *o)
{
	struct value_writer w = {.L = L,
		.o = o,
		.bytes = 8 * MESSAGE_MAX,
		.nodes = 1,
		.depth_max = 1,
		.root = "message"};

	lua_pushlstring(L, failure.message, failure.message_n);
	if (!value_write(&w))
		_exit(WIRE_EXIT_PANIC);
	lua_pop(L, 1);
}

static int
send_error(lua_State *L)
{
	struct out *o = out_begin();

	out_count(o, WIRE_ARRAY, 4);
	run_write_message(L, o);
	out_int(o, failure.line);
	if (failure.frames.len > 0 && !failure.frames.full)
		out_bytes(o, failure.frames_data, failure.frames.len);
	else
		out_count(o, WIRE_ARRAY, 0);
	out_int(o, (int64_t)arena_peak());
	io_send(o, WIRE_ERROR);
	return 0;
}

/* --- results -------------------------------------------------------------- */
/* The results above `base` as one value at the top: the value returned, an
 * array of several, or the global `result`. */
static void
one_value(lua_State *L, int base)
{
	int n = lua_gettop(L) - base;

	if (n == 0) {
		lua_pushglobaltable(L);
		lua_pushliteral(L, "result");
		lua_rawget(L, -2);
		lua_remove(L, -2);
	} else if (n > 1) {
		lua_createtable(L, n, 0);
		lua_insert(L, base + 1);
		for (int i = n; i >= 1; i--) {
			if (lua_isnil(L, -1)) {
				lua_pop(L, 1);
				value_push_null(L);
			}
			lua_rawseti(L, base + 1, i);
		}
	}
}

static void
send_excess(const struct value_writer *w)
{
	struct out *o = out_begin();

	out_count(o, WIRE_ARRAY, 3);
	out_text(o, w->error);
	out_text(o, w->limit);
	out_int(o, (int64_t)arena_peak());
	io_send(o, WIRE_EXCESS);
}

static void
send_result(lua_State *L, const struct task *t)
{
	struct out *o = out_begin();
	struct value_writer w = {.L = L,
		.o = o,
		.bytes = t->limit[WIRE_L_RESULT_BYTES],
		.nodes = t->limit[WIRE_L_RESULT_NODES],
		.depth_max = (int)t->limit[WIRE_L_RESULT_DEPTH],
		.root = "result"};

	out_count(o, WIRE_ARRAY, 3);
	if (!value_write(&w)) {
		if (w.limit) {
			send_excess(&w);
			return;
		}
		keep_message(w.error, strlen(w.error));
		failure.line = 0;
		failure.frames.len = 0;
		send_error(L);
		return;
	}
	out_count(o, WIRE_ARRAY, (uint32_t)w.warnings_n);
	for (int i = 0; i < w.warnings_n; i++)
		out_text(o, w.warnings[i]);
	out_int(o, (int64_t)arena_peak());
	if (o->full) {
		w.limit = "result_bytes";
		snprintf(w.error, sizeof(w.error), "result: larger than 1 MiB");
		send_excess(&w);
		return;
	}
	io_send(o, WIRE_RESULT);
}

/* --- running -------------------------------------------------------------- */
static void
read_task(lua_State *L, struct in *in, struct task *t)
{
	uint32_t n;

	if (!in_array(in, &n) || n != 4 ||
		!in_string(in, &t->source, &t->source_n) ||
		!value_read(L, in) || !in_array(in, &n) || n != WIRE_L_MAX)
		_exit(WIRE_EXIT_PROTOCOL);
	for (int i = 0; i < WIRE_L_MAX; i++)
		if (!in_int(in, &t->limit[i]) || t->limit[i] < 0)
			_exit(WIRE_EXIT_PROTOCOL);
	if (t->limit[WIRE_L_RESULT_DEPTH] > WIRE_DEPTH)
		t->limit[WIRE_L_RESULT_DEPTH] = WIRE_DEPTH;
	lua_setglobal(L, "args");
	if (!value_read(L, in) || in->at != in->end)
		_exit(WIRE_EXIT_PROTOCOL);
	api_begin(L);
}

/* Pushes the script as a function; a status of lua_load otherwise. */
static int
run_load(lua_State *L, const struct task *t)
{
	const char *s = t->source;
	size_t n = t->source_n;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) {
		s += 3;
		n -= 3;
	}
	if (n > 0 && *s == LUA_SIGNATURE[0]) {
		lua_pushliteral(L, "the script is compiled Lua; "
				   "only source text is run");
		return LUA_ERRSYNTAX;
	}
	return luaL_loadbufferx(L, s, n, ALARM_CHUNK, "t");
}

static int
run_run(lua_State *L)
{
	struct task t;
	int status, base;

	read_task(L, lua_touserdata(L, 1), &t);
	arena_limit((size_t)t.limit[WIRE_L_MEMORY]);
	arena_on_refused(alarm_memory_refused);
	output_limit(t.limit[WIRE_L_OUTPUT]);
	api_limits(t.limit[WIRE_L_API_CALLS], t.limit[WIRE_L_API_BYTES]);
	lua_settop(L, 0);
	lua_pushcfunction(L, run_on_error);
	base = lua_gettop(L);
	status = run_load(L, &t);
	if (status == LUA_OK) {
		status = lua_pcall(L, 0, LUA_MULTRET, base);
		if (status == LUA_ERRERR && failure.message_n == 0)
			keep_message("error in error handling", 23);
	} else if (status != LUA_ERRMEM) {
		size_t n;
		const char *s = lua_tolstring(L, -1, &n);

		keep_message(s, n);
		failure.line = run_line_of(s);
	}
	if (status == LUA_ERRMEM)
		alarm_out_of_memory();
	output_flush();
	if (status != LUA_OK)
		return send_error(L);
	one_value(L, base);
	send_result(L, &t);
	return 0;
}

void
run_script(lua_State *L, struct in *in)
{
	struct alarm_frame frame;

	alarm_name(run_run, "");
	alarm_name(run_on_error, "");
	alarm_enter(&frame, L);
	lua_pushcfunction(L, run_run);
	lua_pushlightuserdata(L, in);
	/* what is outside of the script's own protected call: the arguments
	 * and the result, where only memory can fail */
	if (lua_pcall(L, 1, 0, 0) == LUA_ERRMEM)
		alarm_out_of_memory();
	alarm_leave(&frame);
}
