/* Pages of a pinned state; see snapshot.h.
 *
 * While a reader holds its read mark, a checkpoint may copy into the file only
 * frames that this reader sees as well, and the log is not begun anew. So a
 * page of the state is: its last frame at or below the mark, else the page of
 * the file. The mark is found by reading the header of the log's index (-shm)
 * before and after the read transaction began, until both are equal.
 *
 * Example: the mark is 40, and the log has frames of page 7 at 12, 33 and 51. The
 * state has page 7 as in frame 33: frame 51 was written later. Page 9 is in the
 * log at 51 only, so the state has it as it is in the file.
 *
 * When all of the log is in the file already, SQLite's reader has no mark: it
 * holds off checkpoints, and the log may be written over from its start. Then
 * every page is read from the file, which nobody writes meanwhile.
 *
 * The files are read through the handles of that reader: a descriptor of our
 * own would, when closed, take all locks of the process on the file along
 * (sqlite.org/howtocorrupt.html, 2.2). */
#include "memory-db/store/engine/snapshot_internal.h"

#include <assert.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "memory-db/store/engine/database.h"

/* Behind the two copies of the header stands how many frames are in the
 * file. */
#define HEADER_WORDS (sizeof(struct index_header) / sizeof(uint32_t))
#define BACKFILL_AT  (2 * HEADER_WORDS)
/* Bytes of a region of the index. */
#define REGION 32768
/* More than SQLite leaves unwritten at the end of a file. */
#define SPARE_PAGES 1000000

/* --- reading -------------------------------------------------------------- */
int
snapshot_read_at(sqlite3_file *f, void *data, size_t n, int64_t offset)
{
	return f->pMethods->xRead(f, data, (int)n, offset) == SQLITE_OK ? 0
									: -1;
}

/* Memory that other threads and processes write as they like: what was read
 * is checked by reading it again. */
__attribute__((no_sanitize("thread"))) static void
read_index(const struct snapshot *s, size_t from, uint32_t *to, size_t n)
{
	const volatile uint32_t *words = s->shm;

	for (size_t i = 0; i < n; i++)
		to[i] = words[from + i];
	atomic_thread_fence(memory_order_seq_cst);
}

static uint32_t
snapshot_big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Two equal copies, or it is being written. No log at all: all zero. */
static int
snapshot_read_header(struct snapshot *s, struct index_header *ret)
{
	uint32_t words[2 * HEADER_WORDS];
	struct index_header h[2];

	for (int i = 0; i < PIN_TRIES; i++) {
		read_index(s, 0, words, 2 * HEADER_WORDS);
		memcpy(h, words, sizeof(h));
		if (memcmp(&h[0], &h[1], sizeof(h[0])) == 0 && h[0].is_init) {
			*ret = h[0];
			return 0;
		}
		sched_yield();
	}
	return -1;
}

static int
note_frame(struct snapshot *s, uint32_t page, uint32_t frame)
{
	if (page >= s->frames_cap) {
		size_t cap = s->frames_cap == 0 ? 1024 : s->frames_cap;
		uint32_t *p;

		while (cap <= page)
			cap *= 2;
		p = realloc(s->frames, cap * sizeof(*p));
		if (!p)
			return MDB_E_NOMEM;
		memset(p + s->frames_cap, 0,
			(cap - s->frames_cap) * sizeof(*p));
		s->frames = p;
		s->frames_cap = (uint32_t)cap;
	}
	assert(page < s->frames_cap);
	s->frames[page] = frame;
	return 0;
}

/* Pages that the state may have: those of the file, and those that the log
 * brings. A log of a hand that is not SQLite's may name any page; a table of
 * them must not grow to that. */
static uint32_t
pages_possible(const struct snapshot *s, const struct index_header *h)
{
	sqlite3_int64 size = 0, most;

	if (s->file->pMethods->xFileSize(s->file, &size) != SQLITE_OK)
		size = 0;
	/* SQLite need not write a page that is free again. */
	most = size / PAGE + (sqlite3_int64)h->max_frame + SPARE_PAGES;
	return most < h->pages ? (uint32_t)most : h->pages;
}

/* Learns the frames up to the mark that are not known yet. */
static int
read_frames(struct snapshot *s, const struct index_header *h, struct err *e)
{
	unsigned char frame[FRAME_HEADER];
	uint32_t last = s->from_file ? 0 : h->max_frame;
	uint32_t pages;

	if (memcmp(h->salt, s->header.salt, sizeof(h->salt)) != 0 ||
		h->max_frame < s->frames_read) {
		/* The log was begun anew. */
		s->frames_read = 0;
		if (s->frames_cap > 0)
			memset(s->frames, 0,
				(size_t)s->frames_cap * sizeof(*s->frames));
	}
	pages = s->frames_read < last ? pages_possible(s, h) : 0;
	while (s->frames_read < last) {
		int64_t at = WAL_HEADER +
			     (int64_t)s->frames_read * (PAGE + FRAME_HEADER);

		if (snapshot_read_at(s->wal, frame, sizeof(frame), at) != 0)
			return err_set(e, MDB_E_STORE,
				"the write-ahead log cannot be read");
		s->frames_read++;
		/* What is behind the end of the state is no part of it. */
		if (snapshot_big_endian(frame) <= pages &&
			note_frame(s, snapshot_big_endian(frame),
				s->frames_read) != 0)
			return err_nomem(e);
	}
	return 0;
}

/* --- life ----------------------------------------------------------------- */
/* The reader's handles. A first read makes sure that log and index are
 * there. */
static int
borrow_files(struct snapshot *s, struct err *e)
{
	void volatile *shm = NULL;

	if (sqlite3_exec(s->reader, "SELECT 1 FROM sqlite_schema", NULL, NULL,
		    NULL) != SQLITE_OK)
		return err_set(e, MDB_E_STORE, "snapshot: %s",
			sqlite3_errmsg(s->reader));
	if (sqlite3_file_control(s->reader, "main", SQLITE_FCNTL_FILE_POINTER,
		    &s->file) != SQLITE_OK ||
		sqlite3_file_control(s->reader, "main",
			SQLITE_FCNTL_JOURNAL_POINTER, &s->wal) != SQLITE_OK ||
		!s->file->pMethods || !s->wal->pMethods ||
		s->file->pMethods->iVersion < 2 ||
		s->file->pMethods->xShmMap(s->file, 0, REGION, 0, &shm) !=
			SQLITE_OK ||
		!shm)
		return err_set(e, MDB_E_STORE,
			"the write-ahead log of the database is not there");
	s->shm = (const volatile uint32_t *)shm;
	return 0;
}

static void
cleanup_snapshot(struct snapshot **s)
{
	snapshot_free(*s);
}

int
snapshot_new(struct database *db, struct snapshot **ret, struct err *e)
{
	__attribute__((cleanup(cleanup_snapshot))) struct snapshot *s =
		calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_nomem(e);
	s->base = db;
	rc = connection_open(db, false, &s->reader, e);
	if (rc != 0)
		return rc;
	rc = borrow_files(s, e);
	if (rc != 0)
		return rc;
	rc = snapshot_register(s, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(s);
	return 0;
}

void
snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	if (s->is_registered)
		sqlite3_vfs_unregister(&s->vfs);
	sqlite3_close(s->reader);
	free(s->frames);
	free(s);
}

const char *
snapshot_vfs(const struct snapshot *s)
{
	return s->name;
}

static int
reader_error(struct snapshot *s, struct err *e)
{
	return err_set(e, MDB_E_STORE, "snapshot: %s",
		sqlite3_errmsg(s->reader));
}

/* Begins the read transaction; 1: somebody wrote meanwhile, again. */
static int
try_pin(struct snapshot *s, struct index_header *ret, struct err *e)
{
	struct index_header before;
	uint32_t in_file;

	if (snapshot_read_header(s, &before) != 0)
		return err_set(e, MDB_E_STORE,
			"the index of the write-ahead log cannot be read");
	if (sqlite3_exec(s->reader,
		    "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL,
		    NULL) != SQLITE_OK)
		return reader_error(s, e);
	/* In this order: whoever begins the log anew changes the header
	 * first. A count that grew since the transaction began is no harm,
	 * the file then holds the same pages. */
	read_index(s, BACKFILL_AT, &in_file, 1);
	if (snapshot_read_header(s, ret) != 0 ||
		memcmp(&before, ret, sizeof(before)) != 0)
		return 1;
	s->from_file = in_file == ret->max_frame;
	return 0;
}

/* Takes over a state that is held. */
static int
take_state(struct snapshot *s, struct index_header *h, struct err *e)
{
	sqlite3_int64 bytes;
	int rc = read_frames(s, h, e);

	if (rc != 0)
		return rc;
	if (h->max_frame == 0) { /* its count of pages may be none */
		if (s->file->pMethods->xFileSize(s->file, &bytes) != SQLITE_OK)
			return err_set(e, MDB_E_STORE,
				"the size of the database cannot be read");
		h->pages = (uint32_t)(bytes / PAGE);
	}
	if (memcmp(&s->header, h, sizeof(*h)) != 0)
		s->generation++;
	s->header = *h;
	return 0;
}

int
snapshot_pin(struct snapshot *s, struct err *e)
{
	struct index_header h;
	int r = 1;

	for (int i = 0; r == 1 && i < PIN_TRIES; i++) {
		r = try_pin(s, &h, e);
		if (r == 0)
			r = take_state(s, &h, e);
		if (r != 0)
			snapshot_release(s);
	}
	return r == 1 ? err_set(e, MDB_E_BUSY, "too many writes at the moment")
		      : r;
}

void
snapshot_release(struct snapshot *s)
{
	if (!sqlite3_get_autocommit(s->reader))
		(void)sqlite3_exec(s->reader, "END", NULL, NULL, NULL);
}
