/* Nearness of meaning in answers: what is near comes, whatever its words; nothing
 * changes where there are no vectors; an answer of before they came is not given
 * again, and what is forgotten is near nothing. */
#include "tests/lib/meaning_fixture.h"

static void
misspelled_words_find(void **state)
{
	struct fixture *x = *state;

	remember(x, "cluster", "note", "Kubernetes runs in the basement");
	remember(x, "garden", "note", "the roses need water on Sundays");
	remember(x, "dentist", "note", "an appointment in the afternoon");
	assert_int_equal(recall(x, "Kubarnitis"), 0);
	fill(x);
	assert_true(recall(x, "Kubarnitis") >= 1);
	assert_string_equal(name_of(x, 0), "cluster");
	assert_true(json_number_value(
			    json_object_get(json_object_get(row(x, 0), "parts"),
				    "meaning")) > 0);
	/* What only looks alike is no answer. */
	assert_true(json_is_false(json_object_get(x->f.last, "relevant")));
}

static void
hash_changes_no_relevance(void **state)
{
	struct fixture *x = *state;
	static const char *const questions[] = {"Who likes tea?",
		"where does the bus to Rome stop", "quantum chromodynamics",
		"tea in Rome on a Sunday afternoon"};
	double score[ARRAY_LEN(questions)];
	bool relevant[ARRAY_LEN(questions)];

	remember(x, "ada", "person", "she likes tea very much");
	remember(x, "bus", "note", "the bus to Rome stops at the station");
	remember(x, "sunday", "note", "on Sunday afternoons we drink coffee");
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		recall(x, questions[i]);
		relevant[i] =
			json_is_true(json_object_get(x->f.last, "relevant"));
		score[i] =
			json_number_value(json_object_get(row(x, 0), "score"));
	}
	fill(x);
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		recall(x, questions[i]);
		assert_int_equal(relevant[i],
			json_is_true(json_object_get(x->f.last, "relevant")));
		assert_true(fabs(score[i] -
				    json_number_value(json_object_get(row(x, 0),
					    "score"))) < 1e-6);
	}
}

static void
near_is_relevant(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	struct question question = {.dims = DIMS};
	struct recall_request q = plain;
	struct recall_result found;
	float v[DIMS] = {0.5f, 0.8660254f};

	fill_by_hand(x);
	sf_ok(s, store_group_begin(s->w, &s->e));
	for (int i = 0; i < FACTS; i++) {
		float flat[DIMS] = {i == 5 ? 1.0f : 0};

		flat[DIMS - 1] = i == 5 ? 0 : 1.0f;
		put(x, x->facts[i], flat, DIMS);
	}
	commit(x, DIMS, x->facts, FACTS);
	q.weights = &x->w;
	q.ns[0] = s->ns;
	q.query = "xyzzy";
	q.query_n = 5;
	q.limit = 3;
	q.zone = "";
	q.valid_at = FACT_NO_TIME;
	q.question = &question;
	question.v = v;
	for (int i = 0; i < 2; i++) {
		x->w.near = i == 0 ? 0.49 : 0.51; /* the cosine is 0.5 */
		sf_ok(s, recall_run(s->w, &q, &found, &s->e));
		assert_int_equal(found.rows[0].fact, x->facts[5]);
		assert_int_equal(found.is_relevant, i == 0);
		if (i == 0)
			assert_true(fabs(found.rows[0].score - 0.5) < 1e-5);
		recall_result_done(&found);
	}
	/* Without a vector of the question there is only the text. */
	q.question = NULL;
	sf_ok(s, recall_run(s->w, &q, &found, &s->e));
	assert_int_equal(found.n, 0);
	recall_result_done(&found);
	/* Nor when it is of another model. */
	q.question = &question;
	question.dims = DIMS - 1;
	sf_ok(s, recall_run(s->w, &q, &found, &s->e));
	assert_int_equal(found.n, 0);
	recall_result_done(&found);
}

static void
answers_of_before_are_not_given(void **state)
{
	struct fixture *x = *state;

	remember(x, "cluster", "note", "Kubernetes runs in the basement");
	assert_int_equal(recall(x, "Kubarnitis"), 0);
	assert_int_equal(recall(x, "Kubarnitis"), 0);
	fill(x);
	assert_int_equal(recall(x, "Kubarnitis"), 1);
	assert_int_equal(recall(x, "Kubarnitis"), 1);
}

static void
forgotten_facts_leave_memory(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	int64_t fact;

	remember(x, "secret", "note", "the watchword is swordfish");
	remember(x, "other", "note", "a sworn fisherman");
	fill(x);
	assert_int_equal(vectors_memory_count(x->m), 2);
	recall(x, "swordfisch");
	assert_string_equal(name_of(x, 0), "secret");
	fact = json_integer_value(json_object_get(row(x, 0), "id"));
	mf_call(&x->f, "forget", "{s:s, s:b}", "name", "secret", "confirm", 1);
	/* In memory still, and yet not found. */
	recall(x, "swordfisch");
	assert_string_equal(name_of(x, 0), "other");
	sf_ok(s, vectors_memory_sync(x->m, s->w, &fact, 1, &s->e));
	assert_int_equal(vectors_memory_count(x->m), 1);
}

static void
loads_what_the_table_has(void **state)
{
	struct fixture *x = *state;
	struct store_fixture *s = &x->f.s;
	atomic_bool stop = false;
	int64_t before;

	remember(x, "a", "note", "the kettle whistles");
	remember(x, "b", "note", "the cat sleeps");
	fill(x);
	before = vectors_memory_generation(x->m);
	sf_ok(s, vectors_memory_use(x->m, &(struct vector_model){x->model, 512},
			 &s->e));
	assert_int_equal(vectors_memory_count(x->m), 0);
	assert_int_equal(recall(x, "ketle"), 0);
	sf_ok(s, vectors_memory_load(x->m, s->w, &stop, &s->e));
	assert_int_equal(vectors_memory_count(x->m), 2);
	assert_true(vectors_memory_generation(x->m) > before);
	assert_true(recall(x, "ketle") >= 1);
	assert_string_equal(name_of(x, 0), "a");
}

static void
survives_lack_of_memory(void **state)
{
	struct fixture *x = *state;

	remember(x, "cluster", "note", "Kubernetes runs in the basement");
	remember(x, "garden", "other", "the roses need water on Sundays");
	fill(x);
	recall(x, "warm up");
	for (size_t n = 1;; n++) {
		json_t *params = json_pack("{s:s, s:[s]}", "query",
			"Kubernetis in the basement", "types", "note");
		int r;

		heap_fail_at(n);
		r = mf_run(&x->f, "recall", params);
		if (!heap_disarm())
			break;
		if (r != 0)
			assert_int_equal(r, MDB_E_NOMEM);
	}
	assert_string_equal(name_of(x, 0), "cluster");
}

int
main(void)
{
#define H(name) cmocka_unit_test_setup_teardown(name, setup_hash, teardown)
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		H(misspelled_words_find),
		H(hash_changes_no_relevance),
		T(near_is_relevant),
		H(answers_of_before_are_not_given),
		H(forgotten_facts_leave_memory),
		H(loads_what_the_table_has),
		H(survives_lack_of_memory),
	};

	return cmocka_run_group_tests_name("meaning_answers", tests, NULL,
		NULL);
}
