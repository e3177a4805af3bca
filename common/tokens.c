#include "common/tokens.h"

#include <stdbool.h>

enum tokens_run { NONE, LETTERS, DIGITS, SPACES };

static enum tokens_run
tokens_kind_of(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return LETTERS;
	if (c >= '0' && c <= '9')
		return DIGITS;
	return c == ' ' ? SPACES : NONE;
}

static size_t
cost_of(enum tokens_run run, size_t n)
{
	switch (run) {
	case LETTERS:
		return (n + 3) / 4;
	case DIGITS:
		return (n + 2) / 3;
	case SPACES:
		return (n + 2) / 4;
	case NONE:
		break;
	}
	return 0;
}

/* Bytes of the character that begins with c. */
static size_t
width(unsigned char c)
{
	if (c < 0xe0)
		return 2;
	if (c < 0xf0)
		return 3;
	return 4;
}

size_t
tokens_estimate(const char *s, size_t n)
{
	size_t sum = 0, length = 0;
	enum tokens_run run = NONE;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		enum tokens_run kind = tokens_kind_of(c);

		if (kind != NONE && kind == run) {
			length++;
			continue;
		}
		sum += cost_of(run, length);
		run = kind;
		length = 1;
		if (kind == NONE && c < 0x80)
			sum++;
		else if (kind == NONE && c >= 0xc0)
			sum += (width(c) + 1) / 2;
	}
	return sum + cost_of(run, length);
}
