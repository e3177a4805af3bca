/* Branches of memory for worktrees of the code.
 *
 * Claude Code tells nobody when git makes or removes a worktree: its events
 * WorktreeCreate and WorktreeRemove are for those who do that themselves. But
 * each session begins with an event, in the worktree. So with --branch auto
 *
 *   a session begins in the worktree of      "git/worktree-login" is made, and
 *     worktree-login                           the commit is noted (codeseen.h)
 *   a session begins later, in any worktree  branches whose code is gone are
 *                                              merged or ended, as by git-sync */
#ifndef CLI_LIB_HOOKBRANCH_H
#define CLI_LIB_HOOKBRANCH_H

#include <stdbool.h>

#include "memory-db/cli/lib/hookwork.h"

/* The event of a worktree: makes its branch; or merges it when its code was
 * merged, and ends it unless something on it waits. */
void hookbranch_worktree(struct hookwork *w, bool is_removed);
/* A session begins, or its agent has stopped. */
void hookbranch_begin(struct hookwork *w);
/* Whether code of a branch of the memory is gone: no git is started. The working
 * directory is that of the session. */
bool hookbranch_is_due(struct hookwork *w);
/* Merges or ends those branches. */
void hookbranch_sync(struct cli *c);

#endif
