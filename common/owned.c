/* In a folder that others can write, a name may have been taken by somebody
 * who reads what is written there. So the owner is asked of the descriptor,
 * which cannot be exchanged any more. */
#include "common/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool
owned_is_ours(uid_t uid)
{
	return uid == geteuid() || uid == 0;
}

int
owned_check(const struct stat *st, const char *path, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, MDB_E_DENIED,
			"%s is no regular file; move it away", path);
	if (!owned_is_ours(st->st_uid))
		return err_set(e, MDB_E_DENIED,
			"%s belongs to user %u, who could read and change what "
			"is in it: it is not used. Remove it, or choose "
			"another place (MEMORY_DB_PATH)",
			path, (unsigned)st->st_uid);
	return 0;
}

int
owned_open(const char *path, int flags, mode_t mode, int *ret_fd,
	struct stat *ret_st, struct err *e)
{
	struct stat st;
	AUTO_FD int fd = open(path,
		flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode);
	int rc;

	if (fd < 0 && errno == ELOOP)
		return err_set(e, MDB_E_DENIED,
			"%s is a link, which is not followed; give the path "
			"of the file itself",
			path);
	if (fd < 0) {
		int why = errno;

		rc = err_set(e,
			why == ENOENT && (flags & O_CREAT) == 0
				? MDB_E_NOT_FOUND
				: MDB_E_STORE,
			"cannot open %s: %s", path, strerrordesc_np(why));
		errno = why;
		return rc;
	}
	if (fstat(fd, &st) != 0)
		return err_set(e, MDB_E_STORE, "%s: %s", path,
			strerrordesc_np(errno));
	rc = owned_check(&st, path, e);
	if (rc < 0)
		return rc;
	if (ret_st)
		*ret_st = st;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int
owned_check_path(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0
				       : err_set(e, MDB_E_STORE, "%s: %s", path,
						 strerrordesc_np(errno));
	return owned_check(&st, path, e);
}
