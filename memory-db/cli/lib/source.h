/* The identity of what is imported: an import that was interrupted goes on
 * where it stopped when the same content comes again. */
#ifndef CLI_LIB_SOURCE_H
#define CLI_LIB_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

#define SOURCE_SIZE 80

/* A regular file: the hash of its content and of `target` (where it goes),
 * *ret_bytes its size, and fd is back at its begin. Anything else, or
 * is_fresh: a random identity, *ret_bytes -1 (unless a regular file), nothing
 * to resume. 0 or MDB_E_STORE. */
int source_identity(int fd, const char *target, bool is_fresh,
	char ret[SOURCE_SIZE], int64_t *ret_bytes, bool *ret_resumable,
	struct err *e) MUST_CHECK;

#endif
