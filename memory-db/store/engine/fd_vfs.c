/* A VFS that reads one open descriptor. SQLite opens files by name, and the
 * copy that a backup verifies has none; here xOpen takes the descriptor that
 * was given at the start, whatever name SQLite asks for. Nothing is ever
 * written: there is no journal, no lock, and xWrite fails. */
#include "memory-db/store/engine/fd_vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fd_vfs {
	sqlite3_vfs vfs; /* ours; the rest goes to the default one */
	char name[40];
	int fd;
	bool is_registered;
};

struct fd_file {
	sqlite3_file base;
	int fd;
};

static int
fd_vfs_close(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static int
fd_vfs_read(sqlite3_file *f, void *out, int n, sqlite3_int64 offset)
{
	int fd = ((struct fd_file *)(void *)f)->fd;
	char *to = out;

	while (n > 0) {
		ssize_t got = pread(fd, to, (size_t)n, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return SQLITE_IOERR_READ;
		if (got == 0) {
			memset(to, 0, (size_t)n);
			return SQLITE_IOERR_SHORT_READ;
		}
		to += got;
		offset += got;
		n -= (int)got;
	}
	return SQLITE_OK;
}

static int
fd_vfs_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 offset)
{
	(void)f, (void)data, (void)n, (void)offset;
	return SQLITE_READONLY;
}

static int
fd_vfs_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	(void)f, (void)size;
	return SQLITE_READONLY;
}

static int
fd_vfs_sync(sqlite3_file *f, int flags)
{
	(void)f, (void)flags;
	return SQLITE_OK;
}

static int
fd_vfs_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	struct stat s;

	if (fstat(((struct fd_file *)(void *)f)->fd, &s) != 0)
		return SQLITE_IOERR_FSTAT;
	*ret = s.st_size;
	return SQLITE_OK;
}

static int
fd_vfs_lock(sqlite3_file *f, int level)
{
	(void)f, (void)level;
	return SQLITE_OK;
}

static int
fd_vfs_reserved(sqlite3_file *f, int *ret)
{
	(void)f;
	*ret = 0;
	return SQLITE_OK;
}

static int
fd_vfs_control(sqlite3_file *f, int op, void *arg)
{
	(void)f, (void)op, (void)arg;
	return SQLITE_NOTFOUND;
}

static int
fd_vfs_sector(sqlite3_file *f)
{
	(void)f;
	return 4096;
}

static int
fd_vfs_characteristics(sqlite3_file *f)
{
	(void)f;
	return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = fd_vfs_close,
	.xRead = fd_vfs_read,
	.xWrite = fd_vfs_write,
	.xTruncate = fd_vfs_truncate,
	.xSync = fd_vfs_sync,
	.xFileSize = fd_vfs_size,
	.xLock = fd_vfs_lock,
	.xUnlock = fd_vfs_lock,
	.xCheckReservedLock = fd_vfs_reserved,
	.xFileControl = fd_vfs_control,
	.xSectorSize = fd_vfs_sector,
	.xDeviceCharacteristics = fd_vfs_characteristics,
};

static int
fd_vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
	int *ret_flags)
{
	(void)name;
	f->pMethods = NULL;
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN; /* no journals; temp is in memory */
	((struct fd_file *)(void *)f)->fd = ((struct fd_vfs *)v->pAppData)->fd;
	f->pMethods = &methods;
	if (ret_flags)
		*ret_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
	return SQLITE_OK;
}

static int
fd_vfs_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
	(void)v, (void)name, (void)sync_folder;
	return SQLITE_OK;
}

/* No journal and no log lie beside it. */
static int
fd_vfs_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
	(void)v, (void)name, (void)flags;
	*ret = 0;
	return SQLITE_OK;
}

static int
fd_vfs_full_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
	(void)v;
	snprintf(out, (size_t)n, "%s", name);
	return SQLITE_OK;
}

int
fd_vfs_new(int fd, struct fd_vfs **ret, struct err *e)
{
	const sqlite3_vfs *base = sqlite3_vfs_find(NULL);
	struct fd_vfs *v = calloc(1, sizeof(*v));

	if (!v)
		return err_nomem(e);
	if (!base) {
		free(v);
		return err_set(e, MDB_E_INTERNAL, "SQLite has no VFS");
	}
	snprintf(v->name, sizeof(v->name), "fd-%p", (void *)v);
	v->fd = fd;
	v->vfs = *base;
	v->vfs.pNext = NULL;
	v->vfs.zName = v->name;
	v->vfs.szOsFile = sizeof(struct fd_file);
	v->vfs.pAppData = v;
	v->vfs.xOpen = fd_vfs_open;
	v->vfs.xDelete = fd_vfs_delete;
	v->vfs.xAccess = fd_vfs_access;
	v->vfs.xFullPathname = fd_vfs_full_path;
	if (sqlite3_vfs_register(&v->vfs, 0) != SQLITE_OK) {
		free(v);
		return err_nomem(e);
	}
	v->is_registered = true;
	*ret = v;
	return 0;
}

const char *
fd_vfs_name(const struct fd_vfs *v)
{
	return v->name;
}

void
fd_vfs_free(struct fd_vfs *v)
{
	if (!v)
		return;
	if (v->is_registered)
		sqlite3_vfs_unregister(&v->vfs);
	free(v);
}
