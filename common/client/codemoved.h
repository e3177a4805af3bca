/* Where a file of a project may be now that is not where it was: files that have
 * its name in another folder, then those beside where it was, then those of its
 * kind. Which there are is read from the index of git, without git, and from the
 * folder.
 *
 *   src/pool.c is gone      lib/pool.c         same name, told by the index
 *                           src/threads.c      beside it
 *                           lib/queue.c        same kind, told by the index
 *
 * Who asks looks into them: a name proves nothing. */
#ifndef COMMON_CLIENT_CODEMOVED_H
#define COMMON_CLIENT_CODEMOVED_H

#include "common/cleanup.h"

/* Gives paths below `top`, each once at most a way, until fn returns other than
 * 0, which is then returned; 0: no more. A project without git has its folder
 * alone. What cannot be read gives nothing. */
typedef int (*codemoved_fn)(void *ctx, const char *path);
int codemoved_each(const char *top, const char *path, codemoved_fn fn,
	void *ctx) MUST_CHECK;

#endif
