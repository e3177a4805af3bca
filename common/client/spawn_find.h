/* Where the program memory-db is; a part of spawn. */
#ifndef COMMON_CLIENT_SPAWN_FIND_H
#define COMMON_CLIENT_SPAWN_FIND_H

#include "common/cleanup.h"
#include "common/err.h"

/* A new copy of path that does not depend on the working directory. 0,
 * MDB_E_INVALID or MDB_E_NOMEM. */
int spawn_absolute(const char *path, char **ret_new, struct err *e) MUST_CHECK;

/* The absolute path of memory-db, new: `option`, else MEMORY_DB_PROGRAM, else
 * beside the running program, else on PATH. 0, MDB_E_NOT_FOUND or
 * MDB_E_NOMEM. */
int spawn_find(const char *option, char **ret_new, struct err *e) MUST_CHECK;

#endif
