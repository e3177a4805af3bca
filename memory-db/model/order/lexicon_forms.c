/* The stems of words, and the lists of word_forms.def: forms of verbs that tell of
 * the past ("caught" is of "catch"), and units. */
#include <string.h>

#include "common/buf.h"
#include "common/text.h"
#include "memory-db/model/order/lexicon.h"

#define PAST(words) words "|"
#define UNIT(words, unit, value)
#define FORM(base, words)
static const char past_words[] =
#include "memory-db/model/order/word_forms.def"
	;
#undef PAST
#undef UNIT
#define PAST(words)
#define UNIT(words, unit, value) {words "|", unit, value},
static const struct {
	const char *words;
	enum lexicon_unit unit;
	double value;
} units[] = {
#include "memory-db/model/order/word_forms.def"
};
#undef UNIT
#undef FORM
#define UNIT(words, unit, value)
#define FORM(base, words) {base, words "|"},
static const struct {
	const char *base, *words;
} forms[] = {
#include "memory-db/model/order/word_forms.def"
};

/* Is the word a member of a list that ends with a bar? */
static bool
is_member(const char *list, const char *word, size_t n)
{
	while (*list) {
		size_t k = strcspn(list, "|");

		if (k == n && memcmp(list, word, n) == 0)
			return true;
		list += k + 1;
	}
	return false;
}

static const char *
base_of(const char *word, size_t n)
{
	/* None of them is longer. */
	for (size_t i = 0; n > 2 && n < 11 && i < ARRAY_LEN(forms); i++)
		if (is_member(forms[i].words, word, n))
			return forms[i].base;
	return NULL;
}

bool
lexicon_is_past(const char *word, size_t n)
{
	return (n > 4 && memcmp(word + n - 2, "ed", 2) == 0 &&
		       word[n - 3] != 'e') ||
	       is_member(past_words, word, n);
}

enum lexicon_unit
lexicon_unit(const char *word, size_t n, double *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (is_member(units[i].words, word, n)) {
			*ret = units[i].value;
			return units[i].unit;
		}
	return UNIT_NONE;
}

static uint64_t
hash_of(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (h ^ h >> 29) | 1;
}

/* "mainly" is not "main": such words keep their ending. */
static bool
is_adverb(const char *word, size_t n)
{
	return n > 4 && memcmp(word + n - 2, "ly", 2) == 0 &&
	       word[n - 3] != 'p' && word[n - 3] != 'i';
}

int
lexicon_stem(const char *word, size_t n, uint64_t *ret)
{
	AUTO_BUF struct buf stem = {0};
	const char *base = base_of(word, n);
	int rc;

	if (base) {
		word = base;
		n = strlen(base);
	}
	rc = text_stem(word, n, is_adverb(word, n) ? "" : "english", &stem);

	if (rc < 0)
		return rc;
	*ret = hash_of(stem.data, stem.len);
	return 0;
}
