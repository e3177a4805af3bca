/* LD_PRELOAD: the program ends, as if the power went, before the n-th of its calls
 * that change which names lead to which files: rename, link and unlink. Only those
 * on paths that contain CUT_PATH count; CUT_AT says n, from 1. CUT_LINKS=0: the
 * file system has no second names for files (link fails with EPERM).
 *
 * Exit code 86 tells that it was so. Only memoryctl is cut, not what it starts. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CUT_EXIT 86

static long calls;

static void
step(const char *path)
{
	const char *at = getenv("CUT_AT"), *of = getenv("CUT_PATH");

	if (!at || !of ||
		strcmp(program_invocation_short_name, "memoryctl") != 0)
		return;
	if (strstr(path, of) && ++calls == strtol(at, NULL, 10))
		_exit(CUT_EXIT);
}

int
rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) =
		(int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");

	step(to);
	return real(from, to);
}

int
link(const char *from, const char *to)
{
	const char *links = getenv("CUT_LINKS");
	int (*real)(const char *, const char *) =
		(int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link");

	if (links && strcmp(links, "0") == 0) {
		errno = EPERM;
		return -1;
	}
	step(to);
	return real(from, to);
}

int
unlink(const char *path)
{
	int (*real)(const char *) =
		(int (*)(const char *))dlsym(RTLD_NEXT, "unlink");

	step(path);
	return real(path);
}
