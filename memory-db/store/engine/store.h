/* One database and its connections. Only store/ includes sqlite3.h; this is
 * the seam a second engine would implement.
 *
 * A `database` is opened once a process. A `store` is one connection with its
 * prepared statements: the writer has the only writable one, each reader its
 * own read-only one. A store is used by one thread at a time. */
#ifndef STORE_ENGINE_STORE_H
#define STORE_ENGINE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/contract/database_file.h"
#include "common/err.h"

struct database;
struct store;
struct recall_weights;

#define STORE_SCHEMA_VERSION DATABASE_SCHEMA
#define STORE_MAIN	     1 /* branch id of main, in every namespace */
#define STORE_OPEN_END	     140737488355327 /* 2^47-1: a span not removed */
#define STORE_NS_SHIFT	     33		     /* fact.id >> 33 = namespace id */
/* Where the ids of a namespace begin. A damaged file may name any namespace. */
static inline int64_t
store_ids_of(int64_t ns)
{
	return (int64_t)((uint64_t)ns << STORE_NS_SHIFT);
}
static inline int64_t
store_ids_end(int64_t ns)
{
	return (int64_t)(((uint64_t)ns + 1) << STORE_NS_SHIFT);
}

/* Once, before the first database is opened. SQLite would count the memory it
 * uses, under one lock of all threads: 4 % of the writer's time, and nobody
 * asks. */
void store_set_up(void);
/* The version of the SQLite library in use. */
const char *store_sqlite_version(void);

struct database_options {
	const char *path;	 /* absolute; folder is made 0700, file 0600 */
	const int *fd;		 /* not NULL: the file is open here, and is
				   only read; path is what messages say */
	const char *new_id;	 /* of a file that is new: the id of the
				   database of which it becomes a copy */
	bool new_instance;	 /* a copy that goes on by itself from here */
	bool read_only;		 /* serve reads only, also when writing would
				   be possible */
	int64_t namespace_facts; /* LIMIT_NAMESPACE_FACTS when 0 */
	const struct recall_weights *weights; /* borrowed; NULL: the defaults */
};

/* Checks the folder (owner, mode, no NFS/CIFS/9p), takes the lock file
 * "<path>.pid" (it holds our pid), opens or creates the file, checks that it
 * is ours (application_id) and not newer than STORE_SCHEMA_VERSION. Does not
 * migrate yet. MDB_E_EXISTS: another process serves it (text names its pid);
 * MDB_E_CORRUPT, MDB_E_VERSION, MDB_E_DENIED, MDB_E_STORE. */
int database_open(const struct database_options *o, struct database **ret,
	struct err *e) MUST_CHECK;

/* Runs the schema steps that are missing, on the caller's thread; a copy of
 * the file is made before the first. progress (0..1, may be NULL) is called
 * between steps and slices. 0 at once when nothing is to do. */
int database_migrate(struct database *db, void (*progress)(void *ctx, double p),
	void *ctx, struct err *e) MUST_CHECK;
bool database_needs_migration(const struct database *db);

/* Last checkpoint, lock file released. All stores are closed before. */
void database_close(struct database *db);

const char *database_path(const struct database *db);
/* Calls fn with the path of each copy that a schema step left beside the file
 * and that is still there; fn returns non-zero to stop. That, 0, or
 * MDB_E_NOMEM. */
int database_copies(const struct database *db,
	int (*fn)(void *ctx, const char *path), void *ctx, struct err *e)
	MUST_CHECK;
const char *database_id(const struct database *db);	  /* 32 hex digits */
const char *database_instance(const struct database *db); /* this copy of it */
int database_schema(const struct database *db);
/* As it was opened with: the model's settings are not the store's. */
const struct recall_weights *database_weights(const struct database *db);
/* The file or its file system cannot be written: writes are refused. */
bool database_read_only(const struct database *db);

/* True when the file, its lock file or its folder was removed or replaced
 * under us. */
bool database_vanished(const struct database *db);

/* Sizes for status, without SQL. wal_bytes and free_bytes (of the disk). */
struct database_sizes {
	int64_t file_bytes, wal_bytes, disk_free_bytes;
};
void database_sizes(const struct database *db, struct database_sizes *ret);

/* STORE_SCRIPT: everything the writer can do, in a private view that is thrown
 * away (see snapshot.h). */
enum store_role { STORE_WRITER, STORE_READER, STORE_SCRIPT };
int store_open(struct database *db, enum store_role role, struct store **ret,
	struct err *e) MUST_CHECK;
/* A connection that looks at much, and at each page once, keeps few of them. */
int store_keep_little(struct store *st, struct err *e) MUST_CHECK;
void store_close(struct store *st);
struct database *store_database(const struct store *st);

/* --- the writer's transaction ------------------------------------------------
 * group_begin, then per request: savepoint, work, release or rollback; then
 * group_commit. commit flushes the queued text index work and the tallies
 * first. On failure of commit, or when in_group() is false after any error
 * (FULL, IOERR and NOMEM may roll the transaction back), nothing of the group
 * has happened: call group_abort and run its requests again one by one. */
int store_group_begin(struct store *st, struct err *e) MUST_CHECK;
int store_group_commit(struct store *st, struct err *e) MUST_CHECK;
void store_group_abort(struct store *st);
/* One group for what `work` writes: its commit, or its abort where the work or
 * the commit fails. */
int store_group_run(struct store *st,
	int (*work)(struct store *st, void *ctx, struct err *e), void *ctx,
	struct err *e) MUST_CHECK;
bool store_in_group(const struct store *st);
/* Many wait for the group under way: what can be done later, as well as now, is
 * left for idle time (texts are packed then: facts/pack.h). Holds until the next
 * group. */
void store_crowd(struct store *st, bool is_crowded);
int store_savepoint(struct store *st, struct err *e) MUST_CHECK;
int store_release(struct store *st, struct err *e) MUST_CHECK;
void store_rollback(struct store *st);

/* --- a reader's snapshot: everything between sees one state --------------- */
int store_read_begin(struct store *st, struct err *e) MUST_CHECK;
void store_read_end(struct store *st);
/* A number of the state that the snapshot sees: whatever is committed by another
 * connection makes another one. Of this connection alone. */
int store_state(struct store *st, uint32_t *ret_state, struct err *e)
	MUST_CHECK;

/* --- a script's view (STORE_SCRIPT) ---------------------------------------------
 * Between begin and end the store is the database as of *ret_change, plus what
 * was written to it since, each request in its savepoint as on the writer.
 * text_queue_flush() (index/text_index.h) makes written texts searchable. end
 * drops all of it. */
int store_script_begin(struct store *st, int64_t *ret_change, struct err *e)
	MUST_CHECK;
void store_script_end(struct store *st);

/* Statements stop with MDB_E_TIMEOUT after this monotonic time (0: never). */
void store_deadline(struct store *st, int64_t mono_ns);

/* fn is called now and then while statements run: at most some milliseconds
 * apart in a request that gets on. */
void store_on_progress(struct store *st, void (*fn)(void *ctx), void *ctx);

/* From any thread: the running statement of st stops with MDB_E_CANCELLED. */
void store_interrupt(struct store *st);
/* Forgets an interrupt that came too late for what was running. */
void store_uninterrupt(struct store *st);

/* --- after a commit; for idle time see store/idle.h ----------------------- */
/* Something was erased whose traces are still in the file or its WAL. */
bool store_is_erasing(const struct store *st);
/* Receipts of readers and counts of skill runs, when no write took them
 * along. 0, or negative. */
bool store_notes_wanted(struct store *st);
int store_notes_step(struct store *st, struct err *e) MUST_CHECK;
/* Checkpoint everything (TRUNCATE) at the end. */
int store_checkpoint(struct store *st, struct err *e) MUST_CHECK;
/* Places for what a model keeps with its connection, NULL at first; freed by
 * free_fn when the connection closes. One use each: a second free_fn is an
 * error of the program. */
enum store_keeper {
	STORE_KEPT_FACTS,
	STORE_KEPT_TAGS,
	STORE_KEPT_SETTINGS,
	STORE_KEPT_SHOWN,
	STORE_KEPT_MAX
};
void **store_kept(struct store *st, enum store_keeper keeper,
	void (*free_fn)(void *));

/* The same for all connections of a database; borrowed, set before threads
 * begin. */
void **database_kept(struct database *db);

#endif
