/* A Markdown note as a set of facts, and back; notefile.h has an example.
 * Facts are compared by a key, a hash of their words with one space between
 * them, so that a paragraph which an editor wrapped anew is the same fact. To
 * remove a fact is to cut its lines out of the text, to add one is a new item
 * at the end; everything else stays to the byte. */
#include "memory-db/cli/lib/notefile.h"

#include <sodium.h>
#include <string.h>

#include "common/err.h"
#include "common/jx.h"
#include "common/text.h"
#include "common/vec.h"

/* --- texts ---------------------------------------------------------------- */
static bool
notefile_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The words of a text, one space between them. */
static int
add_words(const char *s, size_t n, struct buf *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < n; i++) {
		if (notefile_is_space(s[i]))
			continue;
		if (i > 0 && notefile_is_space(s[i - 1]) && out->len > start &&
			buf_addc(out, ' ') != 0)
			return MDB_E_NOMEM;
		if (buf_addc(out, s[i]) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

void
notefile_key(const char *text, size_t n, char ret[NOTEFILE_KEY_SIZE])
{
	crypto_generichash_state h;
	unsigned char d[16];
	bool is_first = true;

	crypto_generichash_init(&h, NULL, 0, sizeof(d));
	for (size_t i = 0; i < n;) {
		size_t from = i;

		while (i < n && !notefile_is_space(text[i]))
			i++;
		if (i > from) {
			if (!is_first)
				crypto_generichash_update(&h,
					(const unsigned char *)" ", 1);
			crypto_generichash_update(&h,
				(const unsigned char *)text + from, i - from);
			is_first = false;
		}
		while (i < n && notefile_is_space(text[i]))
			i++;
	}
	crypto_generichash_final(&h, d, sizeof(d));
	sodium_bin2hex(ret, NOTEFILE_KEY_SIZE, d, sizeof(d));
}

/* "](other.md)": a link of an index. */
static bool
is_link(const char *s, size_t n)
{
	const char *open = memmem(s, n, "](", 2);
	size_t left = open ? n - (size_t)(open - s) : 0;

	return open && memmem(open, left, ".md)", 4);
}

bool
notefile_can_hold(const char *text)
{
	size_t n = strlen(text);
	bool has_word = false;

	for (size_t i = 0; i < n; i++)
		has_word |= !notefile_is_space(text[i]);
	return has_word && !is_link(text, n) && !strstr(text, "<memory ") &&
	       !strstr(text, "</memory ");
}

/* --- reading -------------------------------------------------------------- */

/* Behind "- ", "* ", "12. "; 0: the line is no item. */
static size_t
notefile_item_begin(const char *s, size_t n)
{
	size_t i = 0, digits;

	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	if (i + 1 < n && strchr("-*+", s[i]) && s[i + 1] == ' ')
		return i + 2;
	digits = i;
	while (digits < n && s[digits] >= '0' && s[digits] <= '9')
		digits++;
	return digits > i && digits + 1 < n && s[digits] == '.' &&
			       s[digits + 1] == ' '
		       ? digits + 2
		       : 0;
}

static bool
notefile_begins(const char *s, size_t n, const char *with)
{
	size_t k = strlen(with);

	return n >= k && memcmp(s, with, k) == 0;
}

/* The value of "name: pnpm" or "  type: \"a b\"", new; NULL: another line. */
static char *
notefile_front_value(const char *s, size_t n, const char *key)
{
	AUTO_JSON json_t *quoted = NULL;

	while (n > 0 && notefile_is_space(*s)) {
		s++;
		n--;
	}
	if (!notefile_begins(s, n, key))
		return NULL;
	s += strlen(key);
	n -= strlen(key);
	while (n > 0 && notefile_is_space(*s)) {
		s++;
		n--;
	}
	while (n > 0 && notefile_is_space(s[n - 1]))
		n--;
	if (n > 1 && *s == '"')
		quoted = jx_parse_any(s, n, NULL);
	if (json_is_string(quoted))
		return strdup(json_string_value(quoted));
	if (n > 1 && *s == '\'' && s[n - 1] == '\'') {
		s++;
		n -= 2;
	}
	return n > 0 ? strndup(s, n) : NULL;
}

/* The end of the frontmatter; where there is none, where the text begins: behind
 * the mark that some editors put before it. It is torn when it does not end. */
static size_t
read_front(struct notefile *f)
{
	const char *s = f->raw.data;
	size_t n = f->raw.len, next;
	size_t begin = notefile_begins(s, n, "\xef\xbb\xbf") ? 3 : 0;

	if (!notefile_begins(s + begin, n - begin, "---\n") &&
		!notefile_begins(s + begin, n - begin, "---\r\n"))
		return begin;
	for (size_t at = strcspn(s, "\n") + 1; at < n; at = next) {
		const char *nl = memchr(s + at, '\n', n - at);
		size_t len = nl ? (size_t)(nl - s) - at : n - at;

		next = at + len + 1;
		if (notefile_begins(s + at, len, "---"))
			return next < n ? next : n;
		if (!f->name)
			f->name = notefile_front_value(s + at, len, "name:");
		if (!f->type)
			f->type = notefile_front_value(s + at, len, "type:");
	}
	f->is_torn = true;
	return n;
}

/* The lines from..to are one item or paragraph. */
static int
add_block(struct notefile *f, size_t from, size_t to)
{
	const char *s = f->raw.data + from;
	size_t n = to - from, item = notefile_item_begin(s, n);
	AUTO_BUF struct buf text = {0};
	struct noteblock b = {.from = from, .to = to};

	f->has_more |= n > 0 && is_link(s, n);
	if (n == 0 || is_link(s, n))
		return 0;
	if (add_words(s + item, n - item, &text) || !buf_str(&text))
		return MDB_E_NOMEM;
	if (text.len == 0)
		return 0;
	if (vec_room(f->v, f->n, f->cap) != 0)
		return MDB_E_NOMEM;
	notefile_key(text.data, text.len, b.key);
	b.text = buf_steal(&text);
	if (!b.text)
		return MDB_E_NOMEM;
	f->v[f->n++] = b;
	return 0;
}

enum inside { INSIDE_TEXT, INSIDE_CODE, INSIDE_MEMORY };

/* What a line makes of where it stands. True: it is no part of a fact. */
static bool
notefile_passes(const char *s, size_t n, enum inside *io)
{
	if (*io == INSIDE_MEMORY) {
		if (notefile_begins(s, n, "</memory "))
			*io = INSIDE_TEXT;
		return true;
	}
	if (notefile_begins(s, n, "```")) {
		*io = *io == INSIDE_CODE ? INSIDE_TEXT : INSIDE_CODE;
		return true;
	}
	if (*io == INSIDE_CODE)
		return true;
	if (notefile_begins(s, n, "<memory ")) {
		*io = INSIDE_MEMORY;
		return true;
	}
	return n == 0 || *s == '#';
}

int
notefile_parse(struct notefile *f)
{
	const char *s = buf_str(&f->raw);
	size_t n = f->raw.len, begin = 0, next;
	enum inside inside = INSIDE_TEXT;
	bool is_open = false;
	int rc;

	if (!s)
		return MDB_E_NOMEM;
	f->is_torn = memchr(s, '\0', n) != NULL || !text_is_utf8(s, n);
	if (f->is_torn)
		return 0;
	for (size_t at = read_front(f); at < n; at = next) {
		const char *nl = memchr(s + at, '\n', n - at);
		size_t len = nl ? (size_t)(nl - s) - at : n - at, line = len;
		bool is_no_fact;

		next = at + len + (nl ? 1 : 0);
		while (line > 0 && notefile_is_space(s[at + line - 1]))
			line--;
		is_no_fact = notefile_passes(s + at, line, &inside);
		f->has_more |= is_no_fact && line > 0 && s[at] != '#';
		if (is_open &&
			(is_no_fact || notefile_item_begin(s + at, line) > 0)) {
			rc = add_block(f, begin, at);
			if (rc != 0)
				return rc;
			is_open = false;
		}
		if (!is_no_fact && !is_open) {
			begin = at;
			is_open = true;
		}
	}
	/* What is added would stand in the code. */
	f->is_torn |= inside != INSIDE_TEXT;
	return is_open ? add_block(f, begin, n) : 0;
}

/* --- writing -------------------------------------------------------------- */

/* What ends a line of this note. */
static const char *
line_end(const struct notefile *f)
{
	const char *nl =
		f->raw.len > 0 ? memchr(f->raw.data, '\n', f->raw.len) : NULL;

	return nl && nl > f->raw.data && nl[-1] == '\r' ? "\r\n" : "\n";
}

int
notefile_write(const struct notefile *f, const json_t *gone,
	const json_t *added, struct buf *out)
{
	const char *key, *end = line_end(f);
	json_t *text;
	size_t at = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct noteblock *b = &f->v[i];

		if (!json_object_get(gone, b->key))
			continue;
		if (buf_add(out, f->raw.data + at, b->from - at) != 0)
			return MDB_E_NOMEM;
		at = b->to;
	}
	if (at < f->raw.len &&
		buf_add(out, f->raw.data + at, f->raw.len - at) != 0)
		return MDB_E_NOMEM;
	json_object_foreach((json_t *)(uintptr_t)added, key, text) {
		if (out->len > 0 && out->data[out->len - 1] != '\n' &&
			buf_adds(out, end) != 0)
			return MDB_E_NOMEM;
		if (buf_adds(out, "- ") != 0 ||
			add_words(json_string_value(text),
				json_string_length(text), out) != 0 ||
			buf_adds(out, end) != 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

int
notefile_head(const char *name, const char *type, struct buf *out)
{
	AUTO_BUF struct buf quoted = {0}, kind = {0};

	if (jx_quote(name, strlen(name), &quoted) != 0 || !buf_str(&quoted) ||
		jx_quote(type, strlen(type), &kind) != 0 || !buf_str(&kind))
		return MDB_E_NOMEM;
	return buf_addf(out, "---\nname: %s\nmetadata:\n  type: %s\n---\n\n",
		quoted.data, kind.data);
}

void
notefile_done(struct notefile *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].text);
	free(f->v);
	free(f->name);
	free(f->type);
	buf_done(&f->raw);
	*f = (struct notefile){.n = 0};
}
