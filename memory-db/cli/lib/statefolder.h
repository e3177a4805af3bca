/* The folder of what memoryctl notes for this user, and which folders of others
 * it made.
 *
 *   install    ~/.cursor is not there: it is made for mcp.json, and noted
 *   uninstall  mcp.json goes; ~/.cursor is noted and empty: it goes, too. One
 *              that was there before stays, whether it is empty or not */
#ifndef CLI_LIB_STATEFOLDER_H
#define CLI_LIB_STATEFOLDER_H

#include <limits.h>
#include <stdbool.h>

#include "common/cleanup.h"

/* "$XDG_STATE_HOME/enhanced-memory", made when it is to be. False: HOME is not
 * set, or the folder is another user's. */
bool statefolder(char ret_path[PATH_MAX], bool is_making);

/* Makes the folders above a file and notes those that were not there. 0, or
 * MDB_E_STORE with errno; ret_dir (PATH_MAX): that could not be made. */
int statefolder_make_above(const char *file, char *ret_dir) MUST_CHECK;
/* The file is gone: so go the folders above it that were made for it and are
 * empty now. */
void statefolder_remove_above(const char *file);
/* All is taken out: the folder goes where nothing else is noted in it.
 * is_everything: nothing of what was made is looked for any more. */
void statefolder_finish(bool is_everything);

#endif
