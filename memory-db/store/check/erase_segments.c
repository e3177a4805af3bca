/* The end of an erasure: the segments of the text indexes are merged, as FTS5
 * keeps a deleted word in older ones, and the WAL is truncated, as it keeps old
 * pages. What takes longer goes on in idle time, also after a crash: the key
 * `erasing` of meta says so. */
#include "memory-db/store/check/erase.h"

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/pack.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/index/text_sql.h"
#include "memory-db/store/index/text_wait.h"

/* WAITING: rows and words of long texts go in slices, segments after them.
 * Merging segments inside the transaction: what takes longer goes on in idle
 * time. */
#define MERGE_BUDGET_NS (250 * 1000000LL)
/* Merging all segments into one opens another level of the index each time, and
 * FTS5 (3.40) takes one of more than 2,000 for damaged: from here on it is
 * written anew instead. */
#define LEVELS_MAX 1500
/* How long the WAL waits for readers. */
#define TRUNCATE_WAIT_MS 250
#define BUSY_MS		 5000 /* as store.c sets it */

enum { NOTHING, WAITING, MERGING, TRUNCATING };

enum { SET_FLAG, CLEAR_FLAG, GET_FLAG, STRUCTURES };

static const struct stmt_def defs[] = {
	[SET_FLAG] = {"INSERT OR REPLACE INTO meta(key, value) "
		      "VALUES('erasing', 1)",
		0, STMT_WRITER},
	[CLEAR_FLAG] = {"DELETE FROM meta WHERE key = 'erasing'", 0,
		STMT_WRITER},
	[GET_FLAG] = {"SELECT 1 FROM meta WHERE key = 'erasing'", 0,
		STMT_WRITER},
	/* Row 10 of an FTS5 index: a cookie of 4 bytes, then how many levels
	 * of segments it has, as a varint. */
	[STRUCTURES] =
		{"SELECT block FROM ft_live_data WHERE id = 10 "
		 "UNION ALL SELECT block FROM ft_past_data WHERE id = 10 "
		 "UNION ALL SELECT block FROM ft_branch_data WHERE id = "
		 "10 UNION ALL SELECT block FROM ft_term_data WHERE id "
		 "= 10",
			0, STMT_WRITER},
};
const struct stmt_module erase_segments_module = {"erase_segments", defs,
	ARRAY_LEN(defs)};

static int
highest_level(struct store *st, int *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s =
		stmt_use(st, MOD_ERASE_SEGMENTS, STRUCTURES);
	int rc;

	*ret = 0;
	while ((rc = stmt_row(st, s, e)) == 1) {
		const unsigned char *p = sqlite3_column_blob(s, 0);
		int n = 0;

		if (sqlite3_column_bytes(s, 0) < 6)
			continue;
		n = p[4] < 0x80 ? p[4] : (p[4] & 0x7f) << 7 | p[5];
		*ret = n > *ret ? n : *ret;
	}
	return rc;
}

/* All segments are to become one: some pages at once, the rest as others do. */
static int
begin_merge(struct store *st, struct err *e)
{
	int levels;
	/* A savepoint makes FTS5 write down what it holds in memory. */
	int rc = store_exec(st, "SAVEPOINT fts; RELEASE fts", e);

	if (rc != 0)
		return rc;
	rc = highest_level(st, &levels, e);
	if (rc != 0)
		return rc;
	if (levels >= LEVELS_MAX) {
		st->erasing = TRUNCATING;
		return fts_rebuild(st, e);
	}
	/* All segments into one, from now on. */
	for (int i = 0; i < TEXT_INDEXES; i++) {
		rc = text_command(st, i, "merge", -1, e);
		if (rc != 0)
			return rc;
	}
	st->erasing = MERGING;
	return 0;
}

/* Long texts whose words are still there, or a dictionary that holds a piece of
 * what was erased. */
static int
erase_waits(struct store *st, struct err *e)
{
	int rc = text_gone_any(st, e);

	if (rc != 0)
		return rc;
	return pack_any_stale(st, e);
}

static int
merge_segments(struct store *st, struct err *e)
{
	int64_t end = clock_mono_ns() + MERGE_BUDGET_NS;
	int rc = erase_waits(st, e);

	if (rc == 1)
		st->erasing = WAITING;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = begin_merge(st, e);
	if (rc != 0)
		return rc;
	while (st->erasing == MERGING && clock_mono_ns() < end)
		if (text_idle_merge(st) == 0)
			st->erasing = TRUNCATING;
	return 0;
}

int
erase_segments_begin(struct store *st, struct err *e)
{
	int rc = merge_segments(st, e);

	if (rc != 0)
		return rc;
	return stmt_run(st, stmt_use(st, MOD_ERASE_SEGMENTS, SET_FLAG), e);
}

static int
clear_flag(struct store *st, struct err *e)
{
	return stmt_run(st, stmt_use(st, MOD_ERASE_SEGMENTS, CLEAR_FLAG), e);
}

/* fn in a group of its own. Where this fails, the caller ends the group. */
static int
in_group(struct store *st, int (*fn)(struct store *st, struct err *e),
	struct err *e)
{
	int rc = store_group_begin(st, e);

	if (rc != 0)
		return rc;
	rc = fn(st, e);
	if (rc != 0)
		return rc;
	return store_group_commit(st, e);
}

int
erase_finish(struct store *st)
{
	struct err e = {0};
	int rc;

	if (st->erasing != TRUNCATING)
		return st->erasing == NOTHING;
	(void)sqlite3_busy_timeout(st->db, TRUNCATE_WAIT_MS);
	rc = sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
		NULL, NULL);
	(void)sqlite3_busy_timeout(st->db, BUSY_MS);
	if (rc != SQLITE_OK)
		return 0;
	if (in_group(st, clear_flag, &e) != 0) {
		store_group_abort(st);
		log_event(LOG_WARN, "erased, but the mark of it stays", 0,
			LOG_S("error", e.text));
	}
	st->erasing = NOTHING;
	return 1;
}

/* The last of what waited is gone. */
static void
erase_merge_gone(struct store *st)
{
	struct err e = {0};
	if (in_group(st, begin_merge, &e) == 0)
		return;
	store_group_abort(st);
	st->erasing = WAITING;
	log_event(LOG_WARN, "what is erased waits to be merged", 0,
		LOG_S("error", e.text));
}

int
erase_idle(struct store *st)
{
	struct err e = {0};

	if (st->erasing == WAITING) {
		if (erase_waits(st, &e) == 0)
			erase_merge_gone(st);
		return st->erasing == MERGING;
	}
	if (st->erasing != NOTHING) {
		st->erasing = TRUNCATING; /* nothing is left to merge */
		(void)erase_finish(st);
	}
	return 0;
}

static int
erase_open(struct store *st, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_ERASE_SEGMENTS, GET_FLAG);
	int rc = stmt_row(st, s, e);

	/* What was to be merged when a crash came is merged anew. */
	st->erasing = rc == 1 ? WAITING : NOTHING;
	return rc < 0 ? rc : 0;
}

const struct participant erase_participant = {
	.name = "erase",
	.open = erase_open,
};
