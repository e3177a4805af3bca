/* Nearness of meaning in recall, by filters, branches and times exactly as by
 * brute force. test_meaning_answers.c has what is answered. */
#include "tests/lib/meaning_fixture.h"

static void
compare(struct fixture *x, const struct recall_request *like,
	bool (*passes)(int i))
{
	struct recall_request copy = *like, *q = &copy;
	struct store_fixture *s = &x->f.s;
	struct recall_result found;
	struct question question = {.dims = DIMS};
	int64_t expected[10];
	float v[DIMS];

	x->w.meaning = 10; /* nothing else decides */
	x->w.recency = x->w.use = x->w.tier = x->w.confirmed = x->w.session = 0;
	q->weights = &x->w;
	q->ns[0] = s->ns;
	q->query = "xyzzy";
	q->query_n = 5;
	q->limit = 10;
	q->now = clock_now_ms();
	q->zone = "";
	q->valid_at = FACT_NO_TIME;
	q->question = &question;
	for (int round = 0; round < 10; round++) {
		int n;

		unit(&x->random, v);
		question.v = v;
		n = nearest(x, v, passes, expected);
		sf_ok(s, recall_run(s->w, q, &found, &s->e));
		assert_false(found.partial);
		assert_true(found.n >= (size_t)n);
		for (int i = 0; i < n; i++)
			assert_int_equal(found.rows[i].fact, expected[i]);
		recall_result_done(&found);
	}
}

static bool
is_green(int i)
{
	return type_of(i) == 1;
}

static bool
is_rare(int i)
{
	return type_of(i) == 3;
}

static bool
is_odd(int i)
{
	return i % 50 == 7;
}

static bool
is_s3(int i)
{
	return i % 5 == 3;
}

static bool
is_spring(int i)
{
	return i % 12 >= 2 && i % 12 <= 4;
}

static bool
is_odd_in_s2(int i)
{
	return is_odd(i) && i % 5 == 2;
}

static int64_t
label(struct fixture *x, const char *text)
{
	int64_t id = 0;

	sf_ok(&x->f.s, label_find(x->f.s.w, text, &id, &x->f.s.e));
	assert_true(id != 0);
	return id;
}

static void
filters_are_exact(void **state)
{
	struct fixture *x = *state;
	struct recall_request q = plain;
	int64_t type;
	json_t *odd;

	fill_by_hand(x);
	compare(x, &q, all);
	type = label(x, "green");
	q.types = &type;
	q.types_n = 1;
	compare(x, &q, is_green);
	type = label(x, "rare");
	compare(x, &q, is_rare);
	q = plain;
	odd = json_pack("[s]", "odd");
	q.tags = odd;
	compare(x, &q, is_odd);
	q.source = label(x, "s2");
	compare(x, &q, is_odd_in_s2);
	q = plain;
	q.source = label(x, "s3");
	compare(x, &q, is_s3);
	q = plain;
	q.since = INT64_C(1772323200000); /* 2026-03-01 */
	q.until = INT64_C(1780185600000); /* 2026-05-31 */
	/* Facts have the first day of each month. */
	compare(x, &q, is_spring);
	json_decref(odd);
}

static bool
is_early(int i)
{
	return i < 100;
}

static bool
is_kept(int i)
{
	return i >= 500;
}

static void
apply(struct fixture *x, int64_t branch, int64_t change)
{
	struct store_fixture *s = &x->f.s;
	struct lens lens;

	sf_ok(s, lens_make(s->w, branch, change, &lens, &s->e));
	sf_ok(s, lens_apply(s->w, &lens, &s->e));
}

static void
past_branches_and_removed_facts(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	struct recall_request q = plain;
	int64_t branch = 0, newest;
	json_t *gone;

	fill_by_hand(x);
	apply(x, STORE_MAIN, 10);
	compare(x, &q, is_early);
	apply(x, STORE_MAIN, STORE_OPEN_END);
	mf_call(&x->f, "memory_branch", "{s:s, s:s}", "action", "create",
		"name", "side");
	x->f.ctx.branch = "side";
	gone = json_array();
	for (int i = 0; i < 500; i++)
		json_array_append_new(gone, json_sprintf("e%d", i));
	mf_call(&x->f, "delete_entities", "{s:o}", "entityNames", gone);
	x->f.ctx.branch = "main";
	sf_ok(s, lens_branch(s->w, s->ns, "side", &branch, &s->e));
	apply(x, branch, STORE_OPEN_END);
	compare(x, &q, is_kept);
	apply(x, STORE_MAIN, STORE_OPEN_END);
	compare(x, &q, all);
	sf_ok(s, lens_newest(s->w, &newest, &s->e));
	mf_call(&x->f, "memory_merge", "{s:s}", "branch", "side");
	apply(x, STORE_MAIN, STORE_OPEN_END);
	compare(x, &q, is_kept);
	apply(x, STORE_MAIN, newest);
	compare(x, &q, all);
	apply(x, STORE_MAIN, STORE_OPEN_END);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(filters_are_exact),
		T(past_branches_and_removed_facts),
	};

	return cmocka_run_group_tests_name("meaning", tests, NULL, NULL);
}
