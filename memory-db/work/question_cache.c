/* Vectors of questions that were asked, as a ring from the newest used to the
 * oldest; the oldest makes room. It holds some hundred, and beside a request
 * over a network a walk through them is nothing. */
#include "memory-db/work/question_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct kept {
	struct kept *next, *prev;
	size_t n, dims;
	char *text; /* behind the numbers */
	float v[];
};
struct question_cache {
	pthread_mutex_t lock;
	struct kept *first; /* newest used; first->prev is the oldest */
	size_t bytes, max_bytes;
};

struct question_cache *
question_cache_new(size_t max_bytes)
{
	struct question_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->max_bytes = max_bytes;
	(void)pthread_mutex_init(&c->lock, NULL);
	return c;
}

static size_t
question_cache_size_of(const struct kept *k)
{
	return sizeof(*k) + k->dims * sizeof(k->v[0]) + k->n;
}

static void
question_cache_take_out(struct question_cache *c, struct kept *k)
{
	c->bytes -= question_cache_size_of(k);
	if (c->first == k)
		c->first = k->next != k ? k->next : NULL;
	k->next->prev = k->prev;
	k->prev->next = k->next;
}

static void
question_cache_put_first(struct question_cache *c, struct kept *k)
{
	c->bytes += question_cache_size_of(k);
	k->next = c->first != NULL ? c->first : k;
	k->prev = c->first != NULL ? c->first->prev : k;
	k->next->prev = k->prev->next = k;
	c->first = k;
}

void
question_cache_free(struct question_cache *c)
{
	if (!c)
		return;
	while (c->first) {
		struct kept *k = c->first;

		question_cache_take_out(c, k);
		free(k);
	}
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Locked. */
static struct kept *
question_cache_slot(struct question_cache *c, const char *text, size_t n)
{
	struct kept *k = c->first;

	if (!k)
		return NULL;
	do {
		if (k->n == n && memcmp(k->text, text, n) == 0)
			return k;
		k = k->next;
	} while (k != c->first);
	return NULL;
}

int
question_cache_find(struct question_cache *c, const char *text, size_t n,
	struct question *ret)
{
	struct kept *k;
	float *v = NULL;

	pthread_mutex_lock(&c->lock);
	k = question_cache_slot(c, text, n);
	if (k) {
		question_cache_take_out(c, k);
		question_cache_put_first(c, k);
		v = malloc(k->dims * sizeof(*v));
	}
	if (v) {
		memcpy(v, k->v, k->dims * sizeof(*v));
		*ret = (struct question){v, k->dims};
	}
	pthread_mutex_unlock(&c->lock);
	return v != NULL;
}

void
question_cache_keep(struct question_cache *c, const char *text, size_t n,
	const struct question *q)
{
	struct kept *k = malloc(sizeof(*k) + q->dims * sizeof(k->v[0]) + n);
	struct kept *old;

	if (!k)
		return;
	*k = (struct kept){.n = n, .dims = q->dims};
	memcpy(k->v, q->v, q->dims * sizeof(k->v[0]));
	k->text = (char *)(k->v + q->dims);
	memcpy(k->text, text, n);
	pthread_mutex_lock(&c->lock);
	old = question_cache_slot(c, text, n);
	if (old) {
		question_cache_take_out(c, old);
		free(old);
	}
	question_cache_put_first(c, k);
	while (c->bytes > c->max_bytes && c->first) {
		old = c->first->prev;
		question_cache_take_out(c, old);
		free(old);
	}
	pthread_mutex_unlock(&c->lock);
}

size_t
question_cache_bytes(struct question_cache *c)
{
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = c->bytes;
	pthread_mutex_unlock(&c->lock);
	return n;
}
