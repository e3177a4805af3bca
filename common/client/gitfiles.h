/* The few files of git that tell which repository and branch a folder belongs
 * to, read without git. All append to out and return 0, MDB_E_NOT_FOUND (no
 * such file, or it says something else) or MDB_E_NOMEM. */
#ifndef CLIENT_GITFILES_H
#define CLIENT_GITFILES_H

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* A small file whole. */
int gitfiles_read(const char *path, struct buf *out) MUST_CHECK;
/* The same of folder/name, as a string. */
int gitfiles_text(const char *folder, const char *name, struct buf *out)
	MUST_CHECK;
/* The path in the first line of folder/name behind `prefix`, made absolute
 * from `folder`. */
int gitfiles_path(const char *folder, const char *name, const char *prefix,
	struct buf *out) MUST_CHECK;
/* The folder that holds `config`, of the .git in `folder`. */
int gitfiles_folder(const char *folder, struct buf *out) MUST_CHECK;
/* The folder with HEAD: of a worktree its own, not the one it shares. */
int gitfiles_head(const char *top, struct buf *out) MUST_CHECK;
/* What a file like HEAD names behind `prefix`. */
int gitfiles_ref(const char *folder, const char *name, const char *prefix,
	struct buf *out) MUST_CHECK;

#endif
