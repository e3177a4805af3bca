/* Rows are read some at a time and judged by main as it is then. A slice sees
 * what was committed between it and the one before: the count is as exact as
 * anything that is told of a memory in use. */
#include "memory-db/model/order/order_counts.h"

#include "common/clock.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/staged.h"

/* Rows that are judged before the clock is looked at. */
#define CHUNK 32

struct order_counts_chunk {
	struct counted_row {
		int64_t id, ns;
	} v[CHUNK];
	int n;
};

void
order_counting_done(struct order_counting *x)
{
	idset_done(&x->facts);
	*x = (struct order_counting){.after = 0};
}

static int
order_counts_take_row(void *ctx, const struct conflict *c)
{
	struct order_counts_chunk *x = ctx;

	x->v[x->n++] = (struct counted_row){c->id, c->ns};
	return x->n == CHUNK;
}

static int
count_fact(struct order_counting *x, int64_t fact, struct err *e)
{
	int64_t *seen = idset_put(&x->facts, fact);

	if (!seen)
		return err_nomem(e);
	x->now.contested += *seen == 0;
	*seen = 1;
	return 0;
}

/* Duplicates say the same: nothing about them is contested. */
static int
order_counts_count_pending(struct order_counting *x, const struct conflict *c,
	struct err *e)
{
	int rc;

	x->now.pending++;
	if (c->kind != CONFLICT_UPDATE && c->kind != CONFLICT_CONTRADICTION)
		return 0;
	rc = count_fact(x, c->ours, e);
	return rc ? rc : count_fact(x, c->theirs, e);
}

static int
order_counts_count_row(struct store *st, struct order_counting *x,
	const struct lens *lens, const struct counted_row *at, struct err *e)
{
	AUTO_QUEUE_ROW struct queue_row row = {0};
	int rc;

	fact_home(st, at->ns);
	rc = queue_get(st, lens, at->id, &row, e);
	if (rc < 0)
		return rc;
	if (rc == 0 || row.state != QUEUE_PENDING)
		return 0;
	return order_counts_count_pending(x, &row.c, e);
}

static int
order_counts_begin(struct store *st, struct order_counting *x, struct err *e)
{
	struct staged_sum sum = {0};
	int rc;

	if (x->after != 0)
		return 0;
	rc = staged_sum(st, 0, STAGED_ANY, &sum, e);
	if (rc)
		return rc;
	x->now.staged = sum.changes;
	x->now.staged_oldest = sum.oldest;
	return 0;
}

static int
order_counts_count_rows(struct store *st, struct order_counting *x,
	int64_t end_ns, struct err *e)
{
	struct lens lens;
	int rc = lens_make(st, STORE_MAIN, STORE_OPEN_END - 1, &lens, e);

	if (rc)
		return rc;
	rc = lens_apply(st, &lens, e);
	if (rc)
		return rc;
	do {
		struct order_counts_chunk c = {.n = 0};
		int more = conflict_each_after(st, x->after,
			order_counts_take_row, &c, e);

		if (more < 0)
			return more;
		for (int i = 0; i < c.n; i++) {
			rc = order_counts_count_row(st, x, &lens, &c.v[i], e);
			if (rc)
				return rc;
			x->after = c.v[i].id;
		}
		if (more == 0)
			return 0;
	} while (clock_mono_ns() < end_ns);
	return 1;
}

int
order_counts_slice(struct store *st, struct order_counting *x,
	int64_t budget_ns, struct err *e)
{
	int64_t end_ns = clock_mono_ns() + budget_ns;
	int rc = order_counts_begin(st, x, e);

	if (rc == 0)
		rc = order_counts_count_rows(st, x, end_ns, e);
	if (rc < 0) {
		order_counting_done(x);
		return rc;
	}
	if (rc > 0)
		return rc;
	x->now.counted = clock_now_ms();
	return 0;
}
