#include "common/buf.h"

#include <string.h>

#include "common/err.h"
#include "tests/lib/unit.h"

static void
grows_and_keeps_content(void **state)
{
	AUTO_BUF struct buf b = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_addc(&b, (char)('a' + i % 26)), 0);
	assert_int_equal(b.len, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	assert_int_equal(strlen(buf_str(&b)), 10000);
	assert_int_equal(b.len, 10000);
}

static void
formats_short_and_long(void **state)
{
	AUTO_BUF struct buf b = {0};
	char text[1001];

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	assert_int_equal(buf_addf(&b, "%d,%s", -7, "ab"), 0);
	assert_string_equal(buf_str(&b), "-7,ab");
	assert_int_equal(buf_addf(&b, "<%s>", text), 0);
	assert_int_equal(b.len, 5 + 1002);
	assert_int_equal(b.data[b.len - 1], '>');
	/* the sizes around that of the local buffer */
	for (int n = 254; n <= 258; n++) {
		buf_clear(&b, SIZE_MAX);
		assert_int_equal(buf_addf(&b, "%.*s", n, text), 0);
		assert_int_equal(b.len, n);
		assert_int_equal(strlen(buf_str(&b)), n);
	}
}

static void
consumes_from_the_front(void **state)
{
	AUTO_BUF struct buf b = {0};

	(void)state;
	buf_consume(&b, 0);
	assert_int_equal(buf_adds(&b, "hello world"), 0);
	buf_consume(&b, 6);
	assert_string_equal(buf_str(&b), "world");
	buf_consume(&b, 5);
	assert_int_equal(b.len, 0);
}

static void
gives_memory_back(void **state)
{
	AUTO_BUF struct buf b = {0};

	(void)state;
	assert_int_equal(buf_reserve(&b, 1000), 0);
	buf_clear(&b, 1000);
	assert_true(b.cap >= 1000);
	buf_clear(&b, 999);
	assert_int_equal(b.cap, 0);
	assert_null(b.data);
}

static void
steals(void **state)
{
	struct buf b = {0};
	char *s = buf_steal(&b);

	(void)state;
	assert_string_equal(s, "");
	free(s);
	assert_int_equal(buf_adds(&b, "mine"), 0);
	s = buf_steal(&b);
	assert_string_equal(s, "mine");
	assert_null(b.data);
	free(s);
}

static void
refuses_what_no_memory_holds(void **state)
{
	AUTO_BUF struct buf b = {0};

	(void)state;
	assert_int_equal(buf_adds(&b, "kept"), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), MDB_E_NOMEM);
	assert_int_equal(buf_reserve(&b, SIZE_MAX / 2), MDB_E_NOMEM);
	assert_string_equal(buf_str(&b), "kept");
}

static void
survives_failing_malloc(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct buf b = {0};
		bool ok;

		heap_fail_at(n);
		ok = buf_adds(&b, "one") == 0 &&
		     buf_addf(&b, "%0300d", 1) == 0 &&
		     buf_reserve(&b, 4000) == 0 && buf_str(&b);
		buf_done(&b);
		if (!heap_disarm()) {
			assert_true(ok);
			assert_true(n > 3);
			break;
		}
		assert_false(ok);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_content),
		cmocka_unit_test(formats_short_and_long),
		cmocka_unit_test(consumes_from_the_front),
		cmocka_unit_test(gives_memory_back),
		cmocka_unit_test(steals),
		cmocka_unit_test(refuses_what_no_memory_holds),
		cmocka_unit_test(survives_failing_malloc),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
