/* The background task that keeps the tiers in order. */
#include "memory-db/model/curate/alone.h"
#include "memory-db/work/background/tasks.h"
#include "memory-db/work/internal.h"

#define MS_NS INT64_C(1000000)
/* The part of a step of 20 ms for looking; the rest is for writing and
 * COMMIT. */
#define LOOK_NS (8 * MS_NS)

static bool
curate_wanted(void *ctx)
{
	return curation_alone_wanted(&((struct work *)ctx)->curation);
}

static int
curate_step(void *ctx, int64_t budget_ns, struct err *e)
{
	struct work *w = ctx;

	return curation_alone_step(w->st, &w->curation,
		budget_ns < LOOK_NS ? budget_ns : LOOK_NS, e);
}

const struct background_task curating_task = {
	.name = "curation",
	.about = "keeps the tiers of each namespace in order, once a day",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_NORMAL,
	.quiet_ms = 2000,
	.patience_ms = 30 * 1000,
	.budget_ns = 20 * MS_NS,
	.wanted = curate_wanted,
	.step = curate_step,
};
