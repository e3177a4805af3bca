/* The allocator of the jail: what is handed out never overlaps, keeps its
 * content through every resize, and the cap is exact. */
#include "tests/lib/unit.h"

#include <string.h>

/* the real one, not that of the tests' own sanitizer build */
#include "sandbox/jail/arena_large.c"
#undef FREE
#include "sandbox/jail/arena.c"

#define CAP   (16u << 20)
#define SLOTS 2000

static uint64_t seed = 88172645463325252ULL;

static uint64_t
random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static struct slot {
	unsigned char *p;
	size_t n;
	unsigned char mark;
} slots[SLOTS];

static int refused;

static void
count_refused(void)
{
	refused++;
}

static void
check(const struct slot *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->p[i] != s->mark)
			fail_msg("byte %zu of %zu has changed", i, s->n);
}

static size_t
random_size(void)
{
	uint64_t r = random_next();

	switch (r % 8) {
	case 0:
		return 1 + r / 8 % 60000;
	case 1:
		return 1 + r / 8 % 5000;
	case 2: /* around the border of the two halves */
		return SMALL_MAX - 20 + r / 8 % 40;
	default:
		return 1 + r / 8 % 300;
	}
}

static void
resize_slot(struct slot *s, size_t n)
{
	unsigned char *p = arena_alloc(NULL, s->p, s->n, n);
	size_t kept = s->n < n ? s->n : n;

	if (!p && n > 0) {
		assert_true(n > s->n); /* shrinking cannot fail */
		return;
	}
	for (size_t i = 0; i < kept; i++)
		if (p[i] != s->mark)
			fail_msg("byte %zu was lost", i);
	s->p = p;
	s->n = n;
	s->mark = (unsigned char)random_next();
	if (n > 0)
		memset(p, s->mark, n);
}

static void
test_random(void **state)
{
	size_t sum = 0;

	(void)state;
	assert_true(arena_open(CAP));
	arena_on_refused(count_refused);
	for (int i = 0; i < 300000; i++) {
		struct slot *s = &slots[random_next() % SLOTS];

		if (i % 64 == 0)
			check(s);
		resize_slot(s, random_next() % 3 == 0 ? 0 : random_size());
		assert_true(arena_used() <= CAP);
	}
	for (int i = 0; i < SLOTS; i++) {
		check(&slots[i]);
		sum += slots[i].n;
	}
	assert_int_equal(sum, arena_used());
	assert_true(arena_peak() >= sum);
	for (int i = 0; i < SLOTS; i++)
		resize_slot(&slots[i], 0);
	assert_int_equal(arena_used(), 0);
}

static void
test_cap_is_exact(void **state)
{
	void *a, *b, *c;

	(void)state;
	arena_limit(1000000);
	refused = 0;
	a = arena_alloc(NULL, NULL, 0, 999000);
	assert_non_null(a);
	b = arena_alloc(NULL, NULL, 0, 1000);
	assert_non_null(b);
	assert_int_equal(refused, 0);
	c = arena_alloc(NULL, NULL, 0, 1);
	assert_null(c);
	assert_int_equal(refused, 1);
	assert_null(arena_alloc(NULL, a, 999000, 999001));
	assert_null(arena_alloc(NULL, a, 999000, SIZE_MAX));
	a = arena_alloc(NULL, a, 999000, 1000);
	assert_non_null(a);
	/* room again, also where the large block was cut */
	c = arena_alloc(NULL, NULL, 0, 998000);
	assert_non_null(c);
	arena_alloc(NULL, a, 1000, 0);
	arena_alloc(NULL, b, 1000, 0);
	arena_alloc(NULL, c, 998000, 0);
	assert_int_equal(arena_used(), 0);
	arena_limit(SIZE_MAX);
	assert_null(arena_alloc(NULL, NULL, 0, CAP + 1));
}

/* Free neighbours are one block: the whole can be had again and again. */
static void
test_no_crumbs(void **state)
{
	void *p[256];

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 256; i++) {
			p[i] = arena_alloc(NULL, NULL, 0,
				(size_t)(600 + i * 100 + round));
			assert_non_null(p[i]);
		}
		for (int i = 0; i < 256; i++) {
			int k = (i * 37) % 256;

			arena_alloc(NULL, p[k], (size_t)(600 + k * 100 + round),
				0);
		}
	}
	void *all = arena_alloc(NULL, NULL, 0, CAP);
	assert_non_null(all);
	memset(all, 1, CAP);
	arena_alloc(NULL, all, CAP, 0);
}

static void
test_alignment(void **state)
{
	(void)state;
	for (size_t n = 1; n < 5000; n += 7) {
		void *p = arena_alloc(NULL, NULL, 0, n);

		assert_int_equal((uintptr_t)p % 16, 0);
		arena_alloc(NULL, p, n, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_cap_is_exact),
		cmocka_unit_test(test_no_crumbs),
		cmocka_unit_test(test_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
