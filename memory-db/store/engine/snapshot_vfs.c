/* The VFS of a snapshot: a file of which each page is that of the state
 * pinned, and to which nothing is ever written. snapshot.c says where a page
 * of the state is found. A script writes into this view all the same: its
 * pages stay in SQLite's cache, spilling is off, and the transaction is always
 * rolled back, so xWrite only fails. */
#include <string.h>

#include "memory-db/store/engine/snapshot_internal.h"

struct snapshot_file {
	sqlite3_file base;
	struct snapshot *s;
};

static void
put_big_endian(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

static int
file_close(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

/* Page 1 claims a rollback journal, and a counter that changes with the state
 * so that SQLite drops cached pages exactly then. */
static void
patch_first_page(const struct snapshot *s, unsigned char *page)
{
	page[18] = page[19] = 1;
	put_big_endian(page + 24, s->generation);
	put_big_endian(page + 28, s->header.pages);
	put_big_endian(page + 92, s->generation);
}

int
snapshot_read_page(struct snapshot *s, uint32_t page, unsigned char *out)
{
	uint32_t frame =
		page < s->frames_cap && !s->from_file ? s->frames[page] : 0;
	int64_t at = (int64_t)(page - 1) * PAGE;
	sqlite3_file *f = s->file;

	if (frame != 0 && frame <= s->header.max_frame) {
		at = WAL_HEADER + (int64_t)(frame - 1) * (PAGE + FRAME_HEADER) +
		     FRAME_HEADER;
		f = s->wal;
	}
	if (snapshot_read_at(f, out, PAGE, at) != 0)
		return -1;
	if (page == 1)
		patch_first_page(s, out);
	return 0;
}

uint32_t
snapshot_pages(const struct snapshot *s)
{
	return s->header.pages;
}

static int
file_read(sqlite3_file *f, void *out, int n, sqlite3_int64 offset)
{
	struct snapshot *s = ((struct snapshot_file *)(void *)f)->s;
	unsigned char page[PAGE];
	int64_t size = (int64_t)s->header.pages * PAGE;

	if (offset >= size || n <= 0) {
		memset(out, 0, (size_t)(n > 0 ? n : 0));
		return SQLITE_IOERR_SHORT_READ;
	}
	if (n == PAGE && offset % PAGE == 0)
		return snapshot_read_page(s, (uint32_t)(offset / PAGE) + 1,
			       out) == 0
			       ? SQLITE_OK
			       : SQLITE_IOERR_READ;
	/* Parts are only ever read of the header. */
	if (offset % PAGE + n > PAGE ||
		snapshot_read_page(s, (uint32_t)(offset / PAGE) + 1, page) != 0)
		return SQLITE_IOERR_READ;
	memcpy(out, page + offset % PAGE, (size_t)n);
	return SQLITE_OK;
}

/* Spilling is off and every transaction is rolled back: nobody writes. */
static int
file_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 offset)
{
	(void)f, (void)data, (void)n, (void)offset;
	return SQLITE_FULL;
}

static int
file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	(void)f, (void)size;
	return SQLITE_OK;
}

static int
file_sync(sqlite3_file *f, int flags)
{
	(void)f, (void)flags;
	return SQLITE_OK;
}

static int
file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	struct snapshot *s = ((struct snapshot_file *)(void *)f)->s;

	*ret = (int64_t)s->header.pages * PAGE;
	return SQLITE_OK;
}

static int
file_lock(sqlite3_file *f, int level)
{
	(void)f, (void)level;
	return SQLITE_OK;
}

static int
file_reserved(sqlite3_file *f, int *ret)
{
	(void)f;
	*ret = 0;
	return SQLITE_OK;
}

static int
file_control(sqlite3_file *f, int op, void *arg)
{
	(void)f, (void)op, (void)arg;
	return SQLITE_NOTFOUND;
}

static int
file_sector(sqlite3_file *f)
{
	(void)f;
	return PAGE;
}

static int
file_characteristics(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_characteristics,
};

static int
vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
	int *ret_flags)
{
	struct snapshot_file *file = (struct snapshot_file *)(void *)f;

	(void)name;
	f->pMethods = NULL;
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN; /* journals and temp are in memory */
	file->s = v->pAppData;
	f->pMethods = &methods;
	if (ret_flags != NULL)
		*ret_flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
	(void)v, (void)name, (void)sync_folder;
	return SQLITE_OK;
}

/* No journal and no log lie beside it. */
static int
vfs_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
	(void)v, (void)name, (void)flags;
	*ret = 0;
	return SQLITE_OK;
}

static int
vfs_full_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
	(void)v;
	snprintf(out, (size_t)n, "%s", name);
	return SQLITE_OK;
}

int
snapshot_register(struct snapshot *s, struct err *e)
{
	const sqlite3_vfs *base = sqlite3_vfs_find(NULL);

	snprintf(s->name, sizeof(s->name), "snapshot-%p", (void *)s);
	s->vfs = *base;
	s->vfs.pNext = NULL;
	s->vfs.zName = s->name;
	s->vfs.szOsFile = sizeof(struct snapshot_file);
	s->vfs.pAppData = s;
	s->vfs.xOpen = vfs_open;
	s->vfs.xDelete = vfs_delete;
	s->vfs.xAccess = vfs_access;
	s->vfs.xFullPathname = vfs_full_path;
	if (sqlite3_vfs_register(&s->vfs, 0) != SQLITE_OK)
		return err_nomem(e);
	s->is_registered = true;
	return 0;
}
