/* The background task that counts what waits for somebody (staged changes,
 * pending conflicts), for status and metrics. */
#include "memory-db/work/counting.h"

#include "common/clock.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/work/background/tasks.h"
#include "memory-db/work/internal.h"

#define MS_NS INT64_C(1000000)
/* A count rests so many times as long as it took. */
#define REST 50

void
work_order_counts(const struct work *w, struct order_counts *ret)
{
	const struct counting *x = &w->counting;

	*ret = (struct order_counts){.staged = atomic_load(&x->staged),
		.staged_oldest = atomic_load(&x->oldest),
		.pending = atomic_load(&x->pending),
		.contested = atomic_load(&x->contested),
		.counted = atomic_load(&x->counted)};
}

static void
counting_publish(struct counting *x, const struct order_counts *now)
{
	atomic_store(&x->staged, now->staged);
	atomic_store(&x->oldest, now->staged_oldest);
	atomic_store(&x->pending, now->pending);
	atomic_store(&x->contested, now->contested);
	atomic_store(&x->counted, now->counted);
}

/* Something was written since the last count, or may expire by itself. */
static bool
counting_wanted(void *ctx)
{
	struct work *w = ctx;
	struct counting *x = &w->counting;
	uint64_t groups =
		atomic_load_explicit(&w->stats.groups, memory_order_relaxed);
	int64_t newest;

	if (x->is_running)
		return true;
	if (clock_mono_ns() < x->rest_ns)
		return false;
	return !x->has_run || groups != x->seen_groups ||
	       atomic_load(&x->staged) > 0 ||
	       lens_newest(w->st, &newest, NULL) != 0 ||
	       newest != x->seen_change;
}

static int
count_slice(struct work *w, int64_t budget_ns, struct err *e)
{
	struct counting *x = &w->counting;

	if (!x->is_running) {
		int rc = lens_newest(w->st, &x->seen_change, e);
		if (rc)
			return rc;
		x->seen_groups = atomic_load_explicit(&w->stats.groups,
			memory_order_relaxed);
		x->spent_ns = 0;
		x->is_running = true;
	}
	return order_counts_slice(w->st, &x->under_way, budget_ns, e);
}

static int
counting_step(void *ctx, int64_t budget_ns, struct err *e)
{
	struct work *w = ctx;
	struct counting *x = &w->counting;
	int64_t began = clock_mono_ns();
	int rc = count_slice(w, budget_ns, e);

	x->spent_ns += clock_mono_ns() - began;
	if (rc == 1)
		return 1;
	x->is_running = false;
	x->rest_ns = clock_mono_ns() + REST * x->spent_ns;
	if (rc == 0) {
		counting_publish(x, &x->under_way.now);
		x->has_run = true;
	}
	order_counting_done(&x->under_way);
	return rc;
}

const struct background_task counting_task = {
	.name = "order-counts",
	.about = "counts staged changes and pending conflicts for status",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_WRITABLE,
	.period_ms = 1000,
	.budget_ns = 5 * MS_NS,
	.share = BACKGROUND_UNDER_LOAD,
	.share_ns = 2 * MS_NS,
	.wanted = counting_wanted,
	.step = counting_step,
};
