/* A copy of the database from a pinned state, page by page; copy.h says what
 * the file is. The pages come from the snapshot (engine/snapshot.c), so
 * writers and checkpoints go on meanwhile. The file has no name from its birth
 * (O_TMPFILE), beside the database, or in /var/tmp where that folder cannot
 * have one; so nothing is left behind, whoever is killed when. */
#include "memory-db/store/engine/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/store/engine/snapshot_internal.h"

/* Pages that are written at once. */
#define COPY_PAGES   64
#define SPARE_FOLDER "/var/tmp"

/* A file without a name in this folder; -1 with errno. */
static int
unnamed_file(const char *folder)
{
	AUTO_FREE char *path = NULL;
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (asprintf(&path, "%s/.snapshot-XXXXXX", folder) < 0) {
		path = NULL;
		errno = ENOMEM;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static int
open_copy(const struct database *base, int *ret_fd, struct err *e)
{
	int fd = unnamed_file(base->folder);

	if (fd < 0 && (errno == EROFS || errno == EACCES))
		fd = unnamed_file(SPARE_FOLDER);
	if (fd < 0)
		return err_set(e, MDB_E_STORE,
			"no file for a copy of the database can be made in "
			"%s: %s",
			base->folder, strerror(errno));
	*ret_fd = fd;
	return 0;
}

static int
write_at(const struct database *base, int fd, const unsigned char *data,
	size_t n, int64_t at, struct err *e)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, data, n, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_set(e, MDB_E_STORE,
				"a copy of the database cannot be written "
				"beside it (%s): %s. Free some space there",
				base->folder,
				strerror(done < 0 ? errno : ENOSPC));
		data += done;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

static int
copy_pages(struct snapshot *s, int fd, const atomic_bool *cancelled,
	struct err *e)
{
	AUTO_FREE unsigned char *part = malloc((size_t)COPY_PAGES * PAGE);
	uint32_t pages = snapshot_pages(s), n = 0;
	int rc = 0;

	if (!part)
		return err_nomem(e);
	for (uint32_t at = 0; at < pages; at += n) {
		if (cancelled && atomic_load(cancelled))
			return err_set(e, MDB_E_CANCELLED,
				"nobody waits for the copy any more");
		n = pages - at < COPY_PAGES ? pages - at : COPY_PAGES;
		for (uint32_t i = 0; i < n; i++)
			if (snapshot_read_page(s, at + i + 1,
				    part + (size_t)i * PAGE) != 0)
				return err_set(e, MDB_E_STORE,
					"page %u of the database cannot be "
					"read, so that no copy is made; "
					"memoryctl verify says what is "
					"damaged",
					at + i + 1);
		rc = write_at(s->base, fd, part, (size_t)n * PAGE,
			(int64_t)at * PAGE, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The same file for reading alone; where that cannot be had (no /proc), as it
 * is: nobody else has this file. */
static void
make_read_only(int *fd)
{
	char path[64];
	int other;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	other = open(path, O_RDONLY | O_CLOEXEC);
	if (other < 0)
		return;
	close(*fd);
	*fd = other;
}

int
store_copy(struct store *st, const atomic_bool *cancelled, int *ret_fd,
	int64_t *ret_bytes, struct err *e)
{
	AUTO_FD int fd = -1;
	int rc = open_copy(st->base, &fd, e);

	if (rc != 0)
		return rc;
	rc = copy_pages(st->snapshot, fd, cancelled, e);
	if (rc != 0)
		return rc;
	make_read_only(&fd);
	*ret_bytes = (int64_t)snapshot_pages(st->snapshot) * PAGE;
	*ret_fd = take_fd(&fd);
	return 0;
}
