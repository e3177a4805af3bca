/* A folder of its own for a database, in $TMPDIR or /tmp. */
#ifndef TESTS_LIB_DB_FOLDER_H
#define TESTS_LIB_DB_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

struct db_folder {
	char folder[64], path[96]; /* path: of the database, not made */
};

static inline void
db_folder_make(struct db_folder *d)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(d->folder, sizeof(d->folder), "%s/db_XXXXXX",
		tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(d->folder))
		abort();
	snprintf(d->path, sizeof(d->path), "%s/m.db", d->folder);
}

/* Removes the files that may be beside a closed database. 0, or -1: something
 * else was left there. */
static inline int
db_folder_remove(const struct db_folder *d)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".pid"};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", d->path, ends[i]);
		(void)unlink(path);
	}
	return rmdir(d->folder);
}

#endif
