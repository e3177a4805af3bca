/* recall within bounds: filters are exact, budgets are kept, weights are checked,
 * answers are kept until a write, and memory may run out. */
#include "memory-db/model/read/encode.h"
#include "memory-db/model/recall/recall.h"
#include "memory-db/store/facts/answer_cache.h"
#include "tests/lib/recall_fixture.h"

static void
filters_are_exact(void **state)
{
	static const char *const types[] = {"red", "blue", "green"};
	static const char *const tiers[] = {"working", "semantic"};
	struct method_fixture *f = *state;
	int wanted = 0;

	for (int i = 0; i < 120; i++) {
		char name[16], at[32];

		snprintf(name, sizeof(name), "e%d", i);
		snprintf(at, sizeof(at), "2025-%02d-%02d", i % 12 + 1,
			i % 28 + 1);
		mf_call(f, "create_entities",
			"{s:[{s:s, s:s, s:[s], s:s, s:s, s:s}]}", "entities",
			"name", name, "entityType", types[i % 3],
			"observations", "a common word of everyone",
			"source_timestamp", at, "tier", tiers[i % 2],
			"source_session", i % 5 == 0 ? "five" : "other");
		wanted += i % 3 == 1 && i % 2 == 1 && i % 12 + 1 >= 4 &&
			  i % 12 + 1 <= 10;
	}
	assert_true(wanted > 0);
	mf_call(f, "recall", "{s:s, s:i, s:[s, s], s:[s], s:s, s:s}", "query",
		"the common word", "limit", 1000, "types", "blue", "nosuch",
		"tiers", "semantic", "since", "2025-04-01", "until",
		"31 October 2025");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		wanted);
	for (size_t i = 0; i < (size_t)wanted; i++) {
		const char *date =
			json_string_value(json_object_get(row(f, i), "date"));

		assert_string_equal(json_string_value(
					    json_object_get(row(f, i), "type")),
			"blue");
		assert_true(strcmp(date, "2025-04-01") >= 0 &&
			    strcmp(date, "2025-10-31") <= 0);
	}
	mf_call(f, "recall", "{s:s, s:i, s:s}", "query", "the common word",
		"limit", 1000, "session", "five");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		24);
	mf_call(f, "recall", "{s:s, s:s}", "query", "the common word",
		"session", "nobody knows it");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
}

static void
tags_and_salience(void **state)
{
	struct method_fixture *f = *state;

	for (int i = 0; i < 12; i++) {
		char name[8];

		snprintf(name, sizeof(name), "e%d", i);
		mf_call(f, "create_entities",
			"{s:[{s:s, s:s, s:[{s:s, s:f}], s:[s, s]}]}",
			"entities", "name", name, "entityType", "note",
			"observations", "text", "a common word", "salience",
			i == 5 ? 1.0 : 0.1, "tags", i % 2 ? "odd" : "even",
			i % 3 ? "other" : "third");
	}
	recall(f, "the common word");
	assert_string_equal(name_of(f, 0), "e5");
	mf_call(f, "recall", "{s:s, s:i, s:[s, s]}", "query", "common word",
		"limit", 50, "tags", "odd", "third");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		2);
	mf_call(f, "search_nodes", "{s:s, s:i, s:[s]}", "query", "common",
		"limit", 50, "tags", "even");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		6);
	mf_call(f, "search_nodes", "{s:s, s:[s]}", "query", "common", "tags",
		"nosuch");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
	/* tags come together, and other metadata stays */
	mf_call(f, "update_entity", "{s:s, s:{s:s, s:[s]}}", "name", "e1",
		"metadata", "owner", "Ada", "tags", "odd");
	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[], s:[s, s]}]}",
		"entities", "name", "e1", "entityType", "note", "observations",
		"tags", "odd", "new");
	mf_call(f, "open_nodes", "{s:[s], s:[s]}", "names", "e1", "fields",
		"metadata");
	assert_int_equal(
		json_array_size(json_object_get(
			json_object_get(json_array_get(json_object_get(f->last,
							       "entities"),
						0),
				"metadata"),
			"tags")),
		2);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(json_array_get(json_object_get(f->last,
							       "entities"),
						0),
				"metadata"),
			"owner")),
		"Ada");
	/* the past has the tags of then */
	f->ctx.as_of = json_integer(12);
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "common word", "tags",
		"new");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
	json_decref((json_t *)(uintptr_t)f->ctx.as_of);
	f->ctx.as_of = NULL;
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "common word", "tags",
		"new");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		1);
}

static void
budgets_are_kept(void **state)
{
	struct method_fixture *f = *state;
	struct sf_random random = {7};

	for (int i = 0; i < 60; i++) {
		char name[16], text[600] = "shared";
		int words = 1 + sf_below(&random, 40);

		snprintf(name, sizeof(name), "e%d", i);
		while (words-- > 0)
			strcat(text,
				sf_below(&random, 2) ? " lorem" : " \"ü\"");
		remember(f, name, "note", text);
	}
	for (int i = 0; i < 200; i++) {
		int tokens = 50 + sf_below(&random, 3000);
		size_t n, size;

		mf_call(f, "recall", "{s:s, s:i, s:i, s:b}", "query",
			"the shared one", "limit", 60, "max_tokens", tokens,
			"explain", sf_below(&random, 2));
		n = json_array_size(json_object_get(f->last, "results"));
		size = encode_size(f->last);
		assert_true(n >= 1);
		assert_true(n == 1 || size <= (size_t)tokens * 4);
		assert_int_equal(n + (size_t)json_integer_value(
					     json_object_get(f->last,
						     "omitted")),
			60);
	}
}

static void
explains_its_scores(void **state)
{
	struct method_fixture *f = *state;
	double before = 2;

	fill(f);
	say(f, "q1", "s1", "2026-11-19", "Ada", "I had tea with Rob yesterday");
	mf_call(f, "recall", "{s:s, s:b, s:f}", "query",
		"When did Ada have tea?", "explain", 1, "min_score", 0.01);
	assert_string_equal(name_of(f, 0), "q1");
	assert_true(json_object_get(json_object_get(row(f, 0), "parts"),
			    "speaker") != NULL);
	assert_true(json_object_get(json_object_get(row(f, 0), "parts"),
			    "time") != NULL);
	for (size_t i = 0; row(f, i); i++) {
		double score =
			json_real_value(json_object_get(row(f, i), "score"));

		assert_true(score <= before && score >= 0.01 && score <= 1);
		before = score;
	}
	mf_call(f, "recall", "{s:s, s:f}", "query", "When did Ada have tea?",
		"min_score", 0.999);
	assert_null(row(f, 1));
}

static void
weights_are_checked(void **state)
{
	struct method_fixture *f = *state;
	struct recall_weight row;
	int n = 0;

	fill(f);
	mf_call(f, "recall", "{s:s, s:{s:f}}", "query", "tea", "weights",
		"relevant", 1.0);
	assert_int_equal(mf_run(f, "recall",
				 json_pack("{s:s, s:{s:f}}", "query", "tea",
					 "weights", "sesion", 1.0)),
		MDB_E_INVALID);
	assert_non_null(strstr(f->e.text, "'session'"));
	assert_int_equal(mf_run(f, "recall",
				 json_pack("{s:s, s:{s:f}}", "query", "tea",
					 "weights", "session", -1.0)),
		MDB_E_INVALID);
	while (recall_weights_row(&recall_weights_default, n, &row)) {
		struct recall_weights w = recall_weights_default;

		assert_int_equal(recall_weights_set(&w, row.name, row.value,
					 NULL),
			0);
		assert_memory_equal(&w, &recall_weights_default, sizeof(w));
		assert_int_equal(recall_weights_set(&w, row.name,
					 row.most * 1.01, NULL),
			MDB_E_INVALID);
		n++;
	}
	assert_true(n > 20);
}

static void
sees_past_and_namespaces(void **state)
{
	struct method_fixture *f = *state;

	fill(f);
	mf_call(f, "delete_observations", "{s:[{s:s, s:[s]}]}", "deletions",
		"entityName", "Ada", "observations",
		"drinks green tea every morning");
	remember(f, "Ada", "person", "drinks coffee now");
	recall(f, "what does Ada drink?");
	assert_string_equal(text_of(f, 0), "drinks coffee now");
	assert_null(row(f, 1));
	f->ctx.as_of = json_integer(5);
	recall(f, "what does Ada drink?");
	json_decref((json_t *)(uintptr_t)f->ctx.as_of);
	f->ctx.as_of = NULL;
	assert_string_equal(text_of(f, 0), "drinks green tea every morning");
	/* another namespace also sees the user's memory, not the reverse */
	f->ctx.namespace_ = "project";
	remember(f, "Eve", "person", "drinks water");
	recall(f, "what does Ada drink?");
	assert_string_equal(text_of(f, 0), "drinks coffee now");
	assert_string_equal(json_string_value(
				    json_object_get(row(f, 0), "namespace")),
		"default");
	f->ctx.namespace_ = "default";
	recall(f, "what does Eve drink?");
	for (size_t i = 0; row(f, i); i++)
		assert_string_not_equal(name_of(f, i), "Eve");
}

static void
answers_are_kept_until_a_write(void **state)
{
	static const char *const queries[] = {"what does Ada drink?",
		"who is allergic?", "nothing of that kind", "invoices"};
	struct method_fixture *f = *state;
	struct answer_cache_stats a, b;

	fill(f);
	for (int round = 0; round < 3; round++) {
		json_t *first[ARRAY_LEN(queries)];

		answer_cache_stats(f->s.db, &a);
		for (size_t i = 0; i < 2 * ARRAY_LEN(queries); i++) {
			size_t k = i % ARRAY_LEN(queries);

			recall(f, queries[k]);
			json_object_del(f->last, "receipt");
			if (i < ARRAY_LEN(queries)) {
				first[k] = json_incref(f->last);
				continue;
			}
			assert_true(json_equal(first[k], f->last));
			json_decref(first[k]);
		}
		answer_cache_stats(f->s.db, &b);
		assert_int_equal(b.misses - a.misses, ARRAY_LEN(queries));
		assert_int_equal(b.hits - a.hits, ARRAY_LEN(queries));
		remember(f, "Ada", "person",
			round ? "drinks cocoa, too" : "drinks beer");
	}
	/* what else is asked makes another key */
	recall(f, "what does Ada drink?");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		3);
	mf_call(f, "recall", "{s:s, s:i}", "query", "what does Ada drink?",
		"limit", 1);
	assert_null(row(f, 1));
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "what does Ada drink?",
		"types", "service");
	assert_null(row(f, 0));
	mf_call(f, "recall", "{s:s, s:[s]}", "query", "what does Ada drink?",
		"tags", "none");
	assert_null(row(f, 0));
	/* the bound */
	for (int i = 0; i < 3000; i++) {
		char key[32];
		static const char data[4000];

		snprintf(key, sizeof(key), "key %d", i);
		answer_cache_keep(f->s.w, key, strlen(key), data, sizeof(data));
		answer_cache_stats(f->s.db, &a);
		assert_true(a.bytes <= ANSWERS_BYTES);
	}
	assert_true(a.bytes > ANSWERS_BYTES / 2);
}

static void
survives_lack_of_memory(void **state)
{
	struct method_fixture *f = *state;

	fill(f);
	say(f, "q1", "s1", "2026-11-19", "Ada", "I had tea with Rob yesterday");
	recall(f, "When did Ada have tea?");
	for (size_t n = 1;; n++) {
		json_t *params = json_pack("{s:s, s:b}", "query",
			"When did Ada have tea in May?", "explain", 1);
		int r;

		heap_fail_at(n);
		r = mf_run(f, "recall", params);
		if (!heap_disarm())
			break;
		if (r != 0)
			assert_int_equal(r, MDB_E_NOMEM);
	}
	assert_string_equal(name_of(f, 0), "q1");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(filters_are_exact),
		T(tags_and_salience),
		T(budgets_are_kept),
		T(explains_its_scores),
		T(weights_are_checked),
		T(sees_past_and_namespaces),
		T(answers_are_kept_until_a_write),
		T(survives_lack_of_memory),
	};

	return cmocka_run_group_tests_name("recall_bounds", tests, NULL, NULL);
}
