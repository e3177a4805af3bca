#include "common/conf.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/unit.h"

static const char *socket_path;
static int64_t limit;
static bool verbose;
static const struct conf_opt opts[] = {
	{"socket", "TEST_CONF_SOCKET", CONF_STRING, &socket_path, 0, 0, "PATH",
		"where the socket is"},
	{"limit", "TEST_CONF_LIMIT", CONF_INT, &limit, 1, 100, "N", "how many"},
	{"verbose", "TEST_CONF_VERBOSE", CONF_BOOL, &verbose, 0, 0, NULL,
		"say more"},
};

static int
defaults(void **state)
{
	(void)state;
	socket_path = "default";
	limit = 10;
	verbose = false;
	unsetenv("TEST_CONF_SOCKET");
	unsetenv("TEST_CONF_LIMIT");
	unsetenv("TEST_CONF_VERBOSE");
	return 0;
}

/* Up to four arguments. */
static int
read_args(const char *a, const char *b, const char *c, const char *d,
	int *ret_rest, struct err *e)
{
	const char *const args[] = {"program", a, b, c, d};
	char *argv[6] = {NULL};
	int argc = 0, rc;
	static char copies[5][100];

	while (argc < 5 && args[argc]) {
		snprintf(copies[argc], sizeof(copies[0]), "%s", args[argc]);
		argv[argc] = copies[argc];
		argc++;
	}
	rc = conf_read(opts, ARRAY_LEN(opts), argc, argv, ret_rest, e);
	return rc;
}

static void
keeps_defaults(void **state)
{
	int rest = 0;

	(void)state;
	assert_int_equal(read_args(NULL, NULL, NULL, NULL, &rest, NULL), 0);
	assert_int_equal(rest, 1);
	assert_string_equal(socket_path, "default");
	assert_int_equal(limit, 10);
	assert_false(verbose);
}

static void
reads_both_forms(void **state)
{
	int rest = 0;

	(void)state;
	assert_int_equal(read_args("--socket", "/a", "--limit=7", "--verbose",
				 &rest, NULL),
		0);
	assert_string_equal(socket_path, "/a");
	assert_int_equal(limit, 7);
	assert_true(verbose);
	assert_int_equal(rest, 5);
	assert_int_equal(read_args("--socket=a=b", "--verbose=off", "rest",
				 "--limit", &rest, NULL),
		0);
	assert_string_equal(socket_path, "a=b");
	assert_false(verbose);
	assert_int_equal(rest, 3);
	assert_int_equal(read_args("--socket=", "--", "--limit", "x", &rest,
				 NULL),
		0);
	assert_string_equal(socket_path, "");
	assert_int_equal(rest, 3);
	assert_int_equal(read_args("-", NULL, NULL, NULL, &rest, NULL), 0);
	assert_int_equal(rest, 1);
	/* the value may look like an option */
	assert_int_equal(read_args("--socket", "--limit", NULL, NULL, &rest,
				 NULL),
		0);
	assert_string_equal(socket_path, "--limit");
}

static void
the_command_line_beats_the_environment(void **state)
{
	int rest = 0;

	(void)state;
	setenv("TEST_CONF_SOCKET", "/env", 1);
	setenv("TEST_CONF_LIMIT", "50", 1);
	setenv("TEST_CONF_VERBOSE", "yes", 1);
	assert_int_equal(read_args("--limit", "60", NULL, NULL, &rest, NULL),
		0);
	assert_string_equal(socket_path, "/env");
	assert_int_equal(limit, 60);
	assert_true(verbose);
	/* empty is not set */
	defaults(NULL);
	setenv("TEST_CONF_SOCKET", "", 1);
	assert_int_equal(read_args(NULL, NULL, NULL, NULL, &rest, NULL), 0);
	assert_string_equal(socket_path, "default");
}

static int
read_text(const char *text, struct err *e)
{
	static const char *const without[] = {"verbose", NULL};
	static char copy[200];

	snprintf(copy, sizeof(copy), "%s", text);
	return conf_text(opts, ARRAY_LEN(opts), without, "/etc/x.conf", copy,
		e);
}

static void
reads_a_file(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(read_text("", &e), 0);
	assert_int_equal(read_text("# a\n \t\r\n  socket =  /a b=c \r\n"
				   "--limit=7\n# limit = 9",
				 &e),
		0);
	assert_string_equal(socket_path, "/a b=c");
	assert_int_equal(limit, 7);
	assert_int_equal(read_text("socket =", &e), 0);
	assert_string_equal(socket_path, "");
	assert_int_equal(read_text("\n\nsockte = /a\n", &e), MDB_E_INVALID);
	assert_non_null(strstr(e.text, "/etc/x.conf, line 3: "));
	assert_non_null(strstr(e.text, "did you mean --socket"));
	assert_int_equal(read_text("limit = many", &e), MDB_E_INVALID);
	assert_non_null(strstr(e.text, "line 1: limit: must be an integer"));
	assert_int_equal(read_text("limit", &e), MDB_E_INVALID);
	assert_non_null(strstr(e.text, "needs a value"));
	assert_int_equal(read_text("verbose = true", &e), MDB_E_INVALID);
	assert_non_null(strstr(e.text, "has no place in this file"));
	assert_int_equal(read_text("= 3", &e), MDB_E_INVALID);
}

static void
check_error(const char *a, const char *b, const char *text)
{
	struct err e = {0};
	int rest = 0;

	assert_int_equal(read_args(a, b, NULL, NULL, &rest, &e), MDB_E_INVALID);
	assert_string_equal(e.text, text);
}

static void
errors_name_the_source(void **state)
{
	(void)state;
	check_error("--limit", "x",
		"--limit: must be an integer from 1 to 100, is 'x'");
	check_error("--limit", "101",
		"--limit: must be an integer from 1 to 100, is '101'");
	check_error("--limit", NULL, "--limit needs a value: --limit N");
	check_error("--verbose=maybe", NULL,
		"--verbose: must be true or false, is 'maybe'");
	check_error("--sokcet", "x",
		"unknown option --sokcet; did you mean --socket?");
	check_error("--hepl", NULL,
		"unknown option --hepl; did you mean "
		"--help?");
	check_error("--bananas", NULL,
		"unknown option --bananas; --help lists the options");
	check_error("-v", NULL, "unknown option -v; --help lists the options");
	setenv("TEST_CONF_LIMIT", "0", 1);
	check_error(NULL, NULL,
		"TEST_CONF_LIMIT: must be an integer from 1 to 100, is '0'");
}

static void
capture(const char *arg, const char *behind, const char *third, char *out,
	size_t size)
{
	int rest = 0, saved, fd[2];
	ssize_t n;

	assert_int_equal(pipe(fd), 0);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fd[1], STDOUT_FILENO);
	assert_int_equal(read_args(arg, behind, third, NULL, &rest, NULL), 1);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd[1]);
	n = read(fd[0], out, size - 1);
	close(fd[0]);
	assert_true(n > 0);
	out[n] = '\0';
}

static void
prints_help_and_version(void **state)
{
	char text[4096];

	(void)state;
	conf_usage("test-program [options] FILE", "Tests things.");
	/* a broken environment does not hide the help */
	setenv("TEST_CONF_LIMIT", "broken", 1);
	capture("--help", NULL, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "usage: test-program [options] FILE\n"));
	assert_non_null(strstr(text, "Tests things."));
	assert_non_null(strstr(text, "  --socket PATH             where the "
				     "socket is [TEST_CONF_SOCKET]\n"));
	assert_non_null(
		strstr(text, "  --version                 the version"));
	/* nor do other options, their values or what is wrong with them */
	capture("--socket", "/here", "--help", text, sizeof(text));
	assert_non_null(strstr(text, "Tests things."));
	capture("--version", NULL, NULL, text, sizeof(text));
	assert_string_equal(text, "test-program " MEMORY_VERSION "\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(keeps_defaults, defaults),
		cmocka_unit_test_setup(reads_both_forms, defaults),
		cmocka_unit_test_setup(the_command_line_beats_the_environment,
			defaults),
		cmocka_unit_test_setup(reads_a_file, defaults),
		cmocka_unit_test_setup(errors_name_the_source, defaults),
		cmocka_unit_test_setup(prints_help_and_version, defaults),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
