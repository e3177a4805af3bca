/* The stems of words, and the lists of word_forms.def: forms of verbs that tell of
 * the past ("caught" is of "catch"), and units. */
#include <assert.h>
#include <pthread.h>
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

/* The irregular forms, hashed at the first use: each word of a text is looked for. */
#define FORM_SLOTS 512 /* a power of two, less than half full */
static struct {
	const char *word, *base;
	size_t n;
} form_slots[FORM_SLOTS];
static pthread_once_t forms_once = PTHREAD_ONCE_INIT;

static uint64_t
hash_of(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (h ^ h >> 29) | 1;
}

/* The slot of a form, or the empty one where it would be. */
static size_t
form_slot(const char *word, size_t n)
{
	size_t i = (hash_of(word, n) >> 7) & (FORM_SLOTS - 1);

	while (form_slots[i].word &&
		(form_slots[i].n != n ||
			memcmp(form_slots[i].word, word, n) != 0))
		i = (i + 1) & (FORM_SLOTS - 1);
	return i;
}

static void
fill_forms(void)
{
	size_t filled = 0;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		for (const char *word = forms[i].words; *word;) {
			size_t n = strcspn(word, "|");
			size_t at = form_slot(word, n);

			filled++;
			assert(filled < FORM_SLOTS / 2);
			form_slots[at].word = word;
			form_slots[at].n = n;
			form_slots[at].base = forms[i].base;
			word += n + 1;
		}
}

/* "caught" is of "catch"; NULL: the ending tells of what a word is. */
static const char *
base_of(const char *word, size_t n)
{
	pthread_once(&forms_once, fill_forms);
	return form_slots[form_slot(word, n)].base;
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

/* "mainly" is not "main", an evening is not even: such words keep their ending. */
static bool
keeps_ending(const char *word, size_t n)
{
	if (n == 7 && memcmp(word, "evening", 7) == 0)
		return true;
	/* Who is authorized is no author. */
	if (n > 8 && (memcmp(word, "authoriz", 8) == 0 ||
			     memcmp(word, "authoris", 8) == 0))
		return true;
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
	rc = text_stem(word, n, keeps_ending(word, n) ? "" : "english", &stem);

	if (rc < 0)
		return rc;
	*ret = hash_of(stem.data, stem.len);
	return 0;
}
