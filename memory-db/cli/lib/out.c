/* Text on a terminal. Whatever is printed passes here, because stored text may
 * hold anything: an escape sequence in a fact could otherwise retitle the
 * window or hide a line. Widths are those of the characters (a Chinese one
 * takes two columns), so that tables stay straight. */
#include "memory-db/cli/lib/out.h"

#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include "common/clock.h"
#include "common/text.h"
#include "memory-db/cli/lib/cli.h"

#define ESCAPE_SIZE 16

static void
escape_text(utf8proc_int32_t cp, char out[ESCAPE_SIZE])
{
	unsigned u = (unsigned)cp;

	if (cp == '\n')
		snprintf(out, ESCAPE_SIZE, "\\n");
	else if (cp == '\r')
		snprintf(out, ESCAPE_SIZE, "\\r");
	else if (cp == '\t')
		snprintf(out, ESCAPE_SIZE, "\\t");
	else if (cp < 0x80)
		snprintf(out, ESCAPE_SIZE, "\\x%02x", u);
	else
		snprintf(out, ESCAPE_SIZE, "\\u{%x}", u);
}

static void
escape_json(utf8proc_int32_t cp, char out[ESCAPE_SIZE])
{
	unsigned u = (unsigned)cp;

	/* Outside of strings: the newline of a document. */
	if (u < 0x20)
		snprintf(out, ESCAPE_SIZE, "%c", (char)u);
	else if (u < 0x10000)
		snprintf(out, ESCAPE_SIZE, "\\u%04x", u);
	else
		snprintf(out, ESCAPE_SIZE, "\\u%04x\\u%04x",
			0xd800 + ((u - 0x10000) >> 10),
			0xdc00 + ((u - 0x10000) & 0x3ff));
}

typedef void (*escape_fn)(utf8proc_int32_t cp, char out[ESCAPE_SIZE]);

/* The first character of s: how many bytes stay as they are, 0 when `escape`
 * stands for it. *ret_bytes are passed. */
static size_t
out_look(const char *s, size_t n, escape_fn escape, char out[ESCAPE_SIZE],
	size_t *ret_bytes)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t k = utf8proc_iterate((const utf8proc_uint8_t *)s,
		(utf8proc_ssize_t)n, &cp);

	*ret_bytes = k > 0 ? (size_t)k : 1;
	if (k > 0 && !text_is_dangerous((uint32_t)cp))
		return (size_t)k;
	if (k > 0)
		escape(cp, out);
	else
		snprintf(out, ESCAPE_SIZE, "\\x%02x", (unsigned char)*s);
	return 0;
}

static int
make_safe(const char *s, size_t n, escape_fn escape, struct buf *out)
{
	char escaped[ESCAPE_SIZE];
	size_t k;
	int rc = 0;

	for (size_t i = 0; i < n; i += k) {
		if (out_look(s + i, n - i, escape, escaped, &k) > 0)
			rc = buf_add(out, s + i, k);
		else
			rc = buf_adds(out, escaped);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
out_safe(const char *s, size_t n, struct buf *out)
{
	return make_safe(s, n, escape_text, out);
}

int
out_safe_json(const char *s, size_t n, struct buf *out)
{
	return make_safe(s, n, escape_json, out);
}

/* Needs no memory: what is printed is never a part. */
void
out_text(FILE *f, const char *s)
{
	size_t n = strlen(s), k;
	char escaped[ESCAPE_SIZE];

	for (size_t i = 0; i < n; i += k) {
		if (out_look(s + i, n - i, escape_text, escaped, &k) > 0)
			fwrite(s + i, 1, k, f);
		else
			fputs(escaped, f);
	}
}

/* Width of the character at s, and its bytes. */
static int
out_step(const char *s, size_t n, size_t *ret_bytes)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t k = utf8proc_iterate((const utf8proc_uint8_t *)s,
		(utf8proc_ssize_t)n, &cp);

	if (k <= 0) {
		*ret_bytes = 1;
		return 1;
	}
	*ret_bytes = (size_t)k;
	return utf8proc_charwidth(cp);
}

int
out_width(const char *s)
{
	size_t n = strlen(s), k;
	int width = 0;

	for (size_t i = 0; i < n; i += k)
		width += out_step(s + i, n - i, &k);
	return width;
}

int
out_cut(const char *s, int width, struct buf *out)
{
	size_t n = strlen(s), i, k;
	int used = 0, rc;

	if (out_width(s) <= width)
		return buf_add(out, s, n);
	for (i = 0; i < n; i += k) {
		int w = out_step(s + i, n - i, &k);

		if (used + w > width - 1)
			break;
		used += w;
	}
	rc = buf_add(out, s, i);
	return rc != 0 || width < 1 ? rc : buf_adds(out, "\u2026");
}

int
out_cut_head(const char *s, int width, struct buf *out)
{
	size_t n = strlen(s), k;
	int left = out_width(s);

	if (left <= width || width < 1)
		return out_cut(s, width, out);
	while (n > 0 && left > width - 1) {
		left -= out_step(s, n, &k);
		s += k;
		n -= k;
	}
	return buf_adds(out, "\u2026") != 0 ? MDB_E_NOMEM : buf_add(out, s, n);
}

/* Bytes of the style that begins at s; 0: none does. */
static size_t
style_bytes(const char *s)
{
	return s[0] == '\033' ? strcspn(s, "m") + (strchr(s, 'm') != NULL) : 0;
}

/* The columns of the word at s, and its bytes. */
static int
word_width(const char *s, size_t *ret_bytes)
{
	size_t n = strcspn(s, " \n"), i = 0, k;
	int width = 0;

	while (i < n) {
		k = style_bytes(s + i);
		if (k == 0)
			width += out_step(s + i, n - i, &k);
		i += k;
	}
	*ret_bytes = n;
	return width;
}

void
out_wrapped(FILE *f, const char *text, int width, int indent)
{
	int column = 0, wide;
	size_t n, blanks;

	while (*text != '\0') {
		blanks = strspn(text, " ");
		wide = word_width(text + blanks, &n);
		if (width > 0 && column > indent &&
			column + (int)blanks + wide > width) {
			fprintf(f, "\n%*s", indent, "");
			column = indent;
		} else {
			fprintf(f, "%*s", (int)blanks, "");
			column += (int)blanks;
		}
		fwrite(text + blanks, 1, n, f);
		column += wide;
		text += blanks + n;
		if (*text == '\n') {
			fputc(*text++, f);
			column = 0;
		}
	}
}

static const char *const styles[] = {
	[OUT_PLAIN] = "",
	[OUT_BOLD] = "\033[1m",
	[OUT_DIM] = "\033[2m",
	[OUT_GREEN] = "\033[32m",
	[OUT_YELLOW] = "\033[33m",
	[OUT_RED] = "\033[31m",
};

const char *
out_on(const struct cli *c, enum out_style style)
{
	return c->has_color ? styles[style] : "";
}

const char *
out_off(const struct cli *c, enum out_style style)
{
	return c->has_color && style != OUT_PLAIN ? "\033[0m" : "";
}

const char *
out_bytes(int64_t bytes, char out[OUT_NUMBER_SIZE])
{
	static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
	double v = (double)bytes;
	size_t u = 0;

	while (v >= 999.5 && u + 1 < ARRAY_LEN(units)) {
		v /= 1024;
		u++;
	}
	snprintf(out, OUT_NUMBER_SIZE,
		u == 0 || v >= 99.95 ? "%.0f %s" : "%.1f %s", v, units[u]);
	return out;
}

const char *
out_count(int64_t n, char out[OUT_NUMBER_SIZE])
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);
	size_t k = 0;

	for (int i = 0; i < len; i++) {
		int left = len - i;

		if (i > 0 && digits[i - 1] != '-' && left % 3 == 0 && len > 4)
			out[k++] = ' ';
		out[k++] = digits[i];
	}
	out[k] = '\0';
	return out;
}

const char *
out_time(const char *at, char out[OUT_TIME_SIZE])
{
	struct tm tm;
	int64_t ms;
	time_t s;

	out[0] = '\0';
	if (!at)
		return out;
	if (clock_parse(at, 0, 0, false, &ms, NULL) == 0) {
		s = (time_t)(ms / 1000);
		if (localtime_r(&s, &tm) &&
			strftime(out, OUT_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm) >
				0)
			return out;
	}
	snprintf(out, OUT_TIME_SIZE, "%s", at);
	return out;
}
