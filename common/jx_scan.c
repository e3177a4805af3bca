/* A cursor over JSON text. Strings, which are most of a text, are gone through
 * by a table of the bytes that need a look. */
#include "common/jx_scan.h"

#include <string.h>

#include "common/jx.h"
#include "common/utf8.h"

static bool
jx_scan_fail(struct jx_scan *s)
{
	s->bad = true;
	return false;
}

static void
jx_scan_space(struct jx_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
					*s->p == '\t' || *s->p == '\r'))
		s->p++;
}

void
jx_scan_init(struct jx_scan *s, const char *text, size_t n)
{
	*s = (struct jx_scan){text, text + n, false};
}

char
jx_scan_peek(struct jx_scan *s)
{
	jx_scan_space(s);
	return !s->bad && s->p < s->end ? *s->p : '\0';
}

bool
jx_scan_ended(struct jx_scan *s)
{
	jx_scan_space(s);
	return !s->bad && s->p == s->end;
}

bool
jx_slice_is(struct jx_slice slice, const char *word)
{
	size_t n = strlen(word);

	return slice.n == n + 2 && memcmp(slice.p + 1, word, n) == 0;
}

/* --- containers ----------------------------------------------------------- */

bool
jx_scan_enter(struct jx_scan *s, char open)
{
	if (jx_scan_peek(s) != open)
		return jx_scan_fail(s);
	s->p++;
	return true;
}

/* Before the next entry: past the comma. False at the closing bracket, which is
 * passed, or when something is wrong. */
static bool
jx_scan_next(struct jx_scan *s, char close, bool *io_first)
{
	char c = jx_scan_peek(s);

	if (s->bad)
		return false;
	if (c == close) {
		s->p++;
		return false;
	}
	if (!*io_first) {
		if (c != ',')
			return jx_scan_fail(s);
		s->p++;
	}
	*io_first = false;
	return true;
}

bool
jx_scan_member(struct jx_scan *s, bool *io_first, struct jx_slice *ret_name)
{
	if (!jx_scan_next(s, '}', io_first))
		return false;
	if (!jx_scan_string(s, ret_name, NULL))
		return false;
	if (jx_scan_peek(s) != ':')
		return jx_scan_fail(s);
	s->p++;
	return true;
}

bool
jx_scan_entry(struct jx_scan *s, bool *io_first)
{
	return jx_scan_next(s, ']', io_first);
}

/* --- strings -------------------------------------------------------------- */

/* What a string may not just go on over: controls, its end, escapes, and what
 * is not ASCII. */
static const bool looks[256] =
	{[0 ... 31] = true, ['"'] = true, ['\\'] = true, [128 ... 255] = true};

static bool
jx_scan_is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

/* At a backslash. "\u0000" is no text of ours; halves of surrogates are found
 * by whoever decodes them. */
static bool
jx_scan_escape(struct jx_scan *s)
{
	if (s->end - s->p < 2 || !s->p[1] || !strchr("\"\\/bfnrtu", s->p[1]))
		return jx_scan_fail(s);
	if (s->p[1] != 'u') {
		s->p += 2;
		return true;
	}
	if (s->end - s->p < 6)
		return jx_scan_fail(s);
	for (int i = 2; i < 6; i++)
		if (!jx_scan_is_hex(s->p[i]))
			return jx_scan_fail(s);
	s->p += 6;
	return true;
}

bool
jx_scan_string(struct jx_scan *s, struct jx_slice *ret, size_t *ret_escapes)
{
	size_t escapes = 0, n;
	const char *begin;
	uint32_t cp;

	if (jx_scan_peek(s) != '"')
		return jx_scan_fail(s);
	begin = s->p++;
	for (;;) {
		while (s->p < s->end && !looks[(unsigned char)*s->p])
			s->p++;
		if (s->p == s->end || (unsigned char)*s->p < 0x20)
			return jx_scan_fail(s);
		if (*s->p == '"')
			break;
		if (*s->p == '\\') {
			escapes++;
			if (!jx_scan_escape(s))
				return false;
			continue;
		}
		n = utf8_decode(s->p, (size_t)(s->end - s->p), &cp);
		if (n == 0)
			return jx_scan_fail(s);
		s->p += n;
	}
	s->p++;
	*ret = (struct jx_slice){begin, (size_t)(s->p - begin)};
	if (ret_escapes)
		*ret_escapes = escapes;
	return true;
}

/* --- other values --------------------------------------------------------- */

bool
jx_scan_int(struct jx_scan *s, int64_t *ret)
{
	bool minus = jx_scan_peek(s) == '-';
	const char *begin;
	int64_t v = 0;

	if (s->bad)
		return false;
	s->p += minus;
	/* Summed below zero: the least integer has no positive counterpart. */
	for (begin = s->p; s->p < s->end && *s->p >= '0' && *s->p <= '9';
		s->p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_sub_overflow(v, *s->p - '0', &v))
			return jx_scan_fail(s);
	if (s->p == begin || (*begin == '0' && s->p - begin > 1) ||
		(s->p < s->end && strchr(".eE", *s->p) && *s->p) ||
		(!minus && __builtin_sub_overflow(0, v, &v)))
		return jx_scan_fail(s);
	*ret = v;
	return true;
}

static bool
jx_scan_digits(struct jx_scan *s)
{
	const char *begin = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > begin ? true : jx_scan_fail(s);
}

static bool
jx_scan_number(struct jx_scan *s)
{
	const char *begin;

	s->p += *s->p == '-';
	begin = s->p;
	if (!jx_scan_digits(s))
		return false;
	if (*begin == '0' && s->p - begin > 1)
		return jx_scan_fail(s);
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!jx_scan_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		return jx_scan_digits(s);
	}
	return true;
}

static bool
jx_scan_literal(struct jx_scan *s)
{
	static const char *const all[] = {"true", "false", "null"};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		size_t n = strlen(all[i]);

		if ((size_t)(s->end - s->p) >= n &&
			memcmp(s->p, all[i], n) == 0) {
			s->p += n;
			return true;
		}
	}
	return jx_scan_fail(s);
}

static bool
jx_scan_skip_at(struct jx_scan *s, unsigned depth)
{
	struct jx_slice text;
	bool first = true;
	char c = jx_scan_peek(s);

	if (depth > JX_DEPTH_MAX)
		return jx_scan_fail(s);
	if (c == '"')
		return jx_scan_string(s, &text, NULL);
	if (c == '-' || (c >= '0' && c <= '9'))
		return jx_scan_number(s);
	if (c != '{' && c != '[')
		return c ? jx_scan_literal(s) : jx_scan_fail(s);
	s->p++;
	while (c == '{' ? jx_scan_member(s, &first, &text)
			: jx_scan_entry(s, &first))
		if (!jx_scan_skip_at(s, depth + 1))
			return false;
	return !s->bad;
}

bool
jx_scan_skip(struct jx_scan *s, struct jx_slice *ret)
{
	const char *begin;

	(void)jx_scan_peek(s);
	begin = s->p;
	if (!jx_scan_skip_at(s, 0))
		return false;
	if (ret)
		*ret = (struct jx_slice){begin, (size_t)(s->p - begin)};
	return true;
}
