/* Lua values <-> bytes on the wire. */
#ifndef SANDBOX_JAIL_VALUE_H
#define SANDBOX_JAIL_VALUE_H

#include <lua.h>
#include <stdbool.h>

#include "sandbox/jail/io.h"

#define VALUE_WARNINGS 8

/* JSON's rules for a Lua value:
 *
 *   nil, memory.null      null
 *   integer, float        as they are; NaN and infinities: null, a warning
 *   string                UTF-8; other bytes and NUL: U+FFFD, a warning
 *   table                 array when its keys are 1..n without a hole, and
 *                         when it is empty (unless it came as an empty object
 *                         or is marked by memory.object); else an object,
 *                         integer keys as strings
 *   function, thread, userdata, other keys, a key twice (1 and "1"), a table
 *   inside itself, too deep   an error that names the path
 *
 * Metamethods are not called. */
struct value_writer {
	lua_State *L;
	struct out *o;
	bool is_strict;	      /* what would be a warning is an error */
	int64_t bytes, nodes; /* may still be written; bytes as sent */
	int depth_max;
	const char *root; /* the name of the whole: "result" */

	char error[512];   /* why it failed */
	const char *limit; /* it failed by this limit ("result_bytes") */
	int warnings_n;
	char warnings[VALUE_WARNINGS][160];
	/* where we are */
	int depth;
	struct {
		const void *table;
		const char *key; /* NULL: index */
		size_t key_len;
		lua_Integer index;
	} path[WIRE_DEPTH + 1];
};

/* Writes the value at the top of the stack, which is kept. */
bool value_write(struct value_writer *w);

/* Reads a value and pushes it; false (nothing pushed) when the bytes are not
 * one. Raises Lua's memory error. */
bool value_read(lua_State *L, struct in *in);

/* The address that memory.null is, and the metatable of empty objects in the
 * registry under the address value_object. */
extern const char value_null, value_object;
void value_setup(lua_State *L);
void value_push_null(lua_State *L);

#endif
