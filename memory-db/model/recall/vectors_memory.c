/* Two scans behind a lock, and what belongs to them. Readers share the lock; who
 * fills takes it for a few vectors at a time.
 *
 * All vectors together have a bound. The newest of each namespace lie in memory
 * as bytes, in three quarters of it; older ones as signs, in the rest; the
 * oldest not at all. Whose turn it is: the namespace with the most loses its
 * oldest, so a large project does not push out the memory of a small one. With
 * 24 MiB and 512 numbers a vector, for example:
 *
 *   facts   1 ..  62,000   in the file only: found by their words
 *          ..    144,000   signs: 76 bytes each, an estimate, scored again from
 *                          the file
 *          ..    180,000   bytes: 524 each
 *
 * What is in memory in no form is still compared where its words made it a
 * candidate: recall reads its vector from the file. */
#include "memory-db/model/recall/vectors_memory.h"

#include <pthread.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/store/facts/facts.h"

_Static_assert(LIMIT_VECTOR_DIMS == EMBED_DIMS_MAX, "one limit, two names");
_Static_assert(LIMIT_EMBED_BATCH <= EMBED_BATCH_MAX, "a batch fits");

/* Of the bound, what vectors as signs may take. */
#define ROUGH_SHARE 4

/* Vectors loaded before recall and status are told of them. */
#define LOAD_STEP 4096

struct vectors_memory {
	struct database *db;
	struct embedder *x;
	pthread_rwlock_t lock;
	struct scan *scan;  /* NULL: no model yet */
	struct scan *rough; /* NULL together with it */
	size_t limit;	    /* bytes of both */
	size_t left_out;    /* vectors that are in neither, as far as known */
	struct vector_model model;
	_Atomic int64_t generation;
	struct { /* asked without the lock */
		_Atomic size_t count, rough, left_out, bytes;
	} told;
};

int
vectors_memory_open(struct database *db, struct embedder *x,
	struct vectors_memory **ret, struct err *e)
{
	struct vectors_memory *m = calloc(1, sizeof(*m));
	pthread_rwlockattr_t attr;

	if (!m)
		return err_nomem(e);
	m->db = db;
	m->x = x;
	m->limit = LIMIT_VECTORS_BYTES;
	/* Who fills would wait for ever behind questions that overlap. */
	(void)pthread_rwlockattr_init(&attr);
	(void)pthread_rwlockattr_setkind_np(&attr,
		PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	(void)pthread_rwlock_init(&m->lock, &attr);
	(void)pthread_rwlockattr_destroy(&attr);
	*database_kept(db) = m;
	*ret = m;
	return 0;
}

void
vectors_memory_close(struct vectors_memory *m)
{
	if (!m)
		return;
	*database_kept(m->db) = NULL;
	scan_free(m->scan);
	scan_free(m->rough);
	(void)pthread_rwlock_destroy(&m->lock);
	free(m);
}

struct vectors_memory *
vectors_memory_of(const struct store *st)
{
	return *database_kept(store_database(st));
}

struct embedder *
vectors_memory_embedder(const struct vectors_memory *m)
{
	return m->x;
}

/* --- what is in memory ---------------------------------------------------- */
static void
changed(struct vectors_memory *m)
{
	pthread_rwlock_rdlock(&m->lock);
	atomic_store(&m->told.rough, m->scan ? scan_count(m->rough) : 0);
	atomic_store(&m->told.count,
		m->scan ? scan_count(m->scan) + scan_count(m->rough) : 0);
	atomic_store(&m->told.bytes,
		m->scan ? scan_bytes(m->scan) + scan_bytes(m->rough) : 0);
	atomic_store(&m->told.left_out, m->left_out);
	pthread_rwlock_unlock(&m->lock);
	atomic_fetch_add(&m->generation, 1);
}

void
vectors_memory_limit(struct vectors_memory *m, size_t bytes)
{
	m->limit = bytes;
}

int
vectors_memory_use(struct vectors_memory *m, const struct vector_model *model,
	struct err *e)
{
	struct scan *fresh = NULL, *rough = NULL, *old, *old_rough;

	if (model->id != 0) {
		fresh = scan_new(SCAN_NUMBERS, model->dims);
		rough = scan_new(SCAN_SIGNS, model->dims);
		if (!fresh || !rough) {
			scan_free(fresh);
			scan_free(rough);
			return err_nomem(e);
		}
	}
	pthread_rwlock_wrlock(&m->lock);
	old = m->scan;
	old_rough = m->rough;
	m->scan = fresh;
	m->rough = rough;
	m->left_out = 0;
	m->model = *model;
	pthread_rwlock_unlock(&m->lock);
	scan_free(old);
	scan_free(old_rough);
	changed(m);
	return 0;
}

struct vector_model
vectors_memory_model(struct vectors_memory *m)
{
	struct vector_model r;

	pthread_rwlock_rdlock(&m->lock);
	r = m->model;
	pthread_rwlock_unlock(&m->lock);
	return r;
}

/* Without memory for its signs it is in the file only. */
static void
put_rough(void *ctx, int64_t ns, int64_t fact, const float *v)
{
	struct vectors_memory *m = ctx;

	if (scan_put(m->rough, ns, fact, v) != 0)
		m->left_out++;
}

static void
leave_out(void *ctx, int64_t ns, int64_t fact, const float *v)
{
	struct vectors_memory *m = ctx;

	(void)ns, (void)fact, (void)v;
	m->left_out++;
}

/* The oldest give way until what is there keeps within the bound. */
static void
keep_within(struct vectors_memory *m)
{
	size_t rough = m->limit / ROUGH_SHARE;

	while (scan_used_bytes(m->scan) > m->limit - rough)
		scan_take_oldest(m->scan, put_rough, m);
	while (scan_used_bytes(m->rough) > rough)
		scan_take_oldest(m->rough, leave_out, m);
}

/* Is it older than what lies there as bytes, where older ones have given way? */
static bool
belongs_to_rough(const struct vectors_memory *m, int64_t ns, int64_t fact)
{
	int64_t fine, rough;

	return scan_lowest(m->rough, ns, &rough) &&
	       scan_lowest(m->scan, ns, &fine) && fact < fine;
}

static int
put_vector(struct vectors_memory *m, int64_t ns, int64_t fact, const float *v)
{
	bool is_rough = belongs_to_rough(m, ns, fact);
	int rc = scan_put(is_rough ? m->rough : m->scan, ns, fact, v);

	if (rc != 0)
		return rc;
	if (!is_rough)
		scan_remove(m->rough, ns, fact);
	keep_within(m);
	return 0;
}

static void
remove_vector(struct vectors_memory *m, int64_t ns, int64_t fact)
{
	int64_t lowest;

	if (m->left_out > 0 && scan_lowest(m->rough, ns, &lowest) &&
		fact < lowest)
		m->left_out--;
	scan_remove(m->scan, ns, fact);
	scan_remove(m->rough, ns, fact);
}

/* v NULL: it goes. */
static int
vectors_memory_put(struct vectors_memory *m, int64_t fact, const float *v)
{
	int64_t ns = fact_namespace(fact);
	int rc = 0;

	pthread_rwlock_wrlock(&m->lock);
	if (v)
		rc = put_vector(m, ns, fact, v);
	else
		remove_vector(m, ns, fact);
	pthread_rwlock_unlock(&m->lock);
	return rc;
}

/* A vector that is damaged counts as none. */
static int
take_vector(struct vectors_memory *m, struct store *st, int64_t fact, float *v,
	struct err *e)
{
	int r = vector_get(st, m->model.id, fact, v, m->model.dims, e);

	if (r < 0)
		return r == MDB_E_CORRUPT ? 0 : r;
	return vectors_memory_put(m, fact, r == 1 ? v : NULL) != 0
		       ? err_nomem(e)
		       : 0;
}

int
vectors_memory_sync(struct vectors_memory *m, struct store *st,
	const int64_t *facts, size_t n, struct err *e)
{
	AUTO_FREE float *v = calloc(m->model.dims + 1, sizeof(*v));
	int r = 0;

	if (!v)
		return err_nomem(e);
	for (size_t i = 0; m->scan && i < n; i++) {
		r = take_vector(m, st, facts[i], v, e);
		if (r != 0)
			break;
	}
	changed(m);
	return r;
}

struct vectors_memory_loading {
	struct vectors_memory *m;
	const atomic_bool *stop;
	unsigned n;
	struct err *e;
};

static int
vectors_memory_load_one(void *ctx, int64_t fact, const float *v)
{
	struct vectors_memory_loading *x = ctx;

	if (atomic_load_explicit(x->stop, memory_order_relaxed))
		return 1;
	if (++x->n % LOAD_STEP == 0)
		changed(x->m);
	return vectors_memory_put(x->m, fact, v) != 0 ? err_nomem(x->e) : 0;
}

int
vectors_memory_load(struct vectors_memory *m, struct store *st,
	const atomic_bool *stop, struct err *e)
{
	struct vectors_memory_loading x = {.m = m, .stop = stop, .e = e};
	int rc = vectors_each(st, &m->model, 0, vectors_memory_load_one, &x, e);

	changed(m);
	return rc < 0 ? rc : 0;
}

int64_t
vectors_memory_generation(struct vectors_memory *m)
{
	return atomic_load(&m->generation);
}

size_t
vectors_memory_count(struct vectors_memory *m)
{
	return atomic_load(&m->told.count);
}

size_t
vectors_memory_rough(struct vectors_memory *m)
{
	return atomic_load(&m->told.rough);
}

size_t
vectors_memory_left_out(struct vectors_memory *m)
{
	return atomic_load(&m->told.left_out);
}

size_t
vectors_memory_bytes(struct vectors_memory *m)
{
	return atomic_load(&m->told.bytes);
}

/* --- what recall asks ----------------------------------------------------- */
void
question_done(struct question *q)
{
	free(q->v);
	*q = (struct question){0};
}

static bool
vectors_memory_is_zero(const float *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] != 0)
			return false;
	return true;
}

int
vectors_memory_question(struct vectors_memory *m, const char *text, size_t n,
	struct question *ret, struct err *e)
{
	struct embed_text t = {text, n};
	int rc;

	*ret = (struct question){0};
	if (!embed_is_local(m->x) || n == 0)
		return 0;
	rc = embed_texts(m->x, EMBED_QUESTION, &t, 1, &ret->v, &ret->dims, e);
	if (rc != 0)
		return rc;
	if (vectors_memory_is_zero(ret->v, ret->dims))
		question_done(ret);
	return rc;
}

static bool
is_better(const struct scan_hit *a, const struct scan_hit *b)
{
	return a->score > b->score || (a->score == b->score && a->id > b->id);
}

/* Two lists, best first, as one: into a, of which at most max stay. */
static size_t
merge_hits(struct scan_hit *a, size_t n, const struct scan_hit *b, size_t more,
	size_t max)
{
	size_t all = n + more < max ? n + more : max, to = all;

	/* What does not fit goes from the ends first. */
	while (n + more > all)
		if (more == 0 || (n > 0 && is_better(&b[more - 1], &a[n - 1])))
			n--;
		else
			more--;
	while (more > 0)
		if (n > 0 && is_better(&b[more - 1], &a[n - 1]))
			a[--to] = a[--n];
		else
			a[--to] = b[--more];
	return all;
}

static int64_t
nearest_of_both(const struct vectors_memory *m, int64_t ns, const float *v,
	const int64_t *only, size_t only_n, struct scan_hit *ret, size_t max)
{
	AUTO_FREE struct scan_hit *rough = NULL;
	int64_t more, n = scan_best(m->scan, ns, v, only, only_n, ret, max);

	if (n < 0 || scan_used_bytes(m->rough) == 0)
		return n;
	rough = calloc(max + 1, sizeof(*rough));
	if (!rough)
		return MDB_E_NOMEM;
	more = scan_best(m->rough, ns, v, only, only_n, rough, max);
	if (more < 0)
		return more;
	return (int64_t)merge_hits(ret, (size_t)n, rough, (size_t)more, max);
}

int64_t
vectors_memory_nearest(struct vectors_memory *m, int64_t ns,
	const struct question *q, const int64_t *only, size_t only_n,
	struct scan_hit *ret, size_t max)
{
	int64_t n = 0;

	pthread_rwlock_rdlock(&m->lock);
	if (m->scan && m->model.dims == q->dims)
		n = nearest_of_both(m, ns, q->v, only, only_n, ret, max);
	pthread_rwlock_unlock(&m->lock);
	return n;
}
