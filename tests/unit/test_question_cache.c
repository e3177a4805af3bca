/* Vectors of questions: what was kept comes back, the newest used stay, and the
 * bound on bytes holds. */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory-db/work/question_cache.h"

#define DIMS 8

static void
keep(struct question_cache *c, const char *text, float first)
{
	float v[DIMS] = {first, 2, 3};
	struct question q = {v, DIMS};

	question_cache_keep(c, text, strlen(text), &q);
}

/* The first number of the vector; 0: not there. */
static float
find(struct question_cache *c, const char *text)
{
	struct question q = {0};
	float first = 0;

	if (question_cache_find(c, text, strlen(text), &q) == 1) {
		assert_int_equal(q.dims, DIMS);
		assert_true(q.v[1] == 2 && q.v[2] == 3 && q.v[3] == 0);
		first = q.v[0];
	}
	question_done(&q);
	return first;
}

static void
what_was_kept_comes_back(void **state)
{
	struct question_cache *c = question_cache_new(4096);

	(void)state;
	assert_true(find(c, "a") == 0);
	keep(c, "a", 1);
	keep(c, "ab", 2);
	assert_true(find(c, "a") == 1 && find(c, "ab") == 2);
	assert_true(find(c, "b") == 0 && find(c, "") == 0);
	keep(c, "a", 3); /* in its place */
	assert_true(find(c, "a") == 3 && find(c, "ab") == 2);
	question_cache_free(c);
	question_cache_free(NULL);
}

static void
the_newest_used_stay(void **state)
{
	struct question_cache *c = question_cache_new(2000);
	char text[32];
	int there = 0;

	(void)state;
	keep(c, "used", 7);
	for (int i = 1; i <= 200; i++) {
		snprintf(text, sizeof(text), "question %d", i);
		keep(c, text, (float)i);
		assert_true(question_cache_bytes(c) <= 2000);
		assert_true(find(c, "used") == 7);
		assert_true(find(c, text) == (float)i);
	}
	for (int i = 1; i <= 200; i++) {
		snprintf(text, sizeof(text), "question %d", i);
		there += find(c, text) != 0;
	}
	assert_in_range(there, 5, 25);
	/* The last ones. */
	assert_true(find(c, "question 199") != 0);
	assert_true(find(c, "question 1") == 0);
	question_cache_free(c);
}

static void
one_larger_than_all_is_not_kept(void **state)
{
	struct question_cache *c = question_cache_new(100);
	float v[64] = {1};
	struct question q = {v, 64}, got = {0};

	(void)state;
	question_cache_keep(c, "x", 1, &q);
	assert_int_equal(question_cache_find(c, "x", 1, &got), 0);
	assert_int_equal(question_cache_bytes(c), 0);
	question_cache_free(c);
}

static void
survives_lack_of_memory(void **state)
{
	struct question_cache *c;
	bool failed;

	(void)state;
	heap_fail_at(1);
	c = question_cache_new(4096);
	assert_true(heap_disarm());
	assert_null(c);
	c = question_cache_new(4096);
	heap_fail_at(1);
	keep(c, "a", 1);
	assert_true(heap_disarm());
	assert_true(find(c, "a") == 0);
	keep(c, "a", 1);
	heap_fail_at(1);
	failed = find(c, "a") == 0;
	assert_true(heap_disarm());
	assert_true(failed);
	assert_true(find(c, "a") == 1);
	question_cache_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_kept_comes_back),
		cmocka_unit_test(the_newest_used_stay),
		cmocka_unit_test(one_larger_than_all_is_not_kept),
		cmocka_unit_test(survives_lack_of_memory),
	};

	return cmocka_run_group_tests_name("question_cache", tests, NULL, NULL);
}
