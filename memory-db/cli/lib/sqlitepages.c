/* The pages of an SQLite file as its last commit left them. A page that was
 * written since the last checkpoint stands in the log beside the file, several
 * times where it was written several times; the newest frame before the last
 * commit of the log holds. Example: page 5 of a file whose log has
 *
 *   frame 1: page 5    frame 2: page 2, commit    frame 3: page 5
 *
 * is frame 1: no commit follows frame 3, so that it was never finished. */
#include "memory-db/cli/lib/sqlitepages.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/vec.h"

#define WAL_HEAD   32
#define FRAME_HEAD 24

struct sqlitepages_frame {
	uint32_t page;
	int64_t at;
};

int
sqlitepages_corrupt(struct err *e)
{
	return err_set(e, MDB_E_CORRUPT, "its pages make no whole table");
}

bool
sqlitepages_is(int fd)
{
	char head[16];

	return pread(fd, head, 16, 0) == 16 &&
	       memcmp(head, "SQLite format 3", 16) == 0;
}

/* The committed pages of the log: those before its last commit. */
static int
read_wal(struct sqlitepages *f, struct err *e)
{
	uint8_t head[WAL_HEAD], frame[FRAME_HEAD];
	size_t committed = 0;

	if (pread(f->wal, head, WAL_HEAD, 0) != WAL_HEAD ||
		(sqlitepages_be32(head) & ~1u) != 0x377f0682 ||
		sqlitepages_be32(head + 8) != f->page_size)
		return 0;
	for (int64_t at = WAL_HEAD;
		pread(f->wal, frame, FRAME_HEAD, at) == FRAME_HEAD &&
		memcmp(frame + 8, head + 16, 8) == 0;
		at += FRAME_HEAD + f->page_size) {
		if (vec_room(f->frames, f->frames_n, f->frames_cap) != 0)
			return err_nomem(e);
		f->frames[f->frames_n++] =
			(struct sqlitepages_frame){sqlitepages_be32(frame),
				at + FRAME_HEAD};
		if (sqlitepages_be32(frame + 4) != 0)
			committed = f->frames_n;
	}
	f->frames_n = committed;
	return 0;
}

static int
sqlitepages_by_page(const void *a, const void *b)
{
	const struct sqlitepages_frame *x = a, *y = b;

	if (x->page != y->page)
		return x->page < y->page ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

int
sqlitepages_open(struct sqlitepages *f, const char *path, struct err *e)
{
	char wal[PATH_MAX];
	uint8_t head[100];
	int rc;

	*f = (struct sqlitepages){.fd = -1, .wal = -1};
	snprintf(wal, sizeof(wal), "%s-wal", path);
	f->wal = open(wal, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd < 0 || !sqlitepages_is(f->fd) ||
		pread(f->fd, head, 100, 0) != 100)
		return err_set(e, MDB_E_INVALID, "it is no SQLite database");
	if (sqlitepages_be32(head + 56) > 1)
		return err_set(e, MDB_E_INVALID,
			"its texts are in UTF-16, which is not read");
	f->page_size = sqlitepages_be16(head + 16) == 1
			       ? 65536
			       : sqlitepages_be16(head + 16);
	if (f->page_size < 512 || (f->page_size & (f->page_size - 1)) ||
		head[20] > 128)
		return sqlitepages_corrupt(e);
	f->usable = f->page_size - head[20];
	rc = f->wal >= 0 ? read_wal(f, e) : 0;
	if (rc != 0)
		return rc;
	if (f->frames_n > 1)
		qsort(f->frames, f->frames_n, sizeof(*f->frames),
			sqlitepages_by_page);
	return 0;
}

void
sqlitepages_close(struct sqlitepages *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->wal >= 0)
		close(f->wal);
	free(f->frames);
	*f = (struct sqlitepages){.fd = -1, .wal = -1};
}

void
sqlitepages_walk(struct sqlitepages *f)
{
	f->left =
		lseek(f->fd, 0, SEEK_END) / f->page_size + (int64_t)f->frames_n;
}

bool
sqlitepages_read(struct sqlitepages *f, uint32_t page, uint8_t *out)
{
	size_t lo = 0, hi = f->frames_n;

	if (f->left-- <= 0)
		return false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->frames[mid].page <= page)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo > 0 && f->frames[lo - 1].page == page)
		return pread(f->wal, out, f->page_size, f->frames[lo - 1].at) ==
		       (ssize_t)f->page_size;
	return page > 0 && pread(f->fd, out, f->page_size,
				   (int64_t)(page - 1) * f->page_size) ==
				   (ssize_t)f->page_size;
}
