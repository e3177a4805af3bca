/* What the next part of a chain follows: the newest backup of the folder, when it
 * and all before it are there and whole, as far as that is told without reading
 * all of their bytes. */
#ifndef CLI_LIB_BACKUP_BASE_H
#define CLI_LIB_BACKUP_BASE_H

#include <jansson.h>

#include "memory-db/cli/lib/backup_folder.h"

#define BACKUP_WHOSE_SIZE 33
#define BACKUP_WHY_SIZE	  400

/* Stands for a recipient in descriptions: two of one recipient are the same, and a
 * mail address cannot be read from it. database_id: of the backup. */
void backup_base_whose(const char *recipient, const char *database_id,
	char ret[BACKUP_WHOSE_SIZE]);

/* The description of the backup that a part for this recipient (NULL: not
 * encrypted) can follow. 1 and *ret_about new; 0: there is none, and ret_why is a
 * sentence that says why. MDB_E_NOMEM, MDB_E_STORE: the folder cannot be read.
 * id: of the database; the list of the folder is read anew. */
int backup_base_find(struct backup_folder *f, const char *id,
	const char *recipient, json_t **ret_about,
	char ret_why[BACKUP_WHY_SIZE], struct err *e) MUST_CHECK;

#endif
