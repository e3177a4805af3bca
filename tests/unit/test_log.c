#include "common/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/jx.h"
#include "common/text.h"
#include "tests/lib/scratch.h"
#include "tests/lib/unit.h"

static void
read_file(const char *path, struct buf *out)
{
	char piece[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	out->len = 0;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		assert_int_equal(buf_add(out, piece, n), 0);
	fclose(f);
	assert_non_null(buf_str(out));
}

/* An empty log file in the format, at the fixed time of 1970. */
static const char *
begin(const char *name, enum log_format format, int64_t max_bytes)
{
	const char *path = scratch_path(name);

	clock_fake(1500);
	log_setup("memory-test", LOG_INFO, format);
	assert_int_equal(log_to_file(path, max_bytes, NULL), 0);
	return path;
}

/* Must be the first: afterwards the log goes to files. */
static void
a_full_pipe_stops_nobody(void **state)
{
	char data[70000], *last;
	int fd[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	(void)state;
	clock_fake(1500);
	log_setup("memory-test", LOG_INFO, LOG_TEXT);
	assert_int_equal(pipe(fd), 0);
	dup2(fd[1], STDERR_FILENO);
	for (int i = 0; i < 3000; i++)
		log_event(LOG_INFO, "line", 0, LOG_I("i", i));
	n = read(fd[0], data, sizeof(data) - 1);
	log_event(LOG_INFO, "after", 0, LOG_S("all", "well"));
	log_event(LOG_INFO, "again", 0, LOG_S("all", "well"));
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd[1]);
	assert_in_range(n, 60000, 66000);
	assert_int_equal(data[n - 1], '\n');
	n = read(fd[0], data, sizeof(data) - 1);
	close(fd[0]);
	assert_true(n > 0);
	data[n] = '\0';
	last = strstr(data, "after lost_before=");
	assert_non_null(last);
	assert_non_null(strstr(last, " all=well\n1970-01-01T00:00:01.500Z info "
				     "memory-test again all=well\n"));
}

static void
writes_text(void **state)
{
	const char *path = begin("text.log", LOG_TEXT, 0);
	AUTO_BUF struct buf b = {0};
	struct stat st;

	(void)state;
	log_event(LOG_INFO, "request", 7, LOG_S("method", "ping"),
		LOG_I("us", -12), LOG_S("who", "a b"), LOG_S("none", ""));
	log_event(LOG_WARN, "slow", 0, LOG_I("ms", 5));
	log_event(LOG_DEBUG, "not written", 0, LOG_I("ms", 5));
	log_write(LOG_ERROR, "bare", 0, NULL, 0);
	read_file(path, &b);
	assert_string_equal(b.data,
		"1970-01-01T00:00:01.500Z info memory-test request id=7 "
		"method=ping us=-12 who=\"a b\" none=\"\"\n"
		"1970-01-01T00:00:01.500Z warn memory-test slow ms=5\n"
		"1970-01-01T00:00:01.500Z error memory-test bare\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(log_enabled(LOG_INFO));
	assert_false(log_enabled(LOG_DEBUG));
}

static void
writes_json(void **state)
{
	const char *path = begin("json.log", LOG_JSON, 0);
	AUTO_BUF struct buf b = {0};

	(void)state;
	log_event(LOG_INFO, "request", 7, LOG_S("method", "q\"\\\n\x01"),
		LOG_I("us", 12));
	read_file(path, &b);
	assert_string_equal(b.data,
		"{\"ts\":\"1970-01-01T00:00:01.500Z\",\"level\":\"info\","
		"\"program\":\"memory-test\",\"event\":\"request\",\"request\":"
		"7,\"method\":\"q\\\"\\\\\\n\\u0001\",\"us\":12}\n");
}

/* No text can end its line, begin another, or hide what follows. */
static void
no_text_forges_a_line(void **state)
{
	static const char evil[] = "x\n1970-01-01T00:00:00.000Z error fake\r"
				   "\x1b[2J\xc2\x85\xe2\x80\xa8\xff\xc3";

	(void)state;
	for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
		const char *path = begin(format == LOG_TEXT ? "e1" : "e2",
			(enum log_format)format, 0);
		AUTO_BUF struct buf b = {0};

		log_event(LOG_INFO, evil, 0, LOG_S("text", evil));
		read_file(path, &b);
		assert_ptr_equal(memchr(b.data, '\n', b.len),
			b.data + b.len - 1);
		assert_null(strpbrk(b.data, "\r\x1b"));
		assert_null(strstr(b.data, "\xc2\x85"));
		assert_null(strstr(b.data, "\xe2\x80\xa8"));
		assert_true(text_is_utf8(b.data, b.len));
	}
}

/* Lines are cut at a size that one write takes whole, and stay well formed. */
static void
long_lines_are_cut(void **state)
{
	char text[9000];

	(void)state;
	for (size_t n = 3700; n < 4200; n++) {
		const char *path;
		AUTO_BUF struct buf b = {0};
		AUTO_JSON json_t *line = NULL;

		unlink(scratch_path("long"));
		path = begin("long", LOG_JSON, 0);
		memset(text, 'x', sizeof(text));
		text[n] = '\0';
		log_event(LOG_INFO, "e", 1, LOG_S("first", "kept"),
			LOG_S("text", text), LOG_I("after", 123456789),
			LOG_S("last", "abc"));
		read_file(path, &b);
		assert_true(b.len <= 4096);
		line = jx_parse(b.data, b.len, NULL);
		assert_non_null(line);
		assert_string_equal(json_string_value(
					    json_object_get(line, "first")),
			"kept");
	}
}

static void
rotates(void **state)
{
	const char *path = begin("rot", LOG_TEXT, 1000);
	const char *old = scratch_path("rot.1");
	AUTO_BUF struct buf b = {0}, before = {0};
	const char *last, *first;
	int i, k = 0;

	(void)state;
	for (i = 0; i < 100; i++)
		log_event(LOG_INFO, "n", 0, LOG_I("i", i));
	read_file(path, &b);
	assert_in_range(b.len, 1, 1000);
	assert_non_null(strstr(b.data, "i=99\n"));
	read_file(old, &before);
	assert_in_range(before.len, 900, 1000);
	/* the two follow one another */
	last = strrchr(before.data, '=');
	first = strchr(b.data, '=');
	assert_non_null(last);
	assert_non_null(first);
	assert_int_equal(sscanf(last + 1, "%d", &i), 1);
	assert_int_equal(sscanf(first + 1, "%d", &k), 1);
	assert_int_equal(i + 1, k);
	/* what is there already counts */
	assert_int_equal(log_to_file(path, 1000, NULL), 0);
	for (i = 0; i < 20; i++)
		log_event(LOG_INFO, "m", 0, LOG_I("i", i));
	read_file(path, &b);
	assert_in_range(b.len, 1, 1000);
}

static void *
write_many(void *arg)
{
	for (int i = 0; i < 500; i++)
		log_event(LOG_INFO, "thread", 0,
			LOG_I("t", (int64_t)(uintptr_t)arg), LOG_I("i", i),
			LOG_S("pad", "some words to make the line longer"));
	return NULL;
}

/* Whole lines only, none lost, though the file is moved meanwhile. */
static void
threads_do_not_mix(void **state)
{
	const char *path = begin("threads", LOG_JSON, 150000);
	const char *old = scratch_path("threads.1");
	AUTO_BUF struct buf all = {0}, b = {0};
	size_t lines = 0;
	pthread_t t[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, write_many,
					 (void *)(uintptr_t)i),
			0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		pthread_join(t[i], NULL);
	read_file(old, &all);
	read_file(path, &b);
	assert_int_equal(buf_add(&all, b.data, b.len), 0);
	assert_non_null(buf_str(&all));
	for (char *rest = all.data, *line; (line = strsep(&rest, "\n"));) {
		AUTO_JSON json_t *j = NULL;

		if (!*line)
			continue;
		j = jx_parse(line, strlen(line), NULL);
		assert_non_null(j);
		lines++;
	}
	/* 150,000 bytes rotate 2,000 lines of about 140 at most twice */
	assert_in_range(lines, 1000, 2000);
}

static void
refuses_bad_files(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(log_to_file(scratch_path("no/such/folder"), 0, &e),
		MDB_E_STORE);
	assert_non_null(strstr(e.text, "No such file or directory"));
	assert_int_equal(symlink("/dev/null", scratch_path("link")), 0);
	assert_int_equal(log_to_file(scratch_path("link"), 0, &e), MDB_E_STORE);
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	assert_int_equal(log_to_file(scratch_path("fifo"), 0, &e), MDB_E_STORE);
}

static void
reads_names(void **state)
{
	enum log_level level = LOG_LEVEL_MAX;
	enum log_format format = LOG_TEXT;

	(void)state;
	assert_int_equal(log_level_of("debug", &level), 0);
	assert_int_equal(level, LOG_DEBUG);
	assert_int_equal(log_level_of("error", &level), 0);
	assert_int_equal(level, LOG_ERROR);
	assert_int_equal(log_level_of("loud", &level), MDB_E_INVALID);
	assert_int_equal(level, LOG_ERROR);
	assert_int_equal(log_format_of("json", &format), 0);
	assert_int_equal(format, LOG_JSON);
	assert_int_equal(log_format_of("xml", &format), MDB_E_INVALID);
}

/* Logging needs no memory. */
static void
writes_without_memory(void **state)
{
	const char *path = begin("nomem", LOG_TEXT, 0);
	AUTO_BUF struct buf b = {0};

	(void)state;
	heap_fail_from(1);
	log_event(LOG_ERROR, "out of memory", 0, LOG_S("text", "a \"b\""));
	assert_false(heap_disarm());
	read_file(path, &b);
	assert_true(b.len > 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_pipe_stops_nobody),
		cmocka_unit_test(writes_text),
		cmocka_unit_test(writes_json),
		cmocka_unit_test(no_text_forges_a_line),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(rotates),
		cmocka_unit_test(threads_do_not_mix),
		cmocka_unit_test(refuses_bad_files),
		cmocka_unit_test(reads_names),
		cmocka_unit_test(writes_without_memory),
	};

	return cmocka_run_group_tests_name("log", tests, scratch_make,
		scratch_remove);
}
