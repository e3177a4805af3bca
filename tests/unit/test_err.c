#include "common/err.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/utf8.h"
#include "tests/lib/unit.h"

static void
sets_and_returns(void **state)
{
	struct err e;

	(void)state;
	e.retry_after_ms = 7;
	assert_int_equal(err_set(&e, MDB_E_NOT_FOUND, "no entity '%s'", "bob"),
		MDB_E_NOT_FOUND);
	assert_int_equal(e.code, MDB_E_NOT_FOUND);
	assert_int_equal(e.retry_after_ms, 0);
	assert_string_equal(e.text, "no entity 'bob'");
	assert_string_equal(e.param, "");
	assert_int_equal(err_param(&e, MDB_E_INVALID, "a[3].b", "%d", 5),
		MDB_E_INVALID);
	assert_string_equal(e.param, "a[3].b");
	assert_int_equal(err_set(NULL, MDB_E_BUSY, "x"), MDB_E_BUSY);
	assert_int_equal(err_param(NULL, MDB_E_BUSY, "x", "x"), MDB_E_BUSY);
	assert_int_equal(err_nomem(&e), MDB_E_NOMEM);
	err_prefix(NULL, "x");
}

static void
prefixes(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, MDB_E_STORE, "disk full");
	err_prefix(&e, "line %d", 7);
	assert_string_equal(e.text, "line 7: disk full");
	assert_int_equal(e.code, MDB_E_STORE);
	/* an error may be made of itself */
	err_param(&e, MDB_E_INVALID, "p", "x");
	err_param(&e, MDB_E_STORE, e.param, "again: %s (%s)", e.text, e.param);
	assert_string_equal(e.text, "again: x (p)");
	assert_string_equal(e.param, "p");
}

/* Cut anywhere in a text of two- to four-byte characters. */
static void
cuts_between_characters(void **state)
{
	static const char *const chars[] = {"\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80"};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(chars); k++) {
		for (int shift = 0; shift < 4; shift++) {
			char text[4000];
			struct err e;
			size_t n = (size_t)snprintf(text, sizeof(text), "%.*s",
				shift, "abcd");

			for (int i = 0; i < 900; i++)
				n += (size_t)snprintf(text + n,
					sizeof(text) - n, "%s", chars[k]);
			err_param(&e, MDB_E_INVALID, text, "%s", text);
			assert_true(text_is_utf8(e.text, strlen(e.text)));
			assert_true(strlen(e.text) > sizeof(e.text) - 5);
			assert_null(strchr(e.text, '?'));
			assert_true(text_is_utf8(e.param, strlen(e.param)));
			err_prefix(&e, "%s", text);
			assert_true(text_is_utf8(e.text, strlen(e.text)));
			assert_null(strchr(e.text, '?'));
		}
	}
}

static void
replaces_bad_bytes(void **state)
{
	struct err e;

	(void)state;
	err_param(&e, MDB_E_INVALID, "p\xff", "a\xff\xc3 \xc3\xa9\xed\xa0\x80");
	assert_string_equal(e.text, "a?? \xc3\xa9???");
	assert_string_equal(e.param, "p?");
	/* a text that ends in half a character is not cut by us */
	err_set(&e, MDB_E_INVALID, "a\xe2\x82");
	assert_string_equal(e.text, "a??");
}

static void
names_round_trip(void **state)
{
	(void)state;
	for (int code = 0; code > -MDB_E_MAX; code--) {
		assert_true(strlen(err_name(code)) >= 2);
		assert_int_equal(err_code_of(err_name(code)), code);
	}
	assert_string_equal(err_name(1), "internal");
	assert_string_equal(err_name(-MDB_E_MAX), "internal");
	assert_int_equal(err_code_of("nonsense"), MDB_E_INTERNAL);
}

static void
utf8_cut_keeps_whole_characters(void **state)
{
	static const char s[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};

	(void)state;
	for (size_t n = 0; n < sizeof(s); n++)
		assert_int_equal(utf8_cut(s, n), want[n]);
}

static void
utf8_round_trips(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x110000; cp++) {
		uint32_t again = 0;
		char s[4];
		size_t n;

		if (cp == 0x110000 || (cp >= 0xd800 && cp <= 0xdfff)) {
			n = utf8_encode(cp, s);
			assert_int_equal(utf8_decode(s, n, &again), 0);
			continue;
		}
		n = utf8_encode(cp, s);
		if (utf8_decode(s, n, &again) != n || again != cp ||
			utf8_decode(s, n - 1, &again) != 0)
			fail_msg("U+%04X", cp);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_and_returns),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(replaces_bad_bytes),
		cmocka_unit_test(names_round_trip),
		cmocka_unit_test(utf8_cut_keeps_whole_characters),
		cmocka_unit_test(utf8_round_trips),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
