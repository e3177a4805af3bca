/* What a script wrote becomes one change, unless what it read is true no more. */
#include "tests/lib/script_fixture.h"

static int
run(struct script_fixture *f, struct script *s, const char *method,
	const char *params)
{
	json_t *p = json_loads(params, 0, NULL);
	int r;

	assert_non_null(p);
	json_decref(f->last);
	r = script_call(s, method, p, 5000, &f->last, &f->e);
	json_decref(p);
	return r;
}

/* Commits as the writer does. */
static bool
commit(struct script_fixture *f, struct script *s, int64_t *ret_change)
{
	struct call c = {.st = f->w, .ctx = &f->ctx};
	json_t *pack = NULL;
	bool conflict;

	OK(script_pack(s, &pack, &f->e));
	OK(store_group_begin(f->w, &f->e));
	OK(store_savepoint(f->w, &f->e));
	OK(script_commit(&c, pack, method_run, ret_change, &conflict, &f->e));
	if (conflict)
		store_rollback(f->w);
	else
		OK(store_release(f->w, &f->e));
	OK(store_group_commit(f->w, &f->e));
	call_done(&c);
	json_decref(pack);
	return conflict;
}

#define BOB                                                                    \
	"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"t\","               \
	"\"observations\":[\"b\"]}]}"
#define RELATE                                                                 \
	"{\"relations\":[{\"from\":\"bob\",\"to\":\"ada\","                    \
	"\"relationType\":\"knows\"}]}"

static void
test_writes_become_one_change(void **state)
{
	struct script_fixture *f = *state;
	struct script s = {.st = f->s, .ctx = &f->ctx, .run = method_run};
	json_t *changes = NULL;
	int64_t change;

	add(f, f->w, "ada", "a");
	assert_int_equal(run(f, &s, "create_entities", BOB), 0);
	assert_int_equal(run(f, &s, "create_relations", RELATE), 0);
	assert_int_equal(run(f, &s, "create_relations",
				 "{\"relations\":[{\"from\":\"bob\",\"to\":"
				 "\"zoe\",\"relationType\":\"knows\"}]}"),
		MDB_E_NOT_FOUND);
	assert_int_equal(run(f, &s, "delete_observations",
				 "{\"deletions\":[{\"entityName\":\"ada\","
				 "\"observations\":[\"a\"]}]}"),
		0);
	assert_int_equal(run(f, &s, "forget", "{}"), MDB_E_UNKNOWN_METHOD);
	OK(script_changes(&s, &changes, &f->e));
	assert_int_equal(json_array_size(changes), 2);
	json_decref(changes);
	assert_false(commit(f, &s, &change));
	assert_int_equal(change, 2);
	script_done(&s);
	assert_int_equal(entities(f, f->w), 2);
	assert_int_equal(json_array_size(json_object_get(f->last, "relations")),
		1);
	assert_int_equal(found(f, f->w, "a"), 1); /* ada's name, not her text */
}

static void
test_conflicts_change_nothing(void **state)
{
	struct script_fixture *f = *state;
	struct script s = {.st = f->s, .ctx = &f->ctx, .run = method_run};
	int64_t change;

	add(f, f->w, "ada", "a");
	assert_int_equal(run(f, &s, "create_entities", BOB), 0);
	assert_int_equal(run(f, &s, "create_relations", RELATE), 0);
	add(f, f->w, "zoe", "z"); /* nothing of the script's */
	add(f, f->w, "bob", "by another");
	assert_true(commit(f, &s, &change));
	assert_non_null(strstr(f->e.text, "created by somebody else"));
	script_done(&s);

	s = (struct script){.st = f->s, .ctx = &f->ctx, .run = method_run};
	assert_int_equal(run(f, &s, "add_observations",
				 "{\"observations\":[{\"entityName\":\"bob\","
				 "\"contents\":[\"x\"]}]}"),
		0);
	add(f, f->w, "zoe", "more");
	assert_false(commit(f, &s, &change)); /* others do not matter */
	script_done(&s);

	s = (struct script){.st = f->s, .ctx = &f->ctx, .run = method_run};
	assert_int_equal(run(f, &s, "update_entity",
				 "{\"name\":\"bob\",\"metadata\":{\"a\":1}}"),
		0);
	add(f, f->w, "bob", "late");
	assert_true(commit(f, &s, &change));
	script_done(&s);
}

#define ADD_BOB(text)                                                          \
	"{\"observations\":[{\"entityName\":\"bob\",\"contents\":[" text "]}]}"
#define DROP_BOB(text)                                                         \
	"{\"deletions\":[{\"entityName\":\"bob\",\"observations\":[" text "]}]}"

/* A script that makes these calls, while another client adds to bob (or, with
 * `other`, does that). Whether it is a conflict. */
static bool
conflicts(struct script_fixture *f, const char *const *calls, method_fn other,
	const char *other_params)
{
	struct script s = {.st = f->s, .ctx = &f->ctx, .run = method_run};
	static int number;
	char text[32];
	int64_t change;
	bool r;

	for (; *calls != NULL; calls += 2)
		(void)run(f, &s, calls[0], calls[1]);
	snprintf(text, sizeof(text), "other %d", number++);
	if (other == NULL)
		add(f, f->w, "bob", text);
	else
		call(f, f->w, other, other_params);
	r = commit(f, &s, &change);
	assert_true(r || change > 0);
	script_done(&s);
	return r;
}

#define CONFLICTS(...)                                                         \
	conflicts(f, (const char *const[]){__VA_ARGS__, NULL}, NULL, NULL)
#define CONFLICTS_WITH(method, params, ...)                                    \
	conflicts(f, (const char *const[]){__VA_ARGS__, NULL}, method, params)

static void
test_what_was_only_added_to_may_change(void **state)
{
	struct script_fixture *f = *state;

	add(f, f->w, "ada", "a");
	add(f, f->w, "bob", "b");
	assert_false(CONFLICTS("add_observations", ADD_BOB("\"one\"")));
	assert_false(CONFLICTS("create_relations", RELATE));
	assert_false(CONFLICTS("create_entities",
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"t\","
		"\"observations\":[\"two\"]}]}"));
	assert_false(CONFLICTS("open_nodes", "{\"names\":[\"ada\"]}",
		"add_observations", ADD_BOB("{\"text\":\"three\"}")));
	assert_false(CONFLICTS("write_file", "{\"name\":\"f\",\"content\":1}",
		"read_file", "{\"name\":\"f\"}", "add_observations",
		ADD_BOB("\"four\"")));
	assert_int_equal(found(f, f->w, "three"), 1);
}

static void
test_what_was_read_may_not(void **state)
{
	struct script_fixture *f = *state;

	add(f, f->w, "ada", "a");
	add(f, f->w, "bob", "b");
	/* read by name, before or after; by a search, also one without it */
	assert_true(CONFLICTS("open_nodes", "{\"names\":[\"bob\"]}",
		"add_observations", ADD_BOB("\"one\"")));
	assert_true(CONFLICTS("add_observations", ADD_BOB("\"two\""),
		"memory_history", "{\"name\":\"bob\"}"));
	assert_true(CONFLICTS("search_nodes", "{\"query\":\"nothing\"}",
		"add_observations", ADD_BOB("\"three\"")));
	assert_true(CONFLICTS("get_memory_status", "{}", "add_observations",
		ADD_BOB("\"four\"")));
	/* told by an error, or by a dry run */
	assert_true(CONFLICTS("rename_entity",
		"{\"name\":\"bob\",\"new_name\":\"ada\"}", "add_observations",
		ADD_BOB("\"five\"")));
	assert_true(CONFLICTS("memory_undo", "{\"change\":1,\"dry_run\":true}",
		"add_observations", ADD_BOB("\"six\"")));
	/* more than added to */
	assert_true(CONFLICTS("create_entities",
		"{\"mode\":\"replace\",\"entities\":[{\"name\":\"bob\","
		"\"entityType\":\"t\",\"observations\":[\"seven\"]}]}"));
	assert_true(CONFLICTS("create_entities",
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"t\","
		"\"tier\":\"semantic\",\"observations\":[\"eight\"]}]}"));
	assert_true(CONFLICTS_WITH(m_update_entity,
		"{\"name\":\"bob\",\"tier\":\"episodic\"}", "create_entities",
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"t\","
		"\"tier\":\"working\",\"observations\":[\"eight\"]}]}"));
	assert_true(CONFLICTS("delete_observations", DROP_BOB("\"b\"")));
	assert_int_equal(found(f, f->w,
				 "one two three four five six seven "
				 "eight"),
		0);
}

/* What the calls answered must still be true. */
static void
test_replies_hold(void **state)
{
	struct script_fixture *f = *state;

	add(f, f->w, "ada", "a");
	add(f, f->w, "bob", "b");
	/* "added", but somebody else was before */
	assert_true(CONFLICTS_WITH(m_add_observations, ADD_BOB("\"x\""),
		"add_observations", ADD_BOB("\"x\"")));
	/* "missing", but now it is there and would be deleted */
	assert_true(CONFLICTS_WITH(m_add_observations, ADD_BOB("\"y\""),
		"delete_observations", DROP_BOB("\"y\""), "add_observations",
		ADD_BOB("\"z\"")));
	assert_int_equal(found(f, f->w, "y"), 1);
	/* "updated", but it is gone */
	assert_true(CONFLICTS_WITH(m_delete_entities,
		"{\"entityNames\":[\"bob\"]}", "create_entities", BOB,
		"add_observations", ADD_BOB("\"w\"")));
	assert_int_equal(found(f, f->w, "w"), 0);
}

static void
test_own_calls_are_not_undone(void **state)
{
	struct script_fixture *f = *state;
	struct script s = {.st = f->s, .ctx = &f->ctx, .run = method_run};
	int64_t change;

	add(f, f->w, "bob", "b");
	assert_int_equal(run(f, &s, "add_observations", ADD_BOB("\"x\"")), 0);
	assert_int_equal(run(f, &s, "memory_undo", "{\"change\":2}"),
		MDB_E_INVALID);
	assert_non_null(strstr(f->e.text, "up to 1"));
	assert_int_equal(run(f, &s, "memory_undo", "{\"session\":\"s\"}"),
		MDB_E_INVALID);
	assert_false(commit(f, &s, &change));
	script_done(&s);
	s = (struct script){.st = f->s, .ctx = &f->ctx, .run = method_run};
	assert_int_equal(run(f, &s, "memory_undo", "{\"change\":2}"), 0);
	assert_int_equal(run(f, &s, "memory_undo", "{\"changes\":[1]}"), 0);
	assert_false(commit(f, &s, &change));
	script_done(&s);
	assert_int_equal(entities(f, f->w), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_writes_become_one_change,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflicts_change_nothing,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_was_only_added_to_may_change, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_what_was_read_may_not,
			setup, teardown),
		cmocka_unit_test_setup_teardown(test_replies_hold, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_own_calls_are_not_undone,
			setup, teardown),
	};

	return cmocka_run_group_tests_name("script_commit", tests, NULL, NULL);
}
