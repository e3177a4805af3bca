#include "common/jx.h"

#include <math.h>
#include <string.h>

#include "tests/lib/unit.h"

static json_t *
parse(const char *s)
{
	return jx_parse_any(s, strlen(s), NULL);
}

static void
takes_valid_json(void **state)
{
	static const char *const good[] = {"{}", "[]", " [ ] ", "0", "-0", "1",
		"-1", "9223372036854775807", "-9223372036854775808", "1.5",
		"1e5", "1E+5", "1e-5", "0.1", "-0.0", "1e-400", "\"\"",
		"\"\\u00e9\\ud83d\\ude00\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"\"\xf0\x9f\x98\x80\"", "true", "false", "null",
		"[1,2,[3,{\"a\":[]}]]", "{\"a\":{\"a\":1},\"b\":null}",
		"\t\r\n{ \"a\" : 1 , \"b\" : 2 }\n", "\"\x7f\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		json_t *own = parse(good[i]);
		json_t *theirs = json_loads(good[i],
			JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

		if (!own || !theirs || !json_equal(own, theirs))
			fail_msg("%s", good[i]);
		json_decref(own);
		json_decref(theirs);
	}
}

static void
refuses_what_is_not_json(void **state)
{
	static const char *const bad[] = {"", " ", "{", "}", "[", "]", "[1",
		"[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
		"{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\":1 \"b\":2}",
		"{\"a\":1}}", "[]x", "01", "-", "-a", "+1", ".5", "1.", "1.e5",
		"1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "1e999",
		"-1e999", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "tru", "nul", "True", "\"", "\"a",
		"\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u0000\"",
		"\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"",
		"\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\n\"", "\"\x01\"",
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
		"\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}", "\xef\xbb\xbf{}", "[1]//", "/**/1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = {0};
		json_t *v = jx_parse_any(bad[i], strlen(bad[i]), &e);

		if (v || e.code != MDB_E_PROTOCOL ||
			!strstr(e.text, "not valid JSON at line 1, column "))
			fail_msg("%s: %s", bad[i], e.text);
	}
	assert_null(jx_parse_any("\"a\0b\"", 5, NULL));
	assert_null(jx_parse_any("1\0", 2, NULL));
}

/* A number out of range is told by its path, and the rest is read. */
static void
lenient_with_numbers(void **state)
{
	static const struct {
		const char *doc, *param;
	} all[] = {{"{\"a\":1e400}", "a"},
		{"{\"a\":{\"b\":[1,-1e999]}}", "a.b[1]"},
		{"{\"a\":[[0,1],[2,{\"b\":9223372036854775808}],1e400]}",
			"a[1][1].b"},
		{"{\"a\":[1,2],\"b\":{\"c\":{}},\"d\":[{},[],[1e309]]}",
			"d[2][0]"}};
	struct err number, e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		AUTO_JSON json_t *v = jx_parse_lenient(all[i].doc,
			strlen(all[i].doc), &number, &e);

		assert_non_null(v);
		assert_int_equal(number.code, MDB_E_INVALID);
		assert_string_equal(number.param, all[i].param);
	}
	json_decref(jx_parse_lenient("{\"a\":1e300}", 11, &number, &e));
	assert_int_equal(number.code, 0);
	assert_null(jx_parse_lenient("{\"a\":1e400,}", 13, &number, &e));
	assert_int_equal(e.code, MDB_E_PROTOCOL);
}

static void
one_meaning_of_a_number(void **state)
{
	static const struct {
		const char *text;
		int64_t is;
		bool integral;
	} all[] = {{"1", 1, true}, {"1.0", 1, true}, {"1e0", 1, true},
		{"-0.0", 0, true}, {"0.5e1", 5, true}, {"1.5", 0, false},
		{"9007199254740993", 9007199254740993, true},
		{"9007199254740993.0", 0, false},
		{"9007199254740991.0", 9007199254740991, true},
		{"-9007199254740992.0", 0, false}, {"1e300", 0, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		json_t *v = parse(all[i].text);
		int64_t n = 0;

		if (jx_integral(v, &n) != all[i].integral || n != all[i].is)
			fail_msg("%s", all[i].text);
		json_decref(v);
	}
	json_t *zero = parse("-0.0");

	assert_false(signbit(jx_real(zero)));
	json_decref(zero);
}

static void
says_where_and_what(void **state)
{
	struct err e;

	(void)state;
	assert_null(jx_parse("{\n \"\xc3\xa9\": x}", 11, &e));
	assert_string_equal(e.text,
		"not valid JSON at line 2, column 7 (byte 9): expected a "
		"value, found 'x}'");
	assert_null(jx_parse("[1]", 3, &e));
	assert_int_equal(e.code, MDB_E_PROTOCOL);
	assert_string_equal(e.text, "not a JSON object");
}

/* No more than a few bytes of the input come back in an error. */
static void
echoes_little(void **state)
{
	char doc[5000];
	struct err e;

	(void)state;
	memset(doc, 'x', sizeof(doc));
	doc[0] = '{';
	assert_null(jx_parse(doc, sizeof(doc), &e));
	assert_true(strlen(e.text) < 200);
}

static void
limits_nesting(void **state)
{
	char doc[4 * JX_DEPTH_MAX];
	json_t *v;

	(void)state;
	memset(doc, '[', JX_DEPTH_MAX);
	memset(doc + JX_DEPTH_MAX, ']', JX_DEPTH_MAX);
	v = jx_parse_any(doc, (size_t)2 * JX_DEPTH_MAX, NULL);
	assert_non_null(v);
	json_decref(v);
	memset(doc, '[', sizeof(doc));
	assert_null(jx_parse_any(doc, sizeof(doc), NULL));
	/* brothers do not add up */
	doc[0] = '[';
	for (size_t i = 1; i + 3 <= sizeof(doc) - 2; i += 3)
		memcpy(doc + i, "[],", 3);
	memcpy(doc + sizeof(doc) - 3, " 1]", 3);
	v = jx_parse_any(doc, sizeof(doc), NULL);
	assert_non_null(v);
	json_decref(v);
}

static void
keys_are_copied_from_escapes(void **state)
{
	const char *doc = "{\"\\u0061b\":\"\\u0063d\",\"x\":{\"\\n\":1}}";
	AUTO_JSON json_t *v = parse(doc);
	const char *s = NULL;

	(void)state;
	assert_int_equal(jx_string(v, "ab", JX_REQUIRED, &s, NULL, NULL), 0);
	assert_string_equal(s, "cd");
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(v, "x"),
					 "\n")),
		1);
}

/* --- writing -------------------------------------------------------------- */

static void
check_dump(const char *in, const char *out)
{
	AUTO_JSON json_t *v = parse(in);
	AUTO_BUF struct buf b = {0};

	assert_non_null(v);
	assert_int_equal(jx_dump(v, &b), 0);
	assert_string_equal(buf_str(&b), out);
}

static void
writes_compact_json(void **state)
{
	(void)state;
	check_dump("{ \"b\" : [ 1 , -2, 1.5 ], \"a\":{}}",
		"{\"b\":[1,-2,1.5],\"a\":{}}");
	check_dump("[true,false,null,[],\"\"]", "[true,false,null,[],\"\"]");
	check_dump("\"\\u0001\\u001f\\u007f\\n\\\"\\\\/\xc3\xa9\"",
		"\"\\u0001\\u001f\x7f\\n\\\"\\\\/\xc3\xa9\"");
	check_dump("[-9223372036854775808,9223372036854775807]",
		"[-9223372036854775808,9223372036854775807]");
	check_dump("[0.1,1e23,1.0,-0.0,5e-324,1e300]",
		"[0.1,1e+23,1.0,-0.0,4.94065645841247e-324,1e+300]");
}

static void
numbers_read_back_the_same(void **state)
{
	uint64_t x = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		AUTO_JSON json_t *v = NULL, *again = NULL;
		AUTO_BUF struct buf b = {0};
		double d;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(&d, &x, sizeof(d));
		if (!isfinite(d))
			continue;
		v = json_real(d);
		assert_int_equal(jx_dump(v, &b), 0);
		again = jx_parse_any(b.data, b.len, NULL);
		assert_true(json_is_real(again));
		assert_true(json_real_value(again) == d);
	}
}

/* --- getters -------------------------------------------------------------- */

static void
getters_name_the_parameter(void **state)
{
	AUTO_JSON json_t *o = parse("{\"s\":\"x\",\"i\":7,\"r\":2.5,\"b\":true,"
				    "\"n\":null,\"a\":[],\"o\":{},\"w\":3.0}");
	const char *s = NULL;
	json_t *v = NULL;
	int64_t i = -1;
	double d = 0;
	bool b = false;
	size_t n = 0;
	struct err e;

	(void)state;
	assert_int_equal(jx_string(o, "s", JX_REQUIRED, &s, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(jx_int(o, "i", JX_REQUIRED, 0, 10, &i, &e), 0);
	assert_int_equal(i, 7);
	assert_int_equal(jx_int(o, "w", JX_REQUIRED, 0, 10, &i, &e), 0);
	assert_int_equal(i, 3);
	assert_int_equal(jx_number(o, "r", JX_REQUIRED, 0, 10, &d, &e), 0);
	assert_int_equal(jx_number(o, "i", JX_REQUIRED, 0, 10, &d, &e), 0);
	assert_true(d == 7.0);
	assert_int_equal(jx_bool(o, "b", JX_REQUIRED, &b, &e), 0);
	assert_true(b);
	assert_int_equal(jx_array(o, "a", JX_REQUIRED, &v, &e), 0);
	assert_int_equal(jx_object(o, "o", JX_REQUIRED, &v, &e), 0);

	i = 42;
	assert_int_equal(jx_int(o, "n", JX_OPTIONAL, 0, 1, &i, &e), 1);
	assert_int_equal(jx_int(o, "zz", JX_OPTIONAL, 0, 1, &i, &e), 1);
	assert_int_equal(i, 42);
	assert_int_equal(jx_int(o, "zz", JX_REQUIRED, 0, 1, &i, &e),
		MDB_E_INVALID);
	assert_string_equal(e.param, "zz");
	assert_string_equal(e.text,
		"zz: is missing; it is required and must be an integer");
	assert_int_equal(jx_int(o, "i", JX_REQUIRED, 0, 5, &i, &e),
		MDB_E_INVALID);
	assert_string_equal(e.text, "i: must be from 0 to 5, is 7");
	assert_int_equal(jx_int(o, "r", JX_REQUIRED, 0, 5, &i, &e),
		MDB_E_INVALID);
	assert_string_equal(e.text, "r: must be an integer, is number");
	assert_int_equal(jx_string(o, "i", JX_OPTIONAL, &s, &n, &e),
		MDB_E_INVALID);
	assert_string_equal(e.text, "i: must be a string, is integer");
	assert_int_equal(jx_bool(o, "s", JX_OPTIONAL, &b, &e), MDB_E_INVALID);
	assert_int_equal(jx_array(o, "o", JX_OPTIONAL, &v, &e), MDB_E_INVALID);
	assert_int_equal(jx_object(o, "a", JX_OPTIONAL, &v, &e), MDB_E_INVALID);
	assert_int_equal(jx_number(o, "r", JX_OPTIONAL, 0, 1, &d, &e),
		MDB_E_INVALID);
}

/* --- no memory ------------------------------------------------------------ */

/* Whatever allocation fails: no value, or the whole value; never another. */
static void
survives_failing_malloc(void **state)
{
	static const char doc[] =
		"{\"a key\":[\"a text of more than sixteen bytes\",1.25,"
		"123456789012345678,\"\\u0041 with escapes in it and long\"],"
		"\"\\u0042\":{\"c\":true}}";
	AUTO_JSON json_t *want = parse(doc);
	size_t n;

	(void)state;
	for (n = 1;; n++) {
		AUTO_JSON json_t *v = NULL;
		struct err e = {0};

		heap_fail_at(n);
		v = jx_parse(doc, sizeof(doc) - 1, &e);
		if (!heap_disarm()) {
			assert_true(json_equal(v, want));
			break;
		}
		assert_null(v);
		assert_int_equal(e.code, MDB_E_NOMEM);
	}
	assert_true(n > 10);
	for (n = 1;; n++) {
		struct buf b = {0};
		int rc;

		heap_fail_at(n);
		rc = jx_dump(want, &b);
		if (heap_disarm()) {
			assert_int_equal(rc, MDB_E_NOMEM);
			assert_int_equal(b.len, 0);
			buf_done(&b);
			continue;
		}
		assert_int_equal(rc, 0);
		buf_done(&b);
		break;
	}
	assert_true(n > 1);
}

static void
setters_take_also_on_failure(void **state)
{
	AUTO_JSON json_t *o = json_object(), *a = json_array();

	(void)state;
	assert_int_equal(jx_set(o, "a", NULL), MDB_E_NOMEM);
	assert_int_equal(jx_add(a, NULL), MDB_E_NOMEM);
	assert_int_equal(jx_set(o, "a", json_integer(1)), 0);
	assert_int_equal(jx_add(a, json_integer(1)), 0);
	heap_fail_at(2);
	/* LeakSanitizer watches the string. */
	assert_int_equal(jx_set(a, "a", json_string("x")), MDB_E_NOMEM);
	heap_disarm();
}

/* A copy has all of it, or there is none. */
static void
copies_all_or_nothing(void **state)
{
	static const char text[] = "{\"a\":[1,2.5,true,null,{\"b\":\"x\"}],"
				   "\"c\":{}}";
	AUTO_JSON json_t *v = parse(text);
	bool ran = false;

	(void)state;
	for (size_t n = 1; !ran; n++) {
		AUTO_JSON json_t *copy = NULL;

		heap_fail_at(n);
		copy = jx_copy(v);
		ran = !heap_disarm();
		assert_int_equal(copy != NULL, ran);
		if (!copy)
			continue;
		assert_true(json_equal(copy, v));
		assert_ptr_not_equal(json_object_get(copy, "a"),
			json_object_get(v, "a"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_valid_json),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(lenient_with_numbers),
		cmocka_unit_test(one_meaning_of_a_number),
		cmocka_unit_test(says_where_and_what),
		cmocka_unit_test(echoes_little),
		cmocka_unit_test(limits_nesting),
		cmocka_unit_test(keys_are_copied_from_escapes),
		cmocka_unit_test(writes_compact_json),
		cmocka_unit_test(numbers_read_back_the_same),
		cmocka_unit_test(getters_name_the_parameter),
		cmocka_unit_test(survives_failing_malloc),
		cmocka_unit_test(setters_take_also_on_failure),
		cmocka_unit_test(copies_all_or_nothing),
	};

	return cmocka_run_group_tests_name("jx", tests, NULL, NULL);
}
