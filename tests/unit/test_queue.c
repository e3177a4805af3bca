/* Queues between threads, latency buckets, rate buckets. */
#include "tests/lib/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "memory-db/net/rate.h"
#include "memory-db/work/histogram.h"
#include "memory-db/work/queue.h"

#define SECOND 1000000000LL

static struct job *
job_new(uint64_t serial, size_t bytes)
{
	struct job *j = calloc(1, sizeof *j);

	assert_non_null(j);
	job_init(j, serial);
	j->bytes = bytes;
	return j;
}

static void
push(struct queue *q, uint64_t serial, size_t bytes, bool slow)
{
	struct job_list fast_list = {0}, slow_list = {0};

	job_list_add(slow ? &slow_list : &fast_list, job_new(serial, bytes));
	(void)queue_push(q, &fast_list, &slow_list);
	assert_null(fast_list.head);
	assert_null(slow_list.head);
}

/* Frees a list and returns the serial numbers as one decimal number. */
static uint64_t
serials(struct job *list)
{
	uint64_t all = 0;
	struct job *next;

	for (; list; list = next) {
		next = list->next;
		all = all * 10 + list->serial;
		free(list);
	}
	return all;
}

static void
keeps_order_and_bounds(void **state)
{
	struct queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	assert_null(queue_take(&q, 9, SIZE_MAX, true, 0));
	for (uint64_t i = 1; i <= 6; i++)
		push(&q, i, 10, false);
	assert_int_equal(queue_length(&q), 6);
	assert_int_equal(serials(queue_take(&q, 2, SIZE_MAX, true, 0)), 12);
	/* One that is larger than the bound alone is still taken. */
	assert_int_equal(serials(queue_take(&q, 9, 5, true, 0)), 3);
	assert_int_equal(serials(queue_take(&q, 9, 25, true, 0)), 45);
	assert_int_equal(queue_length(&q), 1);
	assert_int_equal(serials(queue_take(&q, 9, 25, true, -1)), 6);
	assert_int_equal(queue_length(&q), 0);
	queue_done(&q);
}

static void
push_of(struct queue *q, uint64_t serial, uint64_t source)
{
	struct job *j = job_new(serial, 1);
	struct job_list l = {0};

	j->source = source;
	job_list_add(&l, j);
	(void)queue_push(q, &l, NULL);
}

static void
sources_take_turns(void **state)
{
	struct queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	q.by_turns = true;
	for (uint64_t i = 1; i <= 4; i++)
		push_of(&q, i, 7);
	assert_int_equal(serials(queue_take(&q, 1, SIZE_MAX, false, 0)), 1);
	/* One that comes later waits for one of the other, not for all; what
	 * one source asks stays in its order. */
	push_of(&q, 5, 8);
	push_of(&q, 6, 8);
	push_of(&q, 8, 9);
	assert_int_equal(queue_length(&q), 6);
	assert_int_equal(serials(queue_take(&q, 9, SIZE_MAX, false, 0)),
		258364);
	assert_int_equal(queue_length(&q), 0);
	/* Who asked much before is not behind for ever. */
	push_of(&q, 1, 7);
	push_of(&q, 2, 9);
	push_of(&q, 3, 7);
	assert_int_equal(serials(queue_take(&q, 9, SIZE_MAX, false, 0)), 123);
	queue_done(&q);
}

static void
says_when_it_was_empty(void **state)
{
	struct job_list l = {0};
	struct queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	assert_false(queue_push(&q, &l, NULL));
	job_list_add(&l, job_new(1, 0));
	assert_true(queue_push(&q, &l, NULL));
	job_list_add(&l, job_new(2, 0));
	assert_false(queue_push(&q, &l, NULL));
	assert_int_equal(serials(queue_take(&q, 9, 9, true, 0)), 12);
	queue_done(&q);
}

static void
slow_work_has_its_taker(void **state)
{
	struct queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	push(&q, 1, 0, true);
	push(&q, 2, 0, true);
	assert_null(queue_take(&q, 1, 1, false, 0));
	assert_null(queue_take(&q, 1, 1, false, 5));
	push(&q, 3, 0, false);
	push(&q, 4, 0, false);
	push(&q, 5, 0, false);
	assert_int_equal(serials(queue_take(&q, 1, 1, false, 0)), 3);
	/* The other takes in turn: neither kind starves. */
	for (uint64_t sum = 0, i = 0; i < 4; i++) {
		sum += serials(queue_take(&q, 1, 1, true, 0));
		if (i == 3)
			assert_int_equal(sum, 1 + 2 + 4 + 5);
	}
	queue_done(&q);
}

static void *
take_one(void *arg)
{
	return queue_take(arg, 1, 1, true, -1);
}

static void
wakes_takers(void **state)
{
	struct queue q;
	pthread_t a, b;
	void *got;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	assert_int_equal(pthread_create(&a, NULL, take_one, &q), 0);
	push(&q, 7, 0, false);
	pthread_join(a, &got);
	assert_int_equal(serials(got), 7);
	assert_int_equal(pthread_create(&b, NULL, take_one, &q), 0);
	queue_stop(&q);
	pthread_join(b, &got);
	assert_null(got);
	assert_true(queue_is_stopped(&q));
	/* What is queued is still taken after the stop. */
	push(&q, 8, 0, false);
	assert_int_equal(serials(queue_take(&q, 1, 1, true, -1)), 8);
	assert_null(queue_take(&q, 1, 1, true, -1));
	queue_done(&q);
}

static void
waits_no_longer_than_told(void **state)
{
	struct queue q;
	int64_t start = clock_mono_ns();

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	assert_null(queue_take(&q, 1, 1, true, 30));
	assert_in_range(clock_mono_ns() - start, 29000000, 10 * SECOND);
	queue_done(&q);
}

/* --- histogram ------------------------------------------------------------ */
static void
quantiles_are_near(void **state)
{
	static struct histogram h;

	(void)state;
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	for (int64_t us = 1; us <= 10000; us++)
		histogram_add(&h, us * 1000);
	assert_in_range(histogram_quantile(&h, 0.5), 5000, 6250);
	assert_in_range(histogram_quantile(&h, 0.99), 9900, 10000);
	assert_int_equal(histogram_quantile(&h, 1.0), 10000);
	assert_int_equal(h.count, 10000);
	assert_int_equal(h.max_us, 10000);
}

static void
extremes_have_a_bucket(void **state)
{
	static struct histogram h;

	(void)state;
	histogram_add(&h, -5);
	histogram_add(&h, 0);
	assert_int_equal(histogram_quantile(&h, 1.0), 0);
	histogram_add(&h, INT64_MAX);
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	assert_true(histogram_quantile(&h, 1.0) > 500000000);
}

/* Every value lies in a bucket whose end is at most a quarter above it. */
static void
buckets_have_no_gaps(void **state)
{
	(void)state;
	for (uint64_t us = 1; us < 500000000; us += us / 7 + 1) {
		struct histogram h = {0};

		histogram_add(&h, (int64_t)us * 1000);
		histogram_add(&h, 600000000LL * 1000);
		assert_in_range(histogram_quantile(&h, 0.5), us,
			us + us / 4 + 1);
	}
}

/* --- rate ----------------------------------------------------------------- */
static void
burst_then_rate(void **state)
{
	static struct rate r;
	struct rate_bucket *b;
	int64_t now = 5 * SECOND;

	(void)state;
	rate_init(&r, 60, 3);
	b = rate_session(&r, "s", now);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_take(&r, b, 1, now), 0);
	assert_in_range(rate_take(&r, b, 1, now), 1, 1001);
	assert_in_range(rate_take(&r, b, 1, now + SECOND / 2), 1, 501);
	assert_int_equal(rate_take(&r, b, 1, now + SECOND), 0);
	assert_in_range(rate_take(&r, b, 1, now + SECOND), 1, 1001);
	assert_ptr_equal(rate_session(&r, "s", now), b);
	assert_int_equal(rate_take(&r, rate_session(&r, "other", now), 1, now),
		0);
	/* Never more than the burst, however long it was quiet. */
	now += 3600 * SECOND;
	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_take(&r, b, 1, now), 0);
	assert_true(rate_take(&r, b, 1, now) > 0);
}

static void
no_rate_no_limit(void **state)
{
	static struct rate r;
	struct rate_bucket b = {0};

	(void)state;
	rate_init(&r, 0, 1);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(rate_take(&r, &b, 1, SECOND), 0);
}

/* Sessions that are made up push out the oldest, not one that is in use. */
static void
many_sessions(void **state)
{
	static struct rate r;
	char name[32];
	int64_t now = SECOND;

	(void)state;
	rate_init(&r, 60, 1);
	assert_int_equal(rate_take(&r, rate_session(&r, "me", now), 1, now), 0);
	for (int i = 0; i < 100000; i++) {
		now += 1000;
		snprintf(name, sizeof name, "made-up-%d", i);
		assert_int_equal(rate_take(&r, rate_session(&r, name, now), 1,
					 now),
			0);
		assert_true(
			rate_take(&r, rate_session(&r, "me", now), 1, now) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_bounds),
		cmocka_unit_test(sources_take_turns),
		cmocka_unit_test(says_when_it_was_empty),
		cmocka_unit_test(slow_work_has_its_taker),
		cmocka_unit_test(wakes_takers),
		cmocka_unit_test(waits_no_longer_than_told),
		cmocka_unit_test(quantiles_are_near),
		cmocka_unit_test(extremes_have_a_bucket),
		cmocka_unit_test(buckets_have_no_gaps),
		cmocka_unit_test(burst_then_rate),
		cmocka_unit_test(no_rate_no_limit),
		cmocka_unit_test(many_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
