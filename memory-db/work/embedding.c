/* The thread that fills, its health, and what others learn of it.
 *
 * What was erased is told by the writer after its COMMIT, before a batch of
 * the same group is. Both only name facts: the table says what holds, so their
 * order does not matter. */
#include "memory-db/work/embedding_internal.h"

#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/work/background/tasks.h"

/* After a write others follow soon: they share a batch. */
#define GATHER_MS 20
/* Between batches while clients write: these have the machine first. */
#define YIELD_MS 25

/* --- health --------------------------------------------------------------- */
void
health_failed(struct health *h)
{
	h->is_down = true;
	h->pause_ms = h->pause_ms == 0 ? LIMIT_EMBED_PAUSE_MS : 2 * h->pause_ms;
	if (h->pause_ms > LIMIT_EMBED_PAUSE_MAX_MS)
		h->pause_ms = LIMIT_EMBED_PAUSE_MAX_MS;
	h->retry_ns = clock_mono_ns() + h->pause_ms * 1000000;
}

void
health_ok(struct health *h)
{
	*h = (struct health){0};
}

bool
health_is_due(const struct health *h)
{
	return !h->is_down || clock_mono_ns() >= h->retry_ns;
}

void
embedding_note(struct embedding *x, const struct err *e)
{
	pthread_mutex_lock(&x->helper.lock);
	snprintf(x->last_error, sizeof(x->last_error), "%.*s",
		(int)sizeof(x->last_error) - 1, e->text);
	pthread_mutex_unlock(&x->helper.lock);
}

void
embedding_failed(struct embedding *x, const struct err *e)
{
	pthread_mutex_lock(&x->helper.lock);
	if (!x->question.is_down) {
		health_failed(&x->question);
		x->question_failed = true;
		x->helper.is_woken = true;
		pthread_cond_broadcast(&x->helper.wake);
	}
	pthread_mutex_unlock(&x->helper.lock);
	atomic_store(&x->question_down, true);
	embedding_note(x, e);
}

/* Asks on behalf of the questions, so that none of them finds out. */
static void
look_after_questions(struct embedding *x)
{
	static const struct embed_text text = {"memory", 6};
	AUTO_FREE float *v = NULL;
	struct err e = {0};
	size_t dims;
	bool due;
	int rc;

	pthread_mutex_lock(&x->helper.lock);
	due = x->question.is_down && health_is_due(&x->question);
	pthread_mutex_unlock(&x->helper.lock);
	if (!due)
		return;
	rc = embed_texts(x->opt.x, EMBED_QUESTION, &text, 1, &v, &dims, &e);
	pthread_mutex_lock(&x->helper.lock);
	x->question_failed = rc != 0;
	if (rc == 0)
		health_ok(&x->question);
	else
		health_failed(&x->question);
	pthread_mutex_unlock(&x->helper.lock);
	atomic_store(&x->question_down, rc != 0);
	if (rc != 0)
		embedding_note(x, &e);
}

/* --- the writer ----------------------------------------------------------- */
static int
embedding_run(void *ctx, struct store *st, struct err *e)
{
	struct embedding *x = ctx;
	struct batch *b = &x->b;
	int rc = 0;

	if (b->drop != 0)
		return vectors_drop(st, b->drop, LIMIT_EMBED_DROP, e);
	/* A group that failed is run again: what it made is not there. */
	b->model = b->known;
	if (b->known == 0)
		rc = vector_model_make(st, embed_model(x->opt.x), b->dims,
			&b->model, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0, k = 0; i < b->n; i++) {
		rc = vector_put(st, b->model, b->facts[i],
			b->empty[i] ? NULL : b->v + k++ * b->dims, b->dims, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
check_disk(struct embedding *x, struct err *e)
{
	struct database_sizes sizes;

	database_sizes(x->db, &sizes);
	if (sizes.disk_free_bytes >= x->opt.disk_free_bytes)
		return 0;
	return err_set(e, MDB_E_DISK_LOW,
		"no vectors are stored until more is "
		"free on the disk of the database");
}

int
embedding_write(struct embedding *x, struct err *e)
{
	int rc = check_disk(x, e);

	if (rc != 0)
		return rc;
	rc = helper_write(&x->helper, embedding_run, x);
	if (rc == 0)
		return 0;
	return err_set(e, rc, "the vectors could not be stored (%s)",
		err_name(rc));
}

/* Called by the writer. */
static void
on_commit(void *ctx, const int64_t *erased, size_t n, bool lost)
{
	struct embedding *x = ctx;

	atomic_fetch_add(&x->written, 1);
	pthread_mutex_lock(&x->helper.lock);
	if (x->erased_n + n > x->erased_cap) {
		size_t cap = 2 * (x->erased_n + n);
		int64_t *v = reallocarray(x->erased, cap, sizeof(*v));

		lost = lost || !v;
		if (v) {
			x->erased = v;
			x->erased_cap = cap;
		}
	}
	x->erased_lost = x->erased_lost || lost;
	if (n > 0 && x->erased_n + n <= x->erased_cap) {
		memcpy(x->erased + x->erased_n, erased, n * sizeof(*erased));
		x->erased_n += n;
	}
	x->helper.is_woken = true;
	pthread_cond_broadcast(&x->helper.wake);
	pthread_mutex_unlock(&x->helper.lock);
}

/* --- the thread ----------------------------------------------------------- */
static int64_t
earlier(const struct health *h, int64_t until)
{
	return h->is_down && h->retry_ns < until ? h->retry_ns : until;
}

static void
pause_thread(struct embedding *x, int wait_ms)
{
	int64_t until = clock_mono_ns() + wait_ms * INT64_C(1000000);
	bool is_erased;

	pthread_mutex_lock(&x->helper.lock);
	until = earlier(&x->question, until);
	pthread_mutex_unlock(&x->helper.lock);
	if (!helper_sleep(&x->helper, until))
		return;
	pthread_mutex_lock(&x->helper.lock);
	is_erased = x->erased_n > 0;
	pthread_mutex_unlock(&x->helper.lock);
	if (is_erased)
		return;
	helper_pause(&x->helper, clock_mono_ns() + GATHER_MS * 1000000);
	/* What came meanwhile goes into the same batch. */
	(void)helper_sleep(&x->helper, 0);
}

/* Clients wrote while the last batch was made. */
static void
yield_to_writes(struct embedding *x)
{
	int64_t written = atomic_load(&x->written);

	if (written == x->yielded)
		return;
	x->yielded = written;
	helper_pause(&x->helper, clock_mono_ns() + YIELD_MS * 1000000);
}

static int
open_model(struct embedding *x, struct err *e)
{
	int rc = helper_open(&x->helper, e);

	if (rc != 0)
		return rc;
	rc = embedding_choose(x, e);
	if (rc != 0)
		return rc;
	if (vectors_memory_model(x->m).id != 0)
		return vectors_memory_load(x->m, x->helper.st,
			&x->helper.is_stopped, e);
	return 0;
}

static int
embedding_open_all(struct embedding *x, struct err *e)
{
	int rc = open_model(x, e);

	if (rc != 0) {
		helper_close(&x->helper);
	}
	return rc;
}

static void
open_failed(struct embedding *x, const struct err *e)
{
	health_failed(&x->opening);
	atomic_store(&x->fill_down, true);
	embedding_note(x, e);
	log_event(LOG_WARN, "texts cannot be embedded now", 0,
		LOG_S("error", e->text),
		LOG_I("again_after_ms", x->opening.pause_ms));
	pause_thread(x, (int)x->opening.pause_ms);
}

static void *
embedding_main(void *arg)
{
	struct embedding *x = arg;
	struct err e = {0};
	int wait_ms;

	(void)pthread_setname_np(pthread_self(), "embedding");
	helper_wait_begun(&x->helper);
	while (!embedding_is_stopped(x) && embedding_open_all(x, &e) != 0)
		open_failed(x, &e);
	while (!embedding_is_stopped(x)) {
		embedding_rest(x);
		if (!x->helper.st && helper_open(&x->helper, &e) != 0) {
			open_failed(x, &e);
			continue;
		}
		health_ok(&x->opening);
		look_after_questions(x);
		wait_ms = background_run(x->work->background, BACKGROUND_FILLER,
			background_mode_of(x->db, x->opt.disk_free_bytes), x);
		if (wait_ms > 0)
			pause_thread(x, wait_ms);
		else
			yield_to_writes(x);
	}
	return NULL;
}

/* --- from outside --------------------------------------------------------- */
static int
embedding_make(struct work *w, const struct embedding_options *o,
	const struct helper_room *room, struct embedding **ret, struct err *e)
{
	struct embedding *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_nomem(e);
	x->work = w;
	x->db = room->db;
	x->opt = *o;
	x->written = 1; /* the first look */
	x->question.is_down = !embed_is_local(o->x);
	x->question_down = x->question.is_down;
	helper_init(&x->helper, room);
	*ret = x;
	rc = vectors_memory_open(room->db, o->x, &x->m, e);
	if (rc != 0)
		return rc;
	vectors_memory_limit(x->m, (size_t)o->vectors_bytes);
	return 0;
}

static void
embedding_freep(struct embedding **x)
{
	embedding_free(*x);
}

int
embedding_start(struct work *w, const struct embedding_options *o,
	const struct helper_room *room, struct embedding **ret, struct err *e)
{
	__attribute__((cleanup(embedding_freep))) struct embedding *x = NULL;
	int rc;

	*ret = NULL;
	if (!o->x)
		return 0;
	rc = embedding_make(w, o, room, &x, e);
	if (rc != 0)
		return rc;
	rc = helper_start(&x->helper, embedding_main, x, e);
	if (rc != 0)
		return rc;
	vectors_watch(room->db, on_commit, x);
	*ret = take_ptr(x);
	return 0;
}

void
embedding_begin(struct embedding *x)
{
	if (x)
		helper_begin(&x->helper);
}

void
embedding_stop(struct embedding *x)
{
	if (!x || !x->helper.is_started)
		return;
	helper_end(&x->helper);
	/* A request may have a long time limit. */
	embed_stop(x->opt.x);
	helper_stop(&x->helper);
}

void
embedding_free(struct embedding *x)
{
	if (!x)
		return;
	vectors_watch(x->db, NULL, NULL);
	vectors_memory_close(x->m);
	helper_done(&x->helper);
	buf_done(&x->b.text);
	free(x->b.v);
	free(x->places);
	free(x->erased);
	free(x);
}

bool
embedding_asks(const struct embedding *x)
{
	return x != NULL && !embed_is_local(x->opt.x) &&
	       !atomic_load(&x->question_down) &&
	       !vectors_memory_is_empty(x->m);
}

struct vectors_memory *
embedding_meaning(const struct embedding *x)
{
	return x->m;
}

int64_t
embedding_question_ms(const struct embedding *x)
{
	return x->opt.question_ms;
}

void
embedding_status(struct embedding *x, struct embedding_status *ret)
{
	bool busy;

	*ret = (struct embedding_status){.provider = "none", .state = "ready"};
	if (!x)
		return;
	/* In this order: what is written meanwhile is not overlooked. */
	busy = atomic_load(&x->seen) != atomic_load(&x->written) &&
	       !database_read_only(x->db);
	ret->provider = embed_provider(x->opt.x);
	snprintf(ret->model, sizeof(ret->model), "%.*s",
		(int)sizeof(ret->model) - 1, embed_model(x->opt.x));
	ret->dims = embed_dims(x->opt.x);
	ret->vectors = vectors_memory_count(x->m);
	ret->rough = vectors_memory_rough(x->m);
	ret->left_out = vectors_memory_left_out(x->m);
	ret->bytes = vectors_memory_bytes(x->m);
	ret->pending = atomic_load(&x->pending);
	pthread_mutex_lock(&x->helper.lock);
	memcpy(ret->last_error, x->last_error, sizeof(ret->last_error));
	if (atomic_load(&x->fill_down) ||
		(x->question.is_down && x->question_failed))
		ret->state = "down";
	else if (busy)
		ret->state = "filling";
	pthread_mutex_unlock(&x->helper.lock);
}
