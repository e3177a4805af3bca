/* Which folders have the memory of which remote. The first that names one gets
 * it; a second has to be trusted by its user, as any folder can claim to be a
 * clone of anything. */
#ifndef COMMON_CLIENT_PROJECT_MAP_H
#define COMMON_CLIENT_PROJECT_MAP_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

#define PROJECT_MAP_NAME  "memory-db.projects"
#define PROJECT_MAP_BYTES (1024 * 1024) /* some thousand folders */

struct project_choice {
	bool is_repository;
	bool is_apart;	 /* it names a remote whose memory it has not */
	char note[1200]; /* "": nothing to tell; else why not the remote's
				   memory, and what to do */
};

/* Appends the namespace of `folder` (absolute), as project_namespace() but of a
 * remote only when the folder may have it:
 *   - it is the first that names this remote (is_keeping: this is kept);
 *   - it is a folder that had it before, also when it was moved or is a
 *     worktree of one;
 *   - the folders that had it are gone.
 * Else the namespace is that of a folder without a remote, and the note says
 * so; also when git's files belong to another user. The list is
 * memory-db.projects beside the database (absolute path; NULL or "": the
 * default one). What cannot be read or kept is told in the note.
 * 0 or MDB_E_NOMEM. */
int project_choose(const char *folder, const char *database, bool is_keeping,
	struct buf *out, struct project_choice *ret) MUST_CHECK;

/* Lets the folder have the memory of its remote, or takes that back (the
 * folder then has its own). The name of the remote is appended to out.
 * MDB_E_NOT_FOUND: no repository, or one without a remote. */
int project_trust(const char *folder, const char *database, bool is_trusted,
	struct buf *out, struct err *e) MUST_CHECK;

/* All of the list, in order; strings are borrowed. Non-zero stops. */
typedef int (
	*project_each_fn)(void *ctx, const char *remote, const char *folder);
int project_each(const char *database, project_each_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

#endif
