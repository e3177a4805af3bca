/* Finds the ends of JSON objects in a byte stream.
 *
 * One table gives each byte a class; two tight loops (inside a string, outside
 * of one) run over the classes that change nothing and leave the switch to the
 * rest. The state between calls is in struct frame_lexer, so a frame may
 * arrive in any pieces. */
#include "common/frame.h"

enum frame_class {
	C_BAD, /* no byte of JSON outside of strings */
	C_SPACE,
	C_PUNCT,  /* , : */
	C_SCALAR, /* begins or continues a number or literal */
	C_QUOTE,
	C_OPEN_OBJECT,
	C_OPEN_ARRAY,
	C_CLOSE_OBJECT,
	C_CLOSE_ARRAY
};

/* Printable bytes that begin no JSON value count as scalars: jansson names
 * them better than a lexer can. */
static const uint8_t classes[256] = {[' '] = C_SPACE,
	['\t'] = C_SPACE,
	['\n'] = C_SPACE,
	['\r'] = C_SPACE,
	['!'] = C_SCALAR,
	['"'] = C_QUOTE,
	['#' ... '+'] = C_SCALAR,
	[','] = C_PUNCT,
	['-' ... '9'] = C_SCALAR,
	[':'] = C_PUNCT,
	[';' ... 'Z'] = C_SCALAR,
	['['] = C_OPEN_ARRAY,
	['\\'] = C_SCALAR,
	[']'] = C_CLOSE_ARRAY,
	['^' ... 'z'] = C_SCALAR,
	['{'] = C_OPEN_OBJECT,
	['|'] = C_SCALAR,
	['}'] = C_CLOSE_OBJECT,
	['~'] = C_SCALAR};

/* Bytes that end the tight loop of a string: controls, quote, backslash. */
static const uint8_t string_stops[256] =
	{[0 ... 31] = 1, ['"'] = 1, ['\\'] = 1};

void
frame_init(struct frame_lexer *lx, size_t max_bytes, size_t max_values)
{
	*lx = (struct frame_lexer){.max_bytes = max_bytes,
		.max_values = max_values};
}

bool
frame_begun(const struct frame_lexer *lx)
{
	return lx->depth > 0;
}

/* Runs to the end of the string or of the data; *p is the place after what
 * was looked at. */
static enum frame_status
string(struct frame_lexer *lx, const uint8_t *s, size_t end, size_t *p)
{
	size_t i = *p;

	while (i < end) {
		if (lx->escaped) {
			if (s[i] < 0x20)
				return FRAME_SYNTAX;
			lx->escaped = false;
			i++;
			continue;
		}
		while (i < end && !string_stops[s[i]])
			i++;
		if (i == end)
			break;
		if (s[i] == '"') {
			lx->in_string = false;
			i++;
			break;
		}
		if (s[i] != '\\')
			return FRAME_SYNTAX;
		lx->escaped = true;
		i++;
	}
	*p = i;
	return FRAME_MORE;
}

static enum frame_status
count_value(struct frame_lexer *lx)
{
	lx->values++;
	return lx->values > lx->max_values ? FRAME_TOO_MANY_VALUES : FRAME_MORE;
}

static enum frame_status
open_level(struct frame_lexer *lx, bool object)
{
	uint64_t bit = UINT64_C(1) << (lx->depth % 64);

	if (lx->depth == FRAME_DEPTH_MAX)
		return FRAME_TOO_DEEP;
	if (object)
		lx->stack[lx->depth / 64] |= bit;
	else
		lx->stack[lx->depth / 64] &= ~bit;
	lx->depth++;
	return count_value(lx);
}

static enum frame_status
close_level(struct frame_lexer *lx, bool object)
{
	unsigned top = lx->depth - 1;

	if (((lx->stack[top / 64] >> (top % 64) & 1) != 0) != object)
		return FRAME_SYNTAX;
	lx->depth = top;
	return top == 0 ? FRAME_DONE : FRAME_MORE;
}

/* One byte outside of a string that is no space, punctuation or scalar. */
static enum frame_status
structure(struct frame_lexer *lx, enum frame_class c)
{
	lx->in_scalar = false;
	switch (c) {
	case C_QUOTE:
		lx->in_string = true;
		return count_value(lx);
	case C_OPEN_OBJECT:
		return open_level(lx, true);
	case C_OPEN_ARRAY:
		return open_level(lx, false);
	case C_CLOSE_OBJECT:
		return close_level(lx, true);
	case C_CLOSE_ARRAY:
		return close_level(lx, false);
	case C_BAD:
	case C_SPACE:
	case C_PUNCT:
	case C_SCALAR:
		break;
	}
	return FRAME_SYNTAX;
}

/* Looks at s[*p, end) inside a frame. */
static enum frame_status
inside(struct frame_lexer *lx, const uint8_t *s, size_t end, size_t *p)
{
	enum frame_status st = FRAME_MORE;
	size_t i = *p;

	while (i < end && st == FRAME_MORE) {
		enum frame_class c;

		if (lx->in_string) {
			st = string(lx, s, end, &i);
			continue;
		}
		c = (enum frame_class)classes[s[i]];
		if (c == C_SCALAR) {
			if (!lx->in_scalar)
				st = count_value(lx);
			lx->in_scalar = true;
		} else if (c == C_SPACE || c == C_PUNCT) {
			lx->in_scalar = false;
		} else {
			st = structure(lx, c);
		}
		i++;
	}
	*p = i;
	return st;
}

enum frame_status
frame_feed(struct frame_lexer *lx, const char *data, size_t n, size_t *ret_skip,
	size_t *ret_used)
{
	const uint8_t *s = (const uint8_t *)data;
	enum frame_status st;
	size_t begin = 0, end, i;

	*ret_skip = 0;
	*ret_used = n;
	if (lx->depth == 0) {
		while (begin < n && classes[s[begin]] == C_SPACE)
			begin++;
		*ret_skip = begin;
		if (begin == n)
			return FRAME_MORE;
		if (s[begin] != '{')
			return FRAME_NOT_OBJECT;
		lx->bytes = lx->values = 0;
		lx->in_string = lx->escaped = lx->in_scalar = false;
	}
	end = n;
	if (end - begin > lx->max_bytes - lx->bytes)
		end = begin + (lx->max_bytes - lx->bytes);
	i = begin;
	st = inside(lx, s, end, &i);
	lx->bytes += i - begin;
	if (st == FRAME_DONE)
		*ret_used = i;
	else if (st == FRAME_MORE && end < n)
		return FRAME_TOO_LONG;
	return st;
}

const char *
frame_status_text(enum frame_status s)
{
	switch (s) {
	case FRAME_MORE:
		return "the request is not complete";
	case FRAME_DONE:
		return "the request is complete";
	case FRAME_NOT_OBJECT:
		return "a request is a JSON object and begins with {";
	case FRAME_SYNTAX:
		return "not valid JSON: mismatched brackets or a raw control "
		       "character";
	case FRAME_TOO_LONG:
		return "the request is longer than allowed";
	case FRAME_TOO_DEEP:
		return "nesting deeper than 128";
	case FRAME_TOO_MANY_VALUES:
		return "the request has more JSON values than allowed; send "
		       "it in parts";
	}
	return "unknown";
}
