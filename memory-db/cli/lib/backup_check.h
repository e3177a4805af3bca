/* Opening a database file that nobody serves: memory-db does that, as a child
 * that does one thing and serves nobody. */
#ifndef CLI_LIB_BACKUP_CHECK_H
#define CLI_LIB_BACKUP_CHECK_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

/* Verifies all of the database in fd. Returns new what memory-db --check-fd
 * writes (memory-db(8)). An error: it does not even open. */
int backup_check(int fd, json_t **ret, struct err *e) MUST_CHECK;

/* Folds the history of a file that nobody else has open; before_ms, namespace_
 * (NULL: all) and what is returned as memory-db --fold has them. */
int backup_fold(const char *path, int64_t before_ms, const char *namespace_,
	json_t **ret, struct err *e) MUST_CHECK;

/* Whether memory-db would start with the memory-db.conf beside this database.
 * MDB_E_CORRUPT: it would not, and the text is its reason; another code: that
 * could not be found out. */
int backup_check_settings(const char *database, struct err *e) MUST_CHECK;

/* This process and its children leave processor and disk to others. */
void backup_be_nice(void);

#endif
