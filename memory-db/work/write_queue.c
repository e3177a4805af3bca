/* The queue of the writer: lines of jobs in a ring; write_queue.h says who has
 * a turn when.
 *
 *   ring     a (small, small)   b (large)   c (small)
 *   take 1   the small ones in front, source by source: a1 c1 a2
 *   take 2   one large one: b1
 *
 * A source is in the ring as long as it has jobs. How many sources have a job
 * of each class in front is counted, so that a taker knows without a walk
 * whether there is anything for it. */
#include "memory-db/work/write_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/limits.h"

/* Others write: they sent one within this time. */
#define BESIDE_NS INT64_C(250000000)

enum write_class
write_class(const struct job *j)
{
	if (j->bytes > LIMIT_WRITE_SMALL_BYTES ||
		(j->tool && (j->tool->flags & TF_LARGE)))
		return WRITE_LARGE;
	return j->is_bulk ? WRITE_BULK : WRITE_SMALL;
}

int
write_queue_init(struct write_queue *q)
{
	memset(q, 0, sizeof *q);
	q->had = WRITE_LARGE; /* small ones come first */
	atomic_init(&q->length, 0);
	return queue_init_lock(&q->lock, &q->filled);
}

void
write_queue_done(struct write_queue *q)
{
	for (size_t i = 0; i < WRITE_QUEUE_BUCKETS; i++)
		while (q->buckets[i]) {
			struct write_source *next = q->buckets[i]->chain;

			free(q->buckets[i]);
			q->buckets[i] = next;
		}
	(void)pthread_cond_destroy(&q->filled);
	(void)pthread_mutex_destroy(&q->lock);
}

/* --- sources -------------------------------------------------------------- */

static struct write_source **
write_queue_bucket_of(struct write_queue *q, uint64_t key)
{
	return &q->buckets[key % WRITE_QUEUE_BUCKETS];
}

static struct write_source *
source_find(struct write_queue *q, uint64_t key)
{
	struct write_source *s;

	for (s = *write_queue_bucket_of(q, key); s != NULL; s = s->chain)
		if (s->key == key)
			return s;
	s = calloc(1, sizeof *s);
	if (!s)
		return &q->spare;
	s->key = key;
	s->chain = *write_queue_bucket_of(q, key);
	*write_queue_bucket_of(q, key) = s;
	return s;
}

/* Puts a source into the ring, as the last one that has its turn. */
static void
ring_add(struct write_queue *q, struct write_source *s)
{
	if (!q->last) {
		s->next = s;
	} else {
		s->next = q->last->next;
		q->last->next = s;
	}
	q->last = s;
}

/* Takes the source behind `before`, which has no jobs any more, out of the
 * ring. */
static void
ring_drop(struct write_queue *q, struct write_source *before)
{
	struct write_source *s = before->next, **p;

	assert(!s->jobs.head); /* it would be lost with its jobs */
	before->next = s->next;
	if (q->last == s)
		q->last = before == s ? NULL : before;
	if (s == &q->spare)
		return;
	for (p = write_queue_bucket_of(q, s->key); *p != s; p = &(*p)->chain)
		;
	*p = s->chain;
	free(s);
}

static void
count_front(struct write_queue *q, const struct write_source *s, bool is_added)
{
	size_t *n = &q->n[write_class(s->jobs.head)];

	assert(is_added || *n > 0);
	*n += is_added ? 1 : (size_t)-1;
}

void
write_queue_push(struct write_queue *q, struct job_list *l)
{
	struct job *j = l->head, *next;
	int64_t now = clock_mono_ns();
	size_t n = l->n;

	if (n == 0)
		return;
	pthread_mutex_lock(&q->lock);
	for (; j != NULL; j = next) {
		struct write_source *s = source_find(q, j->source);
		bool is_new = !s->jobs.head;

		next = j->next;
		if (write_class(j) == WRITE_SMALL)
			q->small_ns = now;
		job_list_add(&s->jobs, j);
		if (is_new) {
			ring_add(q, s);
			count_front(q, s, true);
		}
	}
	memset(l, 0, sizeof *l);
	atomic_fetch_add_explicit(&q->length, n, memory_order_relaxed);
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

/* --- taking --------------------------------------------------------------- */

/* Takes the job in front of the source behind `before`. True: the source stays
 * in the ring. */
static bool
take_front(struct write_queue *q, struct write_source *before,
	struct job_list *to)
{
	struct write_source *s = before->next;
	struct job *j = s->jobs.head;

	count_front(q, s, false);
	s->jobs.head = j->next;
	s->jobs.n--;
	if (!s->jobs.head)
		s->jobs.tail = NULL;
	job_list_add(to, j);
	if (!s->jobs.head) {
		ring_drop(q, before);
		return false;
	}
	count_front(q, s, true);
	return true;
}

/* Of one class, source by source. Who had a turn is last now. */
static void
take_some(struct write_queue *q, enum write_class which, size_t max_n,
	size_t max_bytes, struct job_list *to)
{
	struct write_source *before = q->last;
	size_t bytes = 0;

	while (q->n[which] > 0 && to->n < max_n) {
		struct job *j = before->next->jobs.head;

		if (write_class(j) != which) {
			before = before->next;
			continue;
		}
		bytes += j->bytes;
		if (to->n > 0 && bytes > max_bytes)
			break;
		if (take_front(q, before, to))
			before = before->next;
	}
	if (q->last)
		q->last = before;
}

static bool
write_queue_is_ready(const struct write_queue *q, bool only_small)
{
	return q->n[WRITE_SMALL] + q->n[WRITE_BULK] > 0 ||
	       (q->n[WRITE_LARGE] > 0 && !only_small);
}

/* Whose turn it is, of those that wait: small ones after each other one, and of
 * the other two in turn. */
static enum write_class
choose_class(const struct write_queue *q, bool only_small)
{
	bool has_large = q->n[WRITE_LARGE] > 0 && !only_small;

	if (q->n[WRITE_SMALL] > 0 &&
		(q->had != WRITE_SMALL || (!has_large && !q->n[WRITE_BULK])))
		return WRITE_SMALL;
	if (has_large && q->n[WRITE_BULK] > 0)
		return q->had_heavy == WRITE_LARGE ? WRITE_BULK : WRITE_LARGE;
	return has_large ? WRITE_LARGE : WRITE_BULK;
}

/* Only small ones, and those of an import that nobody else waits for, share a
 * group. */
static size_t
group_of(const struct write_queue *q, enum write_class which, size_t max_n)
{
	bool is_beside = q->n[WRITE_SMALL] > 0 ||
			 clock_mono_ns() - q->small_ns < BESIDE_NS;

	return which == WRITE_SMALL || (which == WRITE_BULK && !is_beside)
		       ? max_n
		       : 1;
}

static bool
write_queue_wait_filled(struct write_queue *q, const struct timespec *until)
{
	if (!until)
		return pthread_cond_wait(&q->filled, &q->lock) == 0;
	return pthread_cond_timedwait(&q->filled, &q->lock, until) != ETIMEDOUT;
}

struct job *
write_queue_take(struct write_queue *q, size_t max_n, size_t max_bytes,
	bool only_small, int wait_ms)
{
	struct timespec until;
	struct job_list list = {0};

	if (wait_ms > 0)
		queue_deadline(&until, wait_ms);
	pthread_mutex_lock(&q->lock);
	while (!write_queue_is_ready(q, only_small && !q->is_stopped) &&
		wait_ms != 0 && !q->is_stopped)
		if (!write_queue_wait_filled(q, wait_ms > 0 ? &until : NULL))
			break;
	only_small = only_small && !q->is_stopped;
	if (write_queue_is_ready(q, only_small)) {
		enum write_class which = choose_class(q, only_small);

		take_some(q, which, group_of(q, which, max_n), max_bytes,
			&list);
		q->had = which;
		if (which != WRITE_SMALL)
			q->had_heavy = which;
		atomic_fetch_sub_explicit(&q->length, list.n,
			memory_order_relaxed);
	}
	pthread_mutex_unlock(&q->lock);
	return list.head;
}

void
write_queue_stop(struct write_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_stopped = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

bool
write_queue_has_small(struct write_queue *q)
{
	bool r;

	pthread_mutex_lock(&q->lock);
	r = q->n[WRITE_SMALL] > 0;
	pthread_mutex_unlock(&q->lock);
	return r;
}

bool
write_queue_is_stopped(struct write_queue *q)
{
	bool r;

	pthread_mutex_lock(&q->lock);
	r = q->is_stopped;
	pthread_mutex_unlock(&q->lock);
	return r;
}
