/* Shapes and texts of the reference server: what an answer is made of, byte for
 * byte, and how a large one shrinks. */
#include "mcp-server/mcp/compat.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "mcp-server/mcp/compat_answer.h"
#include "mcp-server/mcp/mcp_tools.h"
#include "mcp-server/mcp/service.h"
#include "tests/lib/json_text.h"
#include "tests/lib/unit.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_the_end_of_a_page),
		cmocka_unit_test(test_shapes_of_nonsense),
		cmocka_unit_test(test_shapes_without_memory),
		cmocka_unit_test(test_bytes_of_an_answer),
		cmocka_unit_test(test_large_answers_shrink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
