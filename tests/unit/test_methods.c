/* Handlers over a real store: what each write does and answers, retries by
 * key, pages of the graph. Requests and replies are JSON texts. */
#include "tests/lib/unit.h"

#include "tests/lib/db_fixture.h"

static int
call(struct fixture *f, method_fn fn, const char *params)
{
	return fixture_write(f, fn, parse(params));
}

#define ADA                                                                    \
	"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","          \
	"\"observations\":[\"likes tea\",\"likes tea\"]}]}"

static void
test_create_merge_replace_skip(void **state)
{
	struct fixture *f = *state;

	do_write(f, m_create_entities, ADA);
	expect(f, "{\"results\":[{\"name\":\"ada\",\"action\":\"created\","
		  "\"id\":1,\"version\":1,\"added\":1}],\"change\":1}");
	do_write(f, m_create_entities, ADA);
	expect(f, "{\"results\":[{\"name\":\"ada\",\"action\":\"unchanged\","
		  "\"id\":1,\"version\":1,\"added\":0}]}");
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"robot\","
		"\"observations\":[\"likes chess\"]}]}");
	expect(f, "{\"results\":[{\"name\":\"ada\",\"action\":\"updated\","
		  "\"id\":1,\"version\":2,\"added\":1,\"note\":\"type kept: "
		  "person\"}],\"change\":2}");
	do_write(f, m_create_entities,
		"{\"mode\":\"skip\",\"entities\":[{\"name\":\"ada\","
		"\"entityType\":\"person\",\"observations\":[\"x\"]}]}");
	expect(f, "{\"results\":[{\"name\":\"ada\",\"action\":\"unchanged\","
		  "\"id\":1,\"version\":2,\"added\":0}]}");
	do_write(f, m_create_entities,
		"{\"mode\":\"replace\",\"entities\":[{\"name\":\"ada\","
		"\"entityType\":\"person\",\"observations\":[\"likes chess\","
		"\"likes go\"]}]}");
	expect(f, "{\"results\":[{\"name\":\"ada\",\"action\":\"updated\","
		  "\"id\":1,\"version\":3,\"added\":1}],\"change\":3}");
	do_read(f, m_open_nodes, "{\"names\":[\"ada\"]}");
	expect(f, "{\"entities\":[{\"id\":1,\"name\":\"ada\",\"type\":"
		  "\"person\",\"observations\":[\"likes chess\",\"likes "
		  "go\"]}],\"relations\":[]}");
	f->ctx.as_of = json_integer(1);
	do_read(f, m_open_nodes, "{\"names\":[\"ada\"]}");
	json_decref((json_t *)(uintptr_t)f->ctx.as_of);
	f->ctx.as_of = NULL;
	expect(f, "{\"entities\":[{\"id\":1,\"name\":\"ada\",\"type\":"
		  "\"person\",\"observations\":[\"likes tea\"]}],"
		  "\"relations\":[]}");
}

static void
test_relations_and_deletion(void **state)
{
	struct fixture *f = *state;

	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"a\",\"b\"]},{\"name\":\"bob\","
		"\"entityType\":\"person\",\"observations\":[]}]}");
	assert_int_equal(call(f, m_create_relations,
				 "{\"relations\":[{\"from\":\"ada\",\"to\":"
				 "\"bop\",\"relationType\":\"knows\"}]}"),
		MDB_E_NOT_FOUND);
	assert_string_equal(f->e.text, "no entity 'bop'; similar: 'bob'");
	assert_string_equal(f->e.param, "relations[0].to");
	do_write(f, m_create_relations,
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
		"\"relationType\":\"knows\"},{\"from\":\"ada\",\"to\":"
		"\"bob\",\"relationType\":\"knows\"}]}");
	expect(f, "{\"results\":[{\"from\":\"ada\",\"to\":\"bob\","
		  "\"relationType\":\"knows\",\"action\":\"created\"},"
		  "{\"from\":\"ada\",\"to\":\"bob\",\"relationType\":"
		  "\"knows\",\"action\":\"unchanged\"}],\"change\":2}");
	do_write(f, m_delete_observations,
		"{\"deletions\":[{\"entityName\":\"ada\",\"observations\":["
		"\"a\",\"zzz\"]},{\"entityName\":\"nobody\","
		"\"observations\":[\"q\"]}]}");
	expect(f, "{\"results\":[{\"entityName\":\"ada\",\"deleted\":1,"
		  "\"missing\":[\"zzz\"]},{\"entityName\":\"nobody\","
		  "\"deleted\":0,\"missing\":[\"q\"]}],\"change\":3}");
	do_write(f, m_delete_entities,
		"{\"entityNames\":[\"bob\",\"nobody\"]}");
	expect(f, "{\"deleted\":[\"bob\"],\"missing\":[\"nobody\"],"
		  "\"change\":4}");
	do_read(f, m_read_graph, "{}");
	expect(f, "{\"entities\":[{\"id\":1,\"name\":\"ada\",\"type\":"
		  "\"person\",\"observations\":[\"b\"]}],\"relations\":[]}");
	/* Back again: the same entity, its count of versions goes on. */
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"robot\","
		"\"observations\":[]}]}");
	expect(f, "{\"results\":[{\"name\":\"bob\",\"action\":\"created\","
		  "\"id\":2,\"version\":3,\"added\":0}],\"change\":5}");
	do_write(f, m_delete_relations,
		"{\"relations\":[{\"from\":\"ada\",\"to\":\"bob\","
		"\"relationType\":\"knows\"}]}");
	expect(f, "{\"deleted\":0,\"missing\":1,\"missing_at\":[0]}");
}

static void
test_update_and_rename(void **state)
{
	struct fixture *f = *state;

	do_write(f, m_create_entities, ADA);
	do_write(f, m_update_entity,
		"{\"name\":\"ada\",\"entityType\":\"scientist\",\"tier\":"
		"\"semantic\",\"pin\":true,\"metadata\":{\"a\":1}}");
	do_write(f, m_rename_entity,
		"{\"name\":\"ada\",\"new_name\":\"ada lovelace\"}");
	expect(f,
		"{\"name\":\"ada lovelace\",\"old_name\":\"ada\",\"entity_id\":1,"
		"\"version\":3,\"change\":3}");
	do_read(f, m_open_nodes,
		"{\"names\":[\"ada\"],\"fields\":[\"name\",\"type\",\"tier\","
		"\"pin\",\"metadata\",\"aliases\",\"version\",\"branch\"]}");
	expect(f, "{\"entities\":[{\"name\":\"ada lovelace\",\"type\":"
		  "\"scientist\",\"tier\":\"semantic\",\"pin\":true,"
		  "\"metadata\":{\"a\":1},\"aliases\":[\"ada\"],\"version\":3,"
		  "\"branch\":\"main\"}],\"relations\":[]}");
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"person\","
		"\"observations\":[]}]}");
	assert_int_equal(call(f, m_rename_entity,
				 "{\"name\":\"bob\",\"new_name\":\"ada\"}"),
		MDB_E_EXISTS);
	assert_int_equal(call(f, m_update_entity, "{\"name\":\"bob\"}"),
		MDB_E_INVALID);
}

static void
test_retry_by_key_answers_the_first_result(void **state)
{
	struct fixture *f = *state;
	json_t *first;

	f->ctx.key = "k1";
	do_write(f, m_create_entities, ADA);
	first = json_incref(f->last);
	f->ctx.key = "k2";
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"ada\",\"entityType\":\"person\","
		"\"observations\":[\"more\"]}]}");
	f->ctx.key = "k1";
	do_write(f, m_create_entities, ADA);
	assert_true(json_equal(first, f->last));
	assert_int_equal(f->note.change, 0); /* no event for a retry */
	json_decref(first);
	f->ctx.key = "k3";
	do_write(f, m_delete_observations,
		"{\"deletions\":[{\"entityName\":\"ada\",\"observations\":["
		"\"more\",\"no\"]}]}");
	first = json_incref(f->last);
	do_write(f, m_delete_observations,
		"{\"deletions\":[{\"entityName\":\"ada\",\"observations\":["
		"\"more\",\"no\"]}]}");
	assert_true(json_equal(first, f->last));
	json_decref(first);
	f->ctx.key = "k4";
	do_write(f, m_create_entities, ADA); /* changes nothing */
	first = json_incref(f->last);
	f->ctx.key = NULL;
	do_write(f, m_delete_entities, "{\"entityNames\":[\"ada\"]}");
	f->ctx.key = "k4";
	do_write(f, m_create_entities, ADA);
	assert_true(json_equal(first, f->last));
	json_decref(first);
}

static void
test_retry_of_a_fork_and_a_key_of_another_request(void **state)
{
	static const char fork[] = "{\"action\":\"create\",\"name\":\"b\"}";
	struct fixture *f = *state;
	json_t *first;

	do_write(f, m_create_entities, ADA);
	f->ctx.key = "fork";
	do_write(f, m_memory_branch, fork);
	first = json_incref(f->last);
	do_write(f, m_memory_branch, fork);
	assert_true(json_equal(first, f->last));
	json_decref(first);
	assert_int_equal(
		call(f, m_create_entities,
			"{\"entities\":[{\"name\":\"zoe\",\"entityType\":\"t\","
			"\"observations\":[]}]}"),
		MDB_E_INVALID);
	assert_non_null(strstr(f->e.text, "key"));
}

static void
test_namespaces(void **state)
{
	struct fixture *f = *state;

	do_write(f, m_create_entities, ADA);
	f->ctx.namespace_ = "project";
	do_read(f, m_open_nodes, "{\"names\":[\"ada\"]}");
	expect(f, "{\"entities\":[{\"id\":1,\"name\":\"ada\",\"type\":"
		  "\"person\",\"namespace\":\"default\",\"observations\":["
		  "\"likes tea\"]}],\"relations\":[]}");
	assert_int_equal(call(f, m_add_observations,
				 "{\"observations\":[{\"entityName\":\"ada\","
				 "\"contents\":[\"x\"]}]}"),
		MDB_E_NOT_FOUND);
	assert_non_null(strstr(f->e.text, "scope:\"user\""));
	f->ctx.user_scope = true;
	do_write(f, m_add_observations,
		"{\"observations\":[{\"entityName\":\"ada\",\"contents\":["
		"\"x\",\"likes tea\"]}]}");
	expect(f, "{\"results\":[{\"entityName\":\"ada\","
		  "\"addedObservations\":[\"x\"],\"id\":1,\"version\":2}],"
		  "\"change\":2}");
}

/* Reads the graph page by page; counts entities and relations. */
static void
walk(struct fixture *f, int max_bytes, int *entities, int *relations,
	int *pages)
{
	char params[200] = "", next[100] = "";

	*entities = *relations = *pages = 0;
	do {
		const char *cursor;

		snprintf(params, sizeof(params), "{\"max_bytes\":%d%s%s%s}",
			max_bytes, next[0] ? ",\"cursor\":\"" : "", next,
			next[0] ? "\"" : "");
		do_read(f, m_read_graph, params);
		*entities += (int)json_array_size(
			json_object_get(f->last, "entities"));
		*relations += (int)json_array_size(
			json_object_get(f->last, "relations"));
		cursor = json_string_value(json_object_get(f->last, "next"));
		snprintf(next, sizeof(next), "%s", cursor ? cursor : "");
		assert_true(++*pages < 500);
	} while (next[0] != '\0');
}

static void
test_graph_pages_give_everything_once(void **state)
{
	struct fixture *f = *state;
	int entities, relations, pages;
	char text[400];

	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text),
			"{\"entities\":[{\"name\":\"e%d\",\"entityType\":"
			"\"t\",\"observations\":[\"some text of %d\"]}]}",
			i, i);
		do_write(f, m_create_entities, text);
	}
	for (int i = 0; i < 20; i++)
		for (int k = 0; k < 20; k++) {
			snprintf(text, sizeof(text),
				"{\"relations\":[{\"from\":\"e%d\",\"to\":"
				"\"e%d\",\"relationType\":\"r\"}]}",
				i, k);
			do_write(f, m_create_relations, text);
		}
	for (int max = 256; max <= 1 << 20; max *= 4) {
		walk(f, max, &entities, &relations, &pages);
		assert_int_equal(entities, 20);
		assert_int_equal(relations, 400);
	}
	assert_int_equal(pages, 1);
}

static void
test_an_entity_asked_for_twice_comes_once(void **state)
{
	struct fixture *f = *state;
	char next[100], params[200];

	do_write(f, m_create_entities, ADA);
	do_write(f, m_rename_entity, "{\"name\":\"ada\",\"new_name\":\"eva\"}");
	do_read(f, m_open_nodes,
		"{\"names\":[\"ada\",\"eva\",\"eva\",\"no\"]}");
	assert_int_equal(json_array_size(json_object_get(f->last, "entities")),
		1);
	assert_int_equal(json_array_size(json_object_get(f->last, "missing")),
		1);
	/* Neither on a later page. */
	do_write(f, m_create_entities,
		"{\"entities\":[{\"name\":\"bob\",\"entityType\":\"t\","
		"\"observations\":[\"a text that is long enough to fill what "
		"a small page can take, so that the next one is needed for "
		"the entities which follow it in the list of names\"]}]}");
	do_read(f, m_open_nodes,
		"{\"names\":[\"ada\",\"bob\",\"eva\"],\"max_bytes\":256}");
	snprintf(next, sizeof(next), "%s",
		json_string_value(json_object_get(f->last, "next")));
	snprintf(params, sizeof(params),
		"{\"names\":[\"ada\",\"bob\",\"eva\"],\"cursor\":\"%s\"}",
		next);
	do_read(f, m_open_nodes, params);
	assert_int_equal(json_array_size(json_object_get(f->last, "entities")),
		1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(test_create_merge_replace_skip),
		T(test_relations_and_deletion),
		T(test_update_and_rename),
		T(test_retry_by_key_answers_the_first_result),
		T(test_retry_of_a_fork_and_a_key_of_another_request),
		T(test_namespaces),
		T(test_graph_pages_give_everything_once),
		T(test_an_entity_asked_for_twice_comes_once),
	};

	return cmocka_run_group_tests_name("methods", tests, NULL, NULL);
}
