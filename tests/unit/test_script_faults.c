/* Scripts' private view when memory fails at any moment: an error, never a
 * half state; afterwards all is as before. And how much memory it keeps. */
#include "tests/lib/unit.h"

#include <malloc.h>

#include "memory-db/model/script/script.h"
#include "memory-db/store/idle.h"
#include "tests/lib/db_fixture.h"

static const char *const calls[][2] = {
	{"create_entities", "{\"entities\":[{\"name\":\"eve\",\"entityType\":"
			    "\"t\",\"observations\":[\"a quince of hers\"]}]}"},
	{"search_nodes", "{\"query\":\"quince\"}"},
	{"create_relations", "{\"relations\":[{\"from\":\"eve\",\"to\":\"ada\","
			     "\"relationType\":\"knows\"}]}"},
	{"write_file", "{\"name\":\"n\",\"content\":[1,2]}"},
	{"commit", "{\"message\":\"because\"}"},
};

static json_t *params[ARRAY_LEN(calls)];

/* Makes the calls; 0, or the first code. */
static int
make_calls(struct script *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(calls); i++) {
		json_t *result = NULL;

		r = script_call(s, calls[i][0], params[i], 60000, &result, e);
		json_decref(result);
	}
	return r;
}

/* As the writer does it: 0, or an error after which nothing has happened. */
static int
commit(struct fixture *f, struct script *s)
{
	struct call c = {.st = f->w, .ctx = &f->ctx};
	json_t *pack = NULL;
	bool conflict = false;
	int64_t change;
	int r = script_pack(s, &pack, &f->e);

	if (r == 0)
		r = store_group_begin(f->w, &f->e);
	if (r != 0) {
		json_decref(pack);
		return r;
	}
	r = store_savepoint(f->w, &f->e);
	if (r == 0)
		r = script_commit(&c, pack, method_run, &change, &conflict,
			&f->e);
	if (r == 0)
		r = store_release(f->w, &f->e);
	if (r == 0)
		r = store_group_commit(f->w, &f->e);
	if (r != 0)
		store_group_abort(f->w);
	assert_false(conflict);
	call_done(&c);
	json_decref(pack);
	return r;
}

static size_t
known(struct fixture *f)
{
	do_read(f, m_read_graph, "{}");
	return json_array_size(json_object_get(f->last, "entities"));
}

static int
setup(void **state)
{
	struct fixture *f;

	fixture_setup(state);
	f = *state;
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\","
		"\"entityType\":\"t\",\"observations\":[\"tea\"]}]}");
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		params[i] = parse(calls[i][1]);
	return 0;
}

static int
teardown(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		json_decref(params[i]);
	return fixture_teardown(state);
}

static void
test_opening_without_memory(void **state)
{
	struct fixture *f = *state;

	for (size_t n = 1;; n += 1 + n / 50) {
		struct store *s = NULL;
		int r;

		heap_fail_at(n);
		r = store_open(f->db, STORE_SCRIPT, &s, &f->e);
		if (!heap_disarm()) {
			must(f, r);
			store_close(s);
			return;
		}
		/* SQLite does without some of what it asks for. */
		if (r == 0)
			store_close(s);
	}
}

static void
test_running_without_memory(void **state)
{
	struct fixture *f = *state;
	struct store *st;
	size_t failed = 0;

	must(f, store_open(f->db, STORE_SCRIPT, &st, &f->e));
	for (size_t n = 1;; n += 1 + n / 100) {
		struct script s = {.st = st, .ctx = &f->ctx, .run = method_run};
		bool hit;
		int r;

		heap_fail_at(n);
		r = make_calls(&s, &f->e);
		hit = heap_disarm();
		script_done(&s);
		assert_int_equal(known(f), 1);
		failed += r != 0;
		if (!hit) {
			must(f, r);
			break;
		}
	}
	assert_true(failed > 50);
	store_close(st);
}

static void
test_commit_without_memory(void **state)
{
	struct fixture *f = *state;
	struct store *st;

	must(f, store_open(f->db, STORE_SCRIPT, &st, &f->e));
	for (size_t n = 1;; n += 1 + n / 100) {
		struct script s = {.st = st, .ctx = &f->ctx, .run = method_run};
		bool hit;
		int r;

		must(f, make_calls(&s, &f->e));
		heap_fail_at(n);
		r = commit(f, &s);
		hit = heap_disarm();
		script_done(&s);
		assert_int_equal(known(f), r == 0 ? 2 : 1);
		assert_true(hit || r == 0);
		if (r == 0)
			break;
	}
	do_read(f, m_read_file, "{\"name\":\"n\"}");
	do_read(f, m_memory_history, "{}");
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(f->last,
							   "changes"),
					    0),
				    "message")),
		"because");
	store_close(st);
}

/* What a script that read and wrote much has taken is given back. */
static void
test_memory_is_given_back(void **state)
{
	struct fixture *f = *state;
	json_t *many = parse("{\"entities\":[]}"), *result;
	struct store *st;
	size_t before = 0;

	for (int i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "entity %d", i);
		json_array_append_new(json_object_get(many, "entities"),
			json_pack("{s:s,s:s,s:[s+]}", "name", name,
				"entityType", "t", "observations", "text of ",
				name));
	}
	must(f, store_open(f->db, STORE_SCRIPT, &st, &f->e));
	for (int round = 0; round < 6; round++) {
		struct script s = {.st = st, .ctx = &f->ctx, .run = method_run};

		must(f, script_call(&s, "create_entities", many, 60000, &result,
				&f->e));
		json_decref(result);
		script_done(&s);
		store_shrink(st);
		/* the first rounds fill caches */
		if (round == 2)
			before = mallinfo2().uordblks;
	}
	if (before > 0) /* sanitizers have an allocator of their own */
		assert_true(mallinfo2().uordblks < before + 256 * 1024);
	assert_int_equal(known(f), 1);
	json_decref(many);
	store_close(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_opening_without_memory,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_running_without_memory,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_commit_without_memory,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_is_given_back,
			setup, teardown),
	};

	return cmocka_run_group_tests_name("script_faults", tests, NULL, NULL);
}
