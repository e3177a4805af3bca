/* The bound of vectors in memory: older ones are kept shorter and are found all
 * the same; the oldest are read from the file where words lead to them. */
#include "tests/lib/unit.h"

#include "tests/lib/meaning_fixture.h"

/* --- the bound of memory -------------------------------------------------- */
/* Bytes that all vectors take when as many as fit are bytes, the others signs;
 * and when a third fits in no form. */
#define SHORT_BYTES  (30 * 1024)
#define SCARCE_BYTES (16 * 1024)

/* How many of the ten nearest of all recall finds, of 200. */
static int
met_of_200(struct fixture *x)
{
	struct store_fixture *s = &x->f.s;
	struct recall_request q = plain;
	struct question question = {.dims = DIMS};
	struct recall_result found;
	int64_t expected[10];
	float v[DIMS];
	int met = 0;

	x->w.meaning = 10;
	x->w.recency = x->w.use = x->w.tier = x->w.confirmed = x->w.session = 0;
	q.weights = &x->w;
	q.ns[0] = s->ns;
	q.query = "xyzzy";
	q.query_n = 5;
	q.limit = 10;
	q.zone = "";
	q.valid_at = FACT_NO_TIME;
	q.question = &question;
	for (int round = 0; round < 20; round++) {
		unit(&x->random, v);
		question.v = v;
		assert_int_equal(nearest(x, v, all, expected), 10);
		sf_ok(s, recall_run(s->w, &q, &found, &s->e));
		for (size_t i = 0; i < found.n; i++)
			for (int k = 0; k < 10; k++)
				met += found.rows[i].fact == expected[k];
		recall_result_done(&found);
	}
	return met;
}

static void
older_ones_are_kept_shorter(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	size_t rough;

	vectors_memory_limit(x->m, SHORT_BYTES);
	fill_by_hand(x);
	rough = vectors_memory_rough(x->m);
	assert_int_equal(vectors_memory_count(x->m), FACTS);
	assert_true(rough > 150 && rough < 300);
	assert_int_equal(vectors_memory_left_out(x->m), 0);
	/* Their numbers come from the file: nearly all are found. */
	assert_true(met_of_200(x) >= 180);
	/* Put again, an old one stays where it is. */
	sf_ok(s, vectors_memory_sync(x->m, s->w, x->facts, 20, &s->e));
	assert_int_equal(vectors_memory_rough(x->m), rough);
	assert_int_equal(vectors_memory_count(x->m), FACTS);
}

/* The score of a fact whose words are asked for, with a question so near. */
static double
score_with(struct fixture *x, int fact, float sign)
{
	struct store_fixture *s = &x->f.s;
	struct recall_request q = plain;
	struct question question = {.dims = DIMS};
	struct recall_result found;
	float v[DIMS];
	char text[32];
	double r = -1;

	for (int i = 0; i < DIMS; i++)
		v[i] = sign * x->v[fact][i];
	/* One of three words: the score is far from its most. */
	snprintf(text, sizeof(text), "number%d zebra quartz", fact);
	question.v = v;
	q.weights = &x->w;
	q.ns[0] = s->ns;
	q.query = text;
	q.query_n = strlen(text);
	q.limit = 20;
	q.zone = "";
	q.valid_at = FACT_NO_TIME;
	q.question = &question;
	sf_ok(s, recall_run(s->w, &q, &found, &s->e));
	for (size_t i = 0; i < found.n; i++)
		if (found.rows[i].fact == x->facts[fact])
			r = found.rows[i].score;
	recall_result_done(&found);
	return r;
}

static void
the_oldest_are_read_from_the_file(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	size_t out, count;

	vectors_memory_limit(x->m, SCARCE_BYTES);
	fill_by_hand(x);
	out = vectors_memory_left_out(x->m);
	count = vectors_memory_count(x->m);
	assert_int_equal(out + count, FACTS);
	assert_true(out > 100 && out < 400);
	/* Found by its words, and then its nearness counts as any other's. */
	for (int i = 3; i < FACTS; i += 345) {
		double far = score_with(x, i, -1), near = score_with(x, i, 1);

		assert_true(near - far > x->w.meaning / 2);
	}
	/* One that is erased is left out no longer. */
	sf_ok(s, store_group_begin(s->w, &s->e));
	sf_ok(s, vector_erase(s->w, x->facts[0], &s->e));
	commit(x, DIMS, x->facts, 1);
	assert_int_equal(vectors_memory_left_out(x->m), out - 1);
	assert_int_equal(vectors_memory_count(x->m), count);
	/* Without room for any, words find. */
	vectors_memory_limit(x->m, 0);
	sf_ok(s, vectors_memory_sync(x->m, s->w, &x->facts[FACTS - 1], 1,
			 &s->e));
	assert_int_equal(vectors_memory_count(x->m), 0);
	assert_true(
		score_with(x, 3, 1) - score_with(x, 3, -1) > x->w.meaning / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(older_ones_are_kept_shorter,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_oldest_are_read_from_the_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
