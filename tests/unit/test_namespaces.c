/* Namespaces and sessions: lists, names, moving one into another. */
#include "tests/lib/unit.h"

#include "tests/lib/db_fixture.h"

static void
create(struct fixture *f, const char *space, const char *name, const char *text)
{
	f->ctx.namespace_ = space;
	must(f, fixture_write(f, m_create_entities,
			json_pack("{s:[{s:s, s:s, s:[s]}]}", "entities", "name",
				name, "entityType", "person", "observations",
				text)));
	f->ctx.namespace_ = "default";
}

static void
assert_clean(struct fixture *f)
{
	json_t *params = json_object(), *next;

	do {
		must(f, fixture_read(f, m_verify, json_deep_copy(params)));
		if (json_array_size(json_object_get(f->last, "problems")) > 0) {
			char *t = json_dumps(f->last, JSON_INDENT(1));

			print_error("%s\n", t);
			free(t);
			fail();
		}
		next = json_object_get(f->last, "next");
		if (next != NULL)
			json_object_set(params, "cursor", next);
	} while (next != NULL);
	json_decref(params);
}

/* --- sessions ------------------------------------------------------------- */
static void
test_sessions(void **state)
{
	struct fixture *f = *state;
	char params[200];

	clock_fake(1760000000000);
	create(f, "default", "ada", "a");
	clock_fake(1760000060000);
	create(f, "default", "ada", "b");
	f->ctx.session = "s2";
	f->ctx.client = "other 2";
	create(f, "p1", "bob", "c");
	f->ctx.session = NULL;
	create(f, "p1", "bob", "d");
	do_read(f, m_list_sessions, "{\"limit\":1}");
	assert_string_equal(json_string_value(json_object_get(f->last, "next")),
		"c3.3.0");
	json_object_del(f->last, "next");
	expect(f, "{\"sessions\":[{\"session\":\"s2\",\"client\":\"other 2\","
		  "\"first\":\"2025-10-09T08:54:20.000Z\","
		  "\"last\":\"2025-10-09T08:54:20.000Z\",\"changes\":1,"
		  "\"namespace\":\"p1\"}]}");
	snprintf(params, sizeof(params), "{\"cursor\":\"c3.3.0\"}");
	do_read(f, m_list_sessions, params);
	expect(f, "{\"sessions\":[{\"session\":\"s1\",\"client\":\"test 1\","
		  "\"first\":\"2025-10-09T08:53:20.000Z\","
		  "\"last\":\"2025-10-09T08:54:20.000Z\",\"changes\":2,"
		  "\"namespace\":\"default\"}]}");
}

/* --- names ---------------------------------------------------------------- */
/* The namespaces without their heads. */
static void
expect_namespaces(struct fixture *f, const char *want)
{
	json_t *list, *v;
	size_t i;

	do_read(f, m_list_namespaces, "{}");
	list = json_object_get(f->last, "namespaces");
	json_array_foreach(list, i, v) {
		assert_int_equal(json_string_length(json_object_get(v, "head")),
			64);
		json_object_del(v, "head");
	}
	expect(f, want);
}

static void
test_list_and_rename(void **state)
{
	struct fixture *f = *state;

	create(f, "p1", "ada", "a");
	create(f, "p1", "ada", "b");
	do_write(f, m_rename_namespace, "{\"from\":\"p1\",\"to\":\"p2\"}");
	expect(f, "{\"name\":\"p2\"}");
	expect_namespaces(f,
		"{\"namespaces\":[{\"name\":\"default\",\"aliases\":[],"
		"\"entities\":0,\"observations\":0,\"changes\":0},"
		"{\"name\":\"p2\",\"aliases\":[],\"entities\":1,"
		"\"observations\":2,\"changes\":2}]}");
	f->ctx.namespace_ = "p2";
	do_read(f, m_open_nodes, "{\"names\":[\"ada\"]}");
	assert_int_equal(json_array_size(json_object_get(f->last, "entities")),
		1);
	assert_clean(f); /* the chain hashes the id, not the name */
}

static void
assert_refused(struct fixture *f, method_fn fn, const char *params, int code,
	const char *param)
{
	int r = fixture_write(f, fn, parse(params));

	if (r != code)
		print_error("%s: %s\n", params, f->e.text);
	assert_int_equal(r, code);
	assert_string_equal(f->e.param, param);
	assert_true(strlen(f->e.text) > 20);
}

static void
test_names_refused(void **state)
{
	struct fixture *f = *state;

	create(f, "p1", "ada", "a");
	create(f, "p2", "ada", "a");
	do_write(f, m_alias_namespace, "{\"alias\":\"x\",\"of\":\"p1\"}");
	assert_refused(f, m_rename_namespace,
		"{\"from\":\"default\",\"to\":\"z\"}", MDB_E_DENIED, "from");
	assert_refused(f, m_rename_namespace, "{\"from\":\"p1\",\"to\":\"p2\"}",
		MDB_E_EXISTS, "to");
	assert_refused(f, m_rename_namespace,
		"{\"from\":\"p1\",\"to\":\"default\"}", MDB_E_EXISTS, "to");
	assert_refused(f, m_rename_namespace, "{\"from\":\"p2\",\"to\":\"x\"}",
		MDB_E_EXISTS, "to");
	assert_refused(f, m_rename_namespace, "{\"from\":\"x\",\"to\":\"y\"}",
		MDB_E_INVALID, "from");
	assert_refused(f, m_rename_namespace, "{\"from\":\"no\",\"to\":\"y\"}",
		MDB_E_NOT_FOUND, "from");
	assert_refused(f, m_alias_namespace, "{\"alias\":\"p2\",\"of\":\"p1\"}",
		MDB_E_EXISTS, "alias");
	assert_refused(f, m_alias_namespace, "{\"alias\":\"y\",\"of\":\"no\"}",
		MDB_E_NOT_FOUND, "of");
	assert_refused(f, m_merge_namespaces, "{\"from\":\"x\",\"to\":\"p1\"}",
		MDB_E_INVALID, "to");
	assert_refused(f, m_merge_namespaces, "{\"from\":\"p1\",\"to\":\"no\"}",
		MDB_E_NOT_FOUND, "to");
	/* Its own alias may become its name; an alias may move on. */
	do_write(f, m_alias_namespace, "{\"alias\":\"x\",\"of\":\"p2\"}");
	do_write(f, m_rename_namespace, "{\"from\":\"p2\",\"to\":\"x\"}");
	expect_namespaces(f,
		"{\"namespaces\":[{\"name\":\"default\",\"aliases\":[],"
		"\"entities\":0,\"observations\":0,\"changes\":0},"
		"{\"name\":\"p1\",\"aliases\":[],\"entities\":1,"
		"\"observations\":1,\"changes\":1},"
		"{\"name\":\"x\",\"aliases\":[],\"entities\":1,"
		"\"observations\":1,\"changes\":1}]}");
}

static void
test_alias(void **state)
{
	struct fixture *f = *state;

	create(f, "p1", "ada", "a");
	do_write(f, m_alias_namespace,
		"{\"alias\":\"old/path\",\"of\":\"p1\"}");
	expect(f, "{\"name\":\"p1\"}");
	do_write(f, m_alias_namespace,
		"{\"alias\":\"old/path\",\"of\":\"p1\"}");
	create(f, "old/path", "ada", "b");
	expect_namespaces(f,
		"{\"namespaces\":[{\"name\":\"default\",\"aliases\":[],"
		"\"entities\":0,\"observations\":0,\"changes\":0},"
		"{\"name\":\"p1\",\"aliases\":[\"old/path\"],\"entities\":1,"
		"\"observations\":2,\"changes\":2}]}");
	assert_clean(f);
}

/* A reply was lost: the same key does nothing a second time. */
static void
test_retries(void **state)
{
	struct fixture *f = *state;
	int64_t entities;

	create(f, "p1", "ada", "a");
	for (int i = 0; i < 2; i++) {
		f->ctx.key = "k1";
		do_write(f, m_rename_namespace,
			"{\"from\":\"p1\",\"to\":\"p2\"}");
		expect(f, "{\"name\":\"p2\"}");
		f->ctx.key = "k2";
		do_write(f, m_alias_namespace,
			"{\"alias\":\"x\",\"of\":\"p2\"}");
		f->ctx.key = "k3";
		do_write(f, m_merge_namespaces,
			"{\"from\":\"p2\",\"to\":\"default\"}");
		assert_int_equal(json_integer_value(
					 json_object_get(f->last, "moved")),
			i == 0 ? 2 : 0);
		assert_int_equal(json_is_true(json_object_get(f->last, "more")),
			i);
		f->ctx.key = "k4";
		do_write(f, m_import_records,
			"{\"source\":\"s\",\"offset\":0,\"records\":["
			"{\"type\":\"entity\",\"name\":\"bob\","
			"\"entityType\":\"t\",\"observations\":[]},{}],"
			"\"done\":true}");
		assert_int_equal(json_integer_value(json_object_get(f->last,
					 "next_offset")),
			2);
		f->ctx.key = NULL;
	}
	do_read(f, m_list_namespaces, "{}");
	entities = json_integer_value(
		json_object_get(json_array_get(json_object_get(f->last,
						       "namespaces"),
					0),
			"entities"));
	assert_int_equal(entities, 2);
}

/* --- merge ---------------------------------------------------------------- */
/* Calls until there is no more; returns the number of calls. */
static int
merge_all(struct fixture *f, const char *params, int64_t *ret_moved)
{
	int calls = 0;

	*ret_moved = 0;
	do {
		do_write(f, m_merge_namespaces, params);
		*ret_moved +=
			json_integer_value(json_object_get(f->last, "moved"));
		assert_true(++calls < 100);
	} while (json_is_true(json_object_get(f->last, "more")));
	return calls;
}

static void
test_merge(void **state)
{
	struct fixture *f = *state;
	int64_t moved;

	clock_fake(1760000000000);
	create(f, "p1", "ada", "likes tea");
	create(f, "p1", "zoe", "is late");
	f->ctx.namespace_ = "p1";
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"tier\":\"semantic\",\"pin\":true,"
		"\"metadata\":{\"k\":1}}");
	/* To one that moves later, to itself, and from one that moves later. */
	do_write(f, m_create_relations,
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"zoe\","
		"\"relationType\":\"knows\",\"weight\":0.5},"
		"{\"from\":\"ada\",\"to\":\"ada\",\"relationType\":\"is\"},"
		"{\"from\":\"zoe\",\"to\":\"ada\",\"relationType\":\"knows\"}"
		"]}");
	do_write(f, m_rename_entity,
		"{\"name\":\"ada\",\"new_name\":\"ada l\"}");
	create(f, "p2", "zoe", "is late");
	create(f, "p2", "zoe", "is here");
	clock_fake(1770000000000);
	assert_int_equal(merge_all(f, "{\"from\":\"p1\",\"to\":\"p2\"}",
				 &moved),
		1);
	assert_int_equal(moved, 8); /* 2 entities, 2 texts, 3 relations, 1 */
	f->ctx.namespace_ = "p2";
	do_read(f, m_open_nodes,
		"{\"names\":[\"ada\",\"zoe\"],\"fields\":[\"name\","
		"\"observations\",\"tier\",\"pin\",\"metadata\"]}");
	json_object_del(f->last, "missing");
	assert_int_equal(json_array_size(json_object_get(f->last, "relations")),
		3);
	json_object_del(f->last, "relations");
	expect(f, "{\"entities\":[{\"name\":\"ada l\",\"observations\":"
		  "[\"likes tea\"],\"tier\":\"semantic\",\"pin\":true,"
		  "\"metadata\":{\"k\":1}},{\"name\":\"zoe\",\"observations\":"
		  "[\"is late\",\"is here\"],\"tier\":\"working\","
		  "\"pin\":false}]}");
	do_read(f, m_open_nodes,
		"{\"names\":[\"ada\"],\"fields\":[\"facts\"]}");
	{
		const json_t *fact = json_array_get(
			json_object_get(json_array_get(json_object_get(f->last,
							       "entities"),
						0),
				"facts"),
			0);

		assert_string_equal(json_string_value(json_object_get(fact,
					    "source_session")),
			"s1");
		assert_string_equal(json_string_value(json_object_get(fact,
					    "source_timestamp")),
			"2025-10-09T08:53:20.000Z");
	}
	f->ctx.namespace_ = "p1";
	do_read(f, m_read_graph, "{}");
	assert_int_equal(json_array_size(json_object_get(f->last, "entities")),
		0);
	/* What was there is still there to be seen. */
	do_read(f, m_memory_history, "{\"name\":\"zoe\"}");
	assert_int_equal(json_array_size(json_object_get(f->last, "changes")),
		3);
	merge_all(f, "{\"from\":\"p1\",\"to\":\"p2\"}", &moved);
	assert_int_equal(moved, 0);
	assert_clean(f);
}

static void
test_merge_in_slices(void **state)
{
	struct fixture *f = *state;
	json_t *list = json_array(), *entities = json_array();
	json_t *relations = json_array();
	int64_t moved;

	for (int i = 0; i < 700; i++)
		json_array_append_new(list, json_sprintf("fact %d", i));
	json_array_append_new(entities,
		json_pack("{s:s, s:s, s:o}", "name", "big", "entityType", "t",
			"observations", list));
	for (int i = 0; i < 600; i++) {
		json_array_append_new(entities,
			json_pack("{s:o, s:s, s:[]}", "name",
				json_sprintf("e%d", i), "entityType", "t",
				"observations"));
		json_array_append_new(relations,
			json_pack("{s:o, s:s, s:s}", "from",
				json_sprintf("e%d", i), "to", "big",
				"relationType", "r"));
	}
	f->ctx.namespace_ = "p1";
	must(f, fixture_write(f, m_create_entities,
			json_pack("{s:o}", "entities", entities)));
	must(f, fixture_write(f, m_create_relations,
			json_pack("{s:o}", "relations", relations)));
	create(f, "p2", "e7", "was here");
	assert_true(
		merge_all(f, "{\"from\":\"p1\",\"to\":\"p2\"}", &moved) > 7);
	assert_int_equal(moved, 701 + 600 * 2);
	expect_namespaces(f,
		"{\"namespaces\":[{\"name\":\"default\",\"aliases\":[],"
		"\"entities\":0,\"observations\":0,\"changes\":0},"
		"{\"name\":\"p1\",\"aliases\":[],\"entities\":0,"
		"\"observations\":0,\"changes\":10},"
		"{\"name\":\"p2\",\"aliases\":[],\"entities\":601,"
		"\"observations\":701,\"changes\":9}]}");
	f->ctx.namespace_ = "p2";
	do_read(f, m_open_nodes,
		"{\"names\":[\"big\",\"e7\",\"e599\"],"
		"\"fields\":[\"name\"]}");
	assert_int_equal(json_array_size(json_object_get(f->last, "entities")),
		3);
	assert_clean(f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(test_sessions), T(test_list_and_rename),
		T(test_names_refused), T(test_alias), T(test_retries),
		T(test_merge), T(test_merge_in_slices)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
