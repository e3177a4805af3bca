/* One backup: the service copies its database and passes the descriptor; what
 * follows happens here, with the rights of who asked: hash, open and verify the
 * copy, pack it into a file that appears whole or not at all, read that file back.
 *
 *   service -- copy without a name --> memoryctl -- memory_..._c50.db.gz --> disk
 */
#ifndef CLI_LIB_BACKUP_MAKE_H
#define CLI_LIB_BACKUP_MAKE_H

#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/database_use.h"

/* A copy of the database that the service has open. */
struct backup_copy {
	struct database_use use;
	int fd;		       /* owned */
	json_t *reply;	       /* owned; of snapshot_database */
	json_t *part;	       /* owned; of a part of a chain: "from", "base",
			    "erasures"; NULL: it is whole */
	json_t *checked;       /* owned; of backup_copy_check(), or NULL */
	const char *recipient; /* borrowed; who can read it, NULL: everybody */
};

/* Asks for the copy; after backup_copy_open(). Exit codes, printed errors. */
int backup_copy_take(struct backup_copy *ret) MUST_CHECK;
/* The same of the changes behind `base`, the description of a backup: their log.
 * folder: for a file without a name. CLI_OK; -1: there is no such chain to go on
 * with (another copy of the database, or too much was forgotten), and nothing was
 * printed. The database was opened by backup_copy_open(). */
int backup_copy_open(struct cli *c, struct backup_copy *ret) MUST_CHECK;
int backup_copy_take_part(struct backup_copy *ret, const json_t *base,
	const char *folder) MUST_CHECK;
/* Opens and verifies it: CLI_PROBLEM after saying what is wrong. */
int backup_copy_check(struct cli *c, struct backup_copy *copy) MUST_CHECK;
/* Packs it into path, which is replaced at once, and reads that back.
 * *ret_bytes: of the file. */
int backup_copy_write(struct cli *c, const struct backup_copy *copy,
	int64_t made_ms, const char *path, int64_t *ret_bytes) MUST_CHECK;
void backup_copy_done(struct backup_copy *copy);
#define AUTO_COPY __attribute__((cleanup(backup_copy_done)))

#endif
