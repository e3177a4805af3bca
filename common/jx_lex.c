/* The tokens of JSON: strings, numbers, literals, and errors with their place.
 * Most bytes of most texts lie in strings, so a string is gone through by a
 * table of the bytes that need a look, and its text is given out where it
 * lies; only one with escapes is copied. */
#include "common/jx_lex.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* --- errors --------------------------------------------------------------- */

/* What stands at p, short and printable: 'x', byte 0xff, the end. */
static void
found(const struct jx_lex *lx, char *out, size_t size)
{
	size_t left = (size_t)(lx->end - lx->p), n = 0;
	uint32_t cp;

	if (left == 0) {
		snprintf(out, size, "the end");
		return;
	}
	while (n < 20 && n < left) {
		size_t len = utf8_decode(lx->p + n, left - n, &cp);

		if (len == 0 || cp <= 0x20 || cp == 0x7f)
			break;
		n += len;
	}
	if (n > 0)
		snprintf(out, size, "'%.*s'", (int)n, lx->p);
	else
		snprintf(out, size, "byte 0x%02x", (unsigned char)*lx->p);
}

/* "not valid JSON at line 1, column 5 (byte 4): expected ..., found 'x'" */
json_t *
jx_lex_fail(struct jx_lex *lx, const char *what)
{
	size_t line = 1, column = 1;
	char text[64];

	for (const char *c = lx->begin; c < lx->p; c++) {
		if (*c == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)*c & 0xc0) != 0x80) {
			column++;
		}
	}
	found(lx, text, sizeof(text));
	err_set(lx->e, MDB_E_PROTOCOL,
		"not valid JSON at line %zu, column %zu (byte %zu): %s, found "
		"%s",
		line, column, (size_t)(lx->p - lx->begin), what, text);
	return NULL;
}

json_t *
jx_lex_nomem(struct jx_lex *lx)
{
	err_nomem(lx->e);
	return NULL;
}

/* --- strings -------------------------------------------------------------- */

void
jx_lex_space(struct jx_lex *lx)
{
	while (lx->p < lx->end && (*lx->p == ' ' || *lx->p == '\n' ||
					  *lx->p == '\t' || *lx->p == '\r'))
		lx->p++;
}

/* Four hexadecimal digits at p; p moves behind them. */
static bool
hex4(struct jx_lex *lx, uint32_t *ret)
{
	uint32_t v = 0;

	if (lx->end - lx->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = lx->p[i];

		v <<= 4;
		if (c >= '0' && c <= '9')
			v |= (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v |= (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v |= (uint32_t)(c - 'A' + 10);
		else
			return false;
	}
	lx->p += 4;
	*ret = v;
	return true;
}

/* Behind "\u". */
static bool
unicode_escape(struct jx_lex *lx, char out[4], size_t *ret_n)
{
	const char *at = lx->p;
	uint32_t cp, low;

	if (!hex4(lx, &cp)) {
		jx_lex_fail(lx, "expected four hexadecimal digits after \\u");
		return false;
	}
	if (cp == 0) {
		lx->p = at;
		jx_lex_fail(lx, "\\u0000 is not allowed in a string");
		return false;
	}
	if (cp >= 0xd800 && cp <= 0xdfff) {
		bool pair = cp < 0xdc00 && lx->end - lx->p >= 2 &&
			    lx->p[0] == '\\' && lx->p[1] == 'u';

		if (pair)
			lx->p += 2;
		if (!pair || !hex4(lx, &low) || low < 0xdc00 || low > 0xdfff) {
			lx->p = at;
			jx_lex_fail(lx, "a surrogate without its other half");
			return false;
		}
		cp = 0x10000 + ((cp & 0x3ff) << 10) + (low & 0x3ff);
	}
	*ret_n = utf8_encode(cp, out);
	return true;
}

/* At a backslash: one escape into lx->text. */
static bool
jx_lex_escape(struct jx_lex *lx)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *known;
	char out[4];
	size_t n = 1;

	lx->p++;
	known = lx->p < lx->end && *lx->p ? strchr(from, *lx->p) : NULL;
	if (known) {
		out[0] = to[known - from];
		lx->p++;
	} else if (lx->p < lx->end && *lx->p == 'u') {
		lx->p++;
		if (!unicode_escape(lx, out, &n))
			return false;
	} else {
		jx_lex_fail(lx, "expected one of \" \\ / b f n r t u after a "
				"backslash");
		return false;
	}
	if (buf_add(&lx->text, out, n) < 0) {
		jx_lex_nomem(lx);
		return false;
	}
	return true;
}

/* Bytes of a string that need a look. */
static const bool special[256] =
	{[0 ... 31] = true, ['"'] = true, ['\\'] = true, [128 ... 255] = true};

/* Moves p to the quote or backslash that ends a run of plain text. */
static bool
plain_run(struct jx_lex *lx)
{
	uint32_t cp;

	for (;;) {
		size_t len;

		while (lx->p < lx->end && !special[(unsigned char)*lx->p])
			lx->p++;
		if (lx->p < lx->end && (*lx->p == '"' || *lx->p == '\\'))
			return true;
		if (lx->p == lx->end) {
			jx_lex_fail(lx, "a string has no closing quote");
			return false;
		}
		if ((unsigned char)*lx->p < 0x20) {
			jx_lex_fail(lx,
				"a control character in a string must be "
				"escaped");
			return false;
		}
		len = utf8_decode(lx->p, (size_t)(lx->end - lx->p), &cp);
		if (len == 0) {
			jx_lex_fail(lx, "not valid UTF-8");
			return false;
		}
		lx->p += len;
	}
}

/* At the opening quote. The text is part of the input or lx->text: valid until
 * the next string. */
bool
jx_lex_string(struct jx_lex *lx, const char **ret, size_t *ret_n)
{
	const char *run = ++lx->p;

	if (!plain_run(lx))
		return false;
	if (*lx->p == '"') {
		*ret = run;
		*ret_n = (size_t)(lx->p++ - run);
		return true;
	}
	lx->text.len = 0;
	while (*lx->p == '\\') {
		if (buf_add(&lx->text, run, (size_t)(lx->p - run)) < 0) {
			jx_lex_nomem(lx);
			return false;
		}
		if (!jx_lex_escape(lx))
			return false;
		run = lx->p;
		if (!plain_run(lx))
			return false;
	}
	if (buf_add(&lx->text, run, (size_t)(lx->p++ - run)) < 0) {
		jx_lex_nomem(lx);
		return false;
	}
	*ret = lx->text.data;
	*ret_n = lx->text.len;
	return true;
}

/* --- numbers and literals ------------------------------------------------- */

static bool
jx_lex_is_digit(const struct jx_lex *lx)
{
	return lx->p < lx->end && *lx->p >= '0' && *lx->p <= '9';
}

static bool
jx_lex_digits(struct jx_lex *lx)
{
	if (!jx_lex_is_digit(lx)) {
		jx_lex_fail(lx, "expected a digit");
		return false;
	}
	while (jx_lex_is_digit(lx))
		lx->p++;
	return true;
}

/* The number from begin to p fits into no type of ours. */
static json_t *
out_of_range(struct jx_lex *lx, const char *begin, const char *what)
{
	if (lx->number == NULL) {
		lx->p = begin;
		return jx_lex_fail(lx, what);
	}
	if (lx->number->code == 0) {
		err_param(lx->number, MDB_E_INVALID, "", "%s: %.*s", what,
			(int)(lx->p - begin < 40 ? lx->p - begin : 40), begin);
		lx->number_depth = lx->depth;
	}
	return json_null();
}

void
jx_lex_place(struct jx_lex *lx, const char *name, size_t n, size_t index)
{
	struct err *e = lx->number;
	char path[sizeof(e->param) + 80];
	const char *dot;

	if (lx->number_depth == 0 || lx->number_depth != lx->depth)
		return;
	lx->number_depth--;
	dot = e->param[0] == '\0' || e->param[0] == '[' ? "" : ".";
	if (name == NULL)
		snprintf(path, sizeof(path), "[%zu]%s%s", index, dot, e->param);
	else
		snprintf(path, sizeof(path), "%.*s%s%s",
			(int)(n <= 64 ? n : utf8_cut(name, 64)), name, dot,
			e->param);
	err_param(e, e->code, path, "%s", e->text);
}

static json_t *
real(struct jx_lex *lx, const char *begin)
{
	const char *s;
	double d;
	json_t *v;

	lx->text.len = 0;
	if (buf_add(&lx->text, begin, (size_t)(lx->p - begin)) < 0 ||
		!(s = buf_str(&lx->text)))
		return jx_lex_nomem(lx);
	d = strtod(s, NULL);
	if (!isfinite(d))
		return out_of_range(lx, begin, "a number is out of range");
	v = json_real(d);
	return v ? v : jx_lex_nomem(lx);
}

static json_t *
integer(struct jx_lex *lx, const char *begin)
{
	bool minus = *begin == '-';
	int64_t i = 0;
	json_t *v;

	/* Summed below zero: the least integer has no positive counterpart. */
	for (const char *c = begin + minus; c < lx->p; c++)
		if (__builtin_mul_overflow(i, 10, &i) ||
			__builtin_sub_overflow(i, *c - '0', &i))
			goto range;
	if (!minus && __builtin_sub_overflow(0, i, &i))
		goto range;
	v = json_integer(i);
	return v ? v : jx_lex_nomem(lx);
range:
	return out_of_range(lx, begin, "an integer does not fit into 64 bits");
}

json_t *
jx_lex_number(struct jx_lex *lx)
{
	const char *begin = lx->p;
	bool is_real = false;

	if (*lx->p == '-')
		lx->p++;
	if (lx->p < lx->end && *lx->p == '0')
		lx->p++;
	else if (!jx_lex_digits(lx))
		return NULL;
	if (jx_lex_is_digit(lx))
		return jx_lex_fail(lx, "a number must not begin with 0");
	if (lx->p < lx->end && *lx->p == '.') {
		is_real = true;
		lx->p++;
		if (!jx_lex_digits(lx))
			return NULL;
	}
	if (lx->p < lx->end && (*lx->p == 'e' || *lx->p == 'E')) {
		is_real = true;
		lx->p++;
		if (lx->p < lx->end && (*lx->p == '+' || *lx->p == '-'))
			lx->p++;
		if (!jx_lex_digits(lx))
			return NULL;
	}
	return is_real ? real(lx, begin) : integer(lx, begin);
}

json_t *
jx_lex_literal(struct jx_lex *lx)
{
	static const struct {
		const char *text;
		json_type type;
	} all[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE},
		{"null", JSON_NULL}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		size_t n = strlen(all[i].text);

		if ((size_t)(lx->end - lx->p) < n ||
			memcmp(lx->p, all[i].text, n) != 0)
			continue;
		lx->p += n;
		if (all[i].type == JSON_TRUE)
			return json_true();
		if (all[i].type == JSON_FALSE)
			return json_false();
		return json_null();
	}
	return jx_lex_fail(lx, "expected a value");
}
