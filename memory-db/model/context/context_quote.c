/* Texts of others in a context. */
#include "common/text.h"
#include "common/utf8.h"
#include "memory-db/model/context/context_internal.h"

/* Bytes of a text in one line; the rest is cut with a mark. */
#define TEXT_MAX 2000

/* One character of a text of others; u: its code point, bytes s[0..n). */
static int
context_quote_char(struct buf *out, uint32_t u, const char *s, size_t n)
{
	if (u == '"' || u == '\\')
		return buf_addf(out, "\\%c", (char)u);
	if (u == '\n' || u == '\r' || u == '\t')
		return buf_addc(out, ' ');
	return text_is_dangerous(u) ? buf_addf(out, "\\u{%x}", (unsigned)u)
				    : buf_add(out, s, n);
}

int
context_quote(struct buf *out, const char *s, size_t n)
{
	size_t k = n > TEXT_MAX ? text_cut(s, TEXT_MAX) : n;
	int bad = buf_addc(out, '"');

	for (size_t i = 0; bad == 0 && i < k;) {
		uint32_t u = 0;
		size_t bytes = utf8_decode(s + i, k - i, &u);

		bad = bytes > 0 ? context_quote_char(out, u, s + i, bytes)
				: buf_addc(out, '?');
		i += bytes > 0 ? bytes : 1;
	}
	if (bad == 0)
		bad = buf_addc(out, '"');
	if (bad == 0 && k < n)
		bad = buf_addf(out, " [+%zu bytes]", n - k);
	return bad;
}
