/* What memoryctl prints: safe, aligned, cut; and how it reads its arguments. */
#include <stdio.h>
#include <string.h>

#include "memory-db/cli/lib/args.h"
#include "memory-db/cli/cli.h"
#include "memory-db/cli/lib/out.h"
#include "memory-db/cli/lib/table.h"
#include "tests/lib/unit.h"

static void
escapes_what_a_terminal_would_obey(void **state)
{
	static const char *const cases[][2] = {
		{"plain \xc3\xa9 \xf0\x9f\x98\x80", NULL},
		{"a\x1b[31mred", "a\\x1b[31mred"},
		{"two\nlines\ttab\rback", "two\\nlines\\ttab\\rback"},
		{"\x7f\xc2\x9b"
		 "31m",
			"\\x7f\\u{9b}31m"},
		{"\xe2\x80\xae"
		 "txt",
			"\\u{202e}txt"},
		{"\xe2\x80\xa8", "\\u{2028}"},
		{"bad\xff\xc3", "bad\\xff\\xc3"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		/* joiners of emoji stay */
		{"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf b = {0};

		assert_int_equal(out_safe(cases[i][0], strlen(cases[i][0]), &b),
			0);
		assert_string_equal(buf_str(&b),
			cases[i][1] ? cases[i][1] : cases[i][0]);
	}
}

/* JSON for a terminal is the same JSON. */
static void
escapes_json_without_changing_it(void **state)
{
	static const char s[] = "{\"a\":\"x\xc2\x9by\xe2\x80\xae"
				"\xf3\xa0\x80\x81\xc3\xa9\"}";
	AUTO_BUF struct buf b = {0};

	(void)state;
	assert_int_equal(out_safe_json(s, strlen(s), &b), 0);
	assert_string_equal(buf_str(&b), "{\"a\":\"x\\u009by\\u202e"
					 "\\udb40\\udc01\xc3\xa9\"}");
	AUTO_JSON json_t *one = json_loads(s, 0, NULL);
	AUTO_JSON json_t *two = json_loads(b.data, 0, NULL);

	assert_true(json_equal(one, two));
}

static void
measures_and_cuts(void **state)
{
	static const struct {
		const char *s;
		int width;
		const char *cut;
	} cases[] = {
		{"hello", 5, "hello"},
		{"hello", 4, "hel\u2026"},
		{"\u65e5\u672c\u8a9e", 6, "\u65e5\u672c\u8a9e"},
		{"\u65e5\u672c\u8a9e", 5, "\u65e5\u672c\u2026"},
		{"\u65e5\u672c\u8a9e", 4, "\u65e5\u2026"},
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301\u2026"},
		{"x", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_BUF struct buf b = {0};

		assert_int_equal(out_cut(cases[i].s, cases[i].width, &b), 0);
		assert_string_equal(buf_str(&b), cases[i].cut);
		assert_true(out_width(b.data) <= cases[i].width);
	}
}

static void
formats_numbers(void **state)
{
	char t[OUT_NUMBER_SIZE];

	(void)state;
	assert_string_equal(out_count(0, t), "0");
	assert_string_equal(out_count(1234, t), "1234");
	assert_string_equal(out_count(12345, t), "12 345");
	assert_string_equal(out_count(-1234567, t), "-1 234 567");
	assert_string_equal(out_count(INT64_MIN, t),
		"-9 223 372 036 854 775 808");
	assert_string_equal(out_bytes(999, t), "999 B");
	assert_string_equal(out_bytes(1536, t), "1.5 KB");
	assert_string_equal(out_bytes(250LL << 20, t), "250 MB");
}

static const struct table_column columns[] = {{"NAME", false, true},
	{"N", true, false}, {"TEXT", false, true}};

static void
print_table(int width, const char *expected)
{
	struct cli c = {.width = width};
	AUTO_TABLE struct table t;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	table_init(&t, columns, ARRAY_LEN(columns));
	table_text(&t, "ada");
	table_number(&t, 7);
	table_text(&t, "a rather long text\nin two lines");
	table_text(&t, "\u65e5\u672c");
	table_number(&t, 123456);
	table_text(&t, NULL);
	assert_non_null(f);
	assert_int_equal(table_print(&t, &c, f), 0);
	fclose(f);
	assert_string_equal(text, expected);
	free(text);
}

static void
aligns_and_gives_way(void **state)
{
	(void)state;
	print_table(0, "NAME        N  TEXT\n"
		       "ada         7  a rather long text\\nin two lines\n"
		       "\u65e5\u672c  123 456  \n");
	print_table(30, "NAME        N  TEXT\n"
			"ada         7  a rather long \u2026\n"
			"\u65e5\u672c  123 456  \n");
}

static void
tables_without_memory(void **state)
{
	struct cli c = {.width = 20};

	(void)state;
	for (size_t n = 1;; n++) {
		AUTO_TABLE struct table t;
		FILE *f = fopen("/dev/null", "w");
		int rc;

		assert_non_null(f);
		heap_fail_at(n);
		table_init(&t, columns, ARRAY_LEN(columns));
		table_text(&t, "a text longer than the terminal is wide");
		table_number(&t, 5);
		table_text(&t, "x");
		rc = table_print(&t, &c, f);
		bool has_failed = heap_disarm();

		fclose(f);
		if (!has_failed) {
			assert_int_equal(rc, 0);
			break;
		}
	}
}

/* --- arguments ------------------------------------------------------------ */
static const char *socket_path;
static bool is_json;
static const struct conf_opt opts[] = {
	CLI_TEXT("socket", &socket_path, "PATH", ""),
	CLI_FLAG("json", &is_json, ""),
};

static void
sort_args(const char *line, int skip, const char *expected)
{
	char copy[200], *argv[20], joined[200] = "", *save = NULL;
	AUTO_FREE char **sorted = NULL;
	int argc = 0, rest;
	struct err e;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w != NULL;
		w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	if (args_sort(opts, ARRAY_LEN(opts), skip, argc, argv, &sorted, &rest,
		    &e) != 0) {
		assert_string_equal(e.text, expected);
		return;
	}
	for (int i = 1; sorted[i] != NULL; i++) {
		size_t n = strlen(joined);

		snprintf(joined + n, sizeof(joined) - n, "%s%s",
			i > 1 ? " " : "", sorted[i]);
	}
	assert_string_equal(sorted[rest - 1], "--");
	assert_string_equal(joined, expected);
}

static void
sorts_options_first(void **state)
{
	char program[] = "m", s[] = "--socket", x[] = "x", cmd[] = "search",
	     end[] = "--";
	char *argv[] = {program, s, x, cmd, NULL};
	char *ended[] = {program, end, cmd, NULL};

	(void)state;
	assert_int_equal(args_first(opts, 2, 4, argv), 3);
	assert_int_equal(args_first(opts, 2, 3, argv), 3);
	assert_int_equal(args_first(opts, 2, 3, ended), 2);
	sort_args("m search a --json b --socket p c", 1,
		"--json --socket p -- a b c");
	sort_args("m --socket=p search -q -j a", 2,
		"--socket=p --quiet --json -- a");
	sort_args("m import -", 1, "-- -");
	sort_args("m search -- --json -x", 1, "-- --json -x");
	sort_args("m search --socket", 1, "--socket needs a value");
	/* What is no option of ours stays for the reader to complain. */
	sort_args("m search --wrong a", 1, "--wrong -- a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_a_terminal_would_obey),
		cmocka_unit_test(escapes_json_without_changing_it),
		cmocka_unit_test(measures_and_cuts),
		cmocka_unit_test(formats_numbers),
		cmocka_unit_test(aligns_and_gives_way),
		cmocka_unit_test(tables_without_memory),
		cmocka_unit_test(sorts_options_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
