/* Writing JSON into a buf. Our own, because jansson's writer keeps a hash
 * table of all containers on the path to find loops, which costs more than
 * the writing; values here are trees. */
#include "common/jx.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Twice what the parser lets in: a deeper tree is a bug. */
#define DUMP_DEPTH_MAX 512

/* 0: copied as it is; else the letter behind the backslash, 'u' for \u00XX. */
static const char escapes[256] = {[0 ... 7] = 'u',
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	[11] = 'u',
	['\f'] = 'f',
	['\r'] = 'r',
	[14 ... 31] = 'u',
	['"'] = '"',
	['\\'] = '\\'};

static int
jx_dump_escape(unsigned char c, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = {'\\', escapes[c], '0', '0', hex[c >> 4], hex[c & 15]};

	return buf_add(out, text, escapes[c] == 'u' ? 6 : 2);
}

/* Bytes that the escape of a byte takes beyond the byte. */
static const unsigned char escape_more[256] = {[0 ... 7] = 5,
	['\b'] = 1,
	['\t'] = 1,
	['\n'] = 1,
	[11] = 5,
	['\f'] = 1,
	['\r'] = 1,
	[14 ... 31] = 5,
	['"'] = 1,
	['\\'] = 1};

size_t
jx_quoted_size(const char *s, size_t n)
{
	size_t size = n + 2;

	for (size_t i = 0; i < n; i++)
		size += escape_more[(unsigned char)s[i]];
	return size;
}

int
jx_quote(const char *s, size_t n, struct buf *out)
{
	size_t begin = 0, i = 0, before = out->len;

	if (buf_reserve(out, n + 2) < 0)
		return MDB_E_NOMEM;
	out->data[out->len++] = '"';
	while (i < n) {
		while (i < n && escapes[(unsigned char)s[i]] == 0)
			i++;
		if (buf_add(out, s + begin, i - begin) < 0)
			goto fail;
		if (i < n && jx_dump_escape((unsigned char)s[i++], out) < 0)
			goto fail;
		begin = i;
	}
	if (buf_addc(out, '"') == 0)
		return 0;
fail:
	out->len = before;
	return MDB_E_NOMEM;
}

#define NUMBER_SIZE 40

/* The shortest of 15 to 17 digits that reads back as the same number. */
static size_t
jx_dump_real_text(double d, char text[NUMBER_SIZE])
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, NUMBER_SIZE, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	if (!strpbrk(text, ".e"))
		memcpy(text + strlen(text), ".0", sizeof(".0"));
	return strlen(text);
}

static int
dump_real(double d, struct buf *out)
{
	char text[NUMBER_SIZE];
	size_t n = jx_dump_real_text(d, text);

	return buf_add(out, text, n);
}

/* Writes into the end of text; its beginning. */
static char *
jx_dump_int_text(json_int_t value, char text[NUMBER_SIZE])
{
	char *p = text + NUMBER_SIZE;
	unsigned long long u = value < 0 ? 0ull - (unsigned long long)value
					 : (unsigned long long)value;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (value < 0)
		*--p = '-';
	return p;
}

static int
dump_int(json_int_t value, struct buf *out)
{
	char text[NUMBER_SIZE];
	const char *p = jx_dump_int_text(value, text);

	return buf_add(out, p, (size_t)(text + NUMBER_SIZE - p));
}

static int dump(const json_t *j, unsigned depth, struct buf *out);

static int
dump_array(const json_t *j, unsigned depth, struct buf *out)
{
	size_t n = json_array_size(j);

	if (buf_addc(out, '[') < 0)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && buf_addc(out, ',') < 0)
			return MDB_E_NOMEM;
		if (dump(json_array_get(j, i), depth + 1, out) < 0)
			return MDB_E_NOMEM;
	}
	return buf_addc(out, ']');
}

static int
dump_object(const json_t *j, unsigned depth, struct buf *out)
{
	bool first = true;
	/* The iterator interface takes no const, and changes nothing. */
	json_t *o = (json_t *)(uintptr_t)j;

	if (buf_addc(out, '{') < 0)
		return MDB_E_NOMEM;
	for (void *it = json_object_iter(o); it;
		it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

		if (!first && buf_addc(out, ',') < 0)
			return MDB_E_NOMEM;
		first = false;
		if (jx_quote(key, strlen(key), out) < 0 ||
			buf_addc(out, ':') < 0 ||
			dump(json_object_iter_value(it), depth + 1, out) < 0)
			return MDB_E_NOMEM;
	}
	return buf_addc(out, '}');
}

static int
dump(const json_t *j, unsigned depth, struct buf *out)
{
	assert(depth <= DUMP_DEPTH_MAX);
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return dump_object(j, depth, out);
	case JSON_ARRAY:
		return dump_array(j, depth, out);
	case JSON_STRING:
		return jx_quote(json_string_value(j), json_string_length(j),
			out);
	case JSON_INTEGER:
		return dump_int(json_integer_value(j), out);
	case JSON_REAL:
		return dump_real(json_real_value(j), out);
	case JSON_TRUE:
		return buf_adds(out, "true");
	case JSON_FALSE:
		return buf_adds(out, "false");
	case JSON_NULL:
		break;
	}
	return buf_adds(out, "null");
}

int
jx_dump(const json_t *j, struct buf *out)
{
	size_t before = out->len;

	if (dump(j, 0, out) == 0)
		return 0;
	out->len = before;
	return MDB_E_NOMEM;
}

/* --- sizes ---------------------------------------------------------------- */

static size_t jx_dump_size_at(const json_t *j, unsigned depth);

static size_t
jx_dump_size_array(const json_t *j, unsigned depth)
{
	size_t n = json_array_size(j);
	size_t size = n > 0 ? n + 1 : 2; /* brackets and commas */

	for (size_t i = 0; i < n; i++)
		size += jx_dump_size_at(json_array_get(j, i), depth + 1);
	return size;
}

static size_t
jx_dump_size_object(const json_t *j, unsigned depth)
{
	size_t n = json_object_size(j);
	size_t size = n > 0 ? 2 * n + 1 : 2; /* braces, commas and colons */
	json_t *o = (json_t *)(uintptr_t)j;

	for (void *it = json_object_iter(o); it;
		it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

		size += jx_quoted_size(key, strlen(key)) +
			jx_dump_size_at(json_object_iter_value(it), depth + 1);
	}
	return size;
}

static size_t
jx_dump_size_at(const json_t *j, unsigned depth)
{
	char text[NUMBER_SIZE];

	assert(depth <= DUMP_DEPTH_MAX);
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return jx_dump_size_object(j, depth);
	case JSON_ARRAY:
		return jx_dump_size_array(j, depth);
	case JSON_STRING:
		return jx_quoted_size(json_string_value(j),
			json_string_length(j));
	case JSON_INTEGER:
		return (size_t)(text + NUMBER_SIZE -
				jx_dump_int_text(json_integer_value(j), text));
	case JSON_REAL:
		return jx_dump_real_text(json_real_value(j), text);
	case JSON_FALSE:
		return strlen("false");
	case JSON_TRUE:
	case JSON_NULL:
		break;
	}
	return strlen("true");
}

size_t
jx_dump_size(const json_t *j)
{
	return jx_dump_size_at(j, 0);
}
