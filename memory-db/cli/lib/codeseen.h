/* The commit that a branch of the code had when it was last seen, kept beside
 * the state of the hooks. git itself forgets it: when a worktree is removed and
 * its branch deleted, both logs go, too; and whether the branch was merged is
 * asked afterwards.
 *
 *   session in the worktree `login`   worktree-login is at 3f2a..
 *   worktree and branch are removed
 *   git-sync                          3f2a.. is in main: its memory is merged
 *
 * shared: the folder .git that all worktrees share; branch: "worktree-login". */
#ifndef CLI_LIB_CODESEEN_H
#define CLI_LIB_CODESEEN_H

#include <stdbool.h>

#define CODESEEN_BYTES 80

/* Notes the branch and the commit that are out in a folder (absolute). Nothing
 * where there is no repository, or its default branch is out. */
void codeseen_note(const char *folder);
void codeseen_note_as(const char *shared, const char *branch,
	const char *commit);
bool codeseen_commit(const char *shared, const char *branch,
	char ret[CODESEEN_BYTES]);
void codeseen_drop(const char *shared, const char *branch);

#endif
