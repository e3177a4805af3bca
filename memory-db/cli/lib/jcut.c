/* Cutting members and elements out of a JSON text. With a member goes the comma
 * that parted it from its neighbour, and no remark:
 *
 *   {"a": 1, // first          {"a": 1 // first
 *    "ours": {}}               }
 */
#include <stdbool.h>
#include <string.h>

#include "memory-db/cli/lib/jedit_int.h"

/* What stands between, without what is removed: nothing, unless there are
 * comments. */
static int
keep_comments(const char *s, size_t from, size_t end, struct buf *out)
{
	size_t at = from;

	while ((at = jscan_blank(s, end, at)) < end) {
		size_t stop = jscan_comment(s, end, at);

		if (stop == at)
			stop = at + 1; /* a comma */
		else if (buf_add(out, s + from, stop - from) != 0)
			return MDB_E_NOMEM;
		from = at = stop;
	}
	return 0;
}

static bool
has_comma(const char *s, size_t n, size_t value_end)
{
	size_t at = jscan_space(s, n, value_end);

	return at < n && s[at] == ',';
}

/* Where the comma and the comments between two members end. */
static size_t
text_end(const char *s, size_t from, size_t end)
{
	size_t at = from, last = from;

	while ((at = jscan_blank(s, end, at)) < end) {
		size_t stop = jscan_comment(s, end, at);

		at = last = stop == at ? at + 1 : stop;
	}
	/* The end of a line belongs to what follows. */
	return last > from && s[last - 1] == '\r' ? last - 1 : last;
}

/* Whether the last remark between two positions goes on to the line's end; all
 * else there is blanks and commas. */
static bool
is_open_remark(const char *s, size_t from, size_t end)
{
	bool is_open = false;

	while ((from = jscan_blank(s, end, from)) < end) {
		size_t stop = jscan_comment(s, end, from);

		if (stop > from)
			is_open = s[from + 1] == '/';
		from = stop > from ? stop : from + 1;
	}
	return is_open;
}

/* A remark to the line's end would take along what follows. */
static int
end_remark(struct jedit *ed, const char *s, size_t n)
{
	if (ed->text.len == 0 || ed->end >= n || s[ed->end] == '\n' ||
		s[ed->end] == '\r' ||
		!is_open_remark(ed->text.data, 0, ed->text.len))
		return 0;
	return buf_addc(&ed->text, '\n');
}

/* The only member, below remarks: what stands before and behind it stays. */
static int
cut_below_remarks(struct jedit *ed, const char *s, size_t n, size_t holder,
	const struct jmember *hit)
{
	size_t begin = jedit_begin(hit), end = hit->value.end;
	size_t comma = jscan_space(s, n, end);

	ed->at = text_end(s, holder + 1, begin);
	ed->end = comma < n && s[comma] == ',' ? comma + 1 : end;
	if (keep_comments(s, end, ed->end, &ed->text) != 0)
		return MDB_E_NOMEM;
	if (ed->text.len > 0)
		return 0;
	/* A remark to the line's end ends where a line does. */
	if (!is_open_remark(s, holder + 1, ed->at) || ed->end >= n ||
		s[ed->end] == '\n' || s[ed->end] == '\r')
		return 0;
	return buf_addc(&ed->text, '\n');
}

/* Cuts out `hit` of the object or array at `holder`. */
static int
jcut_cut(struct jedit *ed, const char *s, size_t n, size_t holder,
	const struct jmember *hit, struct err *e)
{
	struct jmember m, before = {{0, 0}, {0, 0}};
	size_t begin = jedit_begin(hit);
	bool is_after = false;
	struct jwalk w;
	int more;

	if (!jwalk_init(&w, s, n, holder))
		return jedit_broken(e);
	while ((more = jwalk_next(&w, &m)) == 1) {
		if (jedit_begin(&m) < begin)
			before = m;
		if (jedit_begin(&m) <= begin)
			continue;
		is_after = true;
		break;
	}
	if (more < 0)
		return jedit_broken(e);
	if (is_after) {
		/* Up to what stands behind its comma. */
		ed->at = begin;
		more = keep_comments(s, hit->value.end,
			jscan_space(s, n, hit->value.end), &ed->text);
		ed->end = jscan_blank(s, n,
			jscan_space(s, n, hit->value.end) + 1);
	} else if (before.value.end > 0 && has_comma(s, n, hit->value.end)) {
		/* A comma stands behind the last member here: that of the one
		 * before is it now, and what stands behind that stays. */
		ed->at = text_end(s, before.value.end, begin);
		ed->end = jscan_space(s, n, hit->value.end) + 1;
		more = 0;
	} else if (before.value.end > 0) {
		ed->at = before.value.end;
		ed->end = hit->value.end;
		more = keep_comments(s, before.value.end, begin, &ed->text);
	} else if (text_end(s, holder + 1, begin) > holder + 1) {
		more = cut_below_remarks(ed, s, n, holder, hit);
	} else {
		ed->at = holder + 1;
		ed->end = w.at;
		more = keep_comments(s, hit->value.end, w.at, &ed->text);
	}
	return more != 0 || end_remark(ed, s, n) != 0 ? err_nomem(e) : 0;
}

int
jedit_remove(struct jedit *ed, const char *s, size_t n, size_t object,
	const char *name, struct err *e)
{
	struct jmember hit;
	int found;

	*ed = (struct jedit){0};
	found = jscan_find(s, n, object, name, &hit);
	return found <= 0 ? jedit_not_found(found, name, e)
			  : jcut_cut(ed, s, n, object, &hit, e);
}

int
jedit_drop(struct jedit *ed, const char *s, size_t n, size_t array,
	size_t index, struct err *e)
{
	struct jmember hit;
	struct jwalk w;
	int more = 1;

	*ed = (struct jedit){0};
	if (!jwalk_init(&w, s, n, array) || w.close != ']')
		return jedit_broken(e);
	for (size_t i = 0; i <= index && more == 1; i++)
		more = jwalk_next(&w, &hit);
	if (more != 1)
		return more < 0 ? jedit_broken(e)
				: err_set(e, MDB_E_NOT_FOUND, "no element %zu",
					  index);
	return jcut_cut(ed, s, n, array, &hit, e);
}
