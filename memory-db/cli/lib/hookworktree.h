/* A worktree that a hook makes or removes for Claude Code.
 *
 * Who enters a hook of WorktreeCreate takes over what the client does otherwise:
 * the hook must make the worktree and print where it is. This is done as the
 * client does it:
 *
 *   name "login" in /src/tool   /src/tool/.claude/worktrees/login, on the branch
 *                               worktree-login, which begins at the default
 *                               branch of origin, else at HEAD
 *
 * Files that git does not track come along when .worktreeinclude names them. */
#ifndef CLI_LIB_HOOKWORKTREE_H
#define CLI_LIB_HOOKWORKTREE_H

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/cli/lib/hookevent.h"

/* Where it is, in ret_path; one that is there already is as good. 0, or *e says
 * why not. */
int hookworktree_make(const struct hookevent *ev, struct buf *ret_path,
	struct err *e) MUST_CHECK;
/* Removes a worktree that hookworktree_make() made, and its branch where all of
 * that was merged. 0, also when nothing was there; or *e says why not. */
int hookworktree_remove(const struct hookevent *ev, struct err *e) MUST_CHECK;

#endif
