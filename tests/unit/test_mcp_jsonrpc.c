/* JSON-RPC: what a line is, and what is answered when it is none. */
#include "mcp-server/mcp/jsonrpc.h"

#include <string.h>

#include "tests/lib/unit.h"

struct line {
	const char *text;
	enum jsonrpc_kind kind;
	int code;	/* of JSONRPC_BAD */
	const char *id; /* JSON text; NULL: none */
};

static const struct line lines[] = {
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}", JSONRPC_REQUEST, 0,
		"1"},
	{"{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"m\",\"params\":{}}",
		JSONRPC_REQUEST, 0, "\"a\""},
	{"{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", JSONRPC_NOTIFICATION, 0,
		NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", JSONRPC_RESPONSE, 0,
		NULL},
	{"{\"id\":1,\"error\":{}}", JSONRPC_RESPONSE, 0, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}", JSONRPC_BAD,
		JSONRPC_INVALID, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"m\"}", JSONRPC_REQUEST,
		0, "1"},
	{"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"m\"}", JSONRPC_BAD,
		JSONRPC_INVALID, NULL},
	{"{\"jsonrpc\":\"2.0\",\"id\":2}", JSONRPC_BAD, JSONRPC_INVALID, "2"},
	{"{\"jsonrpc\":2.0,\"id\":2,\"method\":\"m\"}", JSONRPC_BAD,
		JSONRPC_INVALID, "2"},
	{"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"m\",\"params\":[]}",
		JSONRPC_BAD, JSONRPC_PARAMS, "2"},
	{"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"m\",\"params\":null}",
		JSONRPC_REQUEST, 0, "2"},
	{"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[]}",
		JSONRPC_RESPONSE, 0, NULL},
};

static void
assert_id(json_t *id, const char *wanted)
{
	char *text;

	if (!wanted) {
		assert_null(id);
		return;
	}
	assert_non_null(id);
	text = json_dumps(id, JSON_ENCODE_ANY);
	assert_string_equal(text, wanted);
	free(text);
}

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct jsonrpc_error e = {0};
		struct jsonrpc_msg m;
		AUTO_JSON json_t *v =
			jsonrpc_parse(lines[i].text, strlen(lines[i].text), &e);

		assert_non_null(v);
		assert_int_equal(jsonrpc_read(v, &m, &e), lines[i].kind);
		if (lines[i].kind == JSONRPC_BAD) {
			assert_int_equal(e.code, lines[i].code);
			assert_id(e.id, lines[i].id);
			json_decref(e.id);
		} else if (lines[i].kind == JSONRPC_REQUEST) {
			assert_id(m.id, lines[i].id);
			assert_string_equal(m.method, "m");
		}
	}
}

static void
refused(const char *text, size_t n, int code, const char *id)
{
	struct jsonrpc_error e = {0};

	assert_null(jsonrpc_parse(text, n, &e));
	assert_int_equal(e.code, code);
	assert_true(e.text[0] != '\0');
	assert_id(e.id, id);
	json_decref(e.id);
}
#define REFUSED(text, code, id) refused(text, sizeof(text) - 1, code, id)

static void
test_refused(void **state)
{
	(void)state;
	REFUSED("", JSONRPC_PARSE, NULL);
	REFUSED("  ", JSONRPC_PARSE, NULL);
	REFUSED("\0", JSONRPC_PARSE, NULL);
	REFUSED("7 8", JSONRPC_PARSE, NULL);
	REFUSED("nul", JSONRPC_PARSE, NULL);
	REFUSED("{", JSONRPC_PARSE, NULL);
	REFUSED("{\"id\":1", JSONRPC_PARSE, NULL);
	REFUSED("{\"id\":1}{}", JSONRPC_PARSE, NULL);
	REFUSED("[1,]", JSONRPC_PARSE, NULL);
	REFUSED("[1]}", JSONRPC_PARSE, NULL);
	REFUSED("[],\"x\":[1]", JSONRPC_PARSE, NULL);
	REFUSED("{\"id\":1,\"m\":\"\xff\"}", JSONRPC_PARSE, NULL);
	REFUSED("{\"id\":1,\"m\":\"\\ud800\"}", JSONRPC_PARSE, NULL);
	/* Valid, but not for us: the sender must not wait in vain. */
	REFUSED("{\"id\":1,\"m\":\"\\u0000\"}", JSONRPC_INVALID, "1");
	REFUSED("{\"id\":\"q\",\"a\":1,\"a\":2}", JSONRPC_INVALID, "\"q\"");
	REFUSED("{\"id\":1.5,\"a\":1,\"a\":2}", JSONRPC_INVALID, NULL);
}

static void
test_deep(void **state)
{
	AUTO_BUF struct buf b = {0};

	(void)state;
	assert_int_equal(buf_adds(&b, "{\"p\":"), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_addc(&b, '['), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_addc(&b, ']'), 0);
	assert_int_equal(buf_adds(&b, ",\"id\":\"deep\"}"), 0);
	refused(b.data, b.len, JSONRPC_INVALID, "\"deep\"");
}

static void
test_batch(void **state)
{
	struct jsonrpc_error e = {0};
	const char *text = " [{\"id\":1}, 2]";
	AUTO_JSON json_t *v = jsonrpc_parse(text, strlen(text), &e);

	(void)state;
	assert_true(json_is_array(v));
	assert_int_equal(json_array_size(v), 2);
}

struct scan {
	const char *text, *id;
};

static const struct scan scans[] = {
	{"{\"id\":7,\"method\":\"m\"}", "7"},
	{"{\"params\":{\"id\":1,\"x\":[{\"id\":2}]},\"id\":\"a\\\"b\"}",
		"\"a\\\"b\""},
	{"{ \"id\" : -12 , \"x\":1}", "-12"},
	{"{\"params\":{\"id\":1}}", NULL},
	{"{\"x\":\"\\\\\\\"id\\\":3\",\"id\":4}", "4"},
	{"{\"id\":{\"id\":5}}", NULL},
	{"{\"id\":[5]}", NULL},
	{"{\"id\":1.5}", NULL},
	{"{\"id\":null}", NULL},
	{"{\"id\":1,\"id\":2}", "2"},
	{"{\"idx\":1,\"i\":2,\"\":3}", NULL},
	{"{\"x\":\"id\",\"y\":9}", NULL},
	{"[{\"id\":1}]", NULL},
	{"}{\"id\":1}", NULL},
	{"{\"id\":\"unfinished", NULL},
	{"", NULL},
};

/* The same in one piece and byte by byte. */
static void
test_scan(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
		struct jsonrpc_scan whole, bytes;
		AUTO_JSON json_t *a = NULL;
		AUTO_JSON json_t *b = NULL;
		size_t n = strlen(scans[i].text);

		jsonrpc_scan_init(&whole);
		jsonrpc_scan_init(&bytes);
		jsonrpc_scan_feed(&whole, scans[i].text, n);
		for (size_t k = 0; k < n; k++)
			jsonrpc_scan_feed(&bytes, scans[i].text + k, 1);
		a = jsonrpc_scan_id(&whole);
		b = jsonrpc_scan_id(&bytes);
		assert_id(a, scans[i].id);
		assert_id(b, scans[i].id);
	}
}

static void
test_scan_long_id(void **state)
{
	struct jsonrpc_scan s;

	(void)state;
	jsonrpc_scan_init(&s);
	jsonrpc_scan_feed(&s, "{\"id\":\"", 7);
	for (int i = 0; i < 1000; i++)
		jsonrpc_scan_feed(&s, "x", 1);
	jsonrpc_scan_feed(&s, "\"}", 2);
	assert_null(jsonrpc_scan_id(&s));
}

static void
test_write(void **state)
{
	AUTO_JSON json_t *id = json_integer(3);
	AUTO_JSON json_t *e = jsonrpc_error(NULL, -32700, "no", NULL);
	AUTO_JSON json_t *r = jsonrpc_result(id, json_object());
	AUTO_JSON json_t *n = jsonrpc_notification("n", NULL);
	AUTO_FREE char *et = json_dumps(e, JSON_COMPACT);
	AUTO_FREE char *rt = json_dumps(r, JSON_COMPACT);
	AUTO_FREE char *nt = json_dumps(n, JSON_COMPACT);

	(void)state;
	assert_string_equal(et, "{\"jsonrpc\":\"2.0\",\"error\":"
				"{\"code\":-32700,\"message\":\"no\"}}");
	assert_string_equal(rt, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}");
	assert_string_equal(nt, "{\"jsonrpc\":\"2.0\",\"method\":\"n\"}");
	assert_null(jsonrpc_result(id, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_scan_long_id),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
