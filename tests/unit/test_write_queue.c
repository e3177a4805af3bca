/* The queue of the writer: turns between sources. */
#include "tests/lib/unit.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/limits.h"
#include "memory-db/work/write_queue.h"

#define LARGE (LIMIT_WRITE_SMALL_BYTES + 1)
/* A write of this size is that of an import. */
#define BULK 7

static int
setup(void **state)
{
	struct write_queue *q = calloc(1, sizeof *q);

	*state = q;
	return q == NULL || write_queue_init(q);
}

static int
teardown(void **state)
{
	write_queue_done(*state);
	free(*state);
	return 0;
}

static void
push(struct write_queue *q, uint64_t source, uint64_t serial, size_t bytes)
{
	struct job_list list = {0};
	struct job *j = calloc(1, sizeof *j);

	assert_non_null(j);
	job_init(j, serial);
	j->bytes = bytes;
	j->source = source;
	j->is_bulk = bytes == BULK;
	job_list_add(&list, j);
	write_queue_push(q, &list);
	assert_null(list.head);
}

/* Takes a group and returns its serial numbers as one decimal number; 0: there
 * is none. */
static uint64_t
take(struct write_queue *q, size_t max_n, bool only_small)
{
	struct job *j = write_queue_take(q, max_n, 1000 * 1000, only_small, 0);
	uint64_t all = 0;

	while (j != NULL) {
		struct job *next = j->next;

		all = all * 10 + j->serial;
		free(j);
		j = next;
	}
	return all;
}

static void
one_source_keeps_its_order(void **state)
{
	for (uint64_t i = 1; i <= 5; i++)
		push(*state, 7, i, 10);
	assert_int_equal(write_queue_length(*state), 5);
	assert_int_equal(take(*state, 3, false), 123);
	assert_int_equal(take(*state, 3, false), 45);
	assert_int_equal(take(*state, 3, false), 0);
	assert_int_equal(write_queue_length(*state), 0);
}

static void
sources_take_turns(void **state)
{
	for (uint64_t i = 1; i <= 4; i++)
		push(*state, 1, i, 10);
	push(*state, 2, 5, 10);
	push(*state, 3, 6, 10);
	push(*state, 3, 7, 10);
	assert_int_equal(take(*state, 4, false), 1562);
	/* Who had its turn last is last. */
	assert_int_equal(take(*state, 2, false), 73);
	assert_int_equal(take(*state, 9, false), 4);
}

/* Bytes bound a group, but for its first. */
static void
bytes_bound_a_group(void **state)
{
	struct job *j;

	for (uint64_t i = 1; i <= 3; i++)
		push(*state, i, i, 600);
	j = write_queue_take(*state, 9, 1000, false, 0);
	assert_int_equal(j->serial, 1);
	assert_null(j->next);
	free(j);
	assert_int_equal(take(*state, 9, false), 23);
}

/* Of many large ones another source waits for one; they go alone. */
static void
large_ones_are_alone(void **state)
{
	for (uint64_t i = 1; i <= 3; i++)
		push(*state, 1, i, LARGE);
	assert_int_equal(take(*state, 9, false), 1);
	push(*state, 2, 8, 10);
	push(*state, 3, 9, 10);
	assert_int_equal(take(*state, 9, false), 89);
	push(*state, 2, 8, 10);
	assert_int_equal(take(*state, 9, false), 2);
	assert_int_equal(take(*state, 9, false), 8);
	assert_int_equal(take(*state, 9, false), 3);
	assert_int_equal(take(*state, 9, false), 0);
}

/* ... and small ones, however many, do not keep large ones from their turn. */
static void
small_ones_do_not_stop_large_ones(void **state)
{
	push(*state, 1, 1, LARGE);
	push(*state, 2, 2, 10);
	assert_int_equal(take(*state, 1, false), 2);
	push(*state, 2, 3, 10);
	assert_int_equal(take(*state, 1, false), 1);
	assert_int_equal(take(*state, 1, false), 3);
}

/* Behind a large one of its own a source waits; order within it stays. */
static void
a_source_waits_for_itself(void **state)
{
	push(*state, 1, 1, LARGE);
	push(*state, 1, 2, 10);
	push(*state, 2, 3, 10);
	assert_int_equal(take(*state, 9, true), 3);
	assert_int_equal(take(*state, 9, true), 0);
	assert_int_equal(take(*state, 9, false), 1);
	assert_int_equal(take(*state, 9, true), 2);
}

/* An import's writes are one a group while others write, and each of these has its
 * turn behind one of them. */
static void
an_import_gives_way(void **state)
{
	for (uint64_t i = 1; i <= 5; i++)
		push(*state, 1, i, BULK);
	push(*state, 2, 8, 10);
	push(*state, 2, 9, 10);
	assert_int_equal(take(*state, 1, false), 8);
	assert_int_equal(take(*state, 9, false), 1);
	assert_int_equal(take(*state, 9, false), 9);
	/* The other is there still, it only thinks. */
	assert_int_equal(take(*state, 9, false), 2);
	assert_int_equal(take(*state, 9, false), 3);
	/* Large ones and those take turns; debts do not keep them. */
	push(*state, 3, 7, LARGE);
	assert_int_equal(take(*state, 9, true), 4);
	assert_int_equal(take(*state, 9, false), 7);
	assert_int_equal(take(*state, 9, false), 5);
}

/* Nobody else has written for a while: they share a commit. */
static void
an_import_alone_is_grouped(void **state)
{
	for (uint64_t i = 1; i <= 5; i++)
		push(*state, i % 2, i, BULK);
	((struct write_queue *)*state)->small_ns = 0;
	assert_int_equal(take(*state, 4, false), 1234);
	assert_int_equal(take(*state, 4, false), 5);
}

/* At the end all is taken. */
static void
stop_empties_it(void **state)
{
	push(*state, 1, 1, LARGE);
	assert_int_equal(take(*state, 9, true), 0);
	write_queue_stop(*state);
	assert_true(write_queue_is_stopped(*state));
	assert_int_equal(take(*state, 9, true), 1);
	assert_null(write_queue_take(*state, 9, 1000, false, -1));
}

/* Any pushes and takes: each job comes out once, those of a source in order. */
static void
random_work(void **state)
{
	uint64_t pushed[40] = {0}, taken[40] = {0}, n = 0;
	unsigned seed = 4711;

	for (int i = 0; i < 50000; i++) {
		unsigned source = (unsigned)rand_r(&seed) % 40;
		struct job *j, *next;

		if (rand_r(&seed) % 3 != 0) {
			push(*state, source, ++pushed[source],
				rand_r(&seed) % 5 == 0	 ? LARGE
				: rand_r(&seed) % 3 == 0 ? BULK
							 : 100);
			n++;
			continue;
		}
		j = write_queue_take(*state, 1 + (size_t)rand_r(&seed) % 9, 500,
			rand_r(&seed) % 4 == 0, 0);
		for (; j != NULL; j = next) {
			next = j->next;
			assert_true(
				write_class(j) != WRITE_LARGE || next == NULL);
			assert_true(
				!next || write_class(next) == write_class(j));
			assert_int_equal(j->serial, ++taken[j->source]);
			free(j);
			n--;
		}
		assert_int_equal(write_queue_length(*state), n);
	}
	write_queue_stop(*state);
	for (struct job *j; (j = write_queue_take(*state, 1, 1, true, 0));
		free(j))
		assert_int_equal(j->serial, ++taken[j->source]);
	assert_memory_equal(pushed, taken, sizeof(pushed));
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {T(one_source_keeps_its_order),
		T(sources_take_turns), T(bytes_bound_a_group),
		T(large_ones_are_alone), T(small_ones_do_not_stop_large_ones),
		T(a_source_waits_for_itself), T(an_import_gives_way),
		T(an_import_alone_is_grouped), T(stop_empties_it),
		T(random_work)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
