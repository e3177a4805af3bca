/* What to do when nothing could be written into a folder of backups. */
#ifndef CLI_LIB_BACKUP_ADVICE_H
#define CLI_LIB_BACKUP_ADVICE_H

#include <limits.h>

#include "memory-db/cli/lib/backup_folder.h"

#define BACKUP_ADVICE_SIZE (PATH_MAX + 400)

/* Looks at the folder as it is now, also at one that could not be opened: a
 * sentence with cause and remedy, or "" when nothing is to be seen there.
 * content_bytes: of what was to be written, before it is packed; 0: unknown. */
void backup_advice(const struct backup_folder *f, int64_t content_bytes,
	char ret[BACKUP_ADVICE_SIZE]);

#endif
