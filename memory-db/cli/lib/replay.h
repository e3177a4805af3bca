/* Lines of a log into a database: from a service that has them, or from the part
 * of a chain of backups that does. */
#ifndef CLI_LIB_REPLAY_H
#define CLI_LIB_REPLAY_H

#include <stdint.h>

#include "common/buf.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/backup_file.h"

/* Where lines are written. The source is new for each log. */
struct log_replay {
	struct cli *to; /* borrowed */
	char source[80];
	int64_t offset;	  /* lines that are there */
	struct buf lines; /* of a slice: JSON, separated by commas */
	size_t n;	  /* in it */
};

void log_replay_begin(struct log_replay *r, struct cli *to);
/* One line; may send a slice. Exit codes, printed errors. */
int log_replay_add(struct log_replay *r, const char *line, size_t n) MUST_CHECK;
/* Sends what is left: the log is complete. */
int log_replay_end(struct log_replay *r) MUST_CHECK;
void log_replay_done(struct log_replay *r);
#define AUTO_LOG_REPLAY __attribute__((cleanup(log_replay_done)))

/* Calls fn with each line of the log of all namespaces: since a change (0: all of
 * it), as of a point in time (NULL: now). */
typedef int (*log_replay_line_fn)(void *ctx, const char *line, size_t n);
int log_replay_read(struct cli *from, int64_t since, const char *as_of,
	log_replay_line_fn fn, void *ctx) MUST_CHECK;

/* All of the log of one service into another, an empty one. */
int log_replay_copy(struct cli *from, const char *as_of, struct cli *to)
	MUST_CHECK;
/* The content of a part of a chain, which holds lines. */
int log_replay_part(struct backup_reader *part, struct cli *to, struct err *e)
	MUST_CHECK;

#endif
