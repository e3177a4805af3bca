/* Encrypted backups: age or gpg, whichever the recipient is of, does the work
 * through pipes, so that no key and no plain text passes a file of ours.
 *
 *   database --> gzip (backup_file.h) --> age -r age1... --> ..._c50.db.gz.age
 *
 * Only who has the other half of the key reads such a file. What must be known
 * without it stands in a small file beside it (backup_sum.h). */
#ifndef CLI_LIB_BACKUP_CIPHER_H
#define CLI_LIB_BACKUP_CIPHER_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/backup_name.h"

#define BACKUP_SHA_SIZE 65 /* hex of SHA-256, and its end */

/* age of "age1..." and "ssh-...", else gpg: a key id, a fingerprint, a mail
 * address. NULL: plain. */
enum backup_cipher backup_cipher_of(const char *recipient);
/* MDB_E_NOT_FOUND: the program is not installed; *e names its package. */
int backup_cipher_check(enum backup_cipher c, struct err *e) MUST_CHECK;

/* Writes the plain bytes; runs in a child of its own. */
typedef int (*backup_feed_fn)(void *ctx, FILE *to, struct err *e);
/* What feed writes goes encrypted to out; sha: of what was written there.
 * MDB_E_STORE: the program failed, *e has its words. */
int backup_encrypt(enum backup_cipher c, const char *recipient,
	backup_feed_fn feed, void *ctx, FILE *out, char sha[BACKUP_SHA_SIZE],
	struct err *e) MUST_CHECK;
/* SHA-256 of a file, read from the disk. */
int backup_sha(const char *path, char sha[BACKUP_SHA_SIZE], struct err *e)
	MUST_CHECK;

/* A backup for reading, decrypted on the way when it has to be. */
struct backup_source {
	int fd; /* owned: read here */
	/* private */
	enum backup_cipher cipher;
	pid_t child;
	int err_fd;
};

/* identity: file with the key of age; NULL: none. What kind it is says its name,
 * or, of any other name, its first bytes. */
int backup_source_open(struct backup_source *s, const char *path,
	const char *identity, struct err *e) MUST_CHECK;
/* After the last read; rc: how reading ended, which is returned unless the
 * program says why it could not decrypt. */
int backup_source_end(struct backup_source *s, int rc, struct err *e)
	MUST_CHECK;
void backup_source_done(struct backup_source *s);
#define AUTO_SOURCE __attribute__((cleanup(backup_source_done)))

#endif
