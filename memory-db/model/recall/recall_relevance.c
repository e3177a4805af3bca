/* Is there an answer at all? How sure recall is, from 0 to 1, by what the best
 * facts have:
 *
 *   share   of the question's weight (rare words weigh more) that the words
 *           have which stand in the fact or beside it in its session,
 *   words   of the question close together in the fact, as a share of their
 *           number: one rare word is less than two common ones, and a page has
 *           any few words somewhere,
 *   count   of these words, up to three: two in one place are rarely chance,
 *   pairs   weight of those that stand next to each other, nearly,
 *   names   of the question that are nowhere: it is about somebody else,
 *   size    of the memory: in a large one some fact has any few words, in a
 *           small one rarity says little, and an answer has fewer of them,
 *   length  of the question: among more words some meet by chance,
 *   sentences  of it: among more of them one is found by chance,
 *
 * in a logistic function. Its coefficients were fitted on three conversations
 * of the development set, cut to memories of 8 facts to all, with questions,
 * with statements that a memory confirms in other words, and with sentences of
 * other conversations and of technical texts as what has no answer; they hold
 * on the other two conversations (README.md in this folder). The constants are
 * such that the threshold is 0.25. Two or three words have a function of their
 * own, in which it counts most whether two of them are together. Of one word
 * there is nothing to say but whether it occurs: asked alone, that is enough;
 * among other sentences it is little. */
#include <math.h>

#include "memory-db/model/recall/recall_internal.h"

#define CONSTANT  1.25
#define OF_SHARE  2.4
#define OF_WORDS  4.9
#define OF_COUNT  1.4
#define OF_PAIRS  4.1
#define OF_LENGTH (-1.27) /* of the logarithm of the number of words */
#define OF_NAMES  (-1.1)
#define OF_SIZE	  (-0.91) /* of its logarithm, between these */
#define FACTS_MIN 20.0
#define FACTS_MAX 1000.0
#define COUNT_MAX 3
#define NAMES_MAX 2
/* The same for a question of few words. */
#define FEW	     3
#define FEW_CONSTANT (-0.41)
#define FEW_SHARE    3.9
#define FEW_PAIRS    0.95
#define FEW_SIZE     (-0.4)
#define FEW_TWO	     3.9 /* two of them are together */
#define FEW_TWO_SIZE (-0.5)
#define FEW_THREE    1.25
#define FEW_OF_THREE (-0.3) /* there are three */
/* The same for a question of a single word. */
#define ONE_CONSTANT 1.0
#define ONE_SIZE     (-0.4)
/* The weight of the logarithm of the number of sentences of the question. */
#define OF_SENTENCES (-0.4)

#define ENOUGH	 2  /* words together that are half of all that counts */
#define BEST	 3  /* facts looked at */
#define WINDOW	 60 /* words that are one place */
#define OF_DATE	 0.9
#define OF_RULES 0.9

/* The nearness of vectors has a threshold of its own. */
static double
recall_relevance_score_of(const struct recall_candidate *c)
{
	return c->total - (double)c->parts[PART_MEANING];
}

/* The best come first. */
static int
recall_relevance_choose(const struct recalling *r,
	const struct recall_candidate *best[BEST])
{
	int n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct recall_candidate *c = &r->c[i];
		int at = n < BEST ? n++ : BEST;

		for (; at > 0 &&
			recall_relevance_score_of(c) >
				recall_relevance_score_of(best[at - 1]);
			at--)
			if (at < BEST)
				best[at] = best[at - 1];
		if (at < BEST)
			best[at] = c;
	}
	return n;
}

/* How many words of the question stand within WINDOW words of the fact at
 * most. Those of its entity and speaker are everywhere. */
static int
count_together(const struct recalling *r, const struct recall_candidate *c)
{
	const token_t *h = r->hashes[c->which], *v = c->f->tokens;
	size_t last[SEARCH_WORDS] = {0}; /* place + 1 */
	int most = 0, all = r->terms[c->which].all;
	uint32_t own = 0;

	for (size_t i = 0; i < c->f->words; i++) {
		bool is_one = false;
		int n = 0;

		for (int w = 0; w < all; w++)
			if (v[i] == h[w]) {
				last[w] = i + 1;
				own |= UINT32_C(1) << w;
				is_one = true;
			}
		for (int w = 0; is_one && w < all; w++)
			n += last[w] > 0 && i + 1 - last[w] < WINDOW;
		most = n > most ? n : most;
	}
	return most + __builtin_popcount(c->found & ~own);
}

/* The largest of each among the best. */
struct evidence {
	double share, pairs, size;
	int count, all;
};

static void
recall_relevance_look_at(const struct recalling *r,
	const struct recall_candidate *c, struct evidence *x)
{
	const struct search_range *range = &r->range[c->which];
	int all = query_words(&r->terms[c->which]);
	int count = count_together(r, c);

	x->share = fmax(x->share,
		recall_covered(r, c->which, c->found | c->around));
	x->count = count > x->count ? count : x->count;
	x->all = all > x->all ? all : x->all;
	x->pairs = fmax(x->pairs, recall_pairs(r, c));
	x->size = fmax(x->size, (double)(range->hi - range->lo + 1));
}

/* Names that stand nowhere, in no text and of no speaker. */
static int
unknown_names(const struct recalling *r)
{
	const struct recall_question *q = &r->question;
	int which = r->has_terms[0] ? 0 : 1, n = 0;
	const struct query_terms *t = &r->terms[which];
	uint32_t found = 0;

	for (size_t i = 0; i < r->n; i++)
		found |= r->c[i].which == which ? r->c[i].found : 0;
	for (int w = t->n; w < t->all; w++)
		for (int i = 0; i < q->names_n; i++)
			n += r->hashes[which][w] == q->names[i] &&
			     !(found >> w & 1);
	return n < NAMES_MAX ? n : NAMES_MAX;
}

static double
of_few(const struct evidence *x, double size)
{
	double z = FEW_CONSTANT + FEW_SHARE * x->share + FEW_PAIRS * x->pairs +
		   FEW_SIZE * size;

	if (x->count >= 2)
		z += FEW_TWO + FEW_TWO_SIZE * size;
	if (x->count >= 3)
		z += FEW_THREE;
	return x->all == 3 ? z + FEW_OF_THREE : z;
}

static double
of_many(const struct evidence *x, double size, int names)
{
	int count = x->count < COUNT_MAX ? x->count : COUNT_MAX;

	return CONSTANT + OF_SHARE * x->share + OF_WORDS * x->count / x->all +
	       OF_COUNT * count + OF_PAIRS * x->pairs +
	       OF_LENGTH * log(x->all) + OF_SIZE * size + OF_NAMES * names;
}

double
recall_evidence(const struct recalling *r)
{
	const struct recall_candidate *best[BEST];
	struct evidence x = {.size = FACTS_MIN};
	int n = recall_relevance_choose(r, best);

	if (n == 0)
		return 0;
	if (r->question.others == 0 || recall_lists_rules(r))
		return recall_confidence(r);
	for (int i = 0; i < n; i++)
		recall_relevance_look_at(r, best[i], &x);
	return recall_covered(r, best[0]->which,
		       best[0]->found | best[0]->around) *
	       x.count / (x.count + ENOUGH);
}

double
recall_confidence(const struct recalling *r)
{
	const struct recall_candidate *best[BEST];
	struct evidence x = {.size = FACTS_MIN};
	double z, size;
	int n = recall_relevance_choose(r, best);

	/* Of nothing but a date what there is of that time is the answer. */
	if (r->question.dates.spans_n > 0 && r->question.others == 0)
		return r->n > 0 ? OF_DATE : 0;
	/* All instructions were asked for. */
	if (recall_lists_rules(r))
		return r->n > 0 ? OF_RULES : 0;
	for (int i = 0; i < n; i++)
		recall_relevance_look_at(r, best[i], &x);
	if (x.share <= 0)
		return 0;
	if (x.all == 1 && r->sentences == 1)
		return x.share;
	size = log(fmin(x.size, FACTS_MAX));
	if (x.all == 1)
		z = ONE_CONSTANT + ONE_SIZE * size;
	else if (x.all <= FEW)
		z = of_few(&x, size);
	else
		z = of_many(&x, size, unknown_names(r));
	return 1 / (1 + exp(-z - OF_SENTENCES * log(r->sentences)));
}
