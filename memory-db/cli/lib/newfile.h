/* A file that appears whole or not at all: written under a temporary name in
 * the same folder, synced, renamed. */
#ifndef CLI_LIB_NEWFILE_H
#define CLI_LIB_NEWFILE_H

#include <stdio.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"

struct newfile {
	char *path, *temp; /* owned */
	FILE *f;	   /* owned; write here */
};

/* Makes the temporary file with this mode. An interrupting signal removes it, of
 * two the one that was opened last. 0; MDB_E_INVALID: a device, a pipe or a folder
 * lies at the path; MDB_E_STORE, MDB_E_NOMEM. */
int newfile_open(struct newfile *nf, const char *path, mode_t mode,
	struct err *e) MUST_CHECK;
/* Brings what was written to the disk: it may be read back before it gets its
 * name. 0 or MDB_E_STORE. */
int newfile_sync(struct newfile *nf, struct err *e) MUST_CHECK;
/* Syncs and renames. 0, or MDB_E_STORE and nothing has changed. */
int newfile_commit(struct newfile *nf, struct err *e) MUST_CHECK;
/* Removes the temporary file unless it was committed. Safe when zeroed. */
void newfile_done(struct newfile *nf);

/* Removes the unfinished file of a program that is about to end; a handler of
 * signals may call it. */
void newfile_abandon(void);

#define AUTO_NEWFILE __attribute__((cleanup(newfile_done)))

#endif
