/* The lists of word_forms.def: forms of verbs that tell of the past, and units. */
#include <string.h>

#include "memory-db/model/order/lexicon.h"

#define PAST(words) words "|"
#define UNIT(words, unit, value)
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
