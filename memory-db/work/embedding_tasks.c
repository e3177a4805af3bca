/* What the thread that makes vectors does, as tasks of its lane: take out what
 * was erased, fill in what is new, drop what is of another model. A task that
 * fails is tried again later and later, so a provider that is down costs next
 * to nothing; what was erased does not wait for it. */
#include "memory-db/work/background/background.h"
#include "memory-db/work/embedding_internal.h"

static int
load_again(struct embedding *x, const struct vector_model *model, struct err *e)
{
	int rc = vectors_memory_use(x->m, model, e);

	if (rc != 0 || model->id == 0)
		return rc;
	return vectors_memory_load(x->m, x->helper.st, &x->helper.is_stopped,
		e);
}

static int
take_erased(struct embedding *x, struct err *e)
{
	struct vector_model model = vectors_memory_model(x->m);
	AUTO_FREE int64_t *facts = NULL;
	size_t n;
	bool lost;
	int rc;

	pthread_mutex_lock(&x->helper.lock);
	facts = take_ptr(x->erased);
	n = x->erased_n;
	lost = x->erased_lost;
	x->erased_n = x->erased_cap = 0;
	x->erased_lost = false;
	pthread_mutex_unlock(&x->helper.lock);
	if (n == 0 && !lost)
		return 0;
	rc = lost ? -1 : vectors_memory_sync(x->m, x->helper.st, facts, n, e);
	if (rc == 0)
		return 0;
	/* Which ones is not known any more: all are read again. */
	rc = load_again(x, &model, e);
	if (rc == 0)
		return 0;
	pthread_mutex_lock(&x->helper.lock);
	x->erased_lost = true;
	pthread_mutex_unlock(&x->helper.lock);
	return rc;
}

/* --- the tasks ------------------------------------------------------------ */
/* Status tells by it whether vectors are made. */
static int
embedding_outcome(struct embedding *x, int rc, const struct err *e)
{
	if (embedding_is_stopped(x) || rc == MDB_E_CANCELLED)
		return 0;
	atomic_store(&x->fill_down, rc < 0);
	if (rc < 0)
		embedding_note(x, e);
	return rc;
}

static bool
erased_wanted(void *ctx)
{
	struct embedding *x = ctx;
	bool some;

	pthread_mutex_lock(&x->helper.lock);
	some = x->erased_n > 0 || x->erased_lost;
	pthread_mutex_unlock(&x->helper.lock);
	return some;
}

static int
erased_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return embedding_outcome(ctx, take_erased(ctx, e), e);
}

const struct background_task embedding_task_erased = {
	.name = "vectors-forget",
	.about = "takes the vectors of what was forgotten out of memory",
	.lane = BACKGROUND_FILLER,
	.modes = BACKGROUND_ALWAYS,
	.lease = "vectors",
	.budget_ns = 100 * INT64_C(1000000),
	.pause_ms = LIMIT_EMBED_PAUSE_MS,
	.pause_max_ms = LIMIT_EMBED_PAUSE_MAX_MS,
	.wanted = erased_wanted,
	.step = erased_step,
};

static bool
fill_wanted(void *ctx)
{
	struct embedding *x = ctx;

	return x->has_round ||
	       atomic_load(&x->written) != atomic_load(&x->seen);
}

static int
fill_step(void *ctx, int64_t budget_ns, struct err *e)
{
	(void)budget_ns;
	return embedding_outcome(ctx, embedding_fill(ctx, e), e);
}

/* A step is a batch; a provider may take as long as its time limit is. */
const struct background_task embedding_task_fill = {
	.name = "vectors",
	.about = "makes the vectors of texts that have none",
	.lane = BACKGROUND_FILLER,
	.modes = BACKGROUND_WRITABLE,
	.lease = "vectors",
	.budget_ns = 1000 * INT64_C(1000000),
	.pause_ms = LIMIT_EMBED_PAUSE_MS,
	.pause_max_ms = LIMIT_EMBED_PAUSE_MAX_MS,
	.wanted = fill_wanted,
	.step = fill_step,
};

static bool
drop_wanted(void *ctx)
{
	return ((struct embedding *)ctx)->may_drop;
}

static int
drop_step(void *ctx, int64_t budget_ns, struct err *e)
{
	struct embedding *x = ctx;
	int rc = embedding_drop(x, e);

	(void)budget_ns;
	x->may_drop = rc != 0;
	return embedding_outcome(x, rc, e);
}

const struct background_task embedding_task_drop = {
	.name = "vectors-drop",
	.about = "removes the vectors of a model that is no longer in use",
	.lane = BACKGROUND_FILLER,
	.modes = BACKGROUND_WRITABLE,
	.lease = "vectors",
	.budget_ns = 100 * INT64_C(1000000),
	.pause_ms = LIMIT_EMBED_PAUSE_MS,
	.pause_max_ms = LIMIT_EMBED_PAUSE_MAX_MS,
	.wanted = drop_wanted,
	.step = drop_step,
};
