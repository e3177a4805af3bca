/* A folder of its own for a test, removed with all it holds. */
#ifndef TESTS_LIB_SCRATCH_H
#define TESTS_LIB_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char scratch[32];

static inline const char *
scratch_path(const char *name)
{
	static char path[4][100];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", scratch, name);
	return p;
}

static inline int
scratch_make(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/memory-test-XXXXXX");
	return mkdtemp(scratch) ? 0 : -1;
}

static inline int
scratch_remove_one(const char *path, const struct stat *st, int type,
	struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
scratch_remove(void **state)
{
	(void)state;
	return nftw(scratch, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
