#include "memory-db/model/read/instruction.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"

/* Bytes of a text that are looked at: rules stand at the front. */
#define LOOKED 2000

static bool
begins(const char *s, size_t n, const char *words)
{
	size_t k = strlen(words);

	return n > k && strncasecmp(s, words, k) == 0 &&
	       !isalnum((unsigned char)s[k]);
}

static size_t
instruction_skip(const char *s, size_t n, const char *words)
{
	size_t k = begins(s, n, words) ? strlen(words) : 0;

	while (k > 0 && k < n && (s[k] == ' ' || s[k] == ','))
		k++;
	return k;
}

/* Does a sentence that begins here tell what to do? */
static bool
orders(const char *s, size_t n)
{
	static const char *const polite[] = {"please", "remember", "and", "so",
		"you should", "you must", "make sure to", "be sure to"};
	static const char *const words[] = {"always", "never", "from now on",
		"in future", "in the future", "whenever I", "when I ask",
		"if I ask", "every time I", "each time I", "whenever you",
		"when you answer", "do not ever", "don't ever", "by default"};

	for (size_t i = 0; i < ARRAY_LEN(polite); i++) {
		size_t k = instruction_skip(s, n, polite[i]);

		s += k;
		n -= k;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (begins(s, n, words[i]))
			return true;
	return false;
}

bool
is_instruction(const char *s, size_t n)
{
	bool at_start = true;

	n = n < LOOKED ? n : LOOKED;
	for (size_t i = 0; i < n; i++) {
		if (at_start && !isspace((unsigned char)s[i])) {
			if (orders(s + i, n - i))
				return true;
			at_start = false;
		}
		at_start = at_start || s[i] == '.' || s[i] == '!' ||
			   s[i] == '?' || s[i] == '\n' || s[i] == ':';
	}
	return false;
}
