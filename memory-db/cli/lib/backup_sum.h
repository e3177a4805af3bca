/* What must be known of an encrypted backup without its key: a file beside it.
 *
 *   memory_.._c50.db.gz.age        only who has the key reads it
 *   memory_.._c50.db.gz.age.sum    # {"kind":"whole","change":50,..} HASH
 *                                  SHA-256  memory_.._c50.db.gz.age
 *
 * The first line is what the next part of a chain follows (no name, no text of the
 * memory is in it); the second one is what `sha256sum -c` reads. */
#ifndef CLI_LIB_BACKUP_SUM_H
#define CLI_LIB_BACKUP_SUM_H

#include <jansson.h>

#include "memory-db/cli/lib/backup_cipher.h"
#include "memory-db/cli/lib/newfile.h"

/* Writes it under a temporary name and syncs it; newfile_commit() gives it its
 * place. about: of the backup; taken from it is what may be seen. */
int backup_sum_write(struct newfile *nf, const char *path, const json_t *about,
	const char sha[BACKUP_SHA_SIZE], struct err *e) MUST_CHECK;
/* Removes what lies beside; 0 also where nothing does. MDB_E_STORE. */
int backup_sum_remove(const char *path, struct err *e) MUST_CHECK;
/* *ret_about new. MDB_E_NOT_FOUND: there is none. MDB_E_CORRUPT. */
int backup_sum_read(const char *path, json_t **ret_about,
	char ret_sha[BACKUP_SHA_SIZE], struct err *e) MUST_CHECK;
/* Is the file what was written? 0 also where no such file lies beside it. */
int backup_sum_check(const char *path, struct err *e) MUST_CHECK;

#endif
