/* A folder of backups: a lock, a list, and what may go. */
#ifndef CLI_LIB_BACKUP_FOLDER_H
#define CLI_LIB_BACKUP_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/backup_name.h"

#define BACKUP_LOCK_NAME ".memory-backup.lock"

struct backup_entry {
	char file[BACKUP_NAME_SIZE];
	struct backup_name name;
	int64_t age_ms; /* since it was made, or last written: the longer */
	int64_t bytes;
	bool is_ahead; /* named for a time that has not come: made under a
			* clock that was wrong, thus before the others */
	bool is_kept;  /* by backup_folder_choose() */
};

/* A name may be so far ahead of the clock (ms): of several backups within one
 * second each takes the next second. */
#define BACKUP_AHEAD_MS 60000

struct backup_folder {
	char *path; /* owned */
	int fd, lock_fd;
	struct backup_entry *entries; /* owned; oldest first, by the names;
				       * those that are ahead come first */
	size_t n, cap;
};

/* Opens it; make: it is made (0700), with its parents. MDB_E_NOT_FOUND,
 * MDB_E_STORE. */
int backup_folder_open(struct backup_folder *f, const char *path, bool make,
	struct err *e) MUST_CHECK;
/* One memoryctl at a time writes into a folder. Waits for the other one for
 * wait_s, then MDB_E_BUSY; then removes what a killed one has left. */
int backup_folder_lock(struct backup_folder *f, int64_t wait_s, struct err *e)
	MUST_CHECK;
/* Reads the names of the backups of this database (NULL: of any), anew. */
int backup_folder_list(struct backup_folder *f, const char *id, struct err *e)
	MUST_CHECK;
/* Decides what stays of a list: what is younger than keep_days (0: that keeps
 * none) or among the newest keep_n (0: the same), always the newest whole one and
 * the file `made`, whatever its name says of its time (NULL: none was made), and
 * whatever the chain of one that stays begins with. Both 0: all stay. */
void backup_folder_choose(struct backup_folder *f, int64_t keep_days,
	int64_t keep_n, const char *made);
/* Removes what does not stay; *ret_n of them. What cannot be removed is an
 * error that names it; the others are gone all the same. */
int backup_folder_prune(struct backup_folder *f, size_t *ret_n, struct err *e)
	MUST_CHECK;
/* A restore reads backups of it, one after the other: nothing is removed until the
 * folder is done. Waits for a prune under way. A file system without locks goes
 * without. */
void backup_folder_hold(struct backup_folder *f);
/* True: none is held, and none will be until backup_folder_let(). */
bool backup_folder_claim(struct backup_folder *f) MUST_CHECK;
void backup_folder_let(struct backup_folder *f);

/* The path of a file in it; new. */
char *backup_folder_path(const struct backup_folder *f, const char *file)
	MUST_CHECK;
/* The entry that the part entries[i] follows. False: it is missing. */
bool backup_folder_link(const struct backup_folder *f, size_t i, size_t *ret)
	MUST_CHECK;
/* Before which entry the chain of entries[i] begins: the whole one that it
 * goes back to. False: it is not there, or a part before i is missing. */
bool backup_folder_base(const struct backup_folder *f, size_t i, size_t *ret)
	MUST_CHECK;

void backup_folder_done(struct backup_folder *f);
#define AUTO_FOLDER __attribute__((cleanup(backup_folder_done)))

#endif
