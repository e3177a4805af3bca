#include "common/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "tests/lib/unit.h"

static bool
valid(const char *s)
{
	return text_is_utf8(s, strlen(s));
}

static void
knows_utf8(void **state)
{
	(void)state;
	assert_true(valid(""));
	assert_true(valid("plain ascii that is longer than a word"));
	assert_true(valid("\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"));
	assert_true(valid("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
	assert_false(valid("\x80"));
	assert_false(valid("12345678\xff"));
	assert_false(valid("\xc0\xaf"));
	assert_false(valid("\xc1\xbf"));
	assert_false(valid("\xe0\x9f\xbf"));
	assert_false(valid("\xf0\x8f\xbf\xbf"));
	assert_false(valid("\xed\xa0\x80"));
	assert_false(valid("\xed\xbf\xbf"));
	assert_false(valid("\xf4\x90\x80\x80"));
	assert_false(valid("\xf5\x80\x80\x80"));
	assert_false(valid("abc\xe2\x82"));
	/* a NUL at each place of a word of eight bytes and behind it */
	for (size_t i = 0; i < 20; i++) {
		char s[20];

		memset(s, 'a', sizeof(s));
		assert_true(text_is_utf8(s, sizeof(s)));
		s[i] = '\0';
		assert_false(text_is_utf8(s, sizeof(s)));
		s[i] = '\x80';
		assert_false(text_is_utf8(s, sizeof(s)));
	}
}

static void
check_fold(const char *in, const char *out)
{
	AUTO_BUF struct buf b = {0};

	assert_int_equal(text_fold(in, strlen(in), &b), 0);
	assert_string_equal(buf_str(&b), out);
}

static void
folds(void **state)
{
	(void)state;
	check_fold("", "");
	check_fold("Az09_[]`{}", "az09_[]`{}");
	check_fold("STRASSE Stra\xc3\x9f"
		   "e \xe1\xba\x9e",
		"strasse strasse ss");
	check_fold("\xc3\x84\xc3\x96", "\xc3\xa4\xc3\xb6");
	/* final sigma and sigma are one */
	check_fold("\xce\xa3\xcf\x82\xcf\x83", "\xcf\x83\xcf\x83\xcf\x83");
	/* no normalisation: a + combining acute stays two */
	check_fold("A\xcc\x81", "a\xcc\x81");
	check_fold("\xef\xac\x81", "fi");		    /* ligature fi */
	check_fold("\xd0\x96", "\xd0\xb6");		    /* Cyrillic */
	check_fold("\xf0\x90\x90\x80", "\xf0\x90\x90\xa8"); /* Deseret */
	check_fold("\xe4\xb8\xad\xf0\x9f\x98\x80",
		"\xe4\xb8\xad\xf0\x9f\x98\x80");
	/* bytes that are not UTF-8 stay as they are */
	check_fold("A\xff"
		   "B",
		"a\xff"
		"b");
}

static void
reads_integers(void **state)
{
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1a", "a",
		"0x1", "1.0", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999999", "--1"};
	int64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(text_int(bad[i], INT64_MIN, INT64_MAX, &v),
			MDB_E_INVALID);
		assert_int_equal(v, 7);
	}
	assert_int_equal(text_int("-0", INT64_MIN, INT64_MAX, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(text_int("9223372036854775807", INT64_MIN, INT64_MAX,
				 &v),
		0);
	assert_true(v == INT64_MAX);
	assert_int_equal(text_int("-9223372036854775808", INT64_MIN, INT64_MAX,
				 &v),
		0);
	assert_true(v == INT64_MIN);
	assert_int_equal(text_int("10", 0, 10, &v), 0);
	assert_int_equal(text_int("11", 0, 10, &v), MDB_E_INVALID);
	assert_int_equal(text_int("-1", 0, 10, &v), MDB_E_INVALID);
}

static void
measures_distance(void **state)
{
	char a[1100], b[1100];

	(void)state;
	assert_int_equal(text_distance("", "", 5), 0);
	assert_int_equal(text_distance("abc", "abc", 5), 0);
	assert_int_equal(text_distance("abc", "abd", 5), 1);
	assert_int_equal(text_distance("abc", "ab", 5), 1);
	assert_int_equal(text_distance("abc", "xabc", 5), 1);
	assert_int_equal(text_distance("abcd", "abdc", 5), 1);
	assert_int_equal(text_distance("kitten", "sitting", 5), 3);
	assert_int_equal(text_distance("kitten", "sitting", 3), 3);
	assert_int_equal(text_distance("kitten", "sitting", 2), 3);
	assert_int_equal(text_distance("", "abc", 1), 2);
	assert_int_equal(text_distance("completely", "different!", 4), 5);
	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	a[1024] = b[1023] = '\0';
	assert_int_equal(text_distance(a, b, 3), 1);
	a[1024] = 'x';
	a[1099] = '\0';
	assert_int_equal(text_distance(a, a, 3), 4); /* longer than a name */
}

static void
finds_the_nearest_name(void **state)
{
	static const char *const list[] = {"query", "limit", "entityType",
		"observations", "max_tokens", "to", "names", NULL};

	(void)state;
	assert_string_equal(text_nearest("quary", list), "query");
	assert_string_equal(text_nearest("QUERY", list), "query");
	assert_string_equal(text_nearest("entity_type", list), "entityType");
	assert_string_equal(text_nearest("maxTokens", list), "max_tokens");
	assert_string_equal(text_nearest("observation", list), "observations");
	assert_string_equal(text_nearest("name", list), "names");
	assert_string_equal(text_nearest("lmiit", list), "limit");
	assert_string_equal(text_nearest("type", list), "entityType");
	assert_string_equal(text_nearest("search_query", list), "query");
	assert_string_equal(text_nearest("tokens", list), "max_tokens");
	assert_null(text_nearest("max", list));
	assert_null(text_nearest("colour", list));
	assert_null(text_nearest("x", list));
	assert_null(text_nearest("", list));
	assert_null(text_nearest("___", list));
	assert_null(text_nearest("query", (const char *const[]){NULL}));
}

static void
knows_stop_words(void **state)
{
	static const char *const stops[] = {"a", "about", "the", "of", "what",
		"yourselves", "i", "is", "don", "down", "than", "then", "this"};
	static const char *const others[] = {"", "tea", "abou", "abouts",
		"zebra", "ab", "mys", "yourselvesx", "thes"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stops); i++)
		assert_true(text_is_stop(stops[i], strlen(stops[i])));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(text_is_stop(others[i], strlen(others[i])));
	/* the length counts, not a NUL */
	assert_true(text_is_stop("theory", 3));
}

/* --- stems ---------------------------------------------------------------- */

static void
check_stem(const char *word, const char *language, const char *want)
{
	AUTO_BUF struct buf b = {0};

	assert_int_equal(buf_adds(&b, "old"), 0);
	assert_int_equal(text_stem(word, strlen(word), language, &b), 0);
	assert_string_equal(buf_str(&b), want);
}

static void
stems(void **state)
{
	(void)state;
	check_stem("running", "english", "run");
	check_stem("memories", "english", "memori");
	check_stem("running", "", "running");
	check_stem("running", "klingon", "running");
	check_stem("h\xc3\xa4user", "german", "haus");
	check_stem("continuellement", "french", "continuel");
	/* all suffix: the stemmer leaves nothing */
	check_stem("\xce\xb1\xce\xbc\xce\xb5", "greek",
		"\xce\xb1\xce\xbc\xce\xb5");
	check_stem("2026", "english", "2026");
	check_stem("mp3s", "english", "mp3s");
	check_stem("", "english", "");
	assert_true(text_stem_known("english"));
	assert_true(text_stem_known(""));
	assert_false(text_stem_known("klingon"));
	assert_false(text_stem_known("English"));
}

static void
keeps_a_few_languages(void **state)
{
	static const char *const all[] = {"english", "german", "french",
		"spanish", "italian", "russian", "english", "dutch", "german"};

	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < ARRAY_LEN(all); i++) {
			AUTO_BUF struct buf b = {0};

			assert_int_equal(text_stem("nation", 6, all[i], &b), 0);
			assert_true(b.len >= 4);
		}
}

static void *
stem_in_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++) {
		AUTO_BUF struct buf b = {0};

		if (text_stem("relational", 10, i % 2 ? "english" : "porter",
			    &b) < 0 ||
			b.len != 5 || memcmp(b.data, "relat", 5) != 0)
			return (void *)1;
	}
	return NULL;
}

static void
stems_in_threads(void **state)
{
	pthread_t t[4];
	void *result;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, stem_in_thread,
					 NULL),
			0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(pthread_join(t[i], &result), 0);
		assert_null(result);
	}
}

static void *
fail_in_thread(void *arg)
{
	struct buf b = {0};
	size_t n;

	(void)arg;
	/* a new thread has no stemmers: making them is part of the loop */
	for (n = 1;; n++) {
		int rc;

		heap_fail_at(n);
		rc = text_stem("running", 7, "english", &b);
		if (!heap_disarm()) {
			n += rc != 0 ? 1000 : 0;
			break;
		}
		if (rc != MDB_E_NOMEM)
			n += 1000;
	}
	buf_done(&b);
	return (void *)(uintptr_t)n;
}

static void
survives_failing_malloc(void **state)
{
	pthread_t t;
	void *n;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, fail_in_thread, NULL), 0);
	assert_int_equal(pthread_join(t, &n), 0);
	assert_in_range((uintptr_t)n, 2, 20);
	for (size_t i = 1;; i++) {
		struct buf b = {0};
		int rc;

		heap_fail_at(i);
		rc = text_fold("\xc3\x84"
			       "bc",
			4, &b);
		if (!heap_disarm()) {
			assert_int_equal(rc, 0);
			buf_done(&b);
			break;
		}
		assert_int_equal(rc, MDB_E_NOMEM);
		assert_int_equal(b.len, 0);
		buf_done(&b);
	}
}

static void
versions_are_ordered(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{"1.2.3", "1.2.3", 0},
		{"1.2.3", "1.2.4", -1},
		{"1.10.0", "1.9.9", 1},
		{"2", "1.99.99", 1},
		{"0.1", "0.1.0", 0},
		{"", "0.0.1", -1},
		{"1.0.0-rc1", "1.0.0", 0},
		{"x", "0.0.0", 0},
		{"99999999999999999999.0", "3", 1},
		{"1..2", "1.0.2", 0},
		{"0.9.0", "0.10.0", -1},
		{"1.0", "0.99.99", 1},
		{"1.2.3-rc1", "1.2.3", 0},
		{"garbage", "0.0.0", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(text_version_order(cases[i].a, cases[i].b),
			cases[i].order);
		assert_int_equal(text_version_order(cases[i].b, cases[i].a),
			-cases[i].order);
	}
}

static void
knows_dangerous_characters(void **state)
{
	static const uint32_t bad[] = {0, 7, 0x1b, 0x7f, 0x85, 0x9b, 0x200b,
		0x200e, 0x2028, 0x2029, 0x202e, 0x2066, 0xfeff, 0xe0041, 0xe000,
		0xfff9};
	static const uint32_t good[] = {' ', 'a', 0xa0, 0xad, 0xe9, 0x200c,
		0x200d, 0x301, 0x6771, 0x1f600, 0xfe0f};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!text_is_dangerous(bad[i]))
			fail_msg("U+%04X", bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (text_is_dangerous(good[i]))
			fail_msg("U+%04X", good[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_dangerous_characters),
		cmocka_unit_test(knows_utf8),
		cmocka_unit_test(folds),
		cmocka_unit_test(reads_integers),
		cmocka_unit_test(versions_are_ordered),
		cmocka_unit_test(measures_distance),
		cmocka_unit_test(finds_the_nearest_name),
		cmocka_unit_test(knows_stop_words),
		cmocka_unit_test(stems),
		cmocka_unit_test(keeps_a_few_languages),
		cmocka_unit_test(stems_in_threads),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
