/* What differs between two texts, as a unified diff. An edit changes one
 * place, so one hunk is enough: the lines that are equal at the begin and at
 * the end are taken off, what is left is shown with three lines around it. */
#include "memory-db/cli/lib/diff.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/out.h"

#define CONTEXT	  3
#define LONG_LINE 400

/* One line of text from `at`, without its newline; returns where the next one
 * begins. */
static size_t
line_at(const char *s, size_t n, size_t at, size_t *ret_len)
{
	const char *nl = memchr(s + at, '\n', n - at);

	*ret_len = nl ? (size_t)(nl - s) - at : n - at;
	return nl ? at + *ret_len + 1 : n;
}

static void
diff_print_line(const struct cli *c, char sign, const char *s, size_t n)
{
	enum out_style style = OUT_PLAIN;

	if (sign == '+')
		style = OUT_GREEN;
	else if (sign == '-')
		style = OUT_RED;

	if (n > 0 && s[n - 1] == '\r')
		n--;
	printf("%s%c", out_on(c, style), sign);
	/* Tabs indent: they stay. */
	for (size_t i = 0; i < n;) {
		const char *tab = memchr(s + i, '\t', n - i);
		size_t k = tab ? (size_t)(tab - s) - i : n - i;
		AUTO_BUF struct buf b = {0};

		if (out_safe(s + i, k, &b) == 0 && b.len > 0)
			fwrite(b.data, 1, b.len, stdout);
		if (tab)
			putchar('\t');
		i += k + (tab != NULL);
	}
	printf("%s\n", out_off(c, style));
}

static void
diff_print_lines(const struct cli *c, char sign, const char *s, size_t from,
	size_t to)
{
	while (from < to) {
		size_t len, next = line_at(s, to, from, &len);

		diff_print_line(c, sign, s + from, len);
		from = next;
	}
}

static bool
has_long_line(const char *s, size_t from, size_t to)
{
	while (from < to) {
		size_t len, next = line_at(s, to, from, &len);

		if (len > LONG_LINE)
			return true;
		from = next;
	}
	return false;
}

static size_t
diff_line_begin(const char *s, size_t at)
{
	while (at > 0 && s[at - 1] != '\n')
		at--;
	return at;
}

static bool
is_line_begin(const char *s, size_t at)
{
	return at == 0 || s[at - 1] == '\n';
}

static size_t
count_lines(const char *s, size_t to)
{
	size_t count = 1;

	for (size_t i = 0; i < to; i++)
		count += s[i] == '\n';
	return count;
}

/* Bytes in which both texts begin, and end behind that, alike. */
static void
alike(const char *a, size_t an, const char *b, size_t bn, size_t *ret_head,
	size_t *ret_tail)
{
	size_t n = an < bn ? an : bn, head = 0, tail = 0;

	while (head < n && a[head] == b[head])
		head++;
	while (tail < n - head && a[an - 1 - tail] == b[bn - 1 - tail])
		tail++;
	*ret_head = head;
	*ret_tail = tail;
}

void
diff_print(const struct cli *c, const char *name, const char *old_text,
	size_t old_n, const char *new_text, size_t new_n)
{
	/* The lines that differ: [from, old_to) and [from, new_to). */
	size_t head, tail, from, before, old_to, new_to, after;

	alike(old_text, old_n, new_text, new_n, &head, &tail);
	from = diff_line_begin(old_text, head);
	old_to = old_n - tail;
	new_to = new_n - tail;
	/* Both end at the end of a line, behind the same bytes. */
	if (tail > 0 && (!is_line_begin(old_text, old_to) ||
				!is_line_begin(new_text, new_to))) {
		size_t len;
		size_t more = line_at(old_text, old_n, old_to, &len) - old_to;

		old_to += more;
		new_to += more;
	}
	after = old_to;
	printf("--- ");
	out_text(stdout, name);
	printf("\n+++ ");
	out_text(stdout, name);
	/* Lines that are the same at the begin, as when a comma stays. */
	while (from < old_to && from < new_to) {
		size_t a, b;
		size_t old_next = line_at(old_text, old_to, from, &a);

		line_at(new_text, new_to, from, &b);
		if (a != b || memcmp(old_text + from, new_text + from, a) != 0)
			break;
		from = old_next;
	}
	/* And at the end. */
	while (old_to > from && new_to > from) {
		size_t a = diff_line_begin(old_text, old_to - 1);
		size_t b = diff_line_begin(new_text, new_to - 1);

		if (a < from || b < from || old_to - a != new_to - b ||
			memcmp(old_text + a, new_text + b, old_to - a) != 0)
			break;
		after = old_to = a;
		new_to = b;
	}
	before = from;
	for (int i = 0; i < CONTEXT && before > 0; i++)
		before = diff_line_begin(old_text, before - 1);
	for (int i = 0; i < CONTEXT && after < old_n; i++) {
		size_t len;

		after = line_at(old_text, old_n, after, &len);
	}
	printf("\n@@ line %zu @@\n", count_lines(old_text, before));
	if (has_long_line(old_text, before, after)) {
		if (old_n - tail > head)
			diff_print_line(c, '-', old_text + head,
				old_n - tail - head);
		diff_print_lines(c, '+', new_text, head, new_n - tail);
		return;
	}
	diff_print_lines(c, ' ', old_text, before, from);
	diff_print_lines(c, '-', old_text, from, old_to);
	diff_print_lines(c, '+', new_text, from, new_to);
	diff_print_lines(c, ' ', old_text, old_to, after);
}
