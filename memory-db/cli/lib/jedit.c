/* Edits of a JSON text. The style is read off the text: how deep its top level
 * is indented, with what line ends, or all on one line. What is added is
 * written in that style, and comments stay where they stand.
 *
 *   {                                  {
 *     "a": 1   // mine                   "a": 1,   // mine
 *   }                                    "b": 2
 *                                      } */
#include "memory-db/cli/lib/jedit.h"

#include <stdbool.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/cli/lib/jedit_int.h"

int
jedit_broken(struct err *e)
{
	return err_set(e, MDB_E_INVALID, "the JSON text cannot be edited");
}

int
jedit_not_found(int found, const char *name, struct err *e)
{
	if (found == MDB_E_NOMEM)
		return err_nomem(e);
	return found < 0 ? jedit_broken(e)
			 : err_set(e, MDB_E_NOT_FOUND, "no member '%s'", name);
}

size_t
jedit_begin(const struct jmember *m)
{
	return m->key.end > 0 ? m->key.at : m->value.at;
}

/* How the object is written. */
struct style {
	bool is_compact;     /* on one line */
	const char *newline; /* static */
	const char *indent;  /* of its members; borrowed from the text */
	size_t indent_n;
	const char *unit; /* one more level; borrowed or static */
	size_t unit_n;
	const char *outer; /* of its closing brace; borrowed */
	size_t outer_n;
};

static size_t
jedit_line_begin(const char *s, size_t at)
{
	while (at > 0 && s[at - 1] != '\n')
		at--;
	return at;
}

/* Blanks that the line of `at` begins with. */
static size_t
line_blanks(const char *s, size_t n, size_t begin)
{
	size_t k = begin;

	while (k < n && (s[k] == ' ' || s[k] == '\t'))
		k++;
	return k - begin;
}

static bool
is_first_on_line(const char *s, size_t n, size_t at)
{
	size_t begin = jedit_line_begin(s, at);

	return begin > 0 && line_blanks(s, n, begin) == at - begin;
}

/* One level of indentation as the top of the text has it; two blanks when it
 * shows none. False: the text is written on one line. */
static bool
find_unit(const char *s, size_t n, const char **ret, size_t *ret_n)
{
	struct jmember m;
	struct jwalk w;

	*ret = "  ";
	*ret_n = 2;
	if (!jwalk_init(&w, s, n, jscan_space(s, n, 0)) ||
		jwalk_next(&w, &m) != 1)
		return true;
	if (!is_first_on_line(s, n, m.key.at))
		return false;
	size_t begin = jedit_line_begin(s, m.key.at);

	if (m.key.at > begin) {
		*ret = s + begin;
		*ret_n = m.key.at - begin;
	}
	return true;
}

/* first: position of its first member's key, 0 when it has none. */
static struct style
jedit_look_at(const char *s, size_t n, size_t object, size_t first)
{
	struct style st = {.newline = "\n"};
	bool has_lines = find_unit(s, n, &st.unit, &st.unit_n);
	size_t begin = jedit_line_begin(s, object);
	const char *nl = memchr(s, '\n', n);

	if (nl && nl > s && nl[-1] == '\r')
		st.newline = "\r\n";
	st.outer = s + begin;
	st.outer_n = line_blanks(s, n, begin);
	st.is_compact = first > 0 ? !is_first_on_line(s, n, first) : !has_lines;
	if (first > 0 && !st.is_compact) {
		begin = jedit_line_begin(s, first);
		st.indent = s + begin;
		st.indent_n = first - begin;
	}
	return st;
}

/* Newline and the indentation of members, `depth` levels deeper. */
static int
jedit_add_line(const struct style *st, int depth, struct buf *out)
{
	if (st->is_compact)
		return 0;
	if (buf_adds(out, st->newline) != 0)
		return MDB_E_NOMEM;
	if (st->indent) {
		if (buf_add(out, st->indent, st->indent_n) != 0)
			return MDB_E_NOMEM;
	} else if (buf_add(out, st->outer, st->outer_n) != 0 ||
		   buf_add(out, st->unit, st->unit_n) != 0) {
		return MDB_E_NOMEM;
	}
	for (; depth > 0; depth--)
		if (buf_add(out, st->unit, st->unit_n) != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* Of an element of an array there is none. */
static int
add_key(const char *key, struct buf *out)
{
	if (!key)
		return 0;
	return jx_quote(key, strlen(key), out) != 0 ? MDB_E_NOMEM
						    : buf_adds(out, ": ");
}

/* What we write is at most three levels deep. */
static int
jedit_add_value(const struct style *st, const json_t *v, int depth,
	struct buf *out)
{
	bool is_object = json_is_object(v);
	const char *key, *comma = st->is_compact ? ", " : ",";
	size_t i, k = 0;
	json_t *x;
	int rc;

	if (depth > 8)
		return MDB_E_NOMEM;
	if ((!is_object || json_object_size(v) == 0) &&
		(!json_is_array(v) || json_array_size(v) == 0))
		return jx_dump(v, out);
	rc = buf_addc(out, is_object ? '{' : '[');
	json_object_foreach((json_t *)(uintptr_t)v, key, x) {
		if (rc != 0 || (k++ > 0 && buf_adds(out, comma) != 0) ||
			jedit_add_line(st, depth + 1, out) != 0 ||
			add_key(key, out) != 0)
			return MDB_E_NOMEM;
		rc = jedit_add_value(st, x, depth + 1, out);
	}
	json_array_foreach((json_t *)(uintptr_t)v, i, x) {
		if (rc != 0 || (i > 0 && buf_adds(out, comma) != 0) ||
			jedit_add_line(st, depth + 1, out) != 0)
			return MDB_E_NOMEM;
		rc = jedit_add_value(st, x, depth + 1, out);
	}
	if (rc != 0 || jedit_add_line(st, depth, out) != 0)
		return MDB_E_NOMEM;
	return buf_addc(out, is_object ? '}' : ']');
}

static int
jedit_add_member(const struct style *st, const char *name, const json_t *value,
	struct buf *out)
{
	if (jedit_add_line(st, 0, out) != 0 || add_key(name, out) != 0 ||
		jedit_add_value(st, value, 0, out) != 0)
		return MDB_E_NOMEM;
	return 0;
}

/* The only member of an object, behind its brace and what comments stand there.
 * The outer style has no line of its own: close below the opening line. */
static int
add_only(const struct style *st, const char *name, const json_t *value,
	struct buf *out)
{
	if (jedit_add_member(st, name, value, out) != 0)
		return MDB_E_NOMEM;
	if (!st->is_compact &&
		(buf_adds(out, st->newline) != 0 ||
			buf_add(out, st->outer, st->outer_n) != 0))
		return MDB_E_NOMEM;
	return buf_addc(out, name ? '}' : ']');
}

/* End of the comments that stand behind `at` on its line; `at` when none do. */
static size_t
remarks_end(const char *s, size_t n, size_t at)
{
	for (;;) {
		size_t begin = at + line_blanks(s, n, at), end;

		end = jscan_comment(s, n, begin);
		if (end == begin)
			return at;
		at = end;
		if (s[begin + 1] == '/' || memchr(s + begin, '\n', end - begin))
			return at > begin && s[at - 1] == '\r' ? at - 1 : at;
	}
}

/* Behind the last member, whose comma may stand there already; a remark on its
 * line stays with it. */
static int
add_behind(const struct style *st, struct jedit *ed, const char *s, size_t n,
	size_t last_end, const char *name, const json_t *value)
{
	size_t comma = jscan_space(s, n, last_end);
	bool is_open = comma < n && s[comma] == ',';
	size_t from = is_open ? comma + 1 : last_end;
	size_t end = remarks_end(s, n, from);
	bool is_same_line = st->is_compact && end == from;

	ed->at = from;
	ed->end = end;
	if ((!is_open && buf_addc(&ed->text, ',') != 0) ||
		buf_add(&ed->text, s + from, end - from) != 0 ||
		(is_same_line && buf_addc(&ed->text, ' ') != 0) ||
		(st->is_compact && !is_same_line &&
			buf_adds(&ed->text, st->newline) != 0) ||
		jedit_add_line(st, 0, &ed->text) != 0 ||
		add_key(name, &ed->text) != 0 ||
		jedit_add_value(st, value, 0, &ed->text) != 0 ||
		(is_open && buf_addc(&ed->text, ',') != 0))
		return MDB_E_NOMEM;
	return 0;
}

/* The only member, behind the remark that ends at ed->at: what stands between
 * that and the brace stays. */
static int
add_below_remarks(struct style *st, struct jedit *ed, const char *s,
	size_t brace, const char *name, const json_t *value)
{
	bool has_line = memchr(s + ed->at, '\n', brace - ed->at) != NULL;

	/* It must not become a part of the remark. */
	if (st->is_compact && has_line && buf_adds(&ed->text, st->newline) != 0)
		return MDB_E_NOMEM;
	st->is_compact = st->is_compact || !has_line;
	return jedit_add_member(st, name, value, &ed->text);
}

/* The only member of an object or array whose brace is at `brace`. */
static int
add_inside(struct style *st, struct jedit *ed, const char *s, size_t n,
	size_t object, size_t brace, const char *name, const json_t *value)
{
	size_t inside = brace;

	/* Comments stay where they are. */
	if (jscan_blank(s, n, object + 1) == brace)
		inside = object + 1;
	while (inside > object + 1 && strchr(" \t\r\n", s[inside - 1]) != NULL)
		inside--;
	ed->at = ed->end = inside;
	if (inside > object + 1)
		return add_below_remarks(st, ed, s, brace, name, value);
	ed->end = brace + 1;
	return add_only(st, name, value, &ed->text);
}

int
jedit_add(struct jedit *ed, const char *s, size_t n, size_t object,
	const char *name, const json_t *value, struct err *e)
{
	struct jmember m, last = {{0, 0}, {0, 0}};
	size_t first = 0;
	struct style st;
	struct jwalk w;
	int more;

	*ed = (struct jedit){0};
	if (!jwalk_init(&w, s, n, object) || w.close != (name ? '}' : ']'))
		return jedit_broken(e);
	while ((more = jwalk_next(&w, &m)) == 1) {
		if (first == 0)
			first = jedit_begin(&m);
		last = m;
	}
	if (more < 0)
		return jedit_broken(e);
	st = jedit_look_at(s, n, object, first);
	if (first == 0)
		return add_inside(&st, ed, s, n, object, w.at, name, value) == 0
			       ? 0
			       : err_nomem(e);
	return add_behind(&st, ed, s, n, last.value.end, name, value) == 0
		       ? 0
		       : err_nomem(e);
}

int
jedit_set(struct jedit *ed, const char *s, size_t n, size_t object,
	const char *name, const json_t *value, struct err *e)
{
	struct jmember hit;
	struct style st;
	int rc = jscan_find(s, n, object, name, &hit);

	*ed = (struct jedit){0};
	if (rc <= 0)
		return jedit_not_found(rc, name, e);
	ed->at = hit.value.at;
	ed->end = hit.value.end;
	st = jedit_look_at(s, n, object, hit.key.at);
	return jedit_add_value(&st, value, 0, &ed->text) == 0 ? 0
							      : err_nomem(e);
}

int
jedit_apply(const struct jedit *ed, const char *s, size_t n, struct buf *out)
{
	if (buf_add(out, s, ed->at) != 0 ||
		(ed->text.len > 0 &&
			buf_add(out, ed->text.data, ed->text.len) != 0) ||
		buf_add(out, s + ed->end, n - ed->end) != 0)
		return MDB_E_NOMEM;
	return 0;
}

void
jedit_done(struct jedit *ed)
{
	buf_done(&ed->text);
}
