/* A command line: the input's lines are the arguments. */
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/text.h"

#define ARGS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *name, *path;
static int64_t number, other;
static bool flag, no_flag;
static const struct conf_opt opts[] = {{"name", NULL, CONF_STRING, &name, 0, 0,
					       "NAME", "a"},
	{"path", "FUZZ_CONF_PATH", CONF_STRING, &path, 0, 0, "PATH", "b"},
	{"number", NULL, CONF_INT, &number, -5, 5, "N", "c"},
	{"other-number", "FUZZ_CONF_OTHER", CONF_INT, &other, 0, INT64_MAX, "N",
		"d"},
	{"flag", "FUZZ_CONF_FLAG", CONF_BOOL, &flag, 0, 0, NULL, "e"},
	{"no-flag", NULL, CONF_BOOL, &no_flag, 0, 0, NULL, "f"}};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *argv[ARGS_MAX + 2] = {NULL};
	int argc = 0, rest = -1, rc;
	struct err e = {0};
	char *copy = malloc(n + 1), *at = copy;

	if (!copy)
		return 0;
	memcpy(copy, data, n);
	copy[n] = '\0';
	argv[argc++] = copy + n;
	while (at && argc <= ARGS_MAX)
		argv[argc++] = strsep(&at, "\n");
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 ||
			strcmp(argv[i], "-h") == 0 ||
			strcmp(argv[i], "--version") == 0)
			argv[i] = copy + n; /* they only print */
	number = other = 0;
	rc = conf_read(opts, ARRAY_LEN(opts), argc, argv, &rest, &e);
	if (rc == 0 && (rest < 1 || rest > argc))
		abort();
	if (rc < 0 && (e.code != MDB_E_INVALID || !e.text[0] ||
			      !text_is_utf8(e.text, strlen(e.text))))
		abort();
	if (number < -5 || number > 5 || other < 0)
		abort();
	free(copy);
	return 0;
}
