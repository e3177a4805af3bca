/* Characters of secrets, and what a value looks like. */
#include <string.h>

#include "memory-db/model/secrets/secrets_int.h"

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static char
fold(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

bool
secret_same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

/* --- what a value looks like ----------------------------------------------- */
/* Nobody draws these by lot: four letters of a random value are `your` once in
 * some hundred thousand. */
static const char *const stand_ins[] = {"xxxx", "your", "example",
	"placeholder", "redacted", "changeme", "change_me", "change-me",
	"replace", "insert", "dummy", "foobar", "....", "****", "todo", "_here",
	"-here", "deadbeef"};

static bool
holds_stand_in(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(stand_ins); k++) {
			size_t m = strlen(stand_ins[k]);

			if (fold(s[i]) == stand_ins[k][0] && i + m <= n &&
				secret_same(s + i, stand_ins[k], m))
				return true;
		}
	return false;
}

/* The longest run that counts up (abcdef, 123456) or stays (000000). */
static size_t
longest_run(const char *s, size_t n)
{
	size_t up = 1, same = 1, most = 1;

	for (size_t i = 1; i < n; i++) {
		up = s[i] == s[i - 1] + 1 || (s[i] == '0' && s[i - 1] == '9')
			     ? up + 1
			     : 1;
		same = s[i] == s[i - 1] ? same + 1 : 1;
		most = up > most ? up : most;
		most = same > most ? same : most;
	}
	return most;
}

static size_t
distinct(const char *s, size_t n)
{
	bool seen[256] = {false};
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		count += !seen[(unsigned char)s[i]];
		seen[(unsigned char)s[i]] = true;
	}
	return count;
}

bool
secret_is_placeholder(const char *s, size_t n)
{
	size_t need = n >= 10 ? 5 : 3; /* different characters */

	if (n >= 16)
		need = 7;

	return distinct(s, n) < need || longest_run(s, n) >= 6 ||
	       holds_stand_in(s, n);
}

/* Where a word ends and another kind of character begins, a value drawn from
 * letters and digits changes its kind at every second or third place; words
 * that somebody wrote do not. */
bool
secret_is_random(const char *s, size_t n)
{
	size_t changes = 0, digits = 0, letters = 0;

	for (size_t i = 0; i < n; i++) {
		digits += secret_is_digit(s[i]);
		letters += is_lower(s[i]) || is_upper(s[i]);
		if (i == 0 || !secret_is_alnum(s[i]) ||
			!secret_is_alnum(s[i - 1]))
			continue;
		changes += secret_is_digit(s[i]) != secret_is_digit(s[i - 1]) ||
			   is_upper(s[i]) != is_upper(s[i - 1]);
	}
	return digits > 0 && letters > 0 && changes * 6 >= n &&
	       !secret_is_placeholder(s, n);
}
