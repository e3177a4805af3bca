/* Names of backups: what each is can be told without opening it, so that
 * encrypted ones are listed and pruned as well.
 *
 *   memory_20261129T181500Z_1a3bc5c3_c50.db.gz       the whole database
 *   memory_20261130T181500Z_1a3bc5c3_c50-c62.log.gz  changes 51 to 62 alone
 *
 * When it was made (UTC), which database (the first 8 digits of its id), up to
 * which change. Of an encrypted one .age or .gpg follows. Sorted by name they are
 * sorted by time. */
#ifndef CLI_LIB_BACKUP_NAME_H
#define CLI_LIB_BACKUP_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

#define BACKUP_NAME_SIZE 128
#define BACKUP_ID_DIGITS 8
/* What lies beside an encrypted one (backup_sum.h). */
#define BACKUP_SUM_SUFFIX ".sum"
/* The log of a part, where a file without a name cannot be had; six characters
 * follow. */
#define BACKUP_UNNAMED ".memory-backup-"

enum backup_cipher { BACKUP_PLAIN, BACKUP_AGE, BACKUP_GPG, BACKUP_CIPHER_MAX };

struct backup_name {
	int64_t made_ms;
	char id[BACKUP_ID_DIGITS + 1];
	int64_t from, to; /* changes; from 0 and whole: all of them */
	bool is_whole;
	enum backup_cipher cipher;
};

void backup_name_format(const struct backup_name *n,
	char out[BACKUP_NAME_SIZE]);
/* False: no such name (of a temporary file neither). */
bool backup_name_parse(const char *file, struct backup_name *ret) MUST_CHECK;
/* The name of a temporary file of one, or of its sum (newfile.h), or of the log of
 * a part before it is packed: a killed memoryctl left it behind. */
bool backup_name_is_leftover(const char *file);
/* ".age" of BACKUP_AGE, and so on. */
const char *backup_cipher_suffix(enum backup_cipher c);

#endif
