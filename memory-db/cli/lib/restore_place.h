/* Where a restored database comes to be: in a folder beside its place, mode 0700,
 * and in the end by a rename. What is there already moves aside as it is.
 *
 *   memory.db.restoring/memory.db   while it is made; a killed one is removed by
 *                                   the next restore to this place
 *   memory.db                       in the end
 *   memory.db.before-TIME           what was there (with --force), and its WAL
 */
#ifndef CLI_LIB_RESTORE_PLACE_H
#define CLI_LIB_RESTORE_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "common/cleanup.h"
#include "common/err.h"

struct restore_place {
	char target[PATH_MAX], folder[PATH_MAX], work[PATH_MAX];
	char aside[PATH_MAX]; /* where the old one is now; "" when none was */
	int lock_fd;	      /* of the folder */
	int target_fd;	      /* the lock of the target, or -1 */
	bool is_made;
};

/* target: absolute. Makes the folder, and the one it lies in. MDB_E_EXISTS: something
 * is there and may not be replaced; MDB_E_BUSY: another restore is at it. */
int restore_place_open(struct restore_place *p, const char *target,
	bool may_replace, struct err *e) MUST_CHECK;
/* A file in the folder; into a buffer of PATH_MAX. */
void restore_place_path(const struct restore_place *p, const char *name,
	char out[PATH_MAX]);
/* From now on nobody serves the target. MDB_E_EXISTS: somebody does. take() does so
 * where it was not done before. */
int restore_place_lock(struct restore_place *p, struct err *e) MUST_CHECK;
/* A service that was killed left a WAL, which comes into the file; nothing where
 * the file cannot be opened. Before the lock is taken. */
struct cli;
void restore_place_settle(const struct restore_place *p, const struct cli *c);
/* The file in `work` takes its place; nothing serves either of them. Nobody can
 * begin to serve the place meanwhile. MDB_E_EXISTS: somebody serves what is there. */
int restore_place_take(struct restore_place *p, struct err *e) MUST_CHECK;
/* a and b as one path. */
int restore_place_join(char out[PATH_MAX], const char *a, const char *b,
	struct err *e) MUST_CHECK;
/* Of take(): the old database, and what lies beside it, moves aside. */
int restore_place_aside(struct restore_place *p, struct err *e) MUST_CHECK;
int restore_place_error(struct err *e, const char *what, const char *path);
/* The folder that a path lies in is on the disk. */
void restore_place_sync(const char *path);
/* Removes the folder with all that is left in it. */
void restore_place_done(struct restore_place *p);
#define AUTO_PLACE __attribute__((cleanup(restore_place_done)))

#endif
