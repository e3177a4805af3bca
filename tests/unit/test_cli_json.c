/* Positions in JSON texts, and edits that leave the rest as it is. */
#include <jansson.h>
#include <string.h>

#include "memory-db/cli/lib/jedit.h"
#include "memory-db/cli/lib/jscan.h"
#include "tests/lib/unit.h"

static void
walks_members_and_elements(void **state)
{
	static const char s[] = " { \"a\" : [1, {\"x\":\"}\"}] ,\"b\\u0063\":"
				"\"q\\\"]\",\"d\":null}";
	static const char *const values[] = {"[1, {\"x\":\"}\"}]", "\"q\\\"]\"",
		"null"};
	size_t n = strlen(s), i = 0;
	struct jmember m;
	struct jwalk w;

	(void)state;
	assert_true(jwalk_init(&w, s, n, jscan_space(s, n, 0)));
	while (jwalk_next(&w, &m) == 1) {
		assert_true(i < 3);
		assert_int_equal(m.value.end - m.value.at, strlen(values[i]));
		assert_memory_equal(s + m.value.at, values[i],
			strlen(values[i]));
		i++;
	}
	assert_int_equal(i, 3);
	assert_int_equal(w.at, n - 1);
	assert_int_equal(jscan_find(s, n, 1, "bc", &m), 1);
	assert_int_equal(jscan_find(s, n, 1, "x", &m), 0);
	assert_int_equal(jscan_find(s, n, 0, "a", &m), -1);
}

/* Each cut of a text is broken; none may be read beyond its end. */
static void
survives_broken_texts(void **state)
{
	static const char s[] = "{\"a\":[1,\"\\\"x\",{}],\"b\":{\"c\":-1e3}}";

	(void)state;
	for (size_t n = 0; n < strlen(s); n++) {
		AUTO_FREE char *copy = malloc(n + 1);
		struct jmember m;

		assert_non_null(copy);
		memcpy(copy, s, n);
		char *exact = realloc(copy, n ? n : 1);
		if (exact != NULL)
			copy = exact;
		assert_int_equal(jscan_find(copy, n, 0, "zz", &m), -1);
		jscan_value(copy, n, 0);
	}
}

/* What cannot be read for want of memory must not pass for absent: an export
 * would end there and look whole. */
static void
tells_absent_from_unread(void **state)
{
	static const char page[] =
		"{\"l\\u0069nes\":[],\"next\":\"a\\tb\",\"last\":null}";
	static const char *const names[] = {"next", "lines", "last"};
	size_t n = strlen(page);
	char *text = NULL;

	(void)state;
	assert_int_equal(jscan_text(page, n, 0, "last", &text), 0);
	assert_int_equal(jscan_text(page, n, 0, "none", &text), 0);
	assert_int_equal(jscan_text(page, n, 0, "lines", &text), -1);
	assert_int_equal(jscan_text(page, n - 1, 0, "none", &text), -1);
	assert_null(text);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (size_t k = 1;; k++) {
			int rc;

			heap_fail_at(k);
			rc = jscan_text(page, n, 0, names[i], &text);
			if (!heap_disarm())
				break;
			assert_int_equal(rc, MDB_E_NOMEM);
			assert_null(text);
		}
		free(text);
		text = NULL;
	}
	assert_int_equal(jscan_text(page, n, 0, "next", &text), 1);
	assert_string_equal(text, "a\tb");
	free(text);
}

static json_t *
entry(void)
{
	return json_pack("{s:s,s:[s,s],s:[],s:{s:s}}", "command", "/x/y",
		"args", "a", "b", "none", "env", "K", "v");
}

static size_t
object_of(const char *s, const char *key)
{
	struct jmember m;

	if (key == NULL)
		return jscan_space(s, strlen(s), 0);
	assert_int_equal(jscan_find(s, strlen(s), 0, key, &m), 1);
	return m.value.at;
}

/* The object "s" of a text with comments. */
static size_t
object_of2(const char *s, size_t n)
{
	struct jmember m;

	assert_int_equal(jscan_find(s, n, jscan_space(s, n, 0), "s", &m), 1);
	return m.value.at;
}

/* Adds and removes again; compares both texts to the byte. */
static void
round_trip(const char *before, const char *key, const char *after)
{
	AUTO_JSON json_t *value = entry();
	AUTO_JEDIT struct jedit add = {0}, del = {0};
	AUTO_BUF struct buf a = {0}, b = {0};
	struct err e;

	assert_int_equal(jedit_add(&add, before, strlen(before),
				 object_of(before, key), "m", value, &e),
		0);
	assert_int_equal(jedit_apply(&add, before, strlen(before), &a), 0);
	assert_string_equal(buf_str(&a), after);
	assert_int_equal(jedit_remove(&del, a.data, a.len,
				 object_of(a.data, key), "m", &e),
		0);
	assert_int_equal(jedit_apply(&del, a.data, a.len, &b), 0);
	assert_string_equal(buf_str(&b), before);
}

static void
adds_in_the_style_around(void **state)
{
	(void)state;
	round_trip("{\n  \"s\": {\n    \"o\": 1\n  },\n  \"z\": 0\n}\n", "s",
		"{\n  \"s\": {\n    \"o\": 1,\n    \"m\": {\n"
		"      \"command\": \"/x/y\",\n      \"args\": [\n"
		"        \"a\",\n        \"b\"\n      ],\n"
		"      \"none\": [],\n      \"env\": {\n"
		"        \"K\": \"v\"\n      }\n    }\n  },\n  \"z\": 0\n}\n");
	/* Tabs and CRLF. */
	round_trip("{\r\n\t\"s\": {\r\n\t\t\"o\": 1\r\n\t}\r\n}", "s",
		"{\r\n\t\"s\": {\r\n\t\t\"o\": 1,\r\n\t\t\"m\": {\r\n"
		"\t\t\t\"command\": \"/x/y\",\r\n\t\t\t\"args\": [\r\n"
		"\t\t\t\t\"a\",\r\n\t\t\t\t\"b\"\r\n\t\t\t],\r\n"
		"\t\t\t\"none\": [],\r\n\t\t\t\"env\": {\r\n"
		"\t\t\t\t\"K\": \"v\"\r\n\t\t\t}\r\n\t\t}\r\n\t}\r\n}");
	/* An empty object gets lines of its own; written on one line, not. */
	round_trip("{\n  \"s\": {},\n  \"z\": 0\n}", "s",
		"{\n  \"s\": {\n    \"m\": {\n      \"command\": \"/x/y\",\n"
		"      \"args\": [\n        \"a\",\n        \"b\"\n      ],\n"
		"      \"none\": [],\n      \"env\": {\n        \"K\": \"v\"\n"
		"      }\n    }\n  },\n  \"z\": 0\n}");
	round_trip("{\"s\":{\"o\":1},\"z\":0}", "s",
		"{\"s\":{\"o\":1, \"m\": {\"command\": \"/x/y\", \"args\": "
		"[\"a\", \"b\"], \"none\": [], \"env\": {\"K\": \"v\"}}},"
		"\"z\":0}");
	round_trip("{}", NULL,
		"{\n  \"m\": {\n    \"command\": \"/x/y\",\n    \"args\": [\n"
		"      \"a\",\n      \"b\"\n    ],\n    \"none\": [],\n"
		"    \"env\": {\n      \"K\": \"v\"\n    }\n  }\n}");
}

static void
removes_first_middle_last(void **state)
{
	static const char *const cases[][3] = {
		{"{ \"a\": 1, \"b\": {\"x\":[]}, \"c\": 3 }", "a",
			"{ \"b\": {\"x\":[]}, \"c\": 3 }"},
		{"{ \"a\": 1, \"b\": {\"x\":[]}, \"c\": 3 }", "b",
			"{ \"a\": 1, \"c\": 3 }"},
		{"{ \"a\": 1, \"b\": {\"x\":[]}, \"c\": 3 }", "c",
			"{ \"a\": 1, \"b\": {\"x\":[]} }"},
		{"{\n \"a\": 1\n}", "a", "{}"},
	};
	struct jedit ed;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *s = cases[i][0];
		AUTO_BUF struct buf out = {0};

		assert_int_equal(jedit_remove(&ed, s, strlen(s), 0, cases[i][1],
					 &e),
			0);
		assert_int_equal(jedit_apply(&ed, s, strlen(s), &out), 0);
		assert_string_equal(buf_str(&out), cases[i][2]);
		jedit_done(&ed);
		assert_int_equal(jedit_remove(&ed, s, strlen(s), 0, "no", &e),
			MDB_E_NOT_FOUND);
	}
}

static void
sets_one_value(void **state)
{
	static const char s[] = "{\"a\": 1,\"b\":\"old\" , \"c\":2}";
	AUTO_JSON json_t *v = json_string("n\"w");
	AUTO_BUF struct buf out = {0};
	AUTO_JEDIT struct jedit ed = {0};
	struct err e;

	(void)state;
	assert_int_equal(jedit_set(&ed, s, strlen(s), 0, "b", v, &e), 0);
	assert_int_equal(jedit_apply(&ed, s, strlen(s), &out), 0);
	assert_string_equal(buf_str(&out),
		"{\"a\": 1,\"b\":\"n\\\"w\" , \"c\":2}");
}

static json_t *
parsed(const struct buf *text)
{
	AUTO_BUF struct buf plain = {0};
	json_t *j;

	assert_int_equal(jscan_plain(text->data, text->len, &plain), 0);
	assert_int_equal(plain.len, text->len);
	j = json_loadb(plain.data, plain.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	return j;
}

/* What people write into configuration files: every comment survives an edit,
 * and the edit does what it does in a file without. */
static void
keeps_comments(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf{\n  // top\n  \"s\": {\n    \"o\": 1 // its own\n"
		"    /* end */\n  } // after\n}\n// last\n",
		"{\"s\": {\"o\": 1, /* a } in a comment */},}",
		"{\n\t\"s\": {\n\t\t// nothing \" yet\n\t},\n}",
		"{\"s\": {/* nothing */}}",
		"{\"s\": { // one\n \"o\": \"http://x/*no*/\" } }",
		"// first\r\n{\r\n\t\"s\": {\r\n\t\t\"o\": [1, 2,], // two\r\n"
		"\t},\r\n}\r\n",
		"{\"s\": {\"o\": 1 // to the end\n}}",
	};
	static const char *const remarks[] = {"// top", "// its own",
		"/* end */", "// after", "// last", "/* a } in a comment */",
		"// nothing \" yet", "/* nothing */", "// one", "// first",
		"// two", "// to the end", "http://x/*no*/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_JEDIT struct jedit add = {0}, del = {0}, first = {0};
		AUTO_BUF struct buf a = {0}, b = {0}, c = {0}, d = {0};
		AUTO_JSON json_t *value = entry();
		struct err e;

		assert_int_equal(buf_adds(&d, texts[i]), 0);
		AUTO_JSON json_t *want = parsed(&d);
		AUTO_JSON json_t *before = json_deep_copy(want);

		assert_int_equal(jedit_add(&add, d.data, d.len,
					 object_of2(d.data, d.len), "m", value,
					 &e),
			0);
		assert_int_equal(jedit_apply(&add, d.data, d.len, &a), 0);
		AUTO_JSON json_t *got = parsed(&a);
		json_object_set(json_object_get(want, "s"), "m", value);
		assert_true(json_equal(got, want));

		assert_int_equal(jedit_remove(&del, a.data, a.len,
					 object_of2(a.data, a.len), "m", &e),
			0);
		assert_int_equal(jedit_apply(&del, a.data, a.len, &b), 0);
		AUTO_JSON json_t *back = parsed(&b);
		assert_true(json_equal(back, before));

		AUTO_JSON json_t *less = NULL;
		if (json_object_get(json_object_get(want, "s"), "o") != NULL) {
			assert_int_equal(jedit_remove(&first, a.data, a.len,
						 object_of2(a.data, a.len), "o",
						 &e),
				0);
			assert_int_equal(jedit_apply(&first, a.data, a.len, &c),
				0);
			less = parsed(&c);
			json_object_del(json_object_get(want, "s"), "o");
			assert_true(json_equal(less, want));
		}
		for (size_t k = 0; k < ARRAY_LEN(remarks); k++) {
			bool is_there = strstr(texts[i], remarks[k]) != NULL;

			assert_true(!is_there ||
				    strstr(buf_str(&a), remarks[k]) != NULL);
			assert_true(!is_there ||
				    strstr(buf_str(&b), remarks[k]) != NULL);
			assert_true(!is_there || remarks[k][0] != '/' ||
				    less == NULL ||
				    strstr(buf_str(&c), remarks[k]) != NULL);
		}
	}
}

static void
edits_without_memory(void **state)
{
	static const char s[] = "{\n  \"s\": {\n    \"o\": 1\n  }\n}\n";
	AUTO_JSON json_t *value = entry();

	(void)state;
	for (size_t n = 1;; n++) {
		struct jedit ed;
		struct err e;
		int rc;

		heap_fail_at(n);
		rc = jedit_add(&ed, s, strlen(s), 0, "m", value, &e);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			jedit_done(&ed);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
		jedit_done(&ed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_members_and_elements),
		cmocka_unit_test(survives_broken_texts),
		cmocka_unit_test(adds_in_the_style_around),
		cmocka_unit_test(tells_absent_from_unread),
		cmocka_unit_test(removes_first_middle_last),
		cmocka_unit_test(sets_one_value),
		cmocka_unit_test(keeps_comments),
		cmocka_unit_test(edits_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
