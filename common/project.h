/* The namespace `auto`: which project a folder belongs to. Reads git's files
 * itself, runs nothing. */
#ifndef COMMON_PROJECT_H
#define COMMON_PROJECT_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends the namespace of `folder` (absolute): the URL of the remote `origin`
 * as host/path ("git@host.example:team/app.git" and
 * "https://user:secret@host.example/team/app" are host.example/team/app), found
 * by looking for .git from the folder upwards, through worktrees and
 * submodules; without a remote the top folder of the repository; without a
 * repository the folder, or `default` where that is the root or the home
 * folder. At most LIMIT_LABEL_BYTES, the end of longer ones.
 * 0 or MDB_E_NOMEM. */
int project_namespace(const char *folder, struct buf *out) MUST_CHECK;
/* The same, and whether the folder lies in a repository. */
int project_find(const char *folder, struct buf *out, bool *ret_is_repository)
	MUST_CHECK;

/* The pure part: "host/path" of a remote's URL appended to out, or nothing
 * when it is a path of this machine. 0 or MDB_E_NOMEM. */
int project_normalise_url(const char *url, struct buf *out) MUST_CHECK;

/* The pure part: appends the url of [remote "origin"] of a git configuration
 * text; nothing when there is none. 0 or MDB_E_NOMEM. */
int project_origin_url(const char *config, size_t n, struct buf *out)
	MUST_CHECK;

#endif
