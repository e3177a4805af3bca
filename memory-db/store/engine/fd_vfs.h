/* A VFS for one file that is open already and may have no name: reads only.
 * Several connections may use it, by any threads. */
#ifndef STORE_ENGINE_FD_VFS_H
#define STORE_ENGINE_FD_VFS_H

#include "common/cleanup.h"
#include "common/err.h"

struct fd_vfs;

/* Borrows fd. Returns new, registered. */
int fd_vfs_new(int fd, struct fd_vfs **ret, struct err *e) MUST_CHECK;
/* For sqlite3_open_v2; the path that is opened by it says nothing. */
const char *fd_vfs_name(const struct fd_vfs *v);
/* All its connections are closed. NULL is fine. */
void fd_vfs_free(struct fd_vfs *v);

#endif
