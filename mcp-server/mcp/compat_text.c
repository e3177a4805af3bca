/* Texts of compat: JSON as the reference server's JSON.stringify indents it, and
 * whole graphs, whose bytes go on as memory-db wrote them. */
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

/* --- the same of a text, as a JSON string ---------------------------------- */

/* Room for the brackets and blanks of a token, at this depth. */
#define TOKEN_ROOM(depth) (2 * (size_t)(depth) + 16)

static void
quoted_line(unsigned depth, struct buf *out)
{
	out->data[out->len++] = '\\';
	out->data[out->len++] = 'n';
	memset(out->data + out->len, ' ', 2 * (size_t)depth);
	out->len += 2 * (size_t)depth;
}

static const bool is_quoted[256] = {['"'] = true, ['\\'] = true};

/* The string at *io_p, which has quotes and escapes: each of these bytes gets a
 * backslash. */
static int
quoted_string(const char **io_p, const char *end, struct buf *out)
{
	const char *p = *io_p + 1;

	if (buf_add(out, "\\\"", 2))
		return MDB_E_NOMEM;
	for (;;) {
		const char *run = p;

		while (p < end && !is_quoted[(unsigned char)*p])
			p++;
		if (buf_add(out, run, (size_t)(p - run)))
			return MDB_E_NOMEM;
		if (p == end || *p == '"')
			break;
		/* An escape: the byte behind the backslash is part of it. */
		if (buf_add(out, "\\\\", 2) ||
			(p + 1 < end && is_quoted[(unsigned char)p[1]] &&
				buf_addc(out, '\\')) ||
			(p + 1 < end && buf_addc(out, p[1])))
			return MDB_E_NOMEM;
		p += p + 1 < end ? 2 : 1;
	}
	*io_p = p < end ? p + 1 : end;
	return buf_add(out, "\\\"", 2);
}

/* A byte that is no part of a string. out has room. */
static void
quoted_byte(char c, bool is_empty, unsigned *io_depth, struct buf *out)
{
	if (c == '}' || c == ']') {
		--*io_depth;
		if (!is_empty)
			quoted_line(*io_depth, out);
	}
	out->data[out->len++] = c;
	if (c == '{' || c == '[') {
		++*io_depth;
		if (!is_empty)
			quoted_line(*io_depth, out);
	} else if (c == ',') {
		quoted_line(*io_depth, out);
	} else if (c == ':') {
		out->data[out->len++] = ' ';
	}
}

/* Whether the bracket at p stands beside its other one: "[]" and "{}" stay
 * together. */
static bool
compat_text_is_empty(const char *p, const struct buf *plain)
{
	if (*p == '[' || *p == '{')
		return p + 1 < plain->data + plain->len &&
		       p[1] == (*p == '[' ? ']' : '}');
	return p > plain->data && (p[-1] == '[' || p[-1] == '{');
}

/* The quoted text behind what `out` has; it may have a part when this fails. */
static int
quote_pretty(const struct buf *plain, size_t room, struct buf *out)
{
	const char *p = plain->data, *end = p + plain->len;
	size_t before = out->len;
	unsigned depth = 0;

	if (buf_addc(out, '"') != 0)
		return MDB_E_NOMEM;
	while (p < end) {
		if (out->len - before > room)
			return MDB_E_LIMIT;
		if (*p == '"') {
			int rc = quoted_string(&p, end, out);

			if (rc != 0)
				return rc;
			continue;
		}
		if (buf_reserve(out, TOKEN_ROOM(depth)))
			return MDB_E_NOMEM;
		quoted_byte(*p, compat_text_is_empty(p, plain), &depth, out);
		p++;
	}
	if (buf_addc(out, '"') != 0)
		return MDB_E_NOMEM;
	return out->len - before > room ? MDB_E_LIMIT : 0;
}

int
compat_quote_pretty(const struct buf *plain, size_t room, struct buf *out)
{
	size_t before = out->len;
	int rc = quote_pretty(plain, room, out);

	if (rc != 0)
		out->len = before;
	return rc;
}

/* --- graphs --------------------------------------------------------------- */

/* What an item says in compat: members of memory-db and what they are called. */
struct compat_text_member {
	const char *key, *as;
};

#define ITEM_MEMBERS 3

/* Writes the members of the item that are there, in this order. 0, or
 * MDB_E_NOMEM. */
static int
compat_text_item(struct jx_slice item,
	const struct compat_text_member members[ITEM_MEMBERS], struct buf *out)
{
	struct jx_slice found[ITEM_MEMBERS] = {{NULL, 0}}, name, value;
	bool first = true, begun = false;
	struct jx_scan s;

	jx_scan_init(&s, item.p, item.n);
	if (!jx_scan_enter(&s, '{'))
		return MDB_E_PROTOCOL;
	while (jx_scan_member(&s, &first, &name)) {
		if (!jx_scan_skip(&s, &value))
			return MDB_E_PROTOCOL;
		for (int i = 0; i < ITEM_MEMBERS; i++)
			if (jx_slice_is(name, members[i].key))
				found[i] = value;
	}
	if (buf_addc(out, '{'))
		return MDB_E_NOMEM;
	for (int i = 0; i < ITEM_MEMBERS; i++) {
		if (!found[i].p)
			continue;
		if (buf_adds(out, begun ? ",\"" : "\"") ||
			buf_adds(out, members[i].as) ||
			buf_add(out, "\":", 2) ||
			buf_add(out, found[i].p, found[i].n))
			return MDB_E_NOMEM;
		begun = true;
	}
	return buf_addc(out, '}');
}

static int
compat_text_items(const struct graph_items *items,
	const struct compat_text_member members[ITEM_MEMBERS], struct buf *out)
{
	for (size_t i = 0; i < items->n; i++)
		if ((i > 0 && buf_addc(out, ',')) ||
			compat_text_item(items->v[i].text, members, out))
			return MDB_E_NOMEM;
	return 0;
}

int
compat_write_graph(const struct graph_text *graph, struct buf *out)
{
	static const struct compat_text_member entity[ITEM_MEMBERS] =
		{{"name", "name"}, {"type", "entityType"},
			{"observations", "observations"}};
	static const struct compat_text_member relation[ITEM_MEMBERS] =
		{{"from", "from"}, {"to", "to"},
			{"relationType", "relationType"}};

	return buf_adds(out, "{\"entities\":[") ||
			       compat_text_items(&graph->entities, entity,
				       out) ||
			       buf_adds(out, "],\"relations\":[") ||
			       compat_text_items(&graph->relations, relation,
				       out) ||
			       buf_adds(out, "]}")
		       ? MDB_E_NOMEM
		       : 0;
}
