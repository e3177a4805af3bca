/* A store: one connection, its statements, the transaction of a group.
 *
 * The writer serves many requests with one COMMIT, each in a savepoint:
 *
 *   BEGIN
 *   SAVEPOINT   request a works          RELEASE
 *   SAVEPOINT   request b fails          ROLLBACK TO
 *   COMMIT
 *
 * Request a is durable after the COMMIT, request b has left nothing. Parts
 * that keep something in memory (counters, caches, queues) take part by a
 * table of functions that are called at begin, flush, commit and abort
 * (participant.h). */
#include "memory-db/store/engine/store_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "memory-db/store/engine/database.h"
#include "memory-db/store/engine/dictionaries.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/snapshot.h"
#include "memory-db/store/engine/trouble.h"

/* KiB of pages that a connection keeps at most. The rest of the file is in the
 * system's cache, where a page costs 2 us: with 2 MB a recall in 100,000 facts
 * spent a third of its time there, with 6 MB it costs what it does with 16. There
 * are ten connections, so this is most of what a large memory takes. */
static const int cache_kb[] = {[STORE_WRITER] = 3072,
	[STORE_READER] = 6 * 1024,
	[STORE_SCRIPT] = 2048};
#define CACHE_LITTLE_KB 1024
/* Instructions of SQLite's machine between looks at the deadline. */
#define PROGRESS_STEPS 2000

enum { BEGIN, COMMIT, ROLLBACK, SAVE, RELEASE, UNDO, READ, END };

static const struct stmt_def defs[] = {
	[BEGIN] = {"BEGIN IMMEDIATE", 0, STMT_WRITER},
	[COMMIT] = {"COMMIT", 0, STMT_WRITER},
	[ROLLBACK] = {"ROLLBACK", 0, 0},
	[SAVE] = {"SAVEPOINT r", 0, STMT_WRITER},
	[RELEASE] = {"RELEASE r", 0, STMT_WRITER},
	[UNDO] = {"ROLLBACK TO r", 0, STMT_WRITER},
	[READ] = {"BEGIN", 0, 0},
	[END] = {"END", 0, 0},
};
const struct stmt_module store_module = {"db", defs, ARRAY_LEN(defs)};

/* Calls a hook that cannot fail of each participant. */
#define STORE_TELL(st, hook)                                                   \
	PARTICIPANT_EACH(p, (st)->base)                                        \
		if ((*p)->hook != NULL)                                        \
	(*p)->hook(st)

/* Calls a hook that can; rc: 0, or what the first that failed said. */
#define STORE_ASK(rc, st, hook, e)                                             \
	PARTICIPANT_EACH(p, (st)->base)                                        \
		if ((rc) == 0 && (*p)->hook != NULL)                           \
	(rc) = (*p)->hook(st, e)

static int
store_progress(void *ctx)
{
	struct store *st = ctx;

	if (st->progress)
		st->progress(st->progress_ctx);
	if (atomic_load_explicit(&st->interrupted, memory_order_relaxed))
		return 1;
	return st->deadline_ns != 0 && clock_mono_ns() > st->deadline_ns;
}

int
store_exec(struct store *st, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(st->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : stmt_error(st, rc, sql, e);
}

static int
open_connection(struct store *st, struct err *e)
{
	struct database *base = st->base;
	bool writer = st->role == STORE_WRITER;
	char pragma[128];
	int rc;

	if (st->role == STORE_SCRIPT) {
		rc = snapshot_new(base, &st->snapshot, e);
		if (rc != 0)
			return rc;
		rc = snapshot_pin(st->snapshot, e);
		if (rc != 0)
			return rc;
		rc = connection_open_snapshot(base, snapshot_vfs(st->snapshot),
			&st->db, e);
	} else {
		rc = connection_open(base, writer && !base->read_only, &st->db,
			e);
	}
	snprintf(pragma, sizeof(pragma),
		"PRAGMA cache_size = -%d; PRAGMA wal_autocheckpoint = %d;"
		"PRAGMA journal_size_limit = %d",
		cache_kb[st->role], writer ? LIMIT_WAL_PAGES : 0,
		LIMIT_WAL_BYTES);
	if (rc != 0)
		return rc;
	return store_exec(st, pragma, e);
}

static int
store_open_steps(struct store *st, bool is_first, struct err *e)
{
	int rc = open_connection(st, e);

	if (rc != 0)
		return rc;
	if (codec_init(&st->codec, dictionary_load, st) != 0)
		return err_nomem(e);
	STORE_ASK(rc, st, connect, e);
	if (rc != 0)
		return rc;
	rc = lens_prepare(st, e);
	if (rc != 0)
		return rc;
	rc = stmt_begin(st, e);
	if (rc == 0 && is_first)
		rc = stmt_prepare_all(st, e);
	if (rc != 0)
		return rc;
	sqlite3_progress_handler(st->db, PROGRESS_STEPS, store_progress, st);
	return 0;
}

int
store_open(struct database *base, enum store_role role, struct store **ret,
	struct err *e)
{
	struct store *st = calloc(1, sizeof(*st));
	int rc;

	if (!st)
		return err_nomem(e);
	st->base = base;
	st->modules = base->modules->statements;
	/* Over a read-only file the "writer" only loads. */
	st->role =
		base->read_only && role == STORE_WRITER ? STORE_READER : role;
	/* What the service before left is looked at once (idle.c). */
	st->merged_at = st->checkpointed_at = -1;
	rc = store_open_steps(st, role == STORE_WRITER, e);
	if (st->snapshot)
		snapshot_release(st->snapshot);
	if (role == STORE_WRITER)
		STORE_ASK(rc, st, load, e);
	if (st->role == STORE_WRITER)
		STORE_ASK(rc, st, open, e);
	if (rc != 0) {
		store_close(st);
		return rc;
	}
	*ret = st;
	return 0;
}

int
store_keep_little(struct store *st, struct err *e)
{
	char pragma[40];

	snprintf(pragma, sizeof(pragma), "PRAGMA cache_size = -%d",
		CACHE_LITTLE_KB);
	return store_exec(st, pragma, e);
}

void
store_close(struct store *st)
{
	if (!st)
		return;
	if (st->in_group)
		store_group_abort(st);
	stmt_finalize_all(st);
	STORE_TELL(st, close);
	store_drop_kept(st);
	codec_done(&st->codec);
	sqlite3_close(st->db);
	snapshot_free(st->snapshot);
	free(st);
}

struct database *
store_database(const struct store *st)
{
	return st->base;
}

void **
store_kept(struct store *st, enum store_keeper keeper, void (*free_fn)(void *))
{
	assert(!st->kept[keeper].free_fn ||
		st->kept[keeper].free_fn == free_fn);
	st->kept[keeper].free_fn = free_fn;
	return &st->kept[keeper].p;
}

void
store_drop_kept(struct store *st)
{
	for (int k = 0; k < STORE_KEPT_MAX; k++) {
		if (st->kept[k].p)
			st->kept[k].free_fn(st->kept[k].p);
		st->kept[k].p = NULL;
	}
}

void **
database_kept(struct database *db)
{
	return &db->kept;
}

/* For statements whose failure changes nothing for the caller. */
static void
run_quietly(struct store *st, int which)
{
	struct err e = {0};

	if (stmt_run(st, stmt_use(st, MOD_DB, which), &e) != 0)
		log_event(LOG_DEBUG, "statement failed", 0,
			LOG_S("sql", defs[which].sql), LOG_S("error", e.text));
}

/* --- the writer's transaction --------------------------------------------- */
int
store_group_begin(struct store *st, struct err *e)
{
	int rc;

	assert(!st->in_group); /* groups do not nest: savepoints do */
	st->is_crowded = false;
	rc = stmt_run(st, stmt_use(st, MOD_DB, BEGIN), e);
	st->in_group = rc == 0;
	STORE_TELL(st, begin);
	return rc;
}

int
store_group_commit(struct store *st, struct err *e)
{
	int rc = 0;

	assert(st->in_group);
	st->deadline_ns = 0;
	STORE_ASK(rc, st, flush, e);
	if (rc != 0)
		return rc;
	rc = stmt_run(st, stmt_use(st, MOD_DB, COMMIT), e);
	if (rc != 0)
		return rc;
	st->in_group = false;
	trouble_over(st->base, TROUBLE_DISK);
	STORE_TELL(st, committed);
	return 0;
}

void
store_group_abort(struct store *st)
{
	/* SQLite may have rolled back by itself. */
	if (!sqlite3_get_autocommit(st->db))
		run_quietly(st, ROLLBACK);
	STORE_TELL(st, rolled_back);
	st->in_group = false;
}

static int
group_work(struct store *st,
	int (*work)(struct store *st, void *ctx, struct err *e), void *ctx,
	struct err *e)
{
	int rc = store_group_begin(st, e);

	if (rc != 0)
		return rc;
	rc = work(st, ctx, e);
	if (rc != 0)
		return rc;
	return store_group_commit(st, e);
}

int
store_group_run(struct store *st,
	int (*work)(struct store *st, void *ctx, struct err *e), void *ctx,
	struct err *e)
{
	int rc = group_work(st, work, ctx, e);

	if (rc != 0)
		store_group_abort(st);
	return rc;
}

void
store_crowd(struct store *st, bool is_crowded)
{
	st->is_crowded = is_crowded;
}

bool
store_in_group(const struct store *st)
{
	return st->in_group && !sqlite3_get_autocommit(st->db);
}

int
store_savepoint(struct store *st, struct err *e)
{
	/* Outside of a group its release would be a COMMIT of its own. */
	assert(st->in_group);
	STORE_TELL(st, savepoint);
	st->savepoint_is_group = false;
	return stmt_run(st, stmt_use(st, MOD_DB, SAVE), e);
}

int
store_release(struct store *st, struct err *e)
{
	return stmt_run(st, stmt_use(st, MOD_DB, RELEASE), e);
}

void
store_rollback(struct store *st)
{
	/* The whole group goes, and its requests run one by one. */
	if (st->savepoint_is_group && !sqlite3_get_autocommit(st->db))
		run_quietly(st, ROLLBACK);
	st->savepoint_is_group = false;
	if (!sqlite3_get_autocommit(st->db)) {
		run_quietly(st, UNDO);
		run_quietly(st, RELEASE);
	}
	STORE_TELL(st, undone);
}

/* --- readers -------------------------------------------------------------- */
int
store_read_begin(struct store *st, struct err *e)
{
	STORE_TELL(st, read_begin);
	return stmt_run(st, stmt_use(st, MOD_DB, READ), e);
}

int
store_state(struct store *st, uint32_t *ret_state, struct err *e)
{
	int64_t newest;
	/* BEGIN does not open the snapshot yet, the first read does. */
	int rc = lens_newest(st, &newest, e);

	if (rc != 0)
		return rc;
	rc = sqlite3_file_control(st->db, "main", SQLITE_FCNTL_DATA_VERSION,
		ret_state);
	return rc == SQLITE_OK ? 0 : stmt_error(st, rc, "data version", e);
}

void
store_read_end(struct store *st)
{
	st->deadline_ns = 0;
	atomic_store(&st->interrupted, false);
	if (!sqlite3_get_autocommit(st->db))
		run_quietly(st, END);
}

void
store_deadline(struct store *st, int64_t mono_ns)
{
	st->deadline_ns = mono_ns;
}

void
store_on_progress(struct store *st, void (*fn)(void *ctx), void *ctx)
{
	st->progress = fn;
	st->progress_ctx = ctx;
}

void
store_interrupt(struct store *st)
{
	atomic_store(&st->interrupted, true);
}

void
store_uninterrupt(struct store *st)
{
	atomic_store(&st->interrupted, false);
}

/* --- the end -------------------------------------------------------------- */
bool
store_notes_wanted(struct store *st)
{
	bool is_waiting = false;

	PARTICIPANT_EACH(p, st->base)
		is_waiting |= (*p)->is_waiting != NULL && (*p)->is_waiting(st);
	return is_waiting;
}

static int
no_work(struct store *st, void *ctx, struct err *e)
{
	(void)st;
	(void)ctx;
	(void)e;
	return 0;
}

/* A group without a request: the participants write what waits. */
int
store_notes_step(struct store *st, struct err *e)
{
	return store_group_run(st, no_work, NULL, e);
}

int
store_checkpoint(struct store *st, struct err *e)
{
	int rc;

	if (st->base->read_only)
		return 0;
	/* What is damaged is not written on, not even at the end. */
	if (trouble_now(st->base) == TROUBLE_DAMAGE) {
		(void)sqlite3_db_config(st->db,
			SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		return 0;
	}
	if (store_notes_wanted(st) && store_notes_step(st, e) != 0)
		log_event(LOG_WARN, "receipts and counters are lost", 0,
			LOG_S("error", e->text));
	rc = sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
		NULL, NULL);
	return rc == SQLITE_OK ? 0 : stmt_error(st, rc, "checkpoint", e);
}

bool
store_is_erasing(const struct store *st)
{
	return st->erasing != 0;
}
