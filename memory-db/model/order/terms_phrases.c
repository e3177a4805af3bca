/* The entries of the lexicon that begin with a word of a text. The longest one
 * counts:
 *
 *   "runs on Linux"     the entry "runs on"
 *   "run by hand"       "run", because "by hand" is an entry of its own
 */
#include "memory-db/model/order/terms_internal.h"

/* "Run by hand": the last of the n words begins an entry of its own, so that "run
 * by" is none here. */
static bool
is_next_begun(const struct reading *r, int i, int n)
{
	static const char *const by[] = {"by", "in", "on", "at", NULL};
	uint64_t stems[LEXICON_WORDS];
	int last = i + n - 1;

	if (n < 2 || !terms_word_in(r, last, by) || last + 1 >= r->n)
		return false;
	for (int k = 0; k < 3 && last + k < r->n; k++) {
		stems[k] = r->w[last + k].stem;
		if (k > 0 && lexicon_find(stems, k + 1, false) != 0)
			return true;
	}
	return false;
}

int
terms_find_phrase(const struct reading *r, int i, int *ret)
{
	uint64_t stems[LEXICON_WORDS];
	int n = 0;

	while (n < LEXICON_WORDS && i + n < r->n) {
		stems[n] = r->w[i + n].stem;
		if ((n > 0 && r->w[i + n].is_subject) || r->w[i + n].ends)
			break;
		n++;
	}
	n += n < LEXICON_WORDS && i + n < r->n && r->w[i + n].ends &&
	     !(n > 0 && r->w[i + n].is_subject);
	for (; n > 0; n--) {
		*ret = lexicon_find(stems, n,
			r->t->phrases || (r->t->wide && n == 1));
		if (*ret == 0 || is_next_begun(r, i, n))
			continue;
		r->t->has_phrase |= r->t->phrases && n > 1 &&
				    lexicon_find(stems, n, false) == 0;
		return n;
	}
	return 0;
}

int
terms_find_alone(const struct reading *r, int i, int n)
{
	uint64_t stems[LEXICON_WORDS];

	for (int k = 0; k < n; k++)
		stems[k] = r->w[i + k].stem;
	return lexicon_find(stems, n, true);
}
