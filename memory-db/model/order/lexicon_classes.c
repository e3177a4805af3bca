/* Classes of words (classes.def): each meaning is a member of some, and two of the
 * classes may be the poles of one thing.
 *
 *   class 7    teach, teacher, lesson, tutor, ...
 *   class 40   healthy, fit, cured, ...       poles: who is healthy is not ill
 *   class 41   ill, unwell, frail, ...
 *
 * A thesaurus grows by words, not by pairs: a word that is added to a class is at
 * once near to all its members, and the contrary of all that is at the other pole. */
#include <assert.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "memory-db/model/order/lexicon_internal.h"

#define MEMBERS 14336
#define CLASSES 2048
/* The class of words that say little; they are near to nothing. */
#define SLIGHT_CLASS (CLASSES - 1)
/* The class of words that deny what they are said of: disabled. */
#define DENIAL_CLASS (CLASSES - 2)

static const struct class_entry {
	const char *words, *other; /* other: of the opposite pole; NULL: none */
	int in;			   /* a class of its own; 0: the next one */
} entries[] = {
#define CLASS(words)  {words, NULL, 0},
#define POLES(a, b)   {a, b, 0},
#define SLIGHT(words) {words, NULL, SLIGHT_CLASS},
#define DENIAL(words) {words, NULL, DENIAL_CLASS},
#include "memory-db/model/order/classes.def"
};

static struct {
	size_t n;
	int n_classes;
	struct member {
		uint16_t meaning, in;
	} v[MEMBERS];		/* sorted by meaning */
	uint16_t pole[CLASSES]; /* the class that it denies; 0: none */
	/* Where the classes of a meaning begin; they end where those of the
	 * next one begin. */
	uint16_t first[LEXICON_MEANINGS + 1];
} classes;

static int
fill_class(const char *list, int in)
{
	const char *word;
	size_t n;

	while (lexicon_next_member(&list, &word, &n)) {
		int m = lexicon_meaning_of(word, n, true);

		if (m < 0)
			return m;
		assert(classes.n < MEMBERS);
		classes.v[classes.n++] =
			(struct member){(uint16_t)m, (uint16_t)in};
	}
	return 0;
}

static int
compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->meaning != y->meaning ? x->meaning - y->meaning
					: x->in - y->in;
}

static void
index_members(void)
{
	size_t at = 0;

	qsort(classes.v, classes.n, sizeof(*classes.v), compare_members);
	for (size_t m = 0; m <= LEXICON_MEANINGS; m++) {
		while (at < classes.n && classes.v[at].meaning < m)
			at++;
		classes.first[m] = (uint16_t)at;
	}
}

int
lexicon_classes_fill(void)
{
	classes.n = 0;
	classes.n_classes = 0;
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		int in = entries[i].in ? entries[i].in : ++classes.n_classes;
		int rc;

		assert(classes.n_classes + 1 < DENIAL_CLASS);
		rc = fill_class(entries[i].words, in);
		if (rc < 0)
			return rc;
		classes.pole[in] = 0;
		if (!entries[i].other)
			continue;
		classes.pole[in] = (uint16_t)(in + 1);
		classes.pole[++classes.n_classes] = (uint16_t)in;
		rc = fill_class(entries[i].other, in + 1);
		if (rc < 0)
			return rc;
	}
	index_members();
	return 0;
}

/* Do a and b have two classes of which one is (poles: denies) the other? The class
 * of a; 0: none. */
static int
find_classes(int a, int b, bool poles)
{
	for (size_t i = classes.first[a]; i < classes.first[a + 1]; i++) {
		int in = classes.v[i].in;
		int sought = poles ? classes.pole[in] : in;

		/* The side of a pole lists what denies the other side: whoever
		 * has a cat or a dog is not without pets. They are not near. */
		if (in >= DENIAL_CLASS || (!poles && classes.pole[in] != 0))
			continue;
		for (size_t k = classes.first[b];
			sought != 0 && k < classes.first[b + 1]; k++)
			if (classes.v[k].in == sought)
				return in;
	}
	return 0;
}

bool
lexicon_near(int a, int b)
{
	return a != 0 && b != 0 && find_classes(a, b, false) != 0;
}

int
lexicon_pole(int a, int b)
{
	int in = a != 0 && b != 0 ? find_classes(a, b, true) : 0;

	/* The same number from either side. */
	return in != 0 && classes.pole[in] < in ? classes.pole[in] : in;
}

static bool
is_in_class(int meaning, int in)
{
	for (size_t i = classes.first[meaning]; i < classes.first[meaning + 1];
		i++)
		if (classes.v[i].in == in)
			return true;
	return false;
}

bool
lexicon_at_pole(int meaning, int pole)
{
	return is_in_class(meaning, pole) ||
	       is_in_class(meaning, classes.pole[pole]);
}

bool
lexicon_is_slight(int meaning)
{
	return is_in_class(meaning, SLIGHT_CLASS);
}

bool
lexicon_is_denial(int meaning)
{
	return is_in_class(meaning, DENIAL_CLASS);
}
