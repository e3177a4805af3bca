/* Reads the rows of a table of an SQLite file that another program owns: no
 * lock is taken and nothing is written, not even beside the file. What is in its
 * write-ahead log and was committed is seen. */
#ifndef CLI_LIB_SQLITEFILE_H
#define CLI_LIB_SQLITEFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"

struct sqlitefile;

/* Is it such a file, by its first bytes? */
bool sqlitefile_is(int fd);
/* path: also of the log beside it ("-wal"). 0, MDB_E_INVALID (no such file, or
 * one in UTF-16), MDB_E_STORE, MDB_E_NOMEM. */
int sqlitefile_open(const char *path, struct sqlitefile **ret, struct err *e)
	MUST_CHECK;
void sqlitefile_close(struct sqlitefile *f);

/* Each row of a table as an object, a member a column; what is NULL or a blob is
 * left out. 1: there is such a table, 0: none. Non-zero from fn stops and is
 * returned; MDB_E_CORRUPT: the pages make no tree. */
typedef int (*sqlitefile_fn)(void *ctx, const char *table, const json_t *row);
int sqlitefile_each(struct sqlitefile *f, const char *table, sqlitefile_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

static inline void
sqlitefile_closep(struct sqlitefile **f)
{
	sqlitefile_close(*f);
}
#define AUTO_SQLITEFILE __attribute__((cleanup(sqlitefile_closep)))

#endif
