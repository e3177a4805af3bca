/* Duties for idle time. "Wanted" is asked before each step and costs next to
 * nothing: a count in memory, or how many rows this connection has changed
 * since the duty was last done to its end. */
#include "memory-db/store/idle.h"

#include "common/clock.h"
#include "common/limits.h"
#include "common/log_reader.h"
#include "memory-db/store/beside/keys.h"
#include "memory-db/store/check/erase.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/store/facts/pack.h"
#include "memory-db/store/index/terms_wait.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/index/text_wait.h"

/* For readers, when the WAL is to be cut back; and when it has become twice as
 * large as it should be, because on a busy machine reads take longer. Three times
 * as large it is only where somebody keeps it for long: no use in waiting. */
#define WAL_WAIT_MS	 50
#define WAL_WAIT_MOST_MS 250
#define BUSY_MS		 5000 /* as connection.c sets it */

/* --- text indexes --------------------------------------------------------- */
/* Is there a row that waits, or a text kept until its words are erased? */
static int
index_waits(struct store *st, struct err *e)
{
	int64_t rows, bytes;
	int rc = text_waits(st, &rows, &bytes, e);

	if (rc)
		return rc;
	if (rows > 0)
		return 1;
	return store_is_erasing(st) ? text_gone_any(st, e) : 0;
}

bool
store_index_wanted(struct store *st)
{
	int64_t rows, bytes;
	struct err e;

	text_wait_published(st->base, &rows, &bytes);
	return rows > 0 || (store_is_erasing(st) && text_gone_any(st, &e) != 0);
}

static int
index_some(struct store *st, int64_t ns, struct err *e)
{
	int rc = store_group_begin(st, e);

	if (rc != 0)
		return rc;
	rc = text_wait_work(st, clock_mono_ns() + ns, e);
	if (rc < 0)
		return rc;
	return store_group_commit(st, e);
}

int
store_index_step(struct store *st, int64_t ns, struct err *e)
{
	int rc = index_waits(st, e);

	if (rc == 0)
		return 0;
	if (rc > 0)
		rc = index_some(st, ns, e);
	if (rc == 0)
		return 1;
	store_group_abort(st);
	/* No large write waits for what cannot be done now. */
	atomic_store(&st->base->waits_bytes, 0);
	return rc;
}

bool
store_terms_wanted(struct store *st)
{
	return terms_wait_many(st);
}

int
store_terms_step(struct store *st, struct err *e)
{
	int rc = store_group_begin(st, e);

	if (rc != 0)
		return rc;
	rc = terms_wait_settle(st, e) || store_group_commit(st, e);
	if (rc)
		store_group_abort(st);
	return rc ? e->code : 0;
}

bool
store_merge_wanted(const struct store *st)
{
	return st->idle_merge != 0 ||
	       st->merged_at != sqlite3_total_changes(st->db);
}

int
store_merge_step(struct store *st, int64_t ns)
{
	int64_t end = clock_mono_ns() + ns;
	int rc;

	do
		rc = text_idle_merge(st);
	while (rc == 1 && clock_mono_ns() < end);
	if (rc != 0)
		return rc;
	st->merged_at = sqlite3_total_changes(st->db);
	return rc;
}

int
store_erase_step(struct store *st, struct err *e)
{
	if (erase_idle(st) == 1)
		return 1;
	if (!store_is_erasing(st))
		return 0;
	return err_set(e, MDB_E_BUSY,
		"traces of what was forgotten stay in the log file while "
		"somebody reads");
}

bool
store_pack_wanted(struct store *st)
{
	return pack_wanted(st);
}

/* The rest of the time is for the COMMIT, and for a step that is slower than
 * the one before. */
int
store_pack_step(struct store *st, int64_t ns, struct err *e)
{
	return pack_step(st, clock_mono_ns() + ns / 3, e);
}

/* --- rows beside the log -------------------------------------------------- */
int
store_keys_step(struct store *st, struct err *e)
{
	return keys_forget_old(st, e);
}

/* --- the WAL -------------------------------------------------------------- */
bool
store_wal_wanted(struct store *st)
{
	struct database_sizes sizes;

	database_sizes(st->base, &sizes);
	return sizes.wal_bytes > LIMIT_WAL_BYTES;
}

/* Whoever reads for long is a program that is none of ours, as a rule. */
static int
wal_is_kept(struct store *st, bool *ret_by_us, struct err *e)
{
	char name[LOG_READER_NAME];
	long pid = log_reader_find(database_path(st->base), name);

	*ret_by_us = pid <= 0;

	if (pid > 0)
		return err_set(e, MDB_E_BUSY,
			"the log beside the database stays above %d MiB while "
			"the process %ld (%s) reads the file: end that program "
			"or its transaction, and let it open a copy "
			"(memoryctl backup)",
			LIMIT_WAL_BYTES >> 20, pid, name[0] ? name : "unknown");
	return err_set(e, MDB_E_BUSY,
		"the log beside the database stays above %d MiB while "
		"somebody reads",
		LIMIT_WAL_BYTES >> 20);
}

/* A checkpoint that waits for nobody ends before what a reader sees, and the
 * log begins anew only in a moment in which nobody reads it. Under load there
 * may be none for long, and then the file stays as large as it ever was. */
int
store_wal_step(struct store *st, bool *ret_by_us, struct err *e)
{
	struct database_sizes sizes;
	bool is_large;
	int rc;

	*ret_by_us = false;

	database_sizes(st->base, &sizes);
	is_large = sizes.wal_bytes > 2 * LIMIT_WAL_BYTES &&
		   sizes.wal_bytes < 3 * LIMIT_WAL_BYTES;
	(void)sqlite3_busy_timeout(st->db,
		is_large ? WAL_WAIT_MOST_MS : WAL_WAIT_MS);
	rc = sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
		NULL, NULL);
	(void)sqlite3_busy_timeout(st->db, BUSY_MS);
	if ((rc & 0xff) == SQLITE_BUSY)
		return wal_is_kept(st, ret_by_us, e);
	return rc == SQLITE_OK ? 0 : stmt_error(st, rc, "checkpoint", e);
}

/* The file keeps the size that a burst of writes gave it, though nothing in it
 * is needed any more. */
bool
store_wal_rest_wanted(struct store *st)
{
	struct database_sizes sizes;

	if (store_checkpoint_wanted(st))
		return false;
	database_sizes(st->base, &sizes);
	return sizes.wal_bytes > LIMIT_WAL_REST_BYTES;
}

int
store_wal_rest_step(struct store *st, struct err *e)
{
	int rc;

	(void)sqlite3_busy_timeout(st->db, 0);
	rc = sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
		NULL, NULL);
	(void)sqlite3_busy_timeout(st->db, BUSY_MS);
	if ((rc & 0xff) == SQLITE_BUSY)
		return 0; /* somebody reads: the next time */
	return rc == SQLITE_OK ? 0 : stmt_error(st, rc, "checkpoint", e);
}

bool
store_checkpoint_wanted(const struct store *st)
{
	return st->checkpointed_at != sqlite3_total_changes(st->db);
}

int
store_checkpoint_step(struct store *st, struct err *e)
{
	int pages = 0, moved = 0;
	int changes = sqlite3_total_changes(st->db);
	int rc = sqlite3_wal_checkpoint_v2(st->db, NULL,
		SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);

	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		return stmt_error(st, rc, "checkpoint", e);
	/* What a reader still needs is looked at again later. */
	if (moved == pages)
		st->checkpointed_at = changes;
	return 0;
}

void
store_shrink(struct store *st)
{
	pack_shrink(st);
	(void)sqlite3_db_release_memory(st->db);
}
