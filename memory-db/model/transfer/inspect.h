/* A database file that nobody serves, looked at as a whole: does it open, and
 * does all of it verify? For a copy that is to be kept, or brought back. */
#ifndef MODEL_TRANSFER_INSPECT_H
#define MODEL_TRANSFER_INSPECT_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"

/* fd: borrowed, of an SQLite file without a WAL; only read. New object:
 * {"schema","database_id","checked":{"changes","facts"},"problems":[{"what",
 * "detail"}],"heads":[{"namespace","change","head"}]}. An error: it is no such
 * file, or cannot be read. */
int inspect_fd(int fd, json_t **ret, struct err *e) MUST_CHECK;

#endif
