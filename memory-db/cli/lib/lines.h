/* Reads lines of bounded length from a descriptor in constant memory, and how
 * the lines of a text end. */
#ifndef CLI_LIB_LINES_H
#define CLI_LIB_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct lines {
	int fd;		  /* borrowed */
	size_t max_bytes; /* of a line */
	struct buf buf;
	size_t start, scanned; /* of buf: the next line, no newline before */
	int64_t number;	       /* of the line last returned, from 1 */
	int64_t bytes;	       /* read from fd */
	bool at_end;
};

void lines_init(struct lines *l, int fd, size_t max_bytes);
/* 1 with a line (without its newline; valid until the next call), 0 at the
 * end, MDB_E_LIMIT: this line is longer than max_bytes and is skipped,
 * MDB_E_STORE: reading failed, MDB_E_NOMEM. */
int lines_next(struct lines *l, const char **ret, size_t *ret_n, struct err *e)
	MUST_CHECK;
void lines_done(struct lines *l);

/* How the lines of a text end, by its first: "\n" or "\r\n". */
const char *lines_end_of(const struct buf *text);

#define AUTO_LINES __attribute__((cleanup(lines_done)))

#endif
