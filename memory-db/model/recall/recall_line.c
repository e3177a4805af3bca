/* What is usual is left out; what a reader must know stands in the brackets:
 * when it happened or was noted, who said it, until when it holds, and what
 * speaks against it. */
#include "memory-db/model/recall/recall_line.h"

#include <stdio.h>
#include <string.h>

#include "common/err.h"

/* Bytes of a line end at s: of ASCII, U+0085, U+2028, U+2029. 0: none. */
static size_t
recall_line_line_end(const char *s, size_t n)
{
	if (n >= 2 &&
		(memcmp(s, "\r\n", 2) == 0 || memcmp(s, "\xc2\x85", 2) == 0))
		return 2;
	if (n >= 3 && (memcmp(s, "\xe2\x80\xa8", 3) == 0 ||
			      memcmp(s, "\xe2\x80\xa9", 3) == 0))
		return 3;
	return *s == '\n' || *s == '\r' || *s == '\v' || *s == '\f';
}

/* between: what a line end becomes. */
static int
recall_line_add_data(struct buf *out, const json_t *value, const char *between)
{
	const char *s = json_string_value(value);
	size_t n = json_string_length(value);
	int bad = 0;

	for (size_t i = 0; bad == 0 && i < n;) {
		size_t end = recall_line_line_end(s + i, n - i);
		unsigned char c = (unsigned char)s[i];

		bad = end > 0 ? buf_adds(out, between)
			      : buf_addc(out,
					c < 0x20 || c == 0x7f ? ' ' : (char)c);
		i += end > 0 ? end : 1;
	}
	return bad;
}

struct recall_line_marks {
	struct buf *out;
	int n;
};

static int
begin_mark(struct recall_line_marks *m)
{
	return buf_adds(m->out, m->n++ == 0 ? " (" : "; ");
}

/* A mark with a value of the row, when it has it. */
static int
value_mark(struct recall_line_marks *m, const char *word, const json_t *row,
	const char *key)
{
	const json_t *v = json_object_get(row, key);

	if (!json_is_string(v))
		return 0;
	if (begin_mark(m) != 0 || buf_adds(m->out, word) != 0)
		return MDB_E_NOMEM;
	return recall_line_add_data(m->out, v, " ");
}

static int
word_mark(struct recall_line_marks *m, const char *word)
{
	return begin_mark(m) != 0 ? MDB_E_NOMEM : buf_adds(m->out, word);
}

/* "also Bob, Cleo +3" or "+3 alike" */
static int
alike_mark(struct recall_line_marks *m, const json_t *row)
{
	json_int_t n = json_integer_value(json_object_get(row, "alike"));
	const json_t *also = json_object_get(row, "also"), *name;
	json_int_t named = (json_int_t)json_array_size(also);
	size_t i;

	if (n == 0)
		return 0;
	if (named == 0)
		return begin_mark(m) != 0
			       ? MDB_E_NOMEM
			       : buf_addf(m->out, "+%lld alike", (long long)n);
	if (word_mark(m, "also ") != 0)
		return MDB_E_NOMEM;
	json_array_foreach(also, i, name)
		if ((i > 0 && buf_adds(m->out, ", ") != 0) ||
			recall_line_add_data(m->out, name, " ") != 0)
			return MDB_E_NOMEM;
	return n > named ? buf_addf(m->out, " +%lld", (long long)(n - named))
			 : 0;
}

static int
tag_marks(struct recall_line_marks *m, const json_t *row)
{
	const json_t *tags = json_object_get(row, "tags"), *tag;
	size_t i;

	json_array_foreach(tags, i, tag)
		if ((i == 0 ? begin_mark(m) : buf_addc(m->out, ' ')) != 0 ||
			buf_addc(m->out, '#') != 0 ||
			recall_line_add_data(m->out, tag, " ") != 0)
			return MDB_E_NOMEM;
	return 0;
}

/* What an agent says of it, and whose it is when it is another's. */
static int
origin_marks(struct recall_line_marks *m, const json_t *row)
{
	const json_t *claims = json_object_get(row, "claims");
	const json_t *from = json_object_get(row, "from");

	return value_mark(m, "claimed: by ", claims, "speaker") != 0 ||
	       value_mark(m, "claimed: happened ", claims, "date") != 0 ||
	       value_mark(m, "of project ", from, "namespace") != 0 ||
	       value_mark(m, "written in ", from, "session") != 0 ||
	       value_mark(m, "client ", from, "client") != 0;
}

/* Who reads a line needs no more of a conflict than its number. */
static int
contest_marks(struct recall_line_marks *m, const json_t *row)
{
	const json_t *id = json_object_get(row, "conflict");
	char text[48];

	snprintf(text, sizeof(text), "contested, conflict #%lld",
		(long long)json_integer_value(id));
	if (id && word_mark(m, text) != 0)
		return MDB_E_NOMEM;
	return value_mark(m, "until ", row, "until");
}

int
recall_line(const json_t *row, bool is_weak, struct buf *out)
{
	const char *dated = json_string_value(json_object_get(row, "dated"));
	bool happened = dated && strcmp(dated, "happened") == 0;
	struct recall_line_marks m = {.out = out};

	if (buf_adds(out, "- ") != 0 ||
		recall_line_add_data(out, json_object_get(row, "name"), " ") !=
			0 ||
		buf_adds(out, ": ") != 0 ||
		recall_line_add_data(out, json_object_get(row, "text"),
			"\n  ") != 0 ||
		value_mark(&m, happened ? "happened " : "noted ", row,
			"date") != 0 ||
		value_mark(&m, "by ", row, "speaker") != 0 ||
		origin_marks(&m, row) != 0 ||
		value_mark(&m, "valid from ", row, "valid_from") != 0 ||
		value_mark(&m, "valid until ", row, "valid_to") != 0 ||
		value_mark(&m, "", row, "kind") != 0 ||
		tag_marks(&m, row) != 0 || alike_mark(&m, row) != 0 ||
		value_mark(&m, "from ", row, "namespace") != 0 ||
		contest_marks(&m, row) != 0 ||
		(json_object_get(row, "suspect") &&
			word_mark(&m, "suspect") != 0) ||
		(is_weak && word_mark(&m, "weak") != 0))
		return MDB_E_NOMEM;
	return m.n > 0 ? buf_addc(out, ')') : 0;
}
