/* See words.h. */
#include "memory-db/model/curate/words.h"

#include <ctype.h>
#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/text.h"

static uint32_t
hash_word(const char *s, size_t n)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

static bool
has_digit(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isdigit((unsigned char)s[i]))
			return true;
	return false;
}

static void
put_word(struct word_set *set, uint32_t h)
{
	for (int i = 0; i < set->n; i++)
		if (set->v[i] == h)
			return;
	if (set->n < WORDS_MOST)
		set->v[set->n++] = h;
}

int
words_add(struct word_set *set, const char *s, size_t n)
{
	AUTO_BUF struct buf tokens = {0};
	const char *p;

	if (text_tokens(s, n < WORDS_BYTES ? n : text_cut(s, WORDS_BYTES),
		    "english", &tokens) != 0 ||
		!buf_str(&tokens))
		return MDB_E_NOMEM;
	for (p = tokens.data; *p != '\0'; p += strspn(p, " ")) {
		size_t k = strcspn(p, " ");

		if (k > 1 && !has_digit(p, k) && !text_is_stop(p, k))
			put_word(set, hash_word(p, k));
		p += k;
	}
	return 0;
}

static int
in_both(const struct word_set *a, const struct word_set *b)
{
	int n = 0;

	for (int i = 0; i < a->n; i++)
		for (int k = 0; k < b->n; k++)
			if (a->v[i] == b->v[k]) {
				n++;
				break;
			}
	return n;
}

double
words_likeness(const struct word_set *a, const struct word_set *b)
{
	int both = in_both(a, b);
	int all = a->n + b->n - both;

	return all > 0 ? (double)both / all : 0;
}
