/* How much waits for somebody: staged changes, pending conflicts, and the facts
 * that these make contested.
 *
 * Whether a conflict is pending follows from what main shows (queue.h), so no
 * counter can be kept of it at each write. It is counted in the background, a
 * slice at a time, and whoever asks reads the last count. */
#ifndef MODEL_ORDER_ORDER_COUNTS_H
#define MODEL_ORDER_ORDER_COUNTS_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/idset.h"

struct store;

struct order_counts {
	int64_t staged, staged_oldest; /* changes; ms, 0: nothing waits */
	int64_t pending, contested;    /* conflicts of main; facts in them */
	int64_t counted;	       /* ms; 0: not yet */
};

/* A count under way: zeroed before the first slice. */
struct order_counting {
	struct order_counts now;
	struct idset facts; /* owned: the contested ones */
	int64_t after;	    /* conflict */
};

/* 1 more is to do, 0 done: x->now is the count. x is ended and zero after an
 * error. */
int order_counts_slice(struct store *st, struct order_counting *x,
	int64_t budget_ns, struct err *e) MUST_CHECK;
void order_counting_done(struct order_counting *x);

#endif
