/* Two threads, so that one slow answer does not hold up the next question;
 * each takes all that wait and asks for them in one request. Who has waited
 * for long already goes on without: in all a question waits at most a quarter
 * longer than one request may take. */
#include "memory-db/work/questions.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/work/internal.h"
#include "memory-db/work/question_cache.h"

#define THREADS 2
#define BATCH	16
/* Answers one after the other that are none: the provider is not well. */
#define REFUSED_MAX 3

struct questions {
	struct work *work;
	struct embedding *embedding;
	struct embedder *x;
	struct queue queue;
	struct question_cache *cache;
	pthread_t threads[THREADS];
	size_t threads_n;
	atomic_int refused;
};

/* The text that is asked; NULL: it asks nothing. */
static const char *
questions_text_of(const struct job *j, size_t *ret_n)
{
	const char *param = j->tool->asks;
	const json_t *s = param ? json_object_get(j->params, param) : NULL;

	*ret_n = json_string_length(s);
	return *ret_n > 0 ? json_string_value(s) : NULL;
}

bool
questions_want(struct questions *q, struct job *j)
{
	const char *text;
	size_t n;

	if (!q || (text = questions_text_of(j, &n)) == NULL)
		return false;
	/* What is known needs no provider. */
	if (question_cache_find(q->cache, text, n, &j->question) == 1)
		return false;
	return embedding_asks(q->embedding);
}

/* --- a batch -------------------------------------------------------------- */
static void
failed(struct questions *q, int code, struct err *e)
{
	e->code = code;
	if (code == MDB_E_CANCELLED || code == MDB_E_NOMEM)
		return;
	/* One text that it does not like says nothing of the others. */
	if (code == MDB_E_INVALID &&
		atomic_fetch_add(&q->refused, 1) + 1 < REFUSED_MAX)
		return;
	embedding_failed(q->embedding, e);
}

static void
questions_give(struct questions *q, struct job *j, const struct embed_text *t,
	const float *v, size_t dims)
{
	struct question x = {.dims = dims};
	size_t d = 0;

	while (d < dims && v[d] == 0)
		d++;
	if (d == dims)
		return;
	x.v = malloc(dims * sizeof(*v));
	if (!x.v)
		return;
	memcpy(x.v, v, dims * sizeof(*v));
	question_cache_keep(q->cache, t->s, t->n, &x);
	j->question = x;
}

static void
questions_embed(struct questions *q, struct job *list)
{
	int64_t wait_ns = embedding_question_ms(q->embedding) * 1000000 / 4;
	int64_t now = clock_mono_ns();
	struct embed_text texts[BATCH];
	struct job *jobs[BATCH];
	AUTO_FREE float *v = NULL;
	size_t n = 0, dims = 0;
	struct err e = {0};
	int rc;

	for (struct job *j = list; j != NULL; j = j->next) {
		if (atomic_load(&j->cancelled) || now - j->queued_ns > wait_ns)
			continue;
		jobs[n] = j;
		texts[n].s = questions_text_of(j, &texts[n].n);
		n++;
	}
	if (n == 0 || !embedding_asks(q->embedding))
		return;
	rc = embed_texts(q->x, EMBED_QUESTION, texts, n, &v, &dims, &e);
	if (rc != 0) {
		failed(q, rc, &e);
		return;
	}
	atomic_store(&q->refused, 0);
	for (size_t i = 0; i < n; i++)
		questions_give(q, jobs[i], &texts[i], v + i * dims, dims);
}

static void
questions_pass_on(struct questions *q, struct job *list)
{
	struct job_list fast = {0}, slow = {0};

	for (struct job *j = list, *next; j != NULL; j = next) {
		next = j->next;
		job_list_add(j->tool->flags & TF_SLOW ? &slow : &fast, j);
	}
	work_push_reads(q->work, &fast, &slow);
}

static void *
questions_main(void *arg)
{
	struct questions *q = arg;
	struct job *list;

	(void)pthread_setname_np(pthread_self(), "questions");
	for (;;) {
		list = queue_take(&q->queue, BATCH, SIZE_MAX, false, -1);
		if (!list) {
			if (queue_is_stopped(&q->queue))
				return NULL;
			continue;
		}
		questions_embed(q, list);
		questions_pass_on(q, list);
	}
}

/* --- from outside --------------------------------------------------------- */
int
questions_start(struct work *w, struct embedding *x, struct embedder *embedder,
	struct questions **ret, struct err *e)
{
	struct questions *q;

	*ret = NULL;
	if (!x || embed_is_local(embedder))
		return 0;
	q = calloc(1, sizeof(*q));
	if (!q || queue_init(&q->queue) != 0) {
		free(q);
		return err_nomem(e);
	}
	q->work = w;
	q->embedding = x;
	q->x = embedder;
	q->cache = question_cache_new(LIMIT_QUESTION_CACHE_BYTES);
	*ret = q; /* work_stop ends what has begun */
	if (!q->cache)
		return err_nomem(e);
	for (; q->threads_n < THREADS; q->threads_n++)
		if (work_thread(&q->threads[q->threads_n], questions_main, q,
			    e))
			return e->code;
	return 0;
}

void
questions_stop(struct questions *q)
{
	if (!q)
		return;
	queue_stop(&q->queue);
	while (q->threads_n > 0)
		pthread_join(q->threads[--q->threads_n], NULL);
}

void
questions_free(struct questions *q)
{
	if (!q)
		return;
	queue_done(&q->queue);
	question_cache_free(q->cache);
	free(q);
}

void
questions_push(struct questions *q, struct job_list *l)
{
	if (q)
		(void)queue_push(&q->queue, l, NULL);
}

size_t
questions_queued(const struct questions *q)
{
	return q != NULL ? queue_length(&q->queue) : 0;
}
