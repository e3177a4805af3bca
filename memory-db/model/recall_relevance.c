/* Is there an answer at all? How sure recall is, from 0 to 1, by what the best
 * facts have:
 *
 *   share   of the question's weight (rare words weigh more) that the words
 *           have which stand in the fact or beside it in its session,
 *   words   of the question in the fact, as a share of their number: one rare
 *           word is less than two common ones,
 *   count   of these words, up to three: two in one fact are rarely chance,
 *   pairs   weight of those that stand close together in the fact,
 *   size    of the memory: in a large one some fact has any few words, in a
 *           small one rarity says little, and an answer has fewer of them,
 *
 * in a logistic function. Its coefficients were fitted on three conversations
 * of the development set, cut to memories of 8 facts to all, and hold on the
 * other two (ARCHITECTURE.md, "Recall"); the constant is such that the
 * threshold is 0.25. Of questions of few words little of this can be said: the
 * share of the fact itself is enough, of two words a quarter, of four a half. */
#include <math.h>

#include "memory-db/model/recall_internal.h"

#define CONSTANT (-1.12)
#define OF_SHARE 2.5
#define OF_WORDS 3.0
#define OF_COUNT 1.25
#define OF_PAIRS 3.0
#define OF_SIZE	 (-0.75)	/* of its logarithm, between these */
#define FACTS_MIN 20.0
#define FACTS_MAX 1000.0
#define COUNT_MAX 3
#define BEST	 3	/* facts looked at */
#define OF_DATE	 0.9
#define FEW	 2.0	/* words of which the share of a fact is enough */

/* The nearness of vectors has a threshold of its own. */
static double
score_of(const struct recall_candidate *c)
{
	return c->total - (double)c->parts[PART_MEANING];
}

/* The best come first. */
static int
choose(const struct recalling *r, const struct recall_candidate *best[BEST])
{
	int n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct recall_candidate *c = &r->c[i];
		int at = n < BEST ? n++ : BEST;

		for (; at > 0 && score_of(c) > score_of(best[at - 1]); at--)
			if (at < BEST)
				best[at] = best[at - 1];
		if (at < BEST)
			best[at] = c;
	}
	return n;
}

/* The largest of each among the best. */
struct evidence {
	double own, share, words, pairs, size;
	int count;
};

static void
look_at(const struct recalling *r, const struct recall_candidate *c,
	struct evidence *x)
{
	const struct search_range *range = &r->range[c->which];
	int all = query_words(&r->terms[c->which]);
	int count = __builtin_popcount(c->found);

	x->own = fmax(x->own, recall_covered(r, c->which, c->found) *
		fmin(1, FEW / all));
	x->share = fmax(x->share, recall_covered(r, c->which,
		c->found | c->around));
	x->words = fmax(x->words, (double)count / all);
	x->count = count > x->count ? count : x->count;
	x->pairs = fmax(x->pairs, recall_pairs(r, c));
	x->size = fmax(x->size, (double)(range->hi - range->lo + 1));
}

double
recall_confidence(const struct recalling *r)
{
	const struct recall_candidate *best[BEST];
	struct evidence x = {.size = FACTS_MIN};
	double z;
	int n = choose(r, best);

	/* Of nothing but a date what there is of that time is the answer. */
	if (r->question.dates.spans_n > 0 && r->question.others == 0)
		return r->n > 0 ? OF_DATE : 0;
	for (int i = 0; i < n; i++)
		look_at(r, best[i], &x);
	if (x.own + x.share <= 0)
		return 0;
	z = CONSTANT + OF_SHARE * x.share + OF_WORDS * x.words +
	    OF_COUNT * (x.count < COUNT_MAX ? x.count : COUNT_MAX) +
	    OF_PAIRS * x.pairs + OF_SIZE * log(fmin(x.size, FACTS_MAX));
	return fmax(x.own, 1 / (1 + exp(-z)));
}
