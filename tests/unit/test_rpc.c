#include "common/contract/rpc.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "tests/lib/unit.h"

static int
read_request(const char *s, struct rpc_request *r, struct err *e)
{
	AUTO_JSON json_t *msg = jx_parse_any(s, strlen(s), e);

	assert_non_null(msg);
	return rpc_request_read(msg, r, e);
}

static void
takes_requests_apart(void **state)
{
	struct rpc_request r;

	(void)state;
	assert_int_equal(read_request("{\"id\":7,\"method\":\"ping\","
				      "\"params\":{\"a\":1}}",
				 &r, NULL),
		0);
	assert_int_equal(json_integer_value(r.id), 7);
	assert_string_equal(r.method, "ping");
	assert_int_equal(json_object_size(r.params), 1);
	rpc_request_done(&r);
	assert_int_equal(read_request("{\"method\":\"x\",\"id\":\"seven\"}", &r,
				 NULL),
		0);
	assert_string_equal(json_string_value(r.id), "seven");
	assert_int_equal(json_object_size(r.params), 0);
	rpc_request_done(&r);
	assert_int_equal(read_request("{\"method\":\"x\",\"id\":null,"
				      "\"params\":null,\"jsonrpc\":\"2.0\"}",
				 &r, NULL),
		0);
	assert_null(r.id);
	assert_true(json_is_object(r.params));
	rpc_request_done(&r);
	rpc_request_done(&r);
}

static void
refuses_what_is_no_request(void **state)
{
	static const struct {
		const char *s;
		int code;
		bool has_id;
		const char *text;
	} cases[] = {{"[]", MDB_E_PROTOCOL, false, "JSON object"},
		{"{}", MDB_E_PROTOCOL, false, "'method'"},
		{"{\"id\":1}", MDB_E_PROTOCOL, true, "'method'"},
		{"{\"id\":1,\"method\":5}", MDB_E_PROTOCOL, true,
			"method: must be a string, is integer"},
		{"{\"id\":1.5,\"method\":\"x\"}", MDB_E_PROTOCOL, false,
			"id: must be an integer or a string, is number"},
		{"{\"id\":{},\"method\":\"x\"}", MDB_E_PROTOCOL, false,
			"is object"},
		{"{\"id\":1,\"method\":\"x\",\"params\":[]}", MDB_E_PROTOCOL,
			true, "params: must be an object, is array"},
		{"{\"id\":1,\"method\":\"x\",\"parms\":{}}", MDB_E_INVALID,
			true, "unknown member 'parms'"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rpc_request r;
		struct err e;

		assert_int_equal(read_request(cases[i].s, &r, &e),
			cases[i].code);
		assert_int_equal(r.id != NULL, cases[i].has_id);
		assert_non_null(strstr(e.text, cases[i].text));
		rpc_request_done(&r);
	}
}

static void
cuts_long_names_and_refuses_long_ids(void **state)
{
	struct rpc_request r;
	char s[800];
	struct err e;

	(void)state;
	snprintf(s, sizeof(s), "{\"method\":\"%062d\xc3\xa9%0100d\"}", 0, 0);
	assert_int_equal(read_request(s, &r, &e), 0);
	assert_int_equal(strlen(r.method), 62);
	rpc_request_done(&r);
	snprintf(s, sizeof(s), "{\"id\":\"%0300d\",\"method\":\"x\"}", 0);
	assert_int_equal(read_request(s, &r, &e), MDB_E_PROTOCOL);
	assert_string_equal(e.param, "id");
	rpc_request_done(&r);
}

static const struct buf none;

static void
writes_replies(void **state)
{
	AUTO_BUF struct buf written = {0};
	AUTO_JSON json_t *result =
		json_pack("{s:[i],s:s}", "a", 1, "b", "x\ny");
	AUTO_JSON json_t *id = json_integer(7), *text = json_string("q\"");
	AUTO_JSON json_t *empty = json_object();
	AUTO_BUF struct buf b = {0};

	(void)state;
	assert_int_equal(rpc_reply(&b, id, &none, result), 0);
	assert_string_equal(buf_str(&b),
		"{\"id\":7,\"success\":true,\"a\":[1],\"b\":\"x\\ny\"}\n");
	b.len = 0;
	assert_int_equal(buf_adds(&written, "\"w\":[2],\"v\":{}"), 0);
	assert_int_equal(rpc_reply(&b, id, &written, result), 0);
	assert_string_equal(buf_str(&b),
		"{\"id\":7,\"success\":true,\"w\":[2],\"v\":{},\"a\":[1],"
		"\"b\":\"x\\ny\"}\n");
	b.len = 0;
	assert_int_equal(rpc_reply(&b, NULL, &none, empty), 0);
	assert_int_equal(rpc_reply(&b, text, &none, empty), 0);
	assert_string_equal(buf_str(&b),
		"{\"success\":true}\n{\"id\":\"q\\\"\",\"success\":true}\n");
}

static void
writes_errors(void **state)
{
	AUTO_JSON json_t *id = json_integer(8);
	AUTO_BUF struct buf b = {0};
	struct err e;

	(void)state;
	err_param(&e, MDB_E_NOT_FOUND, "names[0]", "no entity '%s'", "b\"o\n");
	assert_int_equal(rpc_error(&b, id, &e), 0);
	assert_string_equal(buf_str(&b),
		"{\"id\":8,\"success\":false,\"error\":\"no entity "
		"'b\\\"o\\n'\",\"code\":\"not_found\",\"param\":\"names[0]\"}"
		"\n");
	b.len = 0;
	err_set(&e, MDB_E_BUSY, "later");
	e.retry_after_ms = 50;
	assert_int_equal(rpc_error(&b, NULL, &e), 0);
	assert_string_equal(buf_str(&b),
		"{\"success\":false,\"error\":\"later\",\"code\":\"busy\","
		"\"retry_after_ms\":50}\n");
}

/* Whatever bytes came in, what goes out is one line of valid JSON. */
static void
errors_are_valid_whatever_they_echo(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 300; seed++) {
		AUTO_JSON json_t *reply = NULL;
		AUTO_BUF struct buf b = {0};
		unsigned x = seed * 2654435761u;
		char text[700];
		struct err e;

		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			x = x * 1664525u + 1013904223u;
			text[i] = (char)(x >> 24 ? x >> 24 : 1);
		}
		text[sizeof(text) - 1] = '\0';
		err_param(&e, MDB_E_INVALID, text, "bad '%s'", text);
		assert_int_equal(rpc_error(&b, NULL, &e), 0);
		assert_true(text_is_utf8(b.data, b.len));
		assert_ptr_equal(memchr(b.data, '\n', b.len),
			b.data + b.len - 1);
		reply = jx_parse(b.data, b.len, NULL);
		assert_non_null(reply);
	}
}

static void
survives_failing_malloc(void **state)
{
	AUTO_JSON json_t *result = json_pack("{s:s}", "a", "b");
	AUTO_JSON json_t *msg = json_pack("{s:s}", "method", "x");
	struct err bad = {.code = MDB_E_INVALID, .text = "no"};
	struct rpc_request r;

	(void)state;
	heap_fail_at(1);
	assert_int_equal(rpc_request_read(msg, &r, NULL), MDB_E_NOMEM);
	assert_true(heap_disarm());
	rpc_request_done(&r);
	for (int which = 0; which < 2; which++) {
		for (size_t n = 1;; n++) {
			struct buf b = {0};
			size_t len;
			int rc;

			heap_fail_at(n);
			rc = which ? rpc_reply(&b, NULL, &none, result)
				   : rpc_error(&b, NULL, &bad);
			len = b.len;
			buf_done(&b);
			if (!heap_disarm()) {
				assert_int_equal(rc, 0);
				break;
			}
			assert_int_equal(rc, MDB_E_NOMEM);
			assert_int_equal(len, 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_requests_apart),
		cmocka_unit_test(refuses_what_is_no_request),
		cmocka_unit_test(cuts_long_names_and_refuses_long_ids),
		cmocka_unit_test(writes_replies),
		cmocka_unit_test(writes_errors),
		cmocka_unit_test(errors_are_valid_whatever_they_echo),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
