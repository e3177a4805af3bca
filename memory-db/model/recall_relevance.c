/* Is there an answer at all? How sure recall is, from 0 to 1, by three things
 * of the best facts:
 *
 *   share   of the question's weight (rare words weigh more) that the words
 *           have which stand in the fact or beside it in its session,
 *   words   of the question in the fact, as a share of their number: one rare
 *           word is less than two common ones,
 *   pairs   weight of those that stand close together in the fact, as they do
 *           in an answer and rarely do by chance,
 *
 * in a logistic function. Its coefficients were fitted on three conversations
 * of the development set and hold on the other two (ARCHITECTURE.md, "Recall");
 * the constant is such that the threshold is 0.25. Of one or two words no such
 * thing can be said: there the share of the fact itself is enough. */
#include <math.h>

#include "memory-db/model/recall_internal.h"

#define CONSTANT (-3.45)
#define OF_SHARE 3.5
#define OF_WORDS 2.0
#define OF_PAIRS 4.0
/* Facts looked at, the best, and words of a question that are few. */
#define BEST	 3
#define FEW	 2

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

double
recall_confidence(const struct recalling *r)
{
	const struct recall_candidate *best[BEST];
	double own = 0, share = 0, words = 0, pairs = 0;
	int n = choose(r, best), few = 0;

	for (int i = 0; i < n; i++) {
		const struct recall_candidate *c = best[i];
		int all = r->terms[c->which].n;

		own = fmax(own, recall_covered(r, c->which, c->found));
		share = fmax(share, recall_covered(r, c->which,
			c->found | c->around));
		words = fmax(words, (double)__builtin_popcount(c->found) /
			(all > 0 ? all : 1));
		pairs = fmax(pairs, recall_pairs(r, c));
		few |= all <= FEW;
	}
	if (own + share <= 0)
		return 0;
	share = 1 / (1 + exp(-(CONSTANT + OF_SHARE * share +
			OF_WORDS * words + OF_PAIRS * pairs)));
	return few ? fmax(own, share) : share;
}
