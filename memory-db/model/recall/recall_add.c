/* The candidates of a recall, whoever finds them: words, days, rules, names,
 * vectors. Each fact comes in once, and only when it passes the filters.
 *
 * For example "where does Ada live" finds the fact "Ada lives in Oslo" by its
 * words and once more by its vector: the second finder is given the candidate
 * that the first one made, and adds its own to the score. */
#include <assert.h>

#include "common/clock.h"
#include "common/vec.h"
#include "memory-db/model/recall/recall_internal.h"

#define DAY_MS	  INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
/* Between looks at the clock. */
#define TICKS 64

bool
recall_is_late(struct recalling *r)
{
	if (r->late || r->request->deadline_ns == 0 || ++r->ticks % TICKS != 0)
		return r->late;
	r->late = clock_mono_ns() > r->request->deadline_ns;
	return r->late;
}

int64_t
recall_day(const struct recalling *r, int64_t ms)
{
	int64_t local = ms + r->minutes * MINUTE_MS;

	return local / DAY_MS - (local % DAY_MS < 0);
}

int
recall_add(struct recalling *r, int which, int64_t fact, double guess,
	struct recall_candidate **ret)
{
	const struct recall_fact *f;
	struct recall_candidate *c;
	int32_t at;
	int k;

	if (idmap_get(&r->index, fact, &at)) {
		if (ret)
			*ret = &r->c[at];
		return 1;
	}
	k = recall_fact(r->st, fact, r->terms[which].stem, &f, r->e);
	if (k == 1 &&
		(!f->is_observation || !recall_fact_passes(r->request, f)))
		return 0;
	if (k == 1)
		k = recall_fact_of_passes(r, f->entity, fact);
	if (k == RECALL_ASK_FACT)
		k = recall_tags_pass(r, f->entity, fact);
	if (k != 1)
		return k;
	if (vec_room(r->c, r->n, r->cap) != 0)
		return err_nomem(r->e);
	if (idmap_put(&r->index, fact, (int32_t)r->n) < 0)
		return err_nomem(r->e);
	assert(which >= 0 && which < 2); /* of the two namespaces of a recall */
	c = &r->c[r->n++];
	*c = (struct recall_candidate){.fact = fact,
		.which = which,
		.guess = guess,
		.f = f,
		.name = -1};
	if (ret)
		*ret = c;
	return 1;
}
