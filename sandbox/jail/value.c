/* Lua values to bytes on the wire and back. The rules stand in the header
 * (what is an array, what becomes of NaN, what is an error); this is the only
 * place that knows them. Values are written by a walk with its path, so that
 * an error says where: "result.items[3].name is a function". */
#include "sandbox/jail/value.h"

#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

const char value_null, value_object;

static bool write_any(struct value_writer *w);

/* The address as a key of the registry; Lua asks for a pointer to non-const. */
static void *
value_address(const char *p)
{
	return (void *)(uintptr_t)p;
}

void
value_push_null(lua_State *L)
{
	lua_pushlightuserdata(L, value_address(&value_null));
}

void
value_setup(lua_State *L)
{
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &value_object);
}

/* --- where ---------------------------------------------------------------- */
/* "result.items[3].name", cut when it is long. */
static void
path_text(const struct value_writer *w, char *out, size_t size)
{
	size_t n = 0;

	n += (size_t)snprintf(out, size, "%s", w->root);
	for (int i = 0; i < w->depth && n < size - 1; i++) {
		int k;

		if (w->path[i].key)
			k = snprintf(out + n, size - n, ".%.*s",
				(int)(w->path[i].key_len < 60
						? w->path[i].key_len
						: 60),
				w->path[i].key);
		else
			k = snprintf(out + n, size - n, "[%lld]",
				(long long)w->path[i].index);
		n += (size_t)k;
	}
}

static bool __attribute__((format(printf, 2, 3)))
value_fail(struct value_writer *w, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	path_text(w, w->error, 300);
	n = strlen(w->error);
	n += (size_t)snprintf(w->error + n, sizeof(w->error) - n, ": ");
	va_start(ap, fmt);
	vsnprintf(w->error + n, sizeof(w->error) - n, fmt, ap);
	va_end(ap);
	out_scrub(w->error);
	return false;
}

static bool
over(struct value_writer *w, const char *limit)
{
	w->limit = limit;
	return value_fail(w, "larger than the limit %s", limit);
}

/* A value that JSON has not: an error, or a warning and a substitute. */
static bool
lossy(struct value_writer *w, const char *what)
{
	char path[128];

	if (w->is_strict)
		return value_fail(w, "%s", what);
	path_text(w, path, 100);
	if (w->warnings_n < VALUE_WARNINGS) {
		char *text = w->warnings[w->warnings_n++];

		snprintf(text, sizeof(w->warnings[0]), "%s: %s", path, what);
		out_scrub(text);
	}
	return true;
}

static bool
value_spend(struct value_writer *w, size_t bytes)
{
	if (bytes > (size_t)INT32_MAX || (w->bytes -= (int64_t)bytes) < 0)
		return over(w, "result_bytes");
	return true;
}

/* --- writing -------------------------------------------------------------- */
/* The text with U+FFFD for each byte that is not UTF-8, and for NUL. */
static bool
write_mended(struct value_writer *w, const char *s, size_t n)
{
	size_t at = w->o->len - 4, from = w->o->len;
	uint32_t cp;

	for (size_t i = 0; i < n && !w->o->full;) {
		size_t k = s[i] == '\0' ? 0 : utf8_decode(s + i, n - i, &cp);

		if (k == 0) {
			out_bytes(w->o, "\xef\xbf\xbd", 3);
			i++;
		} else {
			out_bytes(w->o, s + i, k);
			i += k;
		}
	}
	size_t len = w->o->len - from;
	for (unsigned i = 0; i < 4 && !w->o->full; i++)
		w->o->data[at + i] = (uint8_t)(len >> (8 * i));
	return value_spend(w, len > n ? len - n : 0);
}

static bool
is_clean(const char *s, size_t n)
{
	uint32_t cp;
	size_t i = 0;

	while (i < n) {
		if (s[i] != '\0' && (unsigned char)s[i] < 0x80) {
			i++;
			continue;
		}
		size_t k = s[i] == '\0' ? 0 : utf8_decode(s + i, n - i, &cp);

		if (k == 0)
			return false;
		i += k;
	}
	return true;
}

/* Without the tag, as the keys of a map are. */
static bool
write_bytes(struct value_writer *w, const char *s, size_t n)
{
	uint8_t len[4];

	if (!value_spend(w, n + 4))
		return false;
	for (unsigned i = 0; i < 4; i++)
		len[i] = (uint8_t)(n >> (8 * i));
	out_bytes(w->o, len, 4);
	if (is_clean(s, n)) {
		out_bytes(w->o, s, n);
		return true;
	}
	return lossy(w, memchr(s, 0, n) ? "the text holds a NUL byte"
					: "the text is not valid UTF-8") &&
	       write_mended(w, s, n);
}

/* What a first look at a table says. */
struct value_shape {
	lua_Integer n; /* pairs */
	bool is_array;
};

static bool
value_look(struct value_writer *w, struct value_shape *ret)
{
	lua_State *L = w->L;
	lua_Integer n = 0, max = 0;
	bool ints = true;

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		n++;
		if (!lua_isinteger(L, -1))
			ints = false;
		else if (lua_tointeger(L, -1) < 1)
			ints = false;
		else if (lua_tointeger(L, -1) > max)
			max = lua_tointeger(L, -1);
		if (n > w->nodes) {
			lua_pop(L, 1);
			return over(w, "result_nodes");
		}
	}
	ret->n = n;
	ret->is_array = ints && max == n;
	if (n == 0 && lua_getmetatable(L, -1)) {
		lua_rawgetp(L, LUA_REGISTRYINDEX, &value_object);
		ret->is_array = !lua_rawequal(L, -1, -2);
		lua_pop(L, 2);
	}
	return true;
}

static bool
write_array(struct value_writer *w, lua_Integer n)
{
	out_count(w->o, WIRE_ARRAY, (uint32_t)n);
	for (lua_Integer i = 1; i <= n; i++) {
		w->path[w->depth - 1].key = NULL;
		w->path[w->depth - 1].index = i;
		lua_rawgeti(w->L, -1, i);
		if (!write_any(w))
			return false;
		lua_pop(w->L, 1);
	}
	return true;
}

/* The key at -2, as text; integers are written out in `room`. */
static bool
key_text(struct value_writer *w, char room[32], const char **ret, size_t *ret_n)
{
	lua_State *L = w->L;

	if (lua_type(L, -2) == LUA_TSTRING) {
		*ret = lua_tolstring(L, -2, ret_n);
	} else if (lua_isinteger(L, -2)) {
		lua_Integer i = lua_tointeger(L, -2);

		*ret_n = (size_t)snprintf(room, 32, "%lld", (long long)i);
		*ret = room;
		/* the same key as a string would make it ambiguous */
		lua_pushlstring(L, room, *ret_n);
		int type = lua_rawget(L, -4);
		lua_pop(L, 1);
		if (type != LUA_TNIL) {
			w->path[w->depth - 1].key = room;
			w->path[w->depth - 1].key_len = *ret_n;
			return value_fail(w,
				"the table has this key as a number "
				"and as a string");
		}
	} else {
		w->depth--;
		value_fail(w,
			"a key is a %s; JSON has only strings (and integers, "
			"as strings)",
			lua_type(L, -2) == LUA_TNUMBER
				? "float"
				: lua_typename(L, lua_type(L, -2)));
		w->depth++;
		return false;
	}
	return true;
}

static bool
write_map(struct value_writer *w, lua_Integer n)
{
	lua_State *L = w->L;
	char room[32];
	const char *key;
	size_t key_n;

	out_count(w->o, WIRE_MAP, (uint32_t)n);
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		if (!key_text(w, room, &key, &key_n))
			return false;
		w->path[w->depth - 1].key = key;
		w->path[w->depth - 1].key_len = key_n;
		if (!write_bytes(w, key, key_n) || !write_any(w))
			return false;
		lua_pop(L, 1);
	}
	return true;
}

static bool
write_table(struct value_writer *w)
{
	const void *self = lua_topointer(w->L, -1);
	struct value_shape shape = {0, false};

	for (int i = 0; i < w->depth; i++)
		if (w->path[i].table == self)
			return value_fail(w, "the table contains itself");
	if (w->depth >= w->depth_max) {
		w->limit = "result_depth";
		return value_fail(w, "nested deeper than %d", w->depth_max);
	}
	if (!lua_checkstack(w->L, 8))
		return value_fail(w, "nested too deep");
	if (!value_look(w, &shape) || !value_spend(w, 5))
		return false;
	w->path[w->depth].table = self;
	w->depth++;
	if (!(shape.is_array ? write_array(w, shape.n) : write_map(w, shape.n)))
		return false;
	w->depth--;
	return true;
}

static bool
write_number(struct value_writer *w)
{
	lua_Number v;

	if (!value_spend(w, 9))
		return false;
	if (lua_isinteger(w->L, -1)) {
		out_int(w->o, lua_tointeger(w->L, -1));
		return true;
	}
	v = lua_tonumber(w->L, -1);
	if (isfinite(v)) {
		out_float(w->o, v);
		return true;
	}
	out_tag(w->o, WIRE_NIL);
	return lossy(w, isnan(v) ? "not a number (NaN), which JSON has not"
				 : "infinite, which JSON has not");
}

static bool
write_any(struct value_writer *w)
{
	lua_State *L = w->L;
	const char *s;
	size_t n;

	if (w->nodes-- <= 0)
		return over(w, "result_nodes");
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		out_tag(w->o, WIRE_NIL);
		return value_spend(w, 1);
	case LUA_TBOOLEAN:
		out_tag(w->o, lua_toboolean(L, -1) ? WIRE_TRUE : WIRE_FALSE);
		return value_spend(w, 1);
	case LUA_TNUMBER:
		return write_number(w);
	case LUA_TSTRING:
		s = lua_tolstring(L, -1, &n);
		out_tag(w->o, WIRE_STRING);
		return write_bytes(w, s, n);
	case LUA_TTABLE:
		return write_table(w);
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(L, -1) == value_address(&value_null)) {
			out_tag(w->o, WIRE_NIL);
			return value_spend(w, 1);
		}
		break;
	default:
		break;
	}
	return value_fail(w,
		"a %s; only nil, booleans, numbers, strings and tables "
		"can leave a script",
		luaL_typename(L, -1));
}

bool
value_write(struct value_writer *w)
{
	int top = lua_gettop(w->L);
	bool ok = write_any(w);

	lua_settop(w->L, top);
	if (ok && w->o->full)
		ok = over(w, "result_bytes");
	return ok;
}

/* --- reading -------------------------------------------------------------- */
static bool read_any(lua_State *L, struct in *in, int depth);

static bool
value_read_array(lua_State *L, struct in *in, int depth)
{
	uint32_t n;

	if (!in_count(in, 1, &n))
		return false;
	lua_createtable(L, (int)n, 0);
	for (uint32_t i = 1; i <= n; i++) {
		if (!read_any(L, in, depth + 1))
			return false;
		if (lua_isnil(L, -1)) { /* a hole would end the array */
			lua_pop(L, 1);
			value_push_null(L);
		}
		lua_rawseti(L, -2, i);
	}
	return true;
}

static bool
read_map(lua_State *L, struct in *in, int depth)
{
	const char *key;
	size_t key_n;
	uint32_t n;

	if (!in_count(in, 5, &n))
		return false;
	lua_createtable(L, 0, (int)n);
	if (n == 0) {
		lua_rawgetp(L, LUA_REGISTRYINDEX, &value_object);
		lua_setmetatable(L, -2);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!in_bytes(in, &key, &key_n))
			return false;
		lua_pushlstring(L, key, key_n);
		if (!read_any(L, in, depth + 1))
			return false;
		lua_rawset(L, -3);
	}
	return true;
}

static bool
read_any(lua_State *L, struct in *in, int depth)
{
	enum wire_tag tag;
	const char *s;
	uint64_t v;
	double d;
	size_t n;

	if (depth > WIRE_DEPTH || !lua_checkstack(L, 4) || !in_tag(in, &tag))
		return false;
	switch (tag) {
	case WIRE_NIL:
		lua_pushnil(L);
		return true;
	case WIRE_FALSE:
	case WIRE_TRUE:
		lua_pushboolean(L, tag == WIRE_TRUE);
		return true;
	case WIRE_INT:
		if (!in_u64(in, &v))
			return false;
		lua_pushinteger(L, (lua_Integer)v);
		return true;
	case WIRE_FLOAT:
		if (!in_u64(in, &v))
			return false;
		memcpy(&d, &v, sizeof(d));
		lua_pushnumber(L, d);
		return true;
	case WIRE_STRING:
		if (!in_bytes(in, &s, &n))
			return false;
		lua_pushlstring(L, s, n);
		return true;
	case WIRE_ARRAY:
		return value_read_array(L, in, depth);
	case WIRE_MAP:
		return read_map(L, in, depth);
	}
	return false;
}

bool
value_read(lua_State *L, struct in *in)
{
	int top = lua_gettop(L);

	if (!lua_checkstack(L, 8) || !read_any(L, in, 0)) {
		lua_settop(L, top);
		return false;
	}
	return true;
}
