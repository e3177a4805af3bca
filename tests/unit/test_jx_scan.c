/* The cursor over JSON text against the parser: what either takes, where values
 * end, and graphs that are read with it. */
#include "common/jx_scan.h"

#include <string.h>

#include "common/jx.h"
#include "mcp-server/mcp/graph_text.h"
#include "tests/lib/unit.h"

static bool
scans(const char *text, size_t n)
{
	struct jx_scan s;

	jx_scan_init(&s, text, n);
	return jx_scan_skip(&s, NULL) && jx_scan_ended(&s);
}

/* As a member, since the parser that takes numbers out of range takes objects. */
static bool
parses(const char *text, size_t n)
{
	AUTO_BUF struct buf whole = {0};
	struct err number;
	json_t *v;

	assert_int_equal(buf_adds(&whole, "{\"v\":"), 0);
	assert_int_equal(buf_add(&whole, text, n), 0);
	assert_int_equal(buf_addc(&whole, '}'), 0);
	v = jx_parse_lenient(whole.data, whole.len, &number, NULL);
	n = json_object_size(v);
	json_decref(v);
	return n == 1;
}

static const char *const texts[] = {"{}", "[]", " { } ", "[ ]", "0", "-0", "-1",
	"10", "1.5", "-1.5e3", "1E+2", "1e-2", "true", "false", "null", "\"\"",
	"\"a\"", "\"a\\\"b\"", "\"\\\\\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"",
	"\"\xc3\xa9\"", "[1,2,3]", "[1 , 2]", "{\"a\":1}",
	"{\"a\":[{\"b\":null}],\"long\":\"d\"}", "{\"a\" : \"b\" }", "[[[[]]]]",
	"{\"\":\"\"}", "-9223372036854775808", "[\"x\",{\"y\":[true,false]}]"};

/* None of these is JSON. */
static const char *const bad[] = {"", " ", "{", "}", "[", "]", "[1", "[1,",
	"[,]", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}",
	"[1 2]", "{\"a\":1 \"b\":2}", "01", "-", "+1", "1.", ".5", "1e", "1e+",
	"tru", "nul", "True", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"",
	"\"\\u12g4\"", "\"\n\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"",
	"[}", "{]", "{\"a\":[}", "1 2", "{} {}", "\"a\"b", "[1]]"};

static void
test_takes_what_the_parser_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!scans(texts[i], strlen(texts[i])) ||
			!parses(texts[i], strlen(texts[i])))
			fail_msg("refused: %s", texts[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (scans(bad[i], strlen(bad[i])) ||
			parses(bad[i], strlen(bad[i])))
			fail_msg("taken: %s", bad[i]);
}

/* Texts with bytes changed or cut off: what is scanned is what is parsed. A name
 * that stands twice, a NUL and half a surrogate are left to the parser. */
static void
test_random_texts(void **state)
{
	static const char bytes[] =
		"{}[]\",:\\u0019eE+-.truefalsn \x01\xc3\xa9";
	uint64_t seed = 20261129;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const char *from = texts[i % (int)ARRAY_LEN(texts)];
		size_t n = strlen(from);
		char text[128];

		memcpy(text, from, n + 1);
		for (int k = 0; k < 1 + i % 3; k++) {
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			if (n > 0)
				text[(seed >> 33) % n] =
					bytes[(seed >> 20) %
						(sizeof(bytes) - 1)];
			if (seed % 7 == 0 && n > 0)
				n--;
		}
		if (memmem(text, n, "\\u", 2))
			continue;
		if (scans(text, n) != parses(text, n))
			fail_msg("%.*s: scanned %d, parsed %d", (int)n, text,
				scans(text, n), parses(text, n));
	}
}

static void
test_deep_and_cut(void **state)
{
	static char deep[2 * JX_DEPTH_MAX + 8];

	(void)state;
	memset(deep, '[', sizeof(deep));
	assert_false(scans(deep, sizeof(deep)));
	/* Nothing behind the end is read: the copies end where they end. */
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		for (size_t n = 0; n <= strlen(texts[i]); n++) {
			char *copy = malloc(n + 1);

			memcpy(copy, texts[i], n);
			(void)scans(copy, n);
			free(copy);
		}
}

static void
test_members(void **state)
{
	static const char text[] = "{\"id\":-7,\"names\":[\"ada\",\"b\\\"o\"],"
				   "\"x\":{\"id\":9},\"next\":\"c1\"}";
	struct jx_slice name, value = {0}, next = {0};
	size_t escapes = 0, names = 0;
	bool first = true, inner;
	struct jx_scan s;
	int64_t id = 0;

	(void)state;
	jx_scan_init(&s, text, strlen(text));
	assert_true(jx_scan_enter(&s, '{'));
	while (jx_scan_member(&s, &first, &name)) {
		if (jx_slice_is(name, "id")) {
			assert_true(jx_scan_int(&s, &id));
		} else if (jx_slice_is(name, "names")) {
			assert_true(jx_scan_enter(&s, '['));
			for (inner = true; jx_scan_entry(&s, &inner); names++)
				assert_true(
					jx_scan_string(&s, &value, &escapes));
		} else if (jx_slice_is(name, "next")) {
			assert_true(jx_scan_string(&s, &next, NULL));
		} else {
			assert_true(jx_scan_skip(&s, &value));
			assert_memory_equal(value.p, "{\"id\":9}", value.n);
		}
	}
	assert_true(jx_scan_ended(&s));
	assert_int_equal(id, -7);
	assert_int_equal(names, 2);
	assert_int_equal(escapes, 1);
	assert_true(jx_slice_is(next, "c1"));
	assert_false(jx_slice_is(next, "c"));
	jx_scan_init(&s, "99999999999999999999", 20);
	assert_false(jx_scan_int(&s, &id));
	assert_false(jx_scan_enter(&s, '{'));
	jx_scan_init(&s, "1.5", 3);
	assert_false(jx_scan_int(&s, &id));
}

/* --- graphs --------------------------------------------------------------- */

static int
add(struct graph_text *g, const char *text)
{
	struct buf page = {0};
	struct jx_slice next;
	int rc;

	assert_int_equal(buf_adds(&page, text), 0);
	rc = graph_text_add(g, &page, NULL, NULL, NULL, &next);
	buf_done(&page);
	return rc;
}

static void
test_graph_in_order(void **state)
{
	struct graph_text g = {0};
	AUTO_JSON json_t *all = NULL;
	AUTO_FREE char *text = NULL;

	(void)state;
	assert_int_equal(
		add(&g, "{\"id\":1,\"success\":true,\"entities\":[{\"id\":5,"
			"\"name\":\"e\"},{\"id\":2,\"name\":\"b\\\"\","
			"\"omitted\":3}],\"relations\":[],\"next\":\"c\"}"),
		0);
	assert_int_equal(add(&g, "{\"entities\":[{\"id\":5,\"name\":\"e\"},"
				 "{\"name\":\"z\"},{\"name\":\"y\"}],"
				 "\"relations\":[{\"id\":1}]}"),
		0);
	graph_items_sort(&g.entities);
	assert_int_equal(g.entities.n, 4);
	assert_int_equal(g.entities.v[2].id, 2);
	assert_int_equal(g.entities.v[2].omitted, 3);
	all = graph_text_json(&g);
	text = json_dumps(all, JSON_COMPACT);
	assert_string_equal(text,
		"{\"entities\":[{\"name\":\"z\"},{\"name\":\"y\"},{\"id\":2,"
		"\"name\":\"b\\\"\",\"omitted\":3},{\"id\":5,\"name\":\"e\"}],"
		"\"relations\":[{\"id\":1}]}");
	graph_text_done(&g);
}

static void
test_no_graph(void **state)
{
	static const char *const pages[] = {"[]", "{\"entities\":{}}",
		"{\"entities\":[1]}", "{\"entities\":[{\"id\":\"x\"}]}",
		"{\"entities\":[{\"observations\":[1]}]}",
		"{\"relations\":[{\"from\":null}]}", "{\"next\":1}",
		"{\"entities\":[]", "{\"entities\":[]} x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		struct graph_text g = {0};

		if (add(&g, pages[i]) != MDB_E_PROTOCOL)
			fail_msg("taken: %s", pages[i]);
		graph_text_done(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_what_the_parser_takes),
		cmocka_unit_test(test_random_texts),
		cmocka_unit_test(test_deep_and_cut),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_graph_in_order),
		cmocka_unit_test(test_no_graph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
