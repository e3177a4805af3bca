/* The background task of review: of each namespace with staged changes it lets
 * those expire that nobody decided about in time, and settles the others with
 * what main says by now. For example, once a change was approved, its inbox
 * shows the fact as main has it, and not a second time. */
#include "memory-db/work/background/review_task.h"

#include "common/clock.h"
#include "common/contract/tools.h"
#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/model/review/review.h"
#include "memory-db/store/log/staged.h"
#include "memory-db/work/internal.h"

#define MS_NS INT64_C(1000000)

struct reviewing {
	struct call *c;
	int64_t *ns;
	size_t n, cap;
	bool more;
	struct err *e;
};

static int
review_task_add_namespace(void *ctx, int64_t ns)
{
	struct reviewing *x = ctx;

	if (vec_room(x->ns, x->n, x->cap) != 0)
		return err_nomem(x->e);
	x->ns[x->n++] = ns;
	return 0;
}

static int
review_one(struct reviewing *x, int64_t ns)
{
	int64_t n = 0;
	bool more = false;
	int rc = review_expire(x->c->st, ns, clock_now_ms(), LIMIT_REVIEW_SLICE,
		&n, x->e);

	if (rc != 0)
		return rc;
	rc = review_settle(x->c, ns, LIMIT_REVIEW_SETTLE, &more, x->e);
	x->more |= more || n == LIMIT_REVIEW_SLICE;
	return rc;
}

static int
review_each(struct reviewing *x, int64_t end_ns)
{
	for (size_t i = 0; i < x->n; i++) {
		int rc;

		if (clock_mono_ns() > end_ns) {
			x->more = true;
			return 0;
		}
		rc = review_one(x, x->ns[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
review_all(struct store *st, int64_t budget_ns, bool *ret_more, struct err *e)
{
	const struct context ctx = {.namespace_ = "default",
		.branch = "main",
		.is_service = true};
	struct call c = {.st = st, .tool = TOOL_OF(review_staged), .ctx = &ctx};
	struct reviewing x = {.c = &c, .e = e};
	int64_t end_ns = clock_mono_ns() + budget_ns;
	int rc = staged_each_namespace(st, review_task_add_namespace, &x, e);

	if (rc == 0)
		rc = review_each(&x, end_ns);
	free(x.ns);
	call_done(&c);
	*ret_more = x.more;
	return rc;
}

struct review_work {
	int64_t budget_ns;
	bool more;
};

static int
review_work(struct store *st, void *ctx, struct err *e)
{
	struct review_work *w = ctx;

	return review_all(st, w->budget_ns, &w->more, e);
}

static int
review_step(void *ctx, int64_t budget_ns, struct err *e)
{
	struct store *st = ((struct work *)ctx)->st;
	struct review_work w = {.budget_ns = budget_ns / 2};
	int rc = store_group_run(st, review_work, &w, e);

	return rc == 0 ? w.more : rc;
}

/* Nothing waits: most databases, for ever. */
static bool
review_wanted(void *ctx)
{
	struct staged_sum sum = {0, 0, 0, 0};
	bool dirty = false;
	struct store *st = ((struct work *)ctx)->st;

	return staged_sum(st, 0, STAGED_ANY, &sum, NULL) != 0 ||
	       sum.changes > 0 || staged_unsettled(st, &dirty, NULL) != 0 ||
	       dirty;
}

const struct background_task review_task = {
	.name = "review",
	.about = "lets staged changes expire, and takes decided ones out of "
		 "inboxes",
	.lane = BACKGROUND_WRITER,
	.modes = BACKGROUND_NORMAL,
	.period_ms = 2000,
	.budget_ns = 20 * MS_NS,
	.wanted = review_wanted,
	.step = review_step,
};
