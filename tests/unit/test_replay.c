/* Replaying an exported log gives the same state and the same chains; what
 * does not fit is refused. */
#include "tests/lib/unit.h"

#include "tests/lib/export_fixture.h"

/* --- the log -------------------------------------------------------------- */
static void
replay_seed(uint64_t seed)
{
	struct fixture *a = fixture_new(), *b = fixture_new();
	json_t *lines, *again;

	random_work(a, seed * 7919 + 1, 120);
	assert_clean(a);
	lines = export_all(a, json_pack("{s:b, s:i}", "all", 1, "max_bytes",
				      256 + (int)(seed * 997 % 9000)));
	import_all(b, lines, 1 + (size_t)(seed * 31 % 60));
	assert_same_state(a, b);
	assert_clean(b);
	/* The same lines again, but for the id of the database. */
	again = export_all(b, json_pack("{s:b}", "all", 1));
	json_object_del(json_array_get(lines, 0), "database");
	json_object_del(json_array_get(again, 0), "database");
	assert_true(json_equal(lines, again));
	/* And what is there already is passed over. */
	assert_int_equal(import_all(b, lines, 50), 0);
	assert_same_state(a, b);
	json_decref(lines);
	json_decref(again);
	fixture_free(a);
	fixture_free(b);
}

static void
test_replay_gives_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 15; seed++)
		replay_seed(seed);
}

static void
forget_some(struct fixture *f, uint64_t seed)
{
	static const char *const spaces[] = {"default", "p1", "p2"};

	for (int i = 0; i < 6; i++) {
		json_t *params = json_pack("{s:o, s:b}", "name", name_of(&seed),
			"confirm", 1);

		if (pick(&seed, 2))
			json_object_set_new(params, "observation",
				text_of(&seed));
		f->ctx.namespace_ = spaces[pick(&seed, 3)];
		(void)fixture_write(f, m_forget, params);
	}
	f->ctx.namespace_ = "default";
}

/* What was forgotten is in no export; the rest is told as it was, and the
 * chain still holds. */
static void
test_replay_after_forgetting(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct fixture *a = fixture_new(), *b = fixture_new();
		json_t *lines, *again;

		random_work(a, seed * 131 + 7, 60);
		forget_some(a, seed * 17);
		assert_clean(a);
		random_work(a, seed * 137 + 7, 40);
		forget_some(a, seed * 19);
		assert_clean(a);
		lines = export_all(a, json_pack("{s:b}", "all", 1));
		import_all(b, lines, 50);
		assert_clean(b);
		again = export_all(b, json_pack("{s:b}", "all", 1));
		json_object_del(json_array_get(lines, 0), "database");
		json_object_del(json_array_get(again, 0), "database");
		assert_true(json_equal(lines, again));
		json_decref(lines);
		json_decref(again);
		fixture_free(a);
		fixture_free(b);
	}
}

static void
test_same_bytes(void **state)
{
	struct fixture *f = *state;
	json_t *a, *b;
	char *x, *y;

	random_work(f, 5, 60);
	a = export_all(f, json_pack("{s:b, s:i}", "all", 1, "max_bytes", 300));
	b = export_all(f,
		json_pack("{s:b, s:i}", "all", 1, "max_bytes", 99999));
	x = json_dumps(a, 0);
	y = json_dumps(b, 0);
	assert_string_equal(x, y);
	free(x);
	free(y);
	json_decref(a);
	json_decref(b);
}

static void
test_replay_goes_on(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *lines;
	int64_t added;

	random_work(f, 11, 40);
	lines = export_all(f, json_pack("{s:b}", "all", 1));
	import_all(b, lines, 100);
	json_decref(lines);
	random_work(f, 12, 40);
	lines = export_all(f, json_pack("{s:b}", "all", 1));
	added = import_all(b, lines, 100);
	assert_true(added > 0);
	assert_same_state(f, b);
	json_decref(lines);
	fixture_free(b);
}

static void
test_replay_one_namespace(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *lines, *again;

	random_work(f, 21, 80);
	f->ctx.namespace_ = "p1";
	lines = export_all(f, json_object());
	import_all(b, lines, 7);
	assert_clean(b);
	b->ctx.namespace_ = "p1";
	again = export_all(b, json_object());
	json_object_del(json_array_get(lines, 0), "database");
	json_object_del(json_array_get(again, 0), "database");
	assert_true(json_equal(lines, again));
	json_decref(lines);
	json_decref(again);
	fixture_free(b);
}

static int
refused(struct fixture *f, const json_t *lines)
{
	return fixture_write(f, m_import_records,
		json_pack("{s:s, s:i, s:o}", "source", "bad", "offset", 0,
			"records", slice_of(lines, 0, 1000)));
}

static void
test_replay_refuses(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *lines, *op;
	size_t i;

	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"likes tea\"]}]}");
	lines = export_all(f, json_object());
	/* Another database: its first change is another one. */
	do_write(b, m_create_entities,
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"person\","
		"\"observations\":[]}]}");
	assert_int_equal(refused(b, lines), MDB_E_CONFLICT);
	assert_non_null(strstr(b->e.text, "--current"));
	fixture_free(b);
	/* A log that was altered. */
	b = fixture_new();
	json_array_foreach(lines, i, op) {
		json_t *fact = json_object_get(op, "new");

		if (json_object_get(fact, "text") != NULL)
			json_object_set_new(fact, "text", json_string("x"));
	}
	assert_int_equal(refused(b, lines), MDB_E_CORRUPT);
	assert_clean(b);
	/* One whose lines are missing. */
	json_array_remove(lines, 2);
	assert_int_equal(refused(b, lines), MDB_E_INVALID);
	json_decref(lines);
	fixture_free(b);
}

/* A change of many ops, resumed in the middle by another process. */
static void
test_replay_resumes(void **state)
{
	struct fixture *f = *state, *b = fixture_new();
	json_t *list = json_array(), *lines;
	int64_t added = 0, errors = 0;
	size_t at;

	for (int i = 0; i < 900; i++)
		json_array_append_new(list, json_sprintf("fact %d", i));
	must(f, fixture_write(f, m_create_entities,
			json_pack("{s:[{s:s, s:s, s:o}]}", "entities", "name",
				"ada", "entityType", "person", "observations",
				list)));
	lines = export_all(f, json_object());
	at = import_some(b, "file", lines, 0, 250, 2, &added, &errors);
	assert_int_equal(at, 500);
	assert_int_equal(added, 0); /* the change has not ended yet */
	fixture_close_stores(b);
	fixture_open_stores(b);
	must(b, fixture_write(b, m_import_records,
			json_pack("{s:s, s:i}", "source", "file", "offset",
				0)));
	assert_int_equal(json_integer_value(
				 json_object_get(b->last, "next_offset")),
		500);
	import_some(b, "file", lines, at, 250, 100, &added, &errors);
	assert_int_equal(added, 901);
	assert_same_state(f, b);
	/* Cut short: said at the end. */
	fixture_free(b);
	b = fixture_new();
	assert_int_equal(fixture_write(b, m_import_records,
				 json_pack("{s:s, s:i, s:o, s:b}", "source",
					 "cut", "offset", 0, "records",
					 slice_of(lines, 0, 100), "done", 1)),
		MDB_E_INVALID);
	json_decref(lines);
	fixture_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		cmocka_unit_test(test_replay_gives_the_same),
		cmocka_unit_test(test_replay_after_forgetting),
		T(test_same_bytes), T(test_replay_goes_on),
		T(test_replay_one_namespace), T(test_replay_refuses),
		T(test_replay_resumes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
