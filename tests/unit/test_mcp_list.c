/* What a client is told before it calls: profiles, the list of tools and its
 * schemas, instructions; and the arguments it may give. */
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "mcp-server/mcp/compat.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/mcp_args.h"
#include "mcp-server/mcp/mcp_tools.h"
#include "tests/lib/json_text.h"
#include "tests/lib/unit.h"

static void
test_profiles(void **state)
{
	struct profile p;
	struct err e = {0};

	(void)state;
	assert_int_equal(profile_read("default", &p, &e), 0);
	assert_int_equal(p.set, TP_DEFAULT);
	assert_false(p.compat);
	assert_int_equal(profile_read(" compat , history", &p, &e), 0);
	assert_true(p.compat && p.history);
	assert_int_equal(profile_read("all", &p, &e), 0);
	assert_false(p.set & TP_ADMIN);
	assert_false(p.compat);
	assert_int_equal(profile_read("all,admin", &p, &e), 0);
	assert_true(p.set & TP_ADMIN);
	assert_int_equal(profile_read("nosuch", &p, &e), MDB_E_INVALID);
	assert_non_null(strstr(e.text, "'nosuch'"));
	assert_non_null(strstr(e.text, "compat"));
	assert_int_equal(profile_read("", &p, &e), MDB_E_INVALID);
	assert_int_equal(profile_read("default,", &p, &e), MDB_E_INVALID);
}

/* A schema of one type a value, as the smallest subset that a client takes has
 * it, with entries for every array. */
static void
check_schema(const char *tool, json_t *schema, bool is_input)
{
	static const char *const unions[] = {"anyOf", "oneOf", "allOf", "$ref"};
	json_t *type = json_object_get(schema, "type");
	const char *name, *text = json_string_value(type);
	json_t *member;

	assert_true(!type || json_is_string(type));
	for (size_t i = 0; i < ARRAY_LEN(unions); i++)
		assert_null(json_object_get(schema, unions[i]));
	if (text && strcmp(text, "array") == 0) {
		if (!json_is_object(json_object_get(schema, "items")))
			fail_msg("%s: an array without items", tool);
		check_schema(tool, json_object_get(schema, "items"), is_input);
	}
	json_object_foreach(json_object_get(schema, "properties"), name,
		member) {
		if (is_input && json_string_length(json_object_get(member,
					"description")) == 0)
			fail_msg("%s: %s has no description", tool, name);
		check_schema(tool, member, is_input);
	}
}

static void
test_schemas_suit_every_client(void **state)
{
	static const char *const profiles[] = {"default", "compat", "all"};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(profiles); k++) {
		struct profile p;
		AUTO_JSON json_t *list = NULL;
		json_t *t;
		size_t i;

		assert_int_equal(profile_read(profiles[k], &p, NULL), 0);
		list = mcp_tools_json(&p);
		json_array_foreach(list, i, t) {
			const char *name =
				json_string_value(json_object_get(t, "name"));

			check_schema(name, json_object_get(t, "inputSchema"),
				true);
			check_schema(name, json_object_get(t, "outputSchema"),
				false);
		}
	}
}

/* Every client pays for the list in every conversation. */
static void
test_default_list_is_small(void **state)
{
	AUTO_BUF struct buf a = {0};
	AUTO_BUF struct buf b = {0};
	struct profile p;
	AUTO_JSON json_t *first = NULL;
	AUTO_JSON json_t *second = NULL;
	json_t *t;
	size_t i;

	(void)state;
	assert_int_equal(profile_read("default", &p, NULL), 0);
	first = mcp_tools_json(&p);
	second = mcp_tools_json(&p);
	assert_int_equal(jx_dump(first, &a), 0);
	assert_int_equal(jx_dump(second, &b), 0);
	assert_true(a.len < 9000);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	json_array_foreach(first, i, t) {
		json_t *notes = json_object_get(t, "annotations");

		assert_true(
			json_is_false(json_object_get(notes, "openWorldHint")));
		/* Read-only, or what differs from "destroys". */
		assert_true(json_object_size(notes) <= 3);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(t, "inputSchema"),
					    "type")),
			"object");
		assert_true(
			json_string_length(json_object_get(t, "name")) <= 32);
		assert_true(json_string_length(
				    json_object_get(t, "description")) < 2048);
	}
}

static void
test_compat_list_is_the_nine(void **state)
{
	struct profile p;
	AUTO_JSON json_t *list = NULL;
	json_t *t;
	size_t i;

	(void)state;
	assert_int_equal(profile_read("compat", &p, NULL), 0);
	list = mcp_tools_json(&p);
	assert_int_equal(json_array_size(list), 9);
	json_array_foreach(list, i, t) {
		json_t *members =
			json_object_get(json_object_get(t, "inputSchema"),
				"properties");

		assert_true(json_object_size(members) <= 1);
		assert_int_equal(json_object_size(
					 json_object_get(t, "annotations")),
			4);
		assert_true(json_is_false(
			json_object_get(json_object_get(t, "outputSchema"),
				"additionalProperties")));
	}
}

static void
test_list_without_memory(void **state)
{
	struct profile p;
	AUTO_JSON json_t *whole = NULL;

	(void)state;
	assert_int_equal(profile_read("all", &p, NULL), 0);
	whole = mcp_tools_json(&p);
	for (size_t n = 1;; n++) {
		AUTO_JSON json_t *list = NULL;

		heap_fail_at(n);
		list = mcp_tools_json(&p);
		if (!heap_disarm())
			break;
		/* All of it, or nothing. */
		if (list && !json_equal(list, whole))
			fail_msg("allocation %zu: a list with holes", n);
	}
}

static void
test_instructions(void **state)
{
	static const char *const words[] = {"memory", "remember", "prefer",
		"decisions", "sessions", "search_nodes", "next", "secrets",
		"instructions", "memoryctl forget", "absolute dates"};
	const char *text = era_instructions();

	(void)state;
	assert_true(strlen(text) < 1600);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_non_null(strstr(text, words[i]));
}

static void
filter(const char *profile, const char *tool, const char *args,
	const char *wanted, const char *wanted_ignored)
{
	struct profile p;
	AUTO_JSON json_t *a = json(args);
	AUTO_JSON json_t *ignored = json_array();
	struct err e = {0};
	int rc;

	assert_int_equal(profile_read(profile, &p, NULL), 0);
	rc = mcp_args_filter(tool_find(tool), &p, a, ignored, &e);
	if (!wanted) {
		assert_int_equal(rc, MDB_E_INVALID);
		return;
	}
	assert_int_equal(rc, 0);
	assert_json(a, wanted);
	assert_json(ignored, wanted_ignored);
}

static void
test_filter(void **state)
{
	(void)state;
	filter("default", "search_nodes",
		"{\"query\":\"q\",\"namespace\":\"n\",\"fields\":[],"
		"\"tiers\":[\"working\"],\"as_of\":1,\"typo\":1}",
		"{\"query\":\"q\",\"tiers\":[\"working\"],\"typo\":1}",
		"[\"namespace\",\"fields\",\"as_of\"]");
	filter("default,history", "search_nodes",
		"{\"query\":\"q\",\"as_of\":1,\"branch\":\"b\"}",
		"{\"query\":\"q\",\"as_of\":1,\"branch\":\"b\"}", "[]");
	filter("compat", "search_nodes",
		"{\"query\":\"q\",\"limit\":3,\"tiers\":[],\"typo\":1}",
		"{\"query\":\"q\"}", "[\"limit\",\"tiers\",\"typo\"]");
	filter("compat", "create_entities",
		"{\"entities\":[{\"name\":\"a\",\"tier\":\"x\",\"z\":1,"
		"\"observations\":[\"o\"]},7],\"mode\":\"replace\"}",
		"{\"entities\":[{\"name\":\"a\",\"observations\":[\"o\"]},7]}",
		"[\"mode\"]");
	filter("default", "create_entities",
		"{\"entities\":7,\"scope\":\"user\"}",
		"{\"entities\":7,\"scope\":\"user\"}", "[]");
	filter("default", "create_entities",
		"{\"entities\":7,\"mode\":\"replace\"}", "{\"entities\":7}",
		"[\"mode\"]");
	filter("all,admin", "memory_branch",
		"{\"action\":\"discard\",\"id\":2}", NULL, NULL);
	filter("default", "memory_history", "{\"key\":\"k\"}", NULL, NULL);
	filter("default", "memory_history", "{\"typo\":1}", "{\"typo\":1}",
		"[]");
}

static void
test_paths(void **state)
{
	AUTO_JSON json_t *a = json("{\"o\":[{\"n\":\"x\"},{\"n\":7}],"
				   "\"s\":\"t\"}");

	(void)state;
	assert_string_equal(mcp_args_at(a, "o[0].n"), "x");
	assert_string_equal(mcp_args_at(a, "s"), "t");
	assert_null(mcp_args_at(a, "o[1].n"));
	assert_null(mcp_args_at(a, "o[2].n"));
	assert_null(mcp_args_at(a, "o[-1].n"));
	assert_null(mcp_args_at(a, "o[x"));
	assert_null(mcp_args_at(a, "o[]"));
	assert_null(mcp_args_at(a, "o..n"));
	assert_null(mcp_args_at(a, ""));
	assert_null(mcp_args_at(a, "s.t.u[3]"));
}

static void
test_client_label(void **state)
{
	char long_name[600], out[264];
	AUTO_JSON json_t *j = json("{\"name\":\"n\",\"version\":\"1\"}");
	AUTO_JSON json_t *bad = json("{\"name\":7}");
	AUTO_JSON json_t *big = NULL;

	(void)state;
	era_client_label(j, out, sizeof(out));
	assert_string_equal(out, "n/1");
	era_client_label(bad, out, sizeof(out));
	assert_string_equal(out, "");
	era_client_label(NULL, out, sizeof(out));
	assert_string_equal(out, "");
	for (size_t i = 0; i + 1 < sizeof(long_name); i += 2)
		memcpy(long_name + i, "\xc3\xa9", 2);
	big = json_pack("{s:s%}", "name", long_name, sizeof(long_name));
	era_client_label(big, out, sizeof(out));
	assert_true(strlen(out) <= 256 && strlen(out) >= 254);
	assert_int_equal(strlen(out) % 2, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_schemas_suit_every_client),
		cmocka_unit_test(test_default_list_is_small),
		cmocka_unit_test(test_compat_list_is_the_nine),
		cmocka_unit_test(test_list_without_memory),
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_client_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
