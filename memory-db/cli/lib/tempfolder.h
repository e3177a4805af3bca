/* Folders of one command in /tmp. Whoever makes one removes those that a killed
 * command left behind: a folder is in use as long as its lock is held, and the
 * kernel lets a lock go with the process. */
#ifndef CLI_LIB_TEMPFOLDER_H
#define CLI_LIB_TEMPFOLDER_H

#include "common/cleanup.h"
#include "common/err.h"

#define TEMP_FOLDER_SIZE 32

/* path: /tmp/memoryctl-run. and six letters that are free. *ret_fd holds the lock;
 * the caller empties and removes the folder, and closes it. Only folders of that
 * name are ever removed, when they are older than a minute and hold nothing but
 * files that commands put there. */
int temp_folder_make(char path[TEMP_FOLDER_SIZE], int *ret_fd, struct err *e)
	MUST_CHECK;

#endif
