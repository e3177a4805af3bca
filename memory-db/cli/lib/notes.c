#include "memory-db/cli/lib/notes.h"

#include <stdbool.h>
#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"

/* Of a paragraph: one fact. */
#define FACT_BYTES 2000

/* One paragraph or list item of Markdown. */
static int
add_fact(json_t *facts, struct buf *text)
{
	size_t n = text->len;
	const char *s;

	while (n > 0 && strchr(" \t\r\n", text->data[n - 1]))
		n--;
	text->len = n;
	if (n > FACT_BYTES)
		text->len = text_cut(text->data, FACT_BYTES);
	s = buf_str(text);
	if (!s)
		return MDB_E_NOMEM;
	if (n < 3 || !text_is_utf8(s, text->len))
		s = NULL;
	if (s && jx_add(facts, json_string(s)) != 0)
		return MDB_E_NOMEM;
	buf_clear(text, 4096);
	return 0;
}

/* Behind "- ", "* ", "12. "; 0: the line is no item. */
static size_t
item_begin(const char *s, size_t n)
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

int
notes_facts(const char *s, size_t n, json_t *facts)
{
	AUTO_BUF struct buf text = {0};
	bool is_code = false, is_front = n > 4 && memcmp(s, "---\n", 4) == 0;
	int rc = 0;

	for (size_t at = is_front ? 4 : 0, next; rc == 0 && at < n; at = next) {
		const char *nl = memchr(s + at, '\n', n - at), *line = s + at;
		size_t len = nl ? (size_t)(nl - line) : n - at, item;
		bool is_fence = len >= 3 && memcmp(line, "```", 3) == 0;

		next = at + len + 1;
		if (is_front) {
			is_front = !(len >= 3 && memcmp(line, "---", 3) == 0);
			continue;
		}
		item = item_begin(line, len);
		if (len == 0 || line[0] == '#' || is_fence || item > 0)
			rc = add_fact(facts, &text);
		is_code = is_code != is_fence;
		if (rc != 0 || is_code || is_fence || len == 0 ||
			line[0] == '#')
			continue;
		while (item < len && strchr(" \t", line[item]))
			item++;
		while (len > item && strchr(" \t\r", line[len - 1]))
			len--;
		if (text.len > 0)
			rc = buf_addc(&text, ' ');
		if (rc == 0)
			rc = buf_add(&text, line + item, len - item);
	}
	return rc != 0 ? rc : add_fact(facts, &text);
}
