/* The jail's side of values: any bytes become a Lua value or nothing; what it
 * writes of that value memory-db takes. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/codec.h"
#include "sandbox/jail/arena.h"
#include "sandbox/jail/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
	const uint8_t *data;
	size_t n;
};

static void
write_back(lua_State *L, bool is_strict)
{
	struct out *o = out_begin();
	struct value_writer w = {.L = L,
		.o = o,
		.is_strict = is_strict,
		.bytes = 200000,
		.nodes = 10000,
		.depth_max = WIRE_DEPTH,
		.root = "result"};
	struct codec_in in;
	json_t *j;

	if (!value_write(&w)) {
		if (!w.error[0])
			abort();
		return;
	}
	in = codec_open(o->data + WIRE_HEADER, o->len - WIRE_HEADER);
	if (codec_get_json(&in, &j) || !codec_at_end(&in))
		abort();
	json_decref(j);
}

static int
convert(lua_State *L)
{
	const struct input *input = lua_touserdata(L, 1);
	struct in in = {input->data, input->data + input->n};
	int top;

	value_setup(L);
	top = lua_gettop(L);
	if (!value_read(L, &in)) {
		if (lua_gettop(L) != top)
			abort();
		return 0;
	}
	write_back(L, false);
	write_back(L, true);
	if (lua_gettop(L) != top + 1)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input input = {data, n};
	lua_State *L;

	arena_open(8 << 20);
	L = lua_newstate(arena_alloc, NULL);
	if (!L)
		return 0;
	lua_pushcfunction(L, convert);
	lua_pushlightuserdata(L, &input);
	(void)lua_pcall(L, 1, 0, 0);
	lua_close(L);
	return 0;
}
