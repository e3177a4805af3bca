/* Lines, slices and sources of memoryctl import. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/limits.h"
#include "memory-db/cli/lib/lines.h"
#include "memory-db/cli/lib/slice.h"
#include "memory-db/cli/lib/source.h"
#include "tests/lib/unit.h"

static int
file_of(const void *data, size_t n)
{
	int fd = memfd_create("import", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
reads_lines(void **state)
{
	static const char text[] = "one\n\nthree\r\nlast";
	static const char *const expected[] = {"one", "", "three\r", "last"};
	AUTO_FD int fd = file_of(text, strlen(text));
	AUTO_LINES struct lines l;
	const char *s;
	struct err e;
	size_t n, i = 0;

	(void)state;
	lines_init(&l, fd, 100);
	while (lines_next(&l, &s, &n, &e) == 1) {
		assert_true(i < ARRAY_LEN(expected));
		assert_int_equal(n, strlen(expected[i]));
		assert_memory_equal(s, expected[i], n);
		assert_int_equal(l.number, ++i);
	}
	assert_int_equal(i, 4);
	assert_int_equal(l.bytes, strlen(text));
	assert_int_equal(lines_next(&l, &s, &n, &e), 0);
}

/* Longer ones than allowed are passed over in constant memory, at every
 * boundary of the reads. */
static void
skips_long_lines(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 3; extra++) {
		size_t big = 300000 + extra, n, got;
		AUTO_FREE char *text = malloc(2 * big + 10);
		AUTO_LINES struct lines l;
		const char *s;
		struct err e;

		assert_non_null(text);
		memset(text, 'x', big);
		memcpy(text + big, "\nok\n", 4);
		memset(text + big + 4, 'y', big);
		AUTO_FD int fd = file_of(text, 2 * big + 4);

		lines_init(&l, fd, 300000);
		got = (size_t)lines_next(&l, &s, &n, &e);
		if (extra == 0)
			assert_int_equal(n, big);
		else
			assert_int_equal((int)got, MDB_E_LIMIT);
		assert_int_equal(lines_next(&l, &s, &n, &e), 1);
		assert_int_equal(l.number, 2);
		assert_memory_equal(s, "ok", 2);
		assert_int_equal(lines_next(&l, &s, &n, &e),
			extra == 0 ? 1 : MDB_E_LIMIT);
		assert_int_equal(l.number, 3);
		assert_int_equal(lines_next(&l, &s, &n, &e), 0);
		assert_true(l.buf.cap < 1024 * 1024);
	}
}

static void
reports_read_errors(void **state)
{
	AUTO_FD int fd = open("/", O_RDONLY | O_DIRECTORY);
	AUTO_LINES struct lines l;
	const char *s;
	struct err e;
	size_t n;

	(void)state;
	lines_init(&l, fd, 100);
	assert_int_equal(lines_next(&l, &s, &n, &e), MDB_E_STORE);
}

/* {"a":[1,1,...]} of n ones. */
static size_t
list_of(char *out, size_t n)
{
	size_t k = 0;

	memcpy(out, "{\"a\":[", 6);
	for (k = 6; n > 0; n--) {
		out[k++] = '1';
		out[k++] = n > 1 ? ',' : ']';
	}
	out[k++] = '}';
	return k;
}

static void
weighs_lines(void **state)
{
	static const char good[] = "{\"type\":\"entity\",\"observations\":"
				   "[\"a\",\"b\",\"c\"]} ";
	static const struct {
		const char *s;
		size_t n;
	} bad[] = {{"", 0}, {"[1]", 3}, {"{", 1}, {"{}}", 3}, {"{} {}", 5},
		{"{\"a\":1\0}", 8}, {"{\"a\":\"\t\"}", 9},
		{"{}],\"x\":[{}", 13}, {"{\"a\":1,\"a\":2}", 15},
		{"{\"a\":\"\xff\"}", 9}};
	AUTO_FREE char *many = malloc(500000);
	struct slice_cost cost;
	struct err e;
	size_t n;

	(void)state;
	assert_int_equal(slice_weigh(good, strlen(good), &cost, &e), 0);
	assert_int_equal(cost.facts, 4);
	assert_int_equal(cost.bytes, strlen(good));
	assert_int_equal(cost.values, 8);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(slice_weigh(bad[i].s, bad[i].n, &cost, &e),
			MDB_E_PROTOCOL);
	/* A request around it would be too deep, or hold too many values. */
	for (size_t depth = 124; depth < 127; depth++) {
		char deep[300] = "{\"a\":";

		n = strlen(deep);
		memset(deep + n, '[', depth);
		memset(deep + n + depth, ']', depth);
		deep[n + 2 * depth] = '}';
		assert_int_equal(slice_weigh(deep, n + 2 * depth + 1, &cost,
					 &e),
			depth == 124 ? 0 : MDB_E_PROTOCOL);
	}
	assert_non_null(many);
	n = list_of(many, 200000);
	assert_int_equal(slice_weigh(many, n, &cost, &e), MDB_E_PROTOCOL);
	n = list_of(many, 190000);
	assert_int_equal(slice_weigh(many, n, &cost, &e), 0);
}

static void
fills_slices(void **state)
{
	static struct slice s;
	AUTO_BUF struct buf params = {0};
	AUTO_JSON json_t *p = NULL;
	const struct slice_cost one = {7, 200, 3};

	(void)state;
	assert_true(slice_has_room(&s,
		&(struct slice_cost){SLICE_BYTES * 3, 100000, 199000}));
	assert_int_equal(slice_add(&s, "{\"a\":1}", &one), 0);
	assert_true(slice_has_room(&s,
		&(struct slice_cost){10, LIMIT_SLICE_FACTS - 200, 1}));
	assert_false(slice_has_room(&s,
		&(struct slice_cost){10, LIMIT_SLICE_FACTS - 199, 1}));
	assert_false(
		slice_has_room(&s, &(struct slice_cost){SLICE_BYTES, 1, 1}));
	assert_false(slice_has_room(&s,
		&(struct slice_cost){10, 1, LIMIT_REQUEST_VALUES - 10}));
	assert_int_equal(slice_add(&s, NULL, NULL), 0);
	assert_true(s.is_empty[1]);
	assert_int_equal(slice_params(&s, "so\"urce", true, "", &params), 0);
	p = json_loads(buf_str(&params), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(p);
	assert_string_equal(json_string_value(json_object_get(p, "source")),
		"so\"urce");
	assert_int_equal(json_array_size(json_object_get(p, "records")), 2);
	assert_true(json_is_true(json_object_get(p, "done")));
	slice_next(&s);
	assert_int_equal(s.offset, 2);
	while (s.lines < SLICE_LINES)
		assert_int_equal(slice_add(&s, NULL, NULL), 0);
	assert_false(slice_has_room(&s, &(struct slice_cost){2, 0, 1}));
	buf_done(&s.records);
}

static void
identity(int fd, const char *target, bool is_fresh, char id[SOURCE_SIZE],
	bool expect_resumable)
{
	bool is_resumable;
	int64_t bytes;
	struct err e;

	assert_int_equal(source_identity(fd, target, is_fresh, id, &bytes,
				 &is_resumable, &e),
		0);
	assert_int_equal(is_resumable, expect_resumable);
}

static void
knows_content_again(void **state)
{
	char a[SOURCE_SIZE], b[SOURCE_SIZE];
	AUTO_FD int one = file_of("x\ny\n", 4);
	AUTO_FD int same = file_of("x\ny\n", 4);
	AUTO_FD int other = file_of("x\nz\n", 4);
	int ends[2];

	(void)state;
	identity(one, "ns", false, a, true);
	assert_int_equal(lseek(one, 0, SEEK_CUR), 0);
	identity(same, "ns", false, b, true);
	assert_string_equal(a, b);
	identity(same, "elsewhere", false, b, true);
	assert_string_not_equal(a, b);
	identity(other, "ns", false, b, true);
	assert_string_not_equal(a, b);
	identity(one, "ns", true, b, false);
	assert_string_not_equal(a, b);
	assert_int_equal(pipe(ends), 0);
	identity(ends[0], "ns", false, a, false);
	identity(ends[0], "ns", false, b, false);
	assert_string_not_equal(a, b);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(skips_long_lines),
		cmocka_unit_test(reports_read_errors),
		cmocka_unit_test(weighs_lines),
		cmocka_unit_test(fills_slices),
		cmocka_unit_test(knows_content_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
