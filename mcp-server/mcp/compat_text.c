/* Texts of compat: JSON as the reference server's JSON.stringify indents it, and
 * whole graphs, which are written straight from memory-db's reply. */
#include <string.h>

#include "common/err.h"
#include "common/jx.h"
#include "mcp-server/mcp/compat.h"

/* --- JSON.stringify(value, null, 2) --------------------------------------- */

static int pretty(const json_t *v, unsigned depth, struct buf *out);

static int
new_line(unsigned depth, struct buf *out)
{
	if (buf_addc(out, '\n'))
		return MDB_E_NOMEM;
	while (depth-- > 0)
		if (buf_add(out, "  ", 2))
			return MDB_E_NOMEM;
	return 0;
}

static int
pretty_array(const json_t *v, unsigned depth, struct buf *out)
{
	size_t n = json_array_size(v);

	if (n == 0)
		return buf_add(out, "[]", 2);
	for (size_t i = 0; i < n; i++)
		if (buf_addc(out, i == 0 ? '[' : ',') ||
			new_line(depth + 1, out) ||
			pretty(json_array_get(v, i), depth + 1, out))
			return MDB_E_NOMEM;
	return new_line(depth, out) || buf_addc(out, ']') ? MDB_E_NOMEM : 0;
}

static int
pretty_object(const json_t *v, unsigned depth, struct buf *out)
{
	json_t *o = (json_t *)(uintptr_t)v; /* iterators take no const */
	char open = '{';

	if (json_object_size(v) == 0)
		return buf_add(out, "{}", 2);
	for (void *it = json_object_iter(o); it;
		it = json_object_iter_next(o, it)) {
		const char *key = json_object_iter_key(it);

		if (buf_addc(out, open) || new_line(depth + 1, out) ||
			jx_quote(key, strlen(key), out) ||
			buf_add(out, ": ", 2) ||
			pretty(json_object_iter_value(it), depth + 1, out))
			return MDB_E_NOMEM;
		open = ',';
	}
	return new_line(depth, out) || buf_addc(out, '}') ? MDB_E_NOMEM : 0;
}

/* Depth is that of our own shapes. */
static int
pretty(const json_t *v, unsigned depth, struct buf *out)
{
	if (json_is_array(v))
		return pretty_array(v, depth, out);
	if (json_is_object(v))
		return pretty_object(v, depth, out);
	return jx_dump(v, out);
}

int
compat_pretty(const json_t *value, struct buf *out)
{
	return pretty(value, 0, out);
}

/* --- the same of a text --------------------------------------------------- */

/* The bytes of a string that begins at p, with both its quotes. */
static size_t
compat_text_string(const char *p, const char *end)
{
	const char *at = p + 1;

	while (at < end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return (size_t)((at < end ? at + 1 : end) - p);
}

/* One byte that is no part of a string. *io_depth: of the brackets around. */
static int
compat_text_byte(char c, bool is_empty, unsigned *io_depth, struct buf *out)
{
	switch (c) {
	case '{':
	case '[':
		++*io_depth;
		return buf_addc(out, c) ||
				       (!is_empty && new_line(*io_depth, out))
			       ? MDB_E_NOMEM
			       : 0;
	case '}':
	case ']':
		--*io_depth;
		return (!is_empty && new_line(*io_depth, out)) ||
				       buf_addc(out, c)
			       ? MDB_E_NOMEM
			       : 0;
	case ',':
		return buf_addc(out, c) || new_line(*io_depth, out)
			       ? MDB_E_NOMEM
			       : 0;
	case ':':
		return buf_add(out, ": ", 2);
	default:
		return buf_addc(out, c);
	}
}

int
compat_pretty_text(const struct buf *plain, struct buf *out)
{
	const char *p = plain->data, *end = p + plain->len;
	unsigned depth = 0;

	/* Indentation makes it two thirds longer as a rule. */
	if (buf_reserve(out, plain->len + plain->len / 2))
		return MDB_E_NOMEM;
	while (p < end) {
		size_t n = 1;
		/* "[]" and "{}" stay together. */
		bool is_empty =
			(*p == '[' || *p == '{')
				? p[1] == (*p == '[' ? ']' : '}')
				: p > plain->data &&
					  (p[-1] == '[' || p[-1] == '{');

		if (*p == '"') {
			n = compat_text_string(p, end);
			if (buf_add(out, p, n))
				return MDB_E_NOMEM;
		} else if (compat_text_byte(*p, is_empty, &depth, out)) {
			return MDB_E_NOMEM;
		}
		p += n;
	}
	return 0;
}

/* --- graphs --------------------------------------------------------------- */

/* Appends `"as":` and the member, behind a comma but for the first, when it is
 * there. */
static int
compat_text_member(json_t *stored, const char *key, const char *as,
	bool *io_first, struct buf *out)
{
	const json_t *v = json_object_get(stored, key);

	if (!v)
		return 0;
	if ((!*io_first && buf_addc(out, ',')) || buf_addc(out, '"') ||
		buf_adds(out, as) || buf_add(out, "\":", 2))
		return MDB_E_NOMEM;
	*io_first = false;
	return jx_dump(v, out);
}

static int
compat_text_entity(json_t *stored, struct buf *out)
{
	bool first = true;

	return buf_addc(out, '{') ||
			       compat_text_member(stored, "name", "name",
				       &first, out) ||
			       compat_text_member(stored, "type", "entityType",
				       &first, out) ||
			       compat_text_member(stored, "observations",
				       "observations", &first, out) ||
			       buf_addc(out, '}')
		       ? MDB_E_NOMEM
		       : 0;
}

static int
compat_text_relation(json_t *stored, struct buf *out)
{
	bool first = true;

	return buf_addc(out, '{') ||
			       compat_text_member(stored, "from", "from",
				       &first, out) ||
			       compat_text_member(stored, "to", "to", &first,
				       out) ||
			       compat_text_member(stored, "relationType",
				       "relationType", &first, out) ||
			       buf_addc(out, '}')
		       ? MDB_E_NOMEM
		       : 0;
}

static int
compat_text_list(json_t *list, int (*one)(json_t *, struct buf *),
	struct buf *out)
{
	json_t *stored;
	size_t i;

	json_array_foreach(list, i, stored)
		if ((i > 0 && buf_addc(out, ',')) || one(stored, out))
			return MDB_E_NOMEM;
	return 0;
}

bool
compat_write_graph(const struct tool *t, json_t *reply, struct buf *out,
	int *ret_rc)
{
	json_t *entities = json_object_get(reply, "results");

	if (!compat_is_graph(t))
		return false;
	if (!entities)
		entities = json_object_get(reply, "entities");
	*ret_rc = buf_adds(out, "{\"entities\":[") ||
				  compat_text_list(entities, compat_text_entity,
					  out) ||
				  buf_adds(out, "],\"relations\":[") ||
				  compat_text_list(json_object_get(reply,
							   "relations"),
					  compat_text_relation, out) ||
				  buf_adds(out, "]}")
			  ? MDB_E_NOMEM
			  : 0;
	return true;
}
