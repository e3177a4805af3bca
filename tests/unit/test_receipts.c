/* Receipts: what a recall gave is told exactly, waiting or written; usage comes
 * from them, and no read writes. */
#include "tests/lib/unit.h"

#include "memory-db/store/beside/receipts.h"
#include "tests/lib/method_fixture.h"

static int
setup(void **state)
{
	struct method_fixture *f = calloc(1, sizeof(*f));

	mf_open(f);
	mf_call(f, "create_entities",
		"{s:[{s:s, s:s, s:[s, s]}, {s:s, s:s, s:[s]}]}", "entities",
		"name", "Ada", "entityType", "person", "observations",
		"drinks green tea", "plays the cello", "name", "Rob",
		"entityType", "person", "observations", "drinks black tea");
	*state = f;
	return 0;
}

/* A recall; its reply is new, its receipt is copied. */
static json_t *
recall(struct method_fixture *f, const char *query, char id[16])
{
	json_t *reply;

	mf_call(f, "recall", "{s:s}", "query", query);
	reply = json_incref(f->last);
	snprintf(id, 16, "%s",
		json_string_value(json_object_get(reply, "receipt")));
	return reply;
}

/* memory_why tells what the reply said. */
static void
check(struct method_fixture *f, json_t *reply, const char *id,
	const char *query)
{
	json_t *rows = json_object_get(reply, "results"), *facts, *row;
	size_t i;

	mf_call(f, "memory_why", "{s:s}", "receipt", id);
	facts = json_object_get(f->last, "facts");
	assert_string_equal(json_string_value(
				    json_object_get(f->last, "query")),
		query);
	assert_true(json_equal(json_object_get(f->last, "relevant"),
		json_object_get(reply, "relevant")));
	assert_int_equal(json_array_size(facts), json_array_size(rows));
	json_array_foreach(rows, i, row) {
		json_t *fact = json_array_get(facts, i);
		double a = json_real_value(json_object_get(row, "score"));
		double b = json_real_value(json_object_get(fact, "score"));

		assert_true(a - b < 0.0011 && b - a < 0.0011);
		assert_true(json_equal(json_object_get(row, "id"),
			json_object_get(fact, "id")));
		assert_true(json_equal(json_object_get(row, "name"),
			json_object_get(fact, "name")));
		assert_true(json_equal(json_object_get(row, "text"),
			json_object_get(fact, "text")));
	}
}

static void
write_waiting(struct method_fixture *f)
{
	sf_ok(&f->s, store_group_begin(f->s.w, &f->s.e));
	sf_ok(&f->s, store_group_commit(f->s.w, &f->s.e));
	assert_false(receipts_waiting(f->s.w));
}

static void
tells_what_was_given(void **state)
{
	struct method_fixture *f = *state;
	char one[16], two[16];
	json_t *a = recall(f, "who drinks tea?", one);
	json_t *b = recall(f, "a submarine full of tea on \"Mars\"", two);

	assert_int_equal(json_array_size(json_object_get(a, "results")), 2);
	assert_string_not_equal(one, two);
	assert_true(receipts_waiting(f->s.w));
	check(f, a, one, "who drinks tea?");
	write_waiting(f);
	check(f, a, one, "who drinks tea?");
	check(f, b, two, "a submarine full of tea on \"Mars\"");
	json_decref(a);
	json_decref(b);
}

static void
tells_the_state_that_was_read(void **state)
{
	struct method_fixture *f = *state;
	char id[16];
	json_t *reply = recall(f, "who drinks tea?", id), *fact;
	size_t i, gone = 0;

	mf_call(f, "delete_observations", "{s:[{s:s, s:[s]}]}", "deletions",
		"entityName", "Ada", "observations", "drinks green tea");
	mf_call(f, "rename_entity", "{s:s, s:s}", "name", "Ada", "new_name",
		"Ada Lovelace");
	check(f, reply, id, "who drinks tea?");
	assert_int_equal(json_integer_value(json_object_get(f->last, "change")),
		1);
	json_array_foreach(json_object_get(f->last, "facts"), i, fact)
		gone += json_object_get(fact, "gone") != NULL;
	assert_int_equal(gone, 1);
	json_decref(reply);
}

static void
unknown_ones_are_errors(void **state)
{
	static const char *const bad[] = {"r", "rabcdefghjk", "", "nosuch",
		"raaaaaaaaaaaaaaaaaaaaaaaa"};
	struct method_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(mf_run(f, "memory_why",
					 json_pack("{s:s}", "receipt", bad[i])),
			MDB_E_NOT_FOUND);
		assert_string_equal(f->e.param, "receipt");
	}
}

static int64_t
hits(struct method_fixture *f, const char *name)
{
	mf_call(f, "open_nodes", "{s:[s], s:[s]}", "names", name, "fields",
		"access_count");
	return json_integer_value(
		json_object_get(json_array_get(json_object_get(f->last,
						       "entities"),
					0),
			"access_count"));
}

static void
usage_is_counted(void **state)
{
	struct method_fixture *f = *state;
	char id[16];

	assert_int_equal(hits(f, "Ada"), 0);
	json_decref(recall(f, "who drinks tea?", id));
	json_decref(recall(f, "who plays the cello?", id));
	/* an answer that does not fit counts for nobody */
	json_decref(recall(f, "a submarine full of tea on Mars orbiting", id));
	assert_int_equal(hits(f, "Ada"), 0);
	write_waiting(f);
	assert_int_equal(hits(f, "Ada"), 2);
	assert_int_equal(hits(f, "Rob"), 1);
}

static void
a_failed_group_loses_none(void **state)
{
	struct method_fixture *f = *state;
	struct receipt late = {.kind = RECEIPT_CONTEXT,
		.at = 1,
		.ns = 1,
		.branch = 1,
		.change = 1,
		.query = "late",
		.query_n = 4};
	char one[16];
	json_t *a = recall(f, "who drinks tea?", one);

	sf_ok(&f->s, store_group_begin(f->s.w, &f->s.e));
	receipts_write(f->s.w);
	sf_ok(&f->s, receipt_give(f->s.w, &late, &f->s.e));
	store_group_abort(f->s.w);
	check(f, a, one, "who drinks tea?");
	write_waiting(f);
	check(f, a, one, "who drinks tea?");
	assert_int_equal(mf_run(f, "memory_why",
				 json_pack("{s:s}", "receipt", late.id)),
		0);
	assert_int_equal(hits(f, "Rob"), 1);
	json_decref(a);
}

static void
old_ones_go(void **state)
{
	struct method_fixture *f = *state;
	struct receipt r = {.kind = RECEIPT_RECALL,
		.at = 1,
		.ns = 1,
		.branch = 1,
		.change = 1,
		.query = "q",
		.query_n = 1};
	char first[16];

	for (int i = 0; i < RECEIPTS_KEPT + RECEIPTS_WAITING / 2; i++) {
		sf_ok(&f->s, receipt_give(f->s.w, &r, &f->s.e));
		if (i == 0)
			strcpy(first, r.id);
		if (i == 1)
			write_waiting(f);
		if (i % 500 == 0)
			write_waiting(f);
	}
	write_waiting(f);
	assert_int_equal(mf_run(f, "memory_why",
				 json_pack("{s:s}", "receipt", first)),
		MDB_E_NOT_FOUND);
	assert_int_equal(mf_run(f, "memory_why",
				 json_pack("{s:s}", "receipt", r.id)),
		0);
	/* the queue has a bound, too */
	for (int i = 0; i < RECEIPTS_WAITING + 1; i++) {
		sf_ok(&f->s, receipt_give(f->s.w, &r, &f->s.e));
		if (i == 0)
			strcpy(first, r.id);
	}
	assert_int_equal(mf_run(f, "memory_why",
				 json_pack("{s:s}", "receipt", first)),
		MDB_E_NOT_FOUND);
}

/* It would take them from under the writer, who counted usage twice then. */
static void
a_script_takes_none_from_the_writer(void **state)
{
	struct method_fixture *f = *state;
	struct receipt r = {.kind = RECEIPT_RECALL,
		.at = 1,
		.ns = 1,
		.branch = 1,
		.change = 1,
		.query = "q",
		.query_n = 1};
	struct store *script = NULL;
	int64_t change;

	sf_ok(&f->s, store_open(f->s.db, STORE_SCRIPT, &script, &f->s.e));
	sf_ok(&f->s, receipt_give(f->s.w, &r, &f->s.e));
	sf_ok(&f->s, store_script_begin(script, &change, &f->s.e));
	sf_ok(&f->s, store_group_begin(f->s.w, &f->s.e));
	receipts_write(f->s.w);
	store_script_end(script);
	assert_false(receipts_waiting(f->s.w));
	store_group_abort(f->s.w);
	assert_true(receipts_waiting(f->s.w));
	write_waiting(f);
	store_close(script);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, mf_teardown)
	const struct CMUnitTest tests[] = {
		T(tells_what_was_given),
		T(tells_the_state_that_was_read),
		T(unknown_ones_are_errors),
		T(usage_is_counted),
		T(a_failed_group_loses_none),
		T(old_ones_go),
		T(a_script_takes_none_from_the_writer),
	};

	return cmocka_run_group_tests_name("receipts", tests, NULL, NULL);
}
