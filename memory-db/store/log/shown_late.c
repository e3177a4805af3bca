/* Ranges of facts in an array that the connection keeps. A fact that lies near the
 * end of a range belongs to it, and what lies between is looked at in vain: that
 * costs less than a range. When the array is full, a fact widens the range of
 * its namespace that was noted last. */
#include "memory-db/store/log/shown_late.h"

#include <stdlib.h>
#include <string.h>

#include "memory-db/store/engine/store.h"

/* Ids that may lie between two facts of one range. */
#define NEAR 32

struct shown {
	struct shown_late v[SHOWN_LATE_MOST];
	size_t n;
};

/* NULL: nothing was ever noted, or there is no memory for it. */
static struct shown *
shown_of(struct store *st, bool is_made)
{
	void **p = store_kept(st, STORE_KEPT_SHOWN, free);

	if (!*p && is_made)
		*p = calloc(1, sizeof(struct shown));
	return *p;
}

static void
widen(struct shown_late *r, int64_t fact)
{
	if (fact < r->first)
		r->first = fact;
	if (fact > r->last)
		r->last = fact;
}

int
shown_late_note(struct store *st, int64_t ns, int64_t fact, struct err *e)
{
	struct shown *x = shown_of(st, true);
	struct shown_late *of_ns = NULL;

	if (!x)
		return err_nomem(e);
	for (size_t i = x->n; i > 0; i--) {
		struct shown_late *r = &x->v[i - 1];

		if (r->ns != ns)
			continue;
		if (fact >= r->first - NEAR && fact <= r->last + NEAR) {
			widen(r, fact);
			return 0;
		}
		if (!of_ns)
			of_ns = r;
	}
	if (x->n < SHOWN_LATE_MOST)
		x->v[x->n++] = (struct shown_late){ns, fact, fact};
	else if (of_ns)
		widen(of_ns, fact);
	return 0;
}

size_t
shown_late_take(struct store *st, struct shown_late ret[SHOWN_LATE_MOST])
{
	struct shown *x = shown_of(st, false);
	size_t n = x ? x->n : 0;

	if (n > 0)
		memcpy(ret, x->v, n * sizeof(*ret));
	if (x)
		x->n = 0;
	return n;
}
