/* Folders of one command in /tmp. Whoever makes one removes those that a killed
 * command left behind: a folder is in use as long as its lock is held, and the
 * kernel lets a lock go with the process. */
#ifndef CLI_LIB_TEMPFOLDER_H
#define CLI_LIB_TEMPFOLDER_H

#include "common/cleanup.h"
#include "common/err.h"

/* path: "/tmp/memoryctl-...XXXXXX"; the X become a name of its own. *ret_fd holds
 * the lock; the caller empties and removes the folder, and closes it. */
int temp_folder_make(char *path, int *ret_fd, struct err *e) MUST_CHECK;

#endif
