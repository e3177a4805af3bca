/* The pure parts of memory-mcp: shapes and texts of the reference server,
 * profiles, the tool list, arguments. */
#include "mcp-server/mcp/compat.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "mcp-server/mcp/compat_answer.h"
#include "mcp-server/mcp/era.h"
#include "mcp-server/mcp/mcp_args.h"
#include "mcp-server/mcp/mcp_tools.h"
#include "mcp-server/mcp/service.h"
#include "tests/lib/unit.h"

static json_t *
json(const char *text)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(j);
	return j;
}

static void
test_pretty(void **state)
{
	static const char *const cases[][2] = {
		{"[]", "[]"},
		{"{}", "{}"},
		{"[[],{}]", "[\n  [],\n  {}\n]"},
		{"{\"a\":1,\"b\":[true,null,-2]}",
			"{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null,\n"
			"    -2\n  ]\n}"},
		{"[[[]],\"[]\",{\"{},:\\\\\":[{}]}]",
			"[\n  [\n    []\n  ],\n  \"[]\",\n  {\n"
			"    \"{},:\\\\\": [\n      {}\n    ]\n  }\n]"},
		{"\"\\u001b\x7f\\n\\\"\\u2028\xc3\xa9/\"",
			"\"\\u001b\x7f\\n\\\"\xe2\x80\xa8\xc3\xa9/\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf out = {0};
		AUTO_JSON json_t *j = json(cases[i][0]);

		assert_int_equal(compat_pretty(j, &out), 0);
		assert_string_equal(buf_str(&out), cases[i][1]);
		/* and of the compact text, quoted */
		AUTO_BUF struct buf plain = {0};
		AUTO_BUF struct buf again = {0};
		AUTO_BUF struct buf quoted = {0};
		size_t n;

		assert_int_equal(jx_dump(j, &plain), 0);
		assert_int_equal(jx_quote(out.data, out.len, &quoted), 0);
		n = quoted.len;
		assert_int_equal(compat_quote_pretty(&plain, n, &again), 0);
		assert_string_equal(buf_str(&again), buf_str(&quoted));
		assert_int_equal(compat_quote_pretty(&plain, n - 1, &again),
			MDB_E_LIMIT);
		assert_int_equal(again.len, n);
	}
}

struct shape_case {
	const char *tool, *args, *reply;
	const char *exact, *plain; /* structuredContent */
};

static const struct shape_case shapes[] = {
	{"create_entities",
		"{\"entities\":[{\"name\":\"a\",\"entityType\":\"t\","
		"\"observations\":[\"x\",\"x\",{\"text\":\"y\"}],\"more\":1},"
		"{\"name\":\"b\",\"entityType\":\"t\",\"observations\":[]}]}",
		"{\"results\":[{\"name\":\"a\",\"action\":\"created\","
		"\"added\":2},{\"name\":\"b\",\"action\":\"unchanged\","
		"\"added\":0,\"note\":\"n\"}]}",
		"{\"entities\":[{\"name\":\"a\",\"entityType\":\"t\","
		"\"observations\":[\"x\",\"y\"]}]}",
		"{\"entities\":[{\"name\":\"a\",\"added\":2}],"
		"\"updated\":[{\"name\":\"b\",\"added\":0,\"note\":\"n\"}]}"},
	{"add_observations", "{}",
		"{\"results\":[{\"entityName\":\"a\",\"addedObservations\":["
		"\"x\"],\"similar\":[{\"index\":0,\"text\":\"y\"}]}],"
		"\"failed\":[{\"index\":1,\"error\":\"e\"}]}",
		"{\"results\":[{\"entityName\":\"a\",\"addedObservations\":["
		"\"x\"]}]}",
		"{\"results\":[{\"entityName\":\"a\",\"added\":1,"
		"\"similar\":[{\"index\":0,\"text\":\"y\"}]}],"
		"\"failed\":[{\"index\":1,\"error\":\"e\"}]}"},
	{"create_relations", "{}",
		"{\"results\":[{\"from\":\"a\",\"to\":\"b\","
		"\"relationType\":\"r\",\"action\":\"created\"},"
		"{\"from\":\"a\",\"to\":\"c\",\"relationType\":\"r\","
		"\"action\":\"unchanged\"}]}",
		"{\"relations\":[{\"from\":\"a\",\"to\":\"b\","
		"\"relationType\":\"r\"}]}",
		"{\"created\":1,\"unchanged\":1}"},
	{"delete_observations", "{}",
		"{\"results\":[{\"entityName\":\"a\",\"deleted\":0,"
		"\"missing\":[\"x\"],\"nearest\":[\"y\"]}]}",
		"{\"success\":true,"
		"\"message\":\"Observations deleted successfully\"}",
		"{\"success\":false,\"deleted\":0,"
		"\"message\":\"nothing deleted\",\"missing\":[{"
		"\"entityName\":\"a\",\"observations\":[\"x\"],"
		"\"nearest\":[\"y\"]}]}"},
	{"search_nodes", "{}",
		"{\"results\":[{\"id\":1,\"name\":\"a\",\"type\":\"t\","
		"\"observations\":[\"x\"],\"score\":0.5,\"omitted\":2,"
		"\"namespace\":\"default\"}],\"count\":1,\"next\":\"c\"}",
		"{\"entities\":[{\"name\":\"a\",\"entityType\":\"t\","
		"\"observations\":[\"x\"]}],\"relations\":[]}",
		"{\"entities\":[{\"name\":\"a\",\"entityType\":\"t\","
		"\"observations\":[\"x\"],\"omitted\":2,"
		"\"namespace\":\"default\"}],\"relations\":[],\"next\":\"c\"}"},
	{"open_nodes", "{}",
		"{\"entities\":[],\"relations\":[{\"from\":\"a\",\"to\":\"b\","
		"\"relationType\":\"r\",\"weight\":0.5}],\"missing\":[{"
		"\"name\":\"z\",\"similar\":[]}]}",
		"{\"entities\":[],\"relations\":[{\"from\":\"a\",\"to\":\"b\","
		"\"relationType\":\"r\"}]}",
		"{\"entities\":[],\"relations\":[{\"from\":\"a\",\"to\":\"b\","
		"\"relationType\":\"r\",\"weight\":0.5}],\"missing\":[{"
		"\"name\":\"z\",\"similar\":[]}]}"},
	{"delete_relations",
		"{\"relations\":[{\"from\":\"a\"},{\"from\":\"b\"}]}",
		"{\"deleted\":1,\"missing\":1,\"missing_at\":[1]}",
		"{\"success\":true,"
		"\"message\":\"Relations deleted successfully\"}",
		"{\"success\":true,\"deleted\":1,"
		"\"missing\":[{\"from\":\"b\"}]}"},
};

static void
assert_json(json_t *got, const char *wanted)
{
	AUTO_FREE char *text = json_dumps(got, JSON_COMPACT);

	assert_non_null(text);
	assert_string_equal(text, wanted);
}

/* The text of compat for a result, out of the string it is quoted as. */
static json_t *
text_of(const struct tool *t, json_t *structured, const struct buf *plain)
{
	AUTO_BUF struct buf out = {0};
	bool alone;

	assert_int_equal(compat_answer(t, structured, plain, &out, &alone), 0);
	assert_false(alone);
	return json_loadb(out.data, out.len, JSON_DECODE_ANY, NULL);
}

/* A graph that is written from the bytes of the reply is the one that is built
 * from its values. */
static void
assert_graph_is_written(const char *tool, json_t *args, json_t *reply)
{
	const struct tool *t = tool_find(tool);
	AUTO_JSON json_t *built = compat_shape(t, true, args, reply);
	AUTO_BUF struct buf dumped = {0}, written = {0}, page = {0};
	struct graph_text graph = {0};
	struct jx_slice next;

	if (!json_is_array(json_object_get(reply, "entities")) ||
		!json_is_array(json_object_get(reply, "relations")))
		return;
	assert_int_equal(jx_dump(reply, &page), 0);
	assert_int_equal(graph_text_add(&graph, &page, NULL, NULL, NULL, &next),
		0);
	assert_int_equal(compat_write_graph(&graph, &written), 0);
	assert_int_equal(jx_dump(built, &dumped), 0);
	assert_string_equal(buf_str(&written), buf_str(&dumped));
	graph_text_done(&graph);
}

static void
test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		AUTO_JSON json_t *args = json(shapes[i].args);
		AUTO_JSON json_t *reply = json(shapes[i].reply);
		AUTO_JSON json_t *exact =
			compat_shape(tool_find(shapes[i].tool), true, args,
				reply);
		AUTO_JSON json_t *plain =
			compat_shape(tool_find(shapes[i].tool), false, args,
				reply);

		assert_json(exact, shapes[i].exact);
		assert_graph_is_written(shapes[i].tool, args, reply);
		assert_json(plain, shapes[i].plain);
	}
}

/* The cursor at the end of a page, and what only looks like one. */
static void
test_the_end_of_a_page(void **state)
{
	static const struct {
		const char *page, *next;
	} pages[] = {
		{"{\"entities\":[],\"next\":\"c1.2.3\"}", "\"c1.2.3\""},
		{"{\"entities\":[],\"next\":\"\"}", "\"\""},
		{"{\"entities\":[]}", NULL},
		{"{\"next\":\"c1\"}", NULL},
		{"{\"a\":1,\"next\":\"c1\",\"b\":1}", NULL},
		{"{\"a\":1,\"next\":7}", NULL},
		{"{\"a\":\",\\\"next\\\":\\\"c1\"}", NULL},
		{"{\"a\":1,\"next\":\"c\\\"1\"}", NULL},
		{"\"c1\"}", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		AUTO_BUF struct buf page = {0};
		struct jx_slice next = {NULL, 0};
		bool has;

		assert_int_equal(buf_adds(&page, pages[i].page), 0);
		has = graph_text_ends_with(&page, &next);
		assert_int_equal(has, pages[i].next != NULL);
		if (!has)
			continue;
		assert_int_equal(next.n, strlen(pages[i].next));
		assert_memory_equal(next.p, pages[i].next, next.n);
	}
}

/* A service that answers nonsense must not bring us down. */
static void
test_shapes_of_nonsense(void **state)
{
	static const char *const replies[] = {"{}", "{\"results\":7}",
		"{\"results\":[1,null,{}]}",
		"{\"entities\":{},\"relations\":3}",
		"{\"missing\":[[]],\"results\":[{\"missing\":[[]]}]}"};
	static const char *const names[] = {"create_entities",
		"create_relations", "add_observations", "delete_entities",
		"delete_observations", "delete_relations", "read_graph",
		"search_nodes", "open_nodes"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(replies); i++)
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			AUTO_BUF struct buf plain = {0};
			AUTO_JSON json_t *args = json("{}");
			AUTO_JSON json_t *reply = json(replies[i]);
			AUTO_JSON json_t *s = compat_shape(tool_find(names[k]),
				k % 2, args, reply);

			assert_non_null(s);
			assert_int_equal(jx_dump(s, &plain), 0);
			json_decref(text_of(tool_find(names[k]), s, &plain));
			assert_graph_is_written(names[k], args, reply);
		}
}

static void
test_shapes_without_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		AUTO_JSON json_t *args = json(shapes[i].args);
		AUTO_JSON json_t *reply = json(shapes[i].reply);

		for (size_t n = 1;; n++) {
			json_t *s;

			heap_fail_at(n);
			s = compat_shape(tool_find(shapes[i].tool), false, args,
				reply);
			if (!heap_disarm()) {
				assert_json(s, shapes[i].plain);
				json_decref(s);
				break;
			}
			assert_null(s);
		}
	}
}

/* --- profiles and the list ------------------------------------------------ */

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

/* What graph_read counts is what the text takes in the end. */
static void
test_bytes_of_an_answer(void **state)
{
	AUTO_JSON json_t *reply = json(
		"{\"entities\":[{\"id\":1,\"name\":\"a\\\"b\",\"type\":\"t\\\\\","
		"\"observations\":[\"x\\ny\",\"\\u0001\xc3\xa9\"]},{\"id\":2,"
		"\"name\":\"c\",\"type\":\"\",\"observations\":[]}],"
		"\"relations\":[{\"from\":\"c\",\"to\":\"c\","
		"\"relationType\":\"k\"},{\"from\":\"c\",\"to\":\"c\","
		"\"relationType\":\"l\"}]}");
	AUTO_JSON json_t *shape =
		compat_shape(TOOL_OF(read_graph), true, NULL, reply);
	AUTO_BUF struct buf text = {0}, twice = {0};
	AUTO_BUF struct buf page = {0};
	size_t counted = strlen("{\\\"entities\\\":[],\\\"relations\\\":[]}");
	struct graph_text graph = {0};
	struct jx_slice next;

	(void)state;
	assert_int_equal(jx_dump(reply, &page), 0);
	assert_int_equal(graph_text_add(&graph, &page, NULL, NULL, NULL, &next),
		0);
	for (size_t i = 0; i < graph.entities.n; i++)
		counted += graph.entities.v[i].bytes;
	for (size_t i = 0; i < graph.relations.n; i++)
		counted += graph.relations.v[i].bytes;
	graph_text_done(&graph);
	assert_int_equal(jx_dump(shape, &text), 0);
	assert_int_equal(jx_quote(text.data, text.len, &twice), 0);
	/* The quotes of the whole; a comma behind each last one. */
	assert_int_equal(counted - 2 + 2, twice.len);
}

/* Indented, then not, then without structuredContent, then not at all. */
static void
test_large_answers_shrink(void **state)
{
	static const struct {
		size_t entities;
		bool indented, alone;
		int rc;
	} steps[] = {{100, true, false, 0}, {45000, true, false, 0},
		{60000, false, false, 0}, {100000, false, true, 0},
		{200000, false, false, MDB_E_LIMIT}};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
		AUTO_JSON json_t *graph =
			json_pack("{s:[], s:[]}", "entities", "relations");
		json_t *all = json_object_get(graph, "entities");
		AUTO_BUF struct buf plain = {0};
		AUTO_BUF struct buf text = {0};
		AUTO_JSON json_t *string = NULL;
		AUTO_JSON json_t *back = NULL;
		bool alone = false;
		int rc;

		for (size_t i = 0; i < steps[k].entities; i++)
			assert_int_equal(jx_add(all,
						 json_pack("{s:s,s:s,s:[s]}",
							 "name", "n",
							 "entityType", "t",
							 "observations", "o")),
				0);
		assert_int_equal(jx_dump(graph, &plain), 0);
		rc = compat_answer(TOOL_OF(read_graph), graph, &plain, &text,
			&alone);
		assert_int_equal(rc, steps[k].rc);
		if (rc)
			continue;
		assert_int_equal(alone, steps[k].alone);
		assert_true(text.len + (alone ? 0 : plain.len) <
			    LIMIT_MCP_ANSWER_BYTES);
		string = json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
		assert_int_equal(json_string_value(string)[1] == '\n',
			steps[k].indented);
		back = json_loads(json_string_value(string), 0, NULL);
		assert_true(json_equal(back, graph));
	}
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

/* --- arguments ------------------------------------------------------------ */

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
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_the_end_of_a_page),
		cmocka_unit_test(test_shapes_of_nonsense),
		cmocka_unit_test(test_shapes_without_memory),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_bytes_of_an_answer),
		cmocka_unit_test(test_large_answers_shrink),
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
