/* The flat scan against a sort of exact cosines, removal, filters, memory. */
#include <math.h>
#include <string.h>

#include "common/err.h"
#include "memory-db/embed/embed.h"
#include "memory-db/embed/scan.h"
#include "tests/lib/unit.h"

#define DIMS 100 /* no multiple of the padding */
#define ROWS 600

static uint64_t seed = 1;

static uint32_t
draw(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

static void
random_unit(float *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		v[i] = (float)draw() / 1073741824.0f - 1;
		sum += (double)v[i] * (double)v[i];
	}
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(v[i] / sqrt(sum));
}

static float
cosine(const float *a, const float *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	return (float)sum;
}

static void
put(struct scan *s, int64_t group, int64_t id, const float *v)
{
	assert_int_equal(scan_put(s, group, id, v), 0);
}

/* What the scan says of rows that `has` marks, against the definition. */
static void
check(struct scan *s, float (*rows)[DIMS], const bool *has, const int64_t *only,
	size_t only_n)
{
	struct scan_hit hits[ROWS];
	float query[DIMS];
	int64_t n;
	size_t expected = 0;
	bool seen[ROWS] = {false};

	random_unit(query, DIMS);
	for (size_t i = 0; i < ROWS; i++)
		expected += has[i];
	n = scan_best(s, 1, query, only, only_n, hits, ROWS);
	assert_int_equal(n, expected);
	for (int64_t i = 0; i < n; i++) {
		int64_t id = hits[i].id;

		assert_true(id >= 0 && id < ROWS && has[id] && !seen[id]);
		seen[id] = true;
		assert_true(fabsf(hits[i].score -
				    cosine(query, rows[id], DIMS)) < 0.01f);
		assert_true(i == 0 || hits[i - 1].score >= hits[i].score);
	}
	/* Fewer are the first of all. */
	for (size_t max = 0; max < 50 && (int64_t)max <= n; max += 7) {
		struct scan_hit some[50];

		assert_int_equal(scan_best(s, 1, query, only, only_n, some,
					 max),
			max);
		for (size_t i = 0; i < max; i++)
			assert_int_equal(some[i].id, hits[i].id);
	}
}

static void
finds_the_nearest(void **state)
{
	static float rows[ROWS][DIMS];
	bool has[ROWS] = {false}, want[ROWS] = {false};
	struct scan *s = scan_new(SCAN_NUMBERS, DIMS);
	int64_t only[ROWS + 2];
	size_t only_n = 0;

	(void)state;
	assert_non_null(s);
	/* Out of order, replaced, and another group beside it. */
	for (size_t k = 0; k < ROWS; k++) {
		size_t i = k * 7 % ROWS;

		random_unit(rows[i], DIMS);
		put(s, 1, (int64_t)i, rows[i]);
		put(s, 2, (int64_t)i, rows[i]);
		has[i] = true;
	}
	for (size_t i = 0; i < ROWS; i += 5) {
		random_unit(rows[i], DIMS);
		put(s, 1, (int64_t)i, rows[i]);
	}
	assert_int_equal(scan_count(s), 2 * ROWS);
	check(s, rows, has, NULL, 0);
	only[only_n++] = -7;
	for (size_t i = 0; i < ROWS; i += 1 + draw() % 40) {
		only[only_n++] = (int64_t)i;
		want[i] = true;
	}
	only[only_n++] = ROWS + 9;
	check(s, rows, want, only, only_n);
	check(s, rows, want, only, only_n - 1);
	scan_free(s);
}

static void
removed_are_gone(void **state)
{
	static float rows[ROWS][DIMS];
	bool has[ROWS] = {false};
	struct scan *s = scan_new(SCAN_NUMBERS, DIMS);
	size_t bytes;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		random_unit(rows[i], DIMS);
		put(s, 1, (int64_t)i, rows[i]);
		has[i] = true;
	}
	bytes = scan_bytes(s);
	assert_true(bytes > ROWS * DIMS && bytes < 2 * ROWS * (128 + 12));
	for (size_t k = 0; k < 4000; k++) {
		size_t i = draw() % ROWS, left = 0;

		if (draw() % 3 == 0) {
			random_unit(rows[i], DIMS);
			put(s, 1, (int64_t)i, rows[i]);
			has[i] = true;
		} else {
			scan_remove(s, 1, (int64_t)i);
			has[i] = false;
		}
		if (k % 400 != 0)
			continue;
		for (size_t r = 0; r < ROWS; r++)
			left += has[r];
		assert_int_equal(scan_count(s), left);
		check(s, rows, has, NULL, 0);
	}
	for (size_t i = 0; i < ROWS; i++)
		scan_remove(s, 1, (int64_t)i);
	memset(has, 0, sizeof(has));
	assert_int_equal(scan_count(s), 0);
	check(s, rows, has, NULL, 0);
	assert_true(scan_bytes(s) < 4096);
	scan_remove(s, 1, 3);
	scan_remove(s, 9, 3);
	put(s, 1, 5, rows[5]);
	put(s, 2, 5, rows[5]);
	scan_remove_group(s, 1);
	scan_remove_group(s, 7);
	assert_int_equal(scan_count(s), 1);
	scan_free(s);
	scan_free(NULL);
}

static void
equal_scores_by_higher_id(void **state)
{
	struct scan *s = scan_new(SCAN_NUMBERS, 2);
	float v[2] = {1, 0}, zero[2] = {0, 0}, bad[2] = {NAN, 1};
	float huge[2] = {3e38f, 3e38f};
	struct scan_hit hits[8];

	(void)state;
	put(s, 1, 10, v);
	put(s, 1, INT64_MAX, v);
	put(s, 1, INT64_MIN, v);
	put(s, 1, 11, v);
	/* Nothing to compare: counted, never a hit. */
	put(s, 1, 12, zero);
	put(s, 1, 13, bad);
	assert_int_equal(scan_count(s), 6);
	assert_int_equal(scan_best(s, 1, v, NULL, 0, hits, 3), 3);
	assert_int_equal(hits[0].id, INT64_MAX);
	assert_int_equal(hits[1].id, 11);
	assert_int_equal(hits[2].id, 10);
	assert_int_equal(scan_best(s, 1, v, NULL, 0, hits, 8), 4);
	assert_true(fabsf(hits[3].score - 1) < 1e-6f);
	assert_int_equal(scan_best(s, 1, zero, NULL, 0, hits, 8), 0);
	assert_int_equal(scan_best(s, 1, bad, NULL, 0, hits, 8), 0);
	assert_int_equal(scan_best(s, 1, huge, NULL, 0, hits, 8), 4);
	assert_int_equal(scan_best(s, 3, v, NULL, 0, hits, 8), 0);
	assert_int_equal(scan_best(s, 1, v, NULL, 0, hits, 0), 0);
	/* A list that is there and empty lets nothing through. */
	assert_int_equal(scan_best(s, 1, v, (int64_t[]){1}, 0, hits, 8), 0);
	scan_free(s);
}

/* The largest sums that int8 can make, at the most dimensions. */
static void
no_overflow(void **state)
{
	static float v[EMBED_DIMS_MAX];
	struct scan *s = scan_new(SCAN_NUMBERS, EMBED_DIMS_MAX);
	struct scan_hit hit;

	(void)state;
	for (size_t i = 0; i < EMBED_DIMS_MAX; i++)
		v[i] = (i & 1 ? -1.0f : 1.0f) / 64;
	put(s, 1, 1, v);
	assert_int_equal(scan_best(s, 1, v, NULL, 0, &hit, 1), 1);
	assert_true(fabsf(hit.score - 1) < 1e-4f);
	scan_free(s);
}

/* --- signs ---------------------------------------------------------------- */
#define WIDE   200 /* no multiple of 64 */
#define CENTRE 20
#define NEAR   64

/* Texts lie in clusters: around each of some centres. */
static void
clustered(float (*rows)[WIDE], size_t n)
{
	static float centres[CENTRE][WIDE];
	float noise[WIDE];

	for (size_t i = 0; i < CENTRE; i++)
		random_unit(centres[i], WIDE);
	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		random_unit(noise, WIDE);
		for (size_t k = 0; k < WIDE; k++) {
			rows[i][k] = centres[i % CENTRE][k] + 0.8f * noise[k];
			sum += (double)rows[i][k] * (double)rows[i][k];
		}
		for (size_t k = 0; k < WIDE; k++)
			rows[i][k] = (float)(rows[i][k] / sqrt(sum));
	}
}

/* Estimates are near the cosines, and of the nearest ten nearly all are among
 * the first estimates, which are scored again from the file. */
static void
signs_estimate(void **state)
{
	static float rows[ROWS][WIDE];
	struct scan *s = scan_new(SCAN_SIGNS, WIDE);
	struct scan *fine = scan_new(SCAN_NUMBERS, WIDE);
	struct scan_hit rough[ROWS], exact[10];
	double off = 0;
	size_t looked = 0, met = 0;

	(void)state;
	clustered(rows, ROWS);
	for (size_t i = 0; i < ROWS; i++) {
		put(s, 1, (int64_t)i, rows[i]);
		put(fine, 1, (int64_t)i, rows[i]);
	}
	assert_true(8 * scan_row_cost(s) < 2 * scan_row_cost(fine));
	for (size_t q = 0; q < ROWS; q += 7) {
		assert_int_equal(scan_best(s, 1, rows[q], NULL, 0, rough, ROWS),
			ROWS);
		assert_int_equal(scan_best(fine, 1, rows[q], NULL, 0, exact,
					 10),
			10);
		assert_int_equal(rough[0].id, q);
		for (size_t i = 0; i < ROWS; i++) {
			float c = cosine(rows[q], rows[rough[i].id], WIDE);

			assert_true(rough[i].is_rough);
			assert_true(fabsf(rough[i].score - c) < 0.35f);
			off += fabs((double)(rough[i].score - c));
			looked++;
		}
		for (size_t i = 0; i < 10; i++)
			for (size_t k = 0; k < NEAR; k++)
				met += rough[k].id == exact[i].id;
	}
	assert_true(off / (double)looked < 0.06);
	assert_true((double)met >= .97 * 10 * (double)looked / ROWS);
	scan_free(s);
	scan_free(fine);
}

/* Zeros, too, and what is nothing to compare with. */
static void
signs_of_few_numbers(void **state)
{
	struct scan *s = scan_new(SCAN_SIGNS, 4);
	const float v[4] = {.6f, -.8f, 0, 0}, zero[4] = {0};
	const float bad[4] = {NAN, 1, 0, 0}, other[4] = {-.6f, .8f, 0, 0};
	struct scan_hit hits[8];

	(void)state;
	put(s, 1, 1, v);
	put(s, 1, 2, zero);
	put(s, 1, 3, bad);
	put(s, 1, 4, other);
	assert_int_equal(scan_best(s, 1, v, NULL, 0, hits, 8), 2);
	assert_int_equal(hits[0].id, 1);
	assert_true(fabsf(hits[0].score - 1) < 0.05f);
	assert_int_equal(hits[1].id, 4);
	assert_true(fabsf(hits[1].score + 1) < 0.05f);
	assert_int_equal(scan_best(s, 1, zero, NULL, 0, hits, 8), 0);
	scan_free(s);
}

/* --- the oldest ----------------------------------------------------------- */
struct taken {
	int64_t group, next;
	size_t n;
	float (*rows)[DIMS];
};

static void
note_taken(void *ctx, int64_t group, int64_t id, const float *v)
{
	struct taken *t = ctx;

	assert_int_equal(group, t->group);
	assert_int_equal(id, t->next++);
	assert_true(cosine(v, t->rows[id], DIMS) > 0.99f);
	t->n++;
}

static void
oldest_of_the_largest(void **state)
{
	static float rows[ROWS][DIMS];
	struct scan *s = scan_new(SCAN_NUMBERS, DIMS);
	struct taken t = {.group = 2, .rows = rows};
	bool has[ROWS] = {false};
	int64_t lowest;
	size_t used;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		random_unit(rows[i], DIMS);
		put(s, 2, (int64_t)i, rows[i]);
	}
	for (size_t i = 0; i < 100; i++) {
		put(s, 1, (int64_t)i, rows[i]);
		has[i] = true;
	}
	used = scan_used_bytes(s);
	assert_int_equal(used, (ROWS + 100) * scan_row_cost(s));
	while (scan_count(s) > 250)
		scan_take_oldest(s, note_taken, &t);
	assert_true(t.n > 0);
	assert_int_equal(scan_count(s), ROWS + 100 - t.n);
	assert_int_equal(scan_used_bytes(s), used - t.n * scan_row_cost(s));
	/* Their room goes back, too. */
	assert_true(
		scan_bytes(s) < 2 * scan_used_bytes(s) + 40 * scan_row_cost(s));
	assert_true(scan_lowest(s, 2, &lowest));
	assert_int_equal(lowest, t.next);
	/* The small one has all of its own. */
	check(s, rows, has, NULL, 0);
	/* Removed ones go without a word; in the end none is left. */
	scan_remove_group(s, 1);
	scan_remove(s, 2, t.next++);
	while (scan_count(s) > 0)
		scan_take_oldest(s, note_taken, &t);
	assert_int_equal(t.next, ROWS);
	assert_int_equal(t.n, ROWS - 1);
	assert_false(scan_lowest(s, 2, &lowest));
	scan_free(s);
	s = scan_new(SCAN_NUMBERS, DIMS);
	scan_take_oldest(s, note_taken, &t);
	assert_false(scan_lowest(s, 2, &lowest));
	scan_free(s);
}

static void
short_of_memory(void **state)
{
	static float v[DIMS] = {1};

	(void)state;
	for (size_t n = 1;; n++) {
		struct scan *s;
		int64_t added = 0;
		int rc = 0;

		heap_fail_at(n);
		s = scan_new(SCAN_NUMBERS, DIMS);
		for (int64_t i = 0; s && i < 40 && rc == 0; i++) {
			rc = scan_put(s, 1 + i % 12, i, v);
			added += rc == 0;
		}
		if (!heap_disarm()) {
			scan_free(s);
			break;
		}
		if (s) {
			assert_int_equal(rc, MDB_E_NOMEM);
			/* What was there is, and goes on. */
			assert_int_equal(scan_count(s), added);
			put(s, 1, 99, v);
			assert_int_equal(scan_count(s), added + 1);
		}
		scan_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_nearest),
		cmocka_unit_test(removed_are_gone),
		cmocka_unit_test(equal_scores_by_higher_id),
		cmocka_unit_test(no_overflow),
		cmocka_unit_test(signs_estimate),
		cmocka_unit_test(signs_of_few_numbers),
		cmocka_unit_test(oldest_of_the_largest),
		cmocka_unit_test(short_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
