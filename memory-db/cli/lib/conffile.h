/* memory-db.conf, as `memoryctl embed` writes it: lines that are not its own
 * stay as they are. */
#ifndef CLI_LIB_CONFFILE_H
#define CLI_LIB_CONFFILE_H

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct conffile_line {
	const char *name;
	const char *value; /* NULL: taken out */
};

/* The text of the file; empty when there is none. MDB_E_DENIED when it is not
 * this user's. */
int conffile_read(const char *path, struct buf *out, struct err *e) MUST_CHECK;
/* `text` with these settings, appended to out: the first line of that name is
 * replaced, others of it are removed. MDB_E_INVALID, MDB_E_NOMEM. */
int conffile_set(const char *text, const struct conffile_line *lines, size_t n,
	struct buf *out, struct err *e) MUST_CHECK;
/* Whole or not at all, mode 0600. */
int conffile_write(const char *path, const struct buf *text, struct err *e)
	MUST_CHECK;

#endif
