/* Of what use a fact was, as a part of the ranking: it decides between facts that
 * fit about as well, and nothing else.
 *
 * Each time a fact was shown, the answer that followed used it, left it or
 * contradicted it (store/beside/outcomes.h). These counts give a value from -1
 * to 1, and the weight `useful` (0.06) says how much of its score it moves:
 *
 *   fits  used  ignored  value   score
 *   .80      0        0      0    .800
 *   .80      5        1   +.58    .828     before its equals
 *   .80      0       20   -.62    .770     behind them
 *   .92      0       20   -.62    .886     fits better, stands before both
 *
 * So the most used fact passes one that nobody used where that fits 12 % better
 * at most. Whether something fits at all is asked of the first column alone: a
 * fact that fits stays above the threshold of relevance whatever became of it,
 * and one that does not fit gains nothing. */
#include <math.h>

#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/store/beside/outcomes.h"

/* A fact that is shown is used in a fifth of all turns where recall works well:
 * that often, it is neither praised nor blamed. */
#define IGNORED_COUNTS 0.25
/* Judgements after which the counts are half of what can be known. */
#define DOUBT 3.0

/* -1: never of use, 1: always. */
static double
recall_useful_value_of(const struct outcome_row *x)
{
	double good = (double)x->n[OUTCOME_USED];
	double bad = IGNORED_COUNTS * (double)x->n[OUTCOME_IGNORED] +
		     (double)x->n[OUTCOME_CONTRADICTED];

	return (good - bad) / (good + bad + DOUBT);
}

/* Of a fact that fits, which stays one. */
static int
add_usefulness(struct recalling *r, struct recall_candidate *c, double fit)
{
	struct outcome_row x;
	double value;
	int rc = outcome_get(r->st, r->request->ns[0], c->fact, &x, r->e);

	if (rc != 1)
		return rc;
	value = r->w.useful * recall_useful_value_of(&x);
	c->parts[PART_USEFUL] = (float)(value * c->total);
	c->rank = fmin(fmax(fit * (1 + value), r->w.relevant), 1);
	return 0;
}

int
recall_useful(struct recalling *r, double confidence, double most)
{
	bool is_asked = r->w.useful > 0 && !r->request->is_past &&
			r->request->ns[0] != 0 && confidence >= r->w.relevant;
	int64_t state = 0;
	int rc = is_asked ? outcomes_state(r->st, &state, r->e) : 0;

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < r->n; i++) {
		struct recall_candidate *c = &r->c[i];
		double fit = most > 0 ? confidence * c->total / most : 0;

		c->rank = fit;
		if (state > 0 && fit >= r->w.relevant)
			rc = add_usefulness(r, c, fit);
		if (rc != 0)
			return rc;
	}
	return 0;
}
