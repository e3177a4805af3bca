/* Filters that few of many facts pass: recall and search find all of these, at
 * a price that is stated in steps of SQLite's machine. */
#include "tests/lib/unit.h"

#include "memory-db/model/recall/recall.h"
#include "memory-db/store/engine/store_internal.h"
#include "tests/lib/idle.h"
#include "tests/lib/method_fixture.h"

#define FACTS 20000
#define RARE  5

static int64_t
steps(struct method_fixture *f)
{
	int64_t n = 0;

	for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(f->s.w->db, s));)
		n += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
	return n;
}

/* Half of them notes of 2024, half memos of 2025. */
static void
add_plain(struct method_fixture *f, int i)
{
	char name[32], text[64];
	struct fact x;

	sf_begin(&f->s);
	snprintf(name, sizeof(name), "plain %d", i);
	snprintf(text, sizeof(text), "a common word, number %d", i);
	x = sf_fact(sf_entity(&f->s, name, i % 2 ? "memo" : "note"),
		FACT_OBSERVATION, text);
	x.source_at = i % 2 ? INT64_C(1746403200000) : INT64_C(1714867200000);
	sf_ok(&f->s, change_add_fact(f->s.c, &x, NULL, &f->s.e));
	if (i % 500 == 499)
		sf_commit(&f->s);
	else
		sf_seal(&f->s);
}

/* The rare ones are the oldest: what is read newest first comes to them last. */
static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));
	char name[32], text[64];

	assert_non_null(f);
	clock_fake(INT64_C(1795161933120)); /* 2026-11-20 */
	mf_open(f);
	for (int i = 0; i < RARE; i++) {
		snprintf(name, sizeof(name), "odd %d", i);
		snprintf(text, sizeof(text), "a common word, said by %d", i);
		mf_call(f, "create_entities",
			"{s:[{s:s, s:s, s:[s], s:s, s:s, s:s, s:[s]}]}",
			"entities", "name", name, "entityType", "rarity",
			"observations", text, "source_session", "lonely",
			"source_timestamp", "2020-05-05", "tier", "procedural",
			"tags", "odd");
	}
	/* Many are of this type, many of this year, few of both. */
	for (int i = 0; i < RARE; i++) {
		snprintf(name, sizeof(name), "odd memo %d", i);
		snprintf(text, sizeof(text), "a common word, written by %d", i);
		mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s], s:s}]}",
			"entities", "name", name, "entityType", "memo",
			"observations", text, "source_timestamp", "2024-05-05");
	}
	for (int i = 0; i < FACTS; i++)
		add_plain(f, i);
	while (idle_step(f->s.w) == 1)
		;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	mf_close(*state);
	free(*state);
	clock_fake(0);
	return 0;
}

/* Takes params. The rows are the rare ones; returns the steps. */
static int64_t
finds_the_rare(struct method_fixture *f, const char *method, const char *what,
	json_t *params)
{
	json_t *rows, *row;
	int64_t cost;
	size_t i;

	(void)steps(f);
	assert_int_equal(mf_run(f, method, params), 0);
	cost = steps(f);
	rows = json_object_get(f->last, "results");
	if (json_array_size(rows) != RARE)
		fail_msg("%s, %s: %zu of %d", method, what,
			json_array_size(rows), RARE);
	json_array_foreach(rows, i, row)
		assert_memory_equal(json_string_value(
					    json_object_get(row, "name")),
			"odd ", 4);
	assert_false(json_is_true(json_object_get(f->last, "partial")));
	print_message("%s, %s: %lld steps\n", method, what, (long long)cost);
	return cost;
}

#define QUERY "query", "the common word"

static void
recall_finds_all(void **state)
{
	struct method_fixture *f = *state;
	int64_t base, cost;

	(void)steps(f);
	mf_call(f, "recall", "{s:s}", QUERY);
	base = steps(f);
	/* An index leads to them. */
	cost = finds_the_rare(f, "recall", "session",
		json_pack("{s:s, s:s}", QUERY, "session", "lonely"));
	assert_true(cost < base);
	cost = finds_the_rare(f, "recall", "type",
		json_pack("{s:s, s:[s]}", QUERY, "types", "rarity"));
	assert_true(cost < base);
	cost = finds_the_rare(f, "recall", "tier",
		json_pack("{s:s, s:[s]}", QUERY, "tiers", "procedural"));
	assert_true(cost < base);
	cost = finds_the_rare(f, "recall", "tag",
		json_pack("{s:s, s:[s]}", QUERY, "tags", "odd"));
	assert_true(cost < base);
	cost = finds_the_rare(f, "recall", "date",
		json_pack("{s:s, s:s, s:s}", QUERY, "since", "2020-01-01",
			"until", "2020-12-31"));
	assert_true(cost < base);
	/* The date leads to them: it does not matter that the type is common. */
	cost = finds_the_rare(f, "recall", "a type and a date",
		json_pack("{s:s, s:[s, s], s:s}", QUERY, "types", "rarity",
			"note", "until", "2021-01-01"));
	assert_true(cost < base + 5000 * 20);
	/* No index does: all matches are looked at, for so many steps each. */
	cost = finds_the_rare(f, "recall", "a common type and a common date",
		json_pack("{s:s, s:[s], s:s}", QUERY, "types", "memo", "until",
			"2024-12-31"));
	assert_true(cost > base);
	assert_true(cost < FACTS * 120);
	/* A type that is common leaves its facts, and all of the rare. */
	mf_call(f, "recall", "{s:s, s:i, s:[s]}", "query", "said number",
		"limit", 100, "types", "note");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		100);
}

static void
search_finds_all(void **state)
{
	struct method_fixture *f = *state;
	int64_t cost;

	cost = finds_the_rare(f, "search_nodes", "type",
		json_pack("{s:s, s:[s]}", QUERY, "types", "rarity"));
	assert_true(cost < 20000);
	cost = finds_the_rare(f, "search_nodes", "tier",
		json_pack("{s:s, s:[s]}", QUERY, "tiers", "procedural"));
	assert_true(cost < 20000);
	cost = finds_the_rare(f, "search_nodes", "tag",
		json_pack("{s:s, s:[s]}", QUERY, "tags", "odd"));
	assert_true(cost < 20000);
}

/* Pages of few: a later page goes the way of the first, also when what was
 * written since has made them many. */
static void
pages_of_few(void **state)
{
	struct method_fixture *f = *state;
	char seen[RARE + 1] = {0}, *cursor;
	int at;

	mf_call(f, "search_nodes", "{s:s, s:[s], s:i}", QUERY, "tags", "odd",
		"limit", 2);
	for (int page = 0;; page++) {
		json_t *rows = json_object_get(f->last, "results"), *row;
		size_t i;

		json_array_foreach(rows, i, row) {
			assert_int_equal(sscanf(json_string_value(
							json_object_get(row,
								"name")),
						 "odd %d", &at),
				1);
			assert_int_equal(seen[at]++, 0);
		}
		if (!json_object_get(f->last, "next"))
			break;
		cursor = strdup(
			json_string_value(json_object_get(f->last, "next")));
		assert_non_null(cursor);
		for (int k = 0; page == 0 && k < 2500; k++) {
			char name[32];

			snprintf(name, sizeof(name), "late %d", k);
			mf_call(f, "create_entities",
				"{s:[{s:s, s:s, s:[s], s:[s]}]}", "entities",
				"name", name, "entityType", "note",
				"observations", "a common word", "tags", "odd");
		}
		mf_call(f, "search_nodes", "{s:s, s:[s], s:i, s:s}", QUERY,
			"tags", "odd", "limit", 2, "cursor", cursor);
		free(cursor);
	}
	for (at = 0; at < RARE; at++)
		assert_int_equal(seen[at], 1);
}

/* What has no word of the question is no answer, also where few facts pass. */
static void
few_facts_are_matched(void **state)
{
	struct method_fixture *f = *state;

	mf_call(f, "recall", "{s:s, s:[s]}", "query", "submarine", "types",
		"rarity");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
	/* The name and the type count as words, as they do otherwise. */
	(void)finds_the_rare(f, "recall", "name",
		json_pack("{s:s, s:s}", "query", "odd", "session", "lonely"));
	(void)finds_the_rare(f, "recall", "word of the type",
		json_pack("{s:s, s:[s]}", "query", "rarity", "types",
			"rarity"));
	/* a type nobody has */
	mf_call(f, "recall", "{s:s, s:[s]}", QUERY, "types", "unheard");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		0);
}

/* A word that occurs nowhere, or not where the filters leave facts, does not
 * keep common ones from being looked for. */
static void
absent_words_hide_nothing(void **state)
{
	struct method_fixture *f = *state;

	mf_call(f, "recall", "{s:s}", "query", "zyzzyva common word");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		10);
	(void)finds_the_rare(f, "recall", "words elsewhere",
		json_pack("{s:s, s:[s]}", "query", "19999 common", "tiers",
			"procedural"));
}

/* The facts that an entity brings by its name are filtered before they are
 * counted. */
static void
named_entities_bring_old_facts(void **state)
{
	struct method_fixture *f = *state;
	struct fact x;
	char text[48];
	int64_t ada;

	mf_call(f, "create_entities", "{s:[{s:s, s:s, s:[s], s:s}]}",
		"entities", "name", "Ada", "entityType", "person",
		"observations", "plays chess", "source_timestamp",
		"2019-03-03");
	sf_begin(&f->s);
	ada = sf_entity(&f->s, "Ada", "person");
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "thought %d", i);
		x = sf_fact(ada, FACT_OBSERVATION, text);
		sf_ok(&f->s, change_add_fact(f->s.c, &x, NULL, &f->s.e));
	}
	sf_commit(&f->s);
	mf_call(f, "recall", "{s:s, s:s}", "query", "Ada", "until",
		"2019-12-31");
	assert_int_equal(json_array_size(json_object_get(f->last, "results")),
		1);
}

/* The deadline ends the look, and the answer says so. */
static void
deadlines_are_kept(void **state)
{
	struct method_fixture *f = *state;
	struct recall_request q = {.ns = {NAMESPACE_DEFAULT, 0},
		.query = "common word",
		.query_n = 11,
		.types_n = -1,
		.limit = 10,
		.since = 1,
		.until = INT64_MAX,
		.valid_at = FACT_NO_TIME,
		.now = clock_now_ms(),
		.zone = "",
		.deadline_ns = clock_mono_ns()};
	struct recall_result found;

	sf_ok(&f->s, store_read_begin(f->s.w, &f->e));
	sf_ok(&f->s, recall_run(f->s.w, &q, &found, &f->e));
	assert_true(found.partial);
	recall_result_done(&found);
	q.deadline_ns = 0;
	sf_ok(&f->s, recall_run(f->s.w, &q, &found, &f->e));
	store_read_end(f->s.w);
	assert_false(found.partial);
	recall_result_done(&found);
}

#define T(name) cmocka_unit_test(name)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(recall_finds_all), T(search_finds_all),
		T(few_facts_are_matched), T(absent_words_hide_nothing),
		T(named_entities_bring_old_facts), T(deadlines_are_kept),
		T(pages_of_few), /* the last: it adds to them */
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
