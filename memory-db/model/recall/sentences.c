#include "memory-db/model/recall/sentences.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"

/* Bytes of a mark that ends a sentence wherever it stands: of Chinese and
 * Japanese, Hindi, Arabic, Urdu, Armenian, Burmese, Khmer. 0: none. */
static size_t
other_end(const char *s, size_t n)
{
	static const char *const marks[] = {"\xe3\x80\x82", "\xef\xbc\x81",
		"\xef\xbc\x9f", "\xef\xbd\xa1", "\xe0\xa5\xa4", "\xe0\xa5\xa5",
		"\xd8\x9f", "\xdb\x94", "\xd6\x89", "\xe1\x81\x8b",
		"\xe1\x9f\x94"};

	if (((unsigned char)s[0] & 0x80) == 0)
		return 0; /* as nearly all are */
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		size_t k = strlen(marks[i]);

		if (n >= k && memcmp(s, marks[i], k) == 0)
			return k;
	}
	return 0;
}

static bool
sentences_is_closing(char c)
{
	return c == '"' || c == '\'' || c == ')' || c == ']' || c == '*' ||
	       c == '.' || c == '!' || c == '?';
}

size_t
sentences_end(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t end = other_end(s + i, n - i), k = i + 1;

		if (end > 0)
			return i + end;
		if (s[i] == '\n')
			return i;
		if (s[i] != '.' && s[i] != '!' && s[i] != '?')
			continue;
		while (k < n && sentences_is_closing(s[k]))
			k++;
		if (k == n || isspace((unsigned char)s[k]))
			return k;
		i = k - 1;
	}
	return n;
}

static bool
sentences_has_word(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80)
			return true;
	return false;
}

/* The two neighbours that are shortest together become one. */
static void
join_shortest(struct sentence *v, int *n)
{
	size_t least = SIZE_MAX;
	int at = 0;

	for (int i = 0; i + 1 < *n; i++)
		if (v[i].n + v[i + 1].n < least) {
			least = v[i].n + v[i + 1].n;
			at = i;
		}
	v[at].n = (size_t)(v[at + 1].s - v[at].s) + v[at + 1].n;
	memmove(v + at + 1, v + at + 2, (size_t)(*n - at - 2) * sizeof(*v));
	(*n)--;
}

int
sentences_of(const char *s, size_t n, struct sentence ret[SENTENCES_MAX])
{
	struct sentence v[SENTENCES_MAX + 1];
	int found = 0;

	while (n > 0) {
		size_t k = sentences_end(s, n);

		k = k == 0 ? 1 : k; /* a line end */
		if (sentences_has_word(s, k)) {
			v[found++] = (struct sentence){s, k};
			if (found > SENTENCES_MAX)
				join_shortest(v, &found);
		}
		s += k;
		n -= k;
	}
	memcpy(ret, v, (size_t)found * sizeof(*v));
	return found;
}
