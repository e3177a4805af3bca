/* Files that a program trusts: regular ones that belong to its own user or to
 * root, never reached through a link. */
#ifndef COMMON_OWNED_H
#define COMMON_OWNED_H

#include <stdbool.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"

bool owned_is_ours(uid_t uid);

/* MDB_E_DENIED when the file belongs to somebody else or is no regular one;
 * the text names `path`. */
int owned_check(const struct stat *st, const char *path, struct err *e)
	MUST_CHECK;

/* open() with O_CLOEXEC and O_NOFOLLOW that never waits, then owned_check.
 * 0; MDB_E_NOT_FOUND (never with O_CREAT), MDB_E_DENIED (somebody else's, a link, no
 * file); MDB_E_STORE otherwise. errno is that of open(). ret_st may be NULL. */
int owned_open(const char *path, int flags, mode_t mode, int *ret_fd,
	struct stat *ret_st, struct err *e) MUST_CHECK;

/* Of a file that need not exist: 0 also when there is none. */
int owned_check_path(const char *path, struct err *e) MUST_CHECK;

#endif
