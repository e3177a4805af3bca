/* A queue of jobs between threads. One mutex, one condition, two lists (fast
 * and slow): pushing a whole list costs one lock and at most as many wake-ups
 * as there are waiting takers.
 *
 * By turns, each source has one job in each round:
 *
 *   pushed   a1 a2 a3 b1        round 1: a1 b1    round 2: a2    round 3: a3
 *   then     c1                 into the next round, before a3 */
#include "memory-db/work/queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

void
job_list_add(struct job_list *l, struct job *j)
{
	j->next = NULL;
	if (l->tail)
		l->tail->next = j;
	else
		l->head = j;
	l->tail = j;
	l->n++;
}

static void
list_append(struct job_list *to, struct job_list *from)
{
	if (!from->head)
		return;
	if (to->tail)
		to->tail->next = from->head;
	else
		to->head = from->head;
	to->tail = from->tail;
	to->n += from->n;
	memset(from, 0, sizeof *from);
}

int
queue_init_lock(pthread_mutex_t *lock, pthread_cond_t *filled)
{
	pthread_condattr_t attr;
	int rc;

	if (pthread_condattr_init(&attr) != 0)
		return MDB_E_NOMEM;
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(filled, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (rc)
		return MDB_E_NOMEM;
	if (pthread_mutex_init(lock, NULL) != 0) {
		(void)pthread_cond_destroy(filled);
		return MDB_E_NOMEM;
	}
	return 0;
}

int
queue_init(struct queue *q)
{
	memset(q, 0, sizeof *q);
	atomic_init(&q->length, 0);
	return queue_init_lock(&q->lock, &q->filled);
}

/* --- rounds --------------------------------------------------------------- */
/* Puts a job behind all of its round. */
static void
list_insert(struct job_list *l, struct job *j)
{
	struct job *before = l->head;

	if (!l->tail || l->tail->turn <= j->turn) {
		job_list_add(l, j);
		return;
	}
	l->n++;
	if (before->turn > j->turn) {
		j->next = before;
		l->head = j;
		return;
	}
	while (before->next->turn <= j->turn)
		before = before->next;
	j->next = before->next;
	before->next = j;
}

static void
list_append_by_turns(struct job_list *to, struct queue_rounds *r,
	struct job_list *from)
{
	for (struct job *j = from->head, *next; j; j = next) {
		uint64_t *last = &r->last[j->source % QUEUE_SOURCES];

		next = j->next;
		j->turn = (*last > r->now ? *last : r->now) + 1;
		*last = j->turn;
		list_insert(to, j);
	}
	memset(from, 0, sizeof *from);
}

static void
queue_append(struct queue *q, struct job_list *fast, struct job_list *slow)
{
	if (q->by_turns) {
		list_append_by_turns(&q->fast, &q->fast_rounds, fast);
		if (slow)
			list_append_by_turns(&q->slow, &q->slow_rounds, slow);
		return;
	}
	list_append(&q->fast, fast);
	if (slow)
		list_append(&q->slow, slow);
}

void
queue_done(struct queue *q)
{
	(void)pthread_cond_destroy(&q->filled);
	(void)pthread_mutex_destroy(&q->lock);
}

bool
queue_push(struct queue *q, struct job_list *fast, struct job_list *slow)
{
	bool was_empty;
	size_t n = fast->n + (slow ? slow->n : 0);

	if (n == 0)
		return false;
	pthread_mutex_lock(&q->lock);
	was_empty = !q->fast.head && !q->slow.head;
	queue_append(q, fast, slow);
	atomic_fetch_add_explicit(&q->length, n, memory_order_relaxed);
	/* Takers differ in what they may take: wake all, there are two. */
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
	return was_empty;
}

/* Waits for the condition until *until (NULL: for ever). False: time is up. */
static bool
queue_wait_filled(struct queue *q, const struct timespec *until)
{
	if (!until)
		return pthread_cond_wait(&q->filled, &q->lock) == 0;
	return pthread_cond_timedwait(&q->filled, &q->lock, until) != ETIMEDOUT;
}

static struct job_list *
list_ready(struct queue *q, bool may_slow)
{
	if (may_slow && q->slow.head && (!q->fast.head || q->turn++ % 2))
		return &q->slow;
	return q->fast.head ? &q->fast : NULL;
}

static struct job *
list_cut(struct job_list *l, size_t max_n, size_t max_bytes, size_t *ret_n)
{
	struct job *first = l->head, *last = first;
	size_t n = 1, bytes = first->bytes;

	while (n < max_n && last->next) {
		bytes += last->next->bytes;
		if (bytes > max_bytes)
			break;
		last = last->next;
		n++;
	}
	assert(n <= l->n && (last->next == NULL) == (n == l->n));
	l->head = last->next;
	if (!l->head)
		l->tail = NULL;
	l->n -= n;
	last->next = NULL;
	*ret_n = n;
	return first;
}

/* Who asks for the first time from now on goes into the next round. */
static void
begin_round(struct queue *q, const struct job_list *l, const struct job *first)
{
	struct queue_rounds *r =
		l == &q->fast ? &q->fast_rounds : &q->slow_rounds;

	for (; first; first = first->next)
		r->now = first->turn;
}

void
queue_deadline(struct timespec *ret, int wait_ms)
{
	clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_sec += wait_ms / 1000;
	ret->tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (ret->tv_nsec >= 1000000000) {
		ret->tv_nsec -= 1000000000;
		ret->tv_sec++;
	}
}

struct job *
queue_take(struct queue *q, size_t max_n, size_t max_bytes, bool may_slow,
	int wait_ms)
{
	struct timespec until;
	struct job_list *l;
	struct job *first = NULL;
	size_t n = 0;

	if (wait_ms > 0)
		queue_deadline(&until, wait_ms);
	pthread_mutex_lock(&q->lock);
	while (!(l = list_ready(q, may_slow)) && wait_ms != 0 && !q->is_stopped)
		if (!queue_wait_filled(q, wait_ms > 0 ? &until : NULL))
			break;
	if (!l)
		l = list_ready(q, may_slow);
	if (l) {
		first = list_cut(l, max_n, max_bytes, &n);
		begin_round(q, l, first);
		atomic_fetch_sub_explicit(&q->length, n, memory_order_relaxed);
	}
	pthread_mutex_unlock(&q->lock);
	return first;
}

void
queue_stop(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_stopped = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
}

bool
queue_is_stopped(struct queue *q)
{
	bool r;

	pthread_mutex_lock(&q->lock);
	r = q->is_stopped;
	pthread_mutex_unlock(&q->lock);
	return r;
}
