/* Notes in Markdown as single facts, for an import: each item and each
 * paragraph is one. What is longer than a fact should be is cut behind a
 * sentence, else behind a word, so that nothing is lost. A file is read in
 * pieces that end at an empty line outside of code. */
#include "memory-db/cli/lib/notes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/cli/lib/exportmd.h"

/* Of one fact. */
#define FACT_BYTES 2000
/* Of a note at once: its facts as JSON take some ten times as much. */
#define PIECE_BYTES ((size_t)512 * 1024)

/* Where a text that is too long for one fact is cut: behind a sentence, else
 * behind a word, else between two characters. */
static size_t
cut_at(const char *s, size_t n)
{
	size_t most = text_cut(s, FACT_BYTES);

	(void)n;
	for (size_t i = most; i > FACT_BYTES / 2; i--)
		if (s[i] == ' ' && strchr(".!?:;", s[i - 1]))
			return i;
	for (size_t i = most; i > FACT_BYTES / 2; i--)
		if (s[i] == ' ')
			return i;
	return most;
}

/* One paragraph or list item of Markdown; a long one is several facts, so that
 * nothing of it is lost. */
static int
notes_add_fact(json_t *facts, struct buf *text)
{
	const char *s;
	size_t n;

	while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]))
		text->len--;
	n = text->len;
	s = buf_str(text);
	if (!s)
		return MDB_E_NOMEM;
	if (n < 3 || !text_is_utf8(s, n))
		n = 0;
	while (n > 0) {
		size_t part = n > FACT_BYTES ? cut_at(s, n) : n;

		if (jx_add(facts, json_stringn(s, part)) != 0)
			return MDB_E_NOMEM;
		s += part;
		n -= part;
		while (n > 0 && *s == ' ') {
			s++;
			n--;
		}
	}
	buf_clear(text, 4096);
	return 0;
}

/* Behind "- ", "* ", "12. "; 0: the line is no item. */
static size_t
notes_item_begin(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	if (i + 1 < n && strchr("-*+", s[i]) && s[i + 1] == ' ')
		return i + 2;
	size_t digits = i;

	while (digits < n && s[digits] >= '0' && s[digits] <= '9')
		digits++;
	return digits > i && digits + 1 < n && s[digits] == '.' &&
			       s[digits + 1] == ' '
		       ? digits + 2
		       : 0;
}

size_t
notes_head(const char *s, size_t n)
{
	const char *end;

	if (n < 8 || memcmp(s, "---", 3) != 0 || (s[3] != '\n' && s[3] != '\r'))
		return 0;
	/* A rule at the begin that no other one follows is no head. */
	end = memmem(s + 3, n - 3, "\n---", 4);
	if (!end)
		return 0;
	end = memchr(end + 1, '\n', (size_t)(s + n - end - 1));
	return end ? (size_t)(end - s) + 1 : n;
}

/* What stands behind a line of our own export: for the way back, and nobody's
 * words. */
static bool
is_mark(const char *line, size_t n)
{
	static const char mark[] = EXPORTMD_MARK;

	return n >= sizeof(mark) - 1 &&
	       memcmp(line, mark, sizeof(mark) - 1) == 0;
}

int
notes_facts(const char *s, size_t n, json_t *facts)
{
	AUTO_BUF struct buf text = {0};
	bool is_code = false;
	int rc = 0;

	for (size_t at = notes_head(s, n), next; at < n; at = next) {
		const char *nl = memchr(s + at, '\n', n - at), *line = s + at;
		size_t len = nl ? (size_t)(nl - line) : n - at, item;
		bool is_fence = len >= 3 && memcmp(line, "```", 3) == 0;

		next = at + len + 1;
		if (is_mark(line, len))
			continue;
		item = notes_item_begin(line, len);
		if (len == 0 || line[0] == '#' || is_fence || item > 0)
			rc = notes_add_fact(facts, &text);
		is_code = is_code != is_fence;
		if (rc != 0)
			return rc;
		if (is_code || is_fence || len == 0 || line[0] == '#')
			continue;
		while (item < len && strchr(" \t", line[item]))
			item++;
		while (len > item && strchr(" \t\r", line[len - 1]))
			len--;
		if (text.len > 0)
			rc = buf_addc(&text, ' ');
		if (rc != 0)
			return rc;
		rc = buf_add(&text, line + item, len - item);
		if (rc != 0)
			return rc;
	}
	return notes_add_fact(facts, &text);
}

/* --- pieces --------------------------------------------------------------- */

void
notes_pieces_done(struct note_pieces *p)
{
	buf_done(&p->text);
	buf_done(&p->head);
	buf_done(&p->piece);
}

/* Reads until there is a piece or the end. */
static int
notes_fill(struct note_pieces *p)
{
	while (!p->is_over && p->text.len < PIECE_BYTES) {
		ssize_t got;

		if (buf_reserve(&p->text, 64 * 1024) != 0)
			return MDB_E_NOMEM;
		got = read(p->fd, p->text.data + p->text.len, 64 * 1024);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return MDB_E_STORE;
		p->is_over = got == 0;
		p->text.len += (size_t)got;
	}
	return 0;
}

/* Whether what begins at `at` may begin a piece: a mark belongs to the line before
 * it. Of what was not read yet nobody knows. */
static bool
may_begin(const char *s, size_t n, size_t at)
{
	return n - at >= sizeof(EXPORTMD_MARK) - 1 && !is_mark(s + at, n - at);
}

/* Where the text can be cut: behind the last line that is empty, outside of
 * code; else behind its last line, else within a line. */
static size_t
piece_bytes(const char *s, size_t n)
{
	size_t empty = 0, line = 0, last = 0;
	bool is_code = false;

	for (size_t at = 0; at < n;) {
		const char *nl = memchr(s + at, '\n', n - at);
		size_t len;

		if (!nl)
			break;
		len = (size_t)(nl - s) - at;
		is_code =
			is_code != (len >= 3 && memcmp(s + at, "```", 3) == 0);
		last = at + len + 1;
		if (may_begin(s, n, last))
			line = last;
		if (line == last && !is_code &&
			(len == 0 || (len == 1 && s[at] == '\r')))
			empty = line;
		at = last;
	}
	if (empty > 0 || line > 0)
		return empty > 0 ? empty : line;
	if (last > 0)
		return last;
	while (n > 1 && ((unsigned char)s[n - 1] & 0xc0) == 0x80)
		n--;
	return n > 1 ? n - 1 : n;
}

int
notes_piece(struct note_pieces *p, const char **ret, size_t *ret_n)
{
	bool is_first = !p->is_begun;
	size_t n;
	int rc = notes_fill(p);

	if (rc != 0)
		return rc;
	/* A mark that some editors put before the text. */
	if (is_first && p->text.len >= 3 &&
		memcmp(p->text.data, "\xef\xbb\xbf", 3) == 0)
		buf_consume(&p->text, 3);
	if (p->text.len == 0)
		return 0;
	p->is_begun = true;
	n = p->is_over ? p->text.len : piece_bytes(p->text.data, p->text.len);
	buf_clear(&p->piece, PIECE_BYTES);
	if (is_first) {
		size_t head = notes_head(p->text.data, n);

		/* What our own export says of the entity, too. */
		if (head < n && is_mark(p->text.data + head, n - head))
			head += strcspn(p->text.data + head, "\n") + 1;
		if (head > n)
			head = n;
		if (head > 0 && buf_add(&p->head, p->text.data, head) != 0)
			return MDB_E_NOMEM;
	} else if (p->head.len > 0 &&
		   buf_add(&p->piece, p->head.data, p->head.len) != 0) {
		return MDB_E_NOMEM;
	}
	if (buf_add(&p->piece, p->text.data, n) != 0 || !buf_str(&p->piece))
		return MDB_E_NOMEM;
	buf_consume(&p->text, n);
	/* The end may lie just behind. */
	rc = notes_fill(p);
	if (rc != 0)
		return rc;
	*ret = p->piece.data;
	*ret_n = p->piece.len;
	return 1;
}
