/* A scan behind a lock, and what belongs to it. Readers share the lock; who
 * fills takes it for a few vectors at a time. */
#include "memory-db/model/recall/vectors_memory.h"

#include <pthread.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/store/facts/facts.h"

_Static_assert(LIMIT_VECTOR_DIMS == EMBED_DIMS_MAX, "one limit, two names");
_Static_assert(LIMIT_EMBED_BATCH <= EMBED_BATCH_MAX, "a batch fits");

/* Vectors loaded before recall and status are told of them. */
#define LOAD_STEP 4096

struct vectors_memory {
	struct database *db;
	struct embedder *x;
	pthread_rwlock_t lock;
	struct scan *scan; /* NULL: no model yet */
	struct vector_model model;
	_Atomic int64_t generation;
	_Atomic size_t count, bytes; /* of the scan: asked without the lock */
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
	atomic_store(&m->count, m->scan != NULL ? scan_count(m->scan) : 0);
	atomic_store(&m->bytes, m->scan != NULL ? scan_bytes(m->scan) : 0);
	pthread_rwlock_unlock(&m->lock);
	atomic_fetch_add(&m->generation, 1);
}

int
vectors_memory_use(struct vectors_memory *m, const struct vector_model *model,
	struct err *e)
{
	struct scan *fresh = NULL, *old;

	if (model->id != 0 && (fresh = scan_new(model->dims)) == NULL)
		return err_nomem(e);
	pthread_rwlock_wrlock(&m->lock);
	old = m->scan;
	m->scan = fresh;
	m->model = *model;
	pthread_rwlock_unlock(&m->lock);
	scan_free(old);
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

/* v NULL: it goes. */
static int
vectors_memory_put(struct vectors_memory *m, int64_t fact, const float *v)
{
	int64_t ns = fact_namespace(fact);
	int rc = 0;

	pthread_rwlock_wrlock(&m->lock);
	if (v)
		rc = scan_put(m->scan, ns, fact, v);
	else
		scan_remove(m->scan, ns, fact);
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
	return atomic_load(&m->count);
}

size_t
vectors_memory_bytes(struct vectors_memory *m)
{
	return atomic_load(&m->bytes);
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

int64_t
vectors_memory_nearest(struct vectors_memory *m, int64_t ns,
	const struct question *q, const int64_t *only, size_t only_n,
	struct scan_hit *ret, size_t max)
{
	int64_t n = 0;

	pthread_rwlock_rdlock(&m->lock);
	if (m->scan && m->model.dims == q->dims)
		n = scan_best(m->scan, ns, q->v, only, only_n, ret, max);
	pthread_rwlock_unlock(&m->lock);
	return n;
}
