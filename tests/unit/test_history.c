/* memory_history: what a change is told as, pages, points in time. */
#include "tests/lib/unit.h"

#include "tests/lib/db_fixture.h"

#define ADA                                                                    \
	"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","          \
	"\"observations\":[\"likes tea\"]}]}"

static const json_t *
change(const struct fixture *f, size_t i)
{
	const json_t *c =
		json_array_get(json_object_get(f->last, "changes"), i);

	assert_non_null(c);
	return c;
}

/* Member of change i equals the JSON text. */
static void
is(const struct fixture *f, size_t i, const char *key, const char *want)
{
	json_t *w = json_loads(want, JSON_DECODE_ANY, NULL);
	const json_t *got = json_object_get(change(f, i), key);

	assert_non_null(w);
	if (!json_equal(w, got)) {
		char *text = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);

		print_error("%s: got %s, want %s\n", key, text, want);
		free(text);
		fail();
	}
	json_decref(w);
}

static size_t
count(const struct fixture *f)
{
	return json_array_size(json_object_get(f->last, "changes"));
}

static void
test_one_entity(void **state)
{
	struct fixture *f = *state;

	clock_fake(1760000000000);
	f->ctx.message = "first meeting";
	do_write(f, m_create_entities, ADA);
	f->ctx.message = NULL;
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"person\","
		"\"observations\":[]}]}");
	do_write(f, m_add_observations,
		"{\"observations\":[{\"entityName\":\"ada\",\"contents\":"
		"[\"plays chess\"]}]}");
	do_write(f, m_create_relations,
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
		"\"relationType\":\"knows\"}]}");
	do_write(f, m_delete_observations,
		"{\"deletions\":[{\"entityName\":\"ada\",\"observations\":"
		"[\"likes tea\"]}]}");
	do_read(f, m_memory_history, "{\"name\":\"ada\"}");
	assert_int_equal(count(f), 4);
	is(f, 0, "change", "5");
	is(f, 0, "kind", "\"delete\"");
	is(f, 0, "version", "4");
	is(f, 0, "removed", "[{\"entity\":\"ada\",\"text\":\"likes tea\"}]");
	is(f, 1, "added",
		"[{\"entity\":\"ada\",\"relationType\":\"knows\","
		"\"to\":\"bob\"}]");
	is(f, 3, "at", "\"2025-10-09T08:53:20.000Z\"");
	is(f, 3, "session", "\"s1\"");
	is(f, 3, "client", "\"test 1\"");
	is(f, 3, "message", "\"first meeting\"");
	is(f, 3, "added",
		"[{\"entity\":\"ada\",\"entityType\":\"person\"},"
		"{\"entity\":\"ada\",\"text\":\"likes tea\"}]");
	assert_null(json_object_get(f->last, "next"));
}

static void
test_set(void **state)
{
	struct fixture *f = *state;

	do_write(f, m_create_entities, ADA);
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"tier\":\"semantic\",\"pin\":true,"
		"\"entityType\":\"engineer\",\"metadata\":{\"a\":1}}");
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"tier\":\"episodic\","
		"\"metadata\":{\"a\":2}}");
	do_write(f, m_rename_entity,
		"{\"name\":\"ada\",\"new_name\":\"ada lovelace\"}");
	do_read(f, m_memory_history, "{\"name\":\"ada\"}");
	assert_int_equal(count(f), 4);
	is(f, 0, "set",
		"[{\"entity\":\"ada lovelace\",\"member\":\"name\","
		"\"from\":\"ada\",\"to\":\"ada lovelace\"}]");
	assert_null(json_object_get(change(f, 0), "added"));
	assert_null(json_object_get(change(f, 0), "removed"));
	assert_int_equal(json_array_size(json_object_get(change(f, 1), "set")),
		2);
	assert_int_equal(json_array_size(json_object_get(change(f, 2), "set")),
		3);
	is(f, 2, "added",
		"[{\"entity\":\"ada lovelace\",\"metadata\":{\"a\":1}}]");
}

static void
test_everything_and_gone(void **state)
{
	struct fixture *f = *state;

	do_write(f, m_create_entities, ADA);
	f->ctx.namespace_ = "other";
	do_write(f, m_create_entities, ADA);
	f->ctx.namespace_ = "third";
	do_write(f, m_create_entities, ADA);
	f->ctx.namespace_ = "other";
	do_read(f, m_memory_history, "{}");
	assert_int_equal(count(f), 2); /* its own, and default */
	f->ctx.namespace_ = "default";
	do_write(f, m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	do_read(f, m_memory_history, "{\"name\":\"ada\"}");
	assert_int_equal(count(f), 2); /* also of one that exists no more */
	is(f, 0, "removed",
		"[{\"entity\":\"ada\",\"entityType\":\"person\"},"
		"{\"entity\":\"ada\",\"text\":\"likes tea\"}]");
	assert_int_equal(fixture_read(f, m_memory_history,
				 parse("{\"name\":\"eda\"}")),
		MDB_E_NOT_FOUND);
	assert_string_equal(f->e.param, "name");
}

static void
test_pages(void **state)
{
	struct fixture *f = *state;
	char params[200];
	int64_t seen = 0, last = 100;

	for (int i = 0; i < 7; i++) {
		snprintf(params, sizeof(params),
			"{\"entities\":[{\"name\":\"e%d\",\"entityType\":\"t\","
			"\"observations\":[]}]}",
			i);
		do_write(f, m_create_entities, params);
	}
	do_read(f, m_memory_history, "{\"limit\":3}");
	for (;;) {
		const char *next =
			json_string_value(json_object_get(f->last, "next"));
		size_t i, n = count(f);

		for (i = 0; i < n; i++) {
			int64_t id = json_integer_value(
				json_object_get(change(f, i), "change"));

			assert_true(id < last);
			last = id;
			seen++;
		}
		if (next == NULL)
			break;
		snprintf(params, sizeof(params),
			"{\"limit\":3,\"cursor\":\"%s\"}", next);
		/* What is written meanwhile is not in the pages that follow. */
		do_write(f, m_add_observations,
			"{\"observations\":[{\"entityName\":\"e0\","
			"\"contents\":[\"x\"]}]}");
		do_read(f, m_memory_history, params);
	}
	assert_int_equal(seen, 7);
}

static void
test_points(void **state)
{
	struct fixture *f = *state;

	clock_fake(1760000000000);
	do_write(f, m_create_entities, ADA);
	clock_fake(1760000000000 + 86400000);
	do_write(f, m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	clock_fake(1760000000000 + 2 * 86400000LL);
	do_write(f, m_create_entities, ADA);
	do_read(f, m_memory_history, "{\"since\":\"2025-10-10\"}");
	assert_int_equal(count(f), 2);
	do_read(f, m_memory_history, "{\"until\":\"2025-10-10\"}");
	assert_int_equal(count(f), 2);
	is(f, 0, "change", "2");
	do_read(f, m_memory_history, "{\"since\":2,\"until\":2}");
	assert_int_equal(count(f), 1);
	is(f, 0, "change", "2");
	assert_int_equal(fixture_read(f, m_memory_history,
				 parse("{\"since\":\"whenever\"}")),
		MDB_E_INVALID);
}

static void
test_branches(void **state)
{
	struct fixture *f = *state;

	do_write(f, m_create_entities, ADA);
	do_write(f, m_memory_branch,
		"{\"action\":\"create\",\"name\":\"try\"}");
	f->ctx.branch = "try";
	do_write(f, m_add_observations,
		"{\"observations\":[{\"entityName\":\"ada\",\"contents\":"
		"[\"plays chess\"]}]}");
	f->ctx.branch = "main";
	do_write(f, m_add_observations,
		"{\"observations\":[{\"entityName\":\"ada\",\"contents\":"
		"[\"walks\"]}]}");
	/* Each branch tells what it sees. */
	do_read(f, m_memory_history, "{}");
	assert_int_equal(count(f), 3);
	is(f, 1, "created_branch", "\"try\"");
	f->ctx.branch = "try";
	do_read(f, m_memory_history, "{}");
	is(f, 0, "change", "3");
	is(f, 0, "branch", "\"try\"");
	do_read(f, m_memory_history, "{\"name\":\"ada\"}");
	assert_int_equal(count(f), 2);
	f->ctx.branch = "main";
	do_write(f, m_memory_merge, "{\"branch\":\"try\"}");
	do_write(f, m_memory_undo, "{\"change\":4}");
	do_write(f, m_memory_branch,
		"{\"action\":\"discard\",\"name\":\"try\"}");
	do_read(f, m_memory_history, "{}");
	is(f, 0, "discarded_branch", "\"try\"");
	is(f, 1, "about", "4");
	is(f, 1, "removed", "[{\"entity\":\"ada\",\"text\":\"walks\"}]");
	is(f, 2, "merged", "\"try\"");
	is(f, 2, "added", "[{\"entity\":\"ada\",\"text\":\"plays chess\"}]");
}

static void
test_large_change(void **state)
{
	struct fixture *f = *state;
	json_t *list = json_array(), *params;

	for (int i = 0; i < 120; i++)
		json_array_append_new(list, json_sprintf("fact %d", i));
	params = json_pack("{s:[{s:s, s:s, s:o}]}", "entities", "name", "ada",
		"entityType", "person", "observations", list);
	must(f, fixture_write(f, m_create_entities, params));
	do_read(f, m_memory_history, "{}");
	assert_int_equal(json_array_size(
				 json_object_get(change(f, 0), "added")),
		50);
	is(f, 0, "more", "71");
	do_read(f, m_memory_history, "{\"max_bytes\":600}");
	assert_true(
		json_array_size(json_object_get(change(f, 0), "added")) < 20);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(test_one_entity), T(test_set), T(test_everything_and_gone),
		T(test_pages), T(test_points), T(test_branches),
		T(test_large_change)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
