/* A private, writable view of the database as of one moment, for scripts.
 *
 * A read transaction on an ordinary connection pins a state of the file; a VFS
 * serves the pages of exactly that state, from the file and from the write-
 * ahead log (format: sqlite.org/walformat.html). On top of it SQLite believes
 * to have a database of its own with a journal in memory. What a script writes
 * stays in the page cache of that connection and is rolled back at the end:
 * nothing touches the disk, nobody waits, every statement works unchanged. */
#ifndef STORE_ENGINE_SNAPSHOT_H
#define STORE_ENGINE_SNAPSHOT_H

#include <sqlite3.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

struct snapshot;

/* Registers a VFS of its own. Returns new. */
int snapshot_new(struct database *db, struct snapshot **ret, struct err *e)
	MUST_CHECK;
void snapshot_free(struct snapshot *s);

/* Name of the VFS, for sqlite3_open_v2 with database_path. */
const char *snapshot_vfs(const struct snapshot *s);

/* Pins the newest state. Between pin and release the pages do not change. */
int snapshot_pin(struct snapshot *s, struct err *e) MUST_CHECK;
void snapshot_release(struct snapshot *s);

#endif
