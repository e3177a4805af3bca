/* Erasing rows; see erase.h. Words and index entries: erase_words.c. */
#include "memory-db/store/check/erase.h"
#include "memory-db/store/check/tables.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "memory-db/store/log/change_internal.h"
#include "memory-db/store/beside/keys.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/facts/counters.h"
#include "memory-db/store/facts/fact_key.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/index/text_sql.h"
#include "memory-db/store/index/text_wait.h"
#include "memory-db/store/index/vectors.h"

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

enum {
	OF_ENTITY,
	OF_TEXT,
	OF_MARKS,
	USES,
	WIPE_FACT,
	WIPE_NAME,
	DROP_ALIASES,
	WIPE_MESSAGES,
	WIPE_MESSAGES_OF,
	WIPE_NOTES,
	WIPE_LABEL,
	WIPE_QUERIES,
	SET_FLAG,
	CLEAR_FLAG,
	GET_FLAG,
	STRUCTURES
};

#define RANK                                                                   \
	"CASE kind WHEN " SQL_EXISTENCE " THEN 2 WHEN " SQL_TAG                \
	" THEN 0 WHEN " SQL_NOTE " THEN 0 ELSE 1 END"

static const struct stmt_def defs[] = {
	/* What is said of facts first, existence last. A relation of a project
	 * to an entity of the user's memory has no text of it, and belongs to a
	 * chain of its own: it stays, and is never seen again. */
	[OF_ENTITY] = {"SELECT id, entity, " RANK " AS rank FROM fact WHERE "
		       "entity = ?1 AND salt IS NOT NULL UNION ALL SELECT id, "
		       "entity, 1 FROM fact WHERE peer = ?1 AND entity <> ?1 "
		       "AND id >> 33 = (SELECT ns FROM entity WHERE id = ?1) "
		       "AND salt IS NOT NULL ORDER BY rank",
		1, STMT_WRITER},
	[OF_TEXT] = {"SELECT id, entity FROM fact WHERE entity = ?1 AND "
		     "same = ?2 AND kind = " SQL_OBSERVATION
		     " AND salt IS NOT NULL",
		2, STMT_WRITER},
	[OF_MARKS] = {"SELECT id, entity FROM fact WHERE entity = ?1 AND "
		      "same = ?2 AND kind IN " SQL_MARKS
		      " AND supersedes = ?3 AND "
		      "salt IS NOT NULL",
		3, STMT_WRITER},
	[USES] = {"SELECT label, source, speaker, length(body) FROM fact WHERE "
		  "id = ?1",
		1, STMT_WRITER},
	[WIPE_FACT] = {"UPDATE fact SET body = NULL, salt = NULL, same = NULL, "
		       "size = 0, label = NULL, source = NULL, speaker = NULL "
		       "WHERE id = ?1",
		1, STMT_WRITER},
	[WIPE_NAME] = {"UPDATE entity SET name = NULL WHERE id = ?1 AND "
		       "name IS NOT NULL",
		1, STMT_WRITER},
	[DROP_ALIASES] = {"DELETE FROM alias WHERE entity = ?1", 1,
		STMT_WRITER},
	[WIPE_MESSAGES] = {"UPDATE change SET message = NULL, message_salt = "
			   "NULL WHERE message IS NOT NULL AND id IN (SELECT "
			   "change FROM version WHERE entity = ?1)",
		1, STMT_WRITER},
	/* Changes that showed or hid it. */
	[WIPE_MESSAGES_OF] = {"UPDATE change SET message = NULL, message_salt "
			      "= NULL WHERE message IS NOT NULL AND id IN "
			      "(SELECT added FROM span WHERE fact = ?1 UNION "
			      "SELECT removed FROM span WHERE fact = ?1)",
		1, STMT_WRITER},
	/* Of a single fact only the notes that hold its text. */
	[WIPE_NOTES] = {"UPDATE conflict SET notes = NULL WHERE notes IS NOT "
			"NULL AND (entity = ?1 OR other = ?1) AND (?2 IS NULL "
			"OR instr(notes, ?2) > 0)",
		2, STMT_WRITER},
	/* The id is not used again: readers may remember its text. */
	[WIPE_LABEL] = {"UPDATE label SET text = 'forgotten#' || id WHERE id = "
			"?1 AND NOT EXISTS (SELECT 1 FROM fact WHERE label = "
			"?1 OR source = ?1 OR speaker = ?1) AND NOT EXISTS "
			"(SELECT 1 FROM change WHERE actor = ?1 OR client = "
			"?1 OR session = ?1)",
		1, STMT_WRITER},
	/* What was asked may say it too; what was given stays. */
	[WIPE_QUERIES] = {"UPDATE receipt SET query = '' WHERE (ns = ?1 OR "
			  "?1 = 1) AND query <> ''",
		1, STMT_WRITER},
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
const struct stmt_module erase_module = {"erase", defs, ARRAY_LEN(defs)};

/* --- what there is -------------------------------------------------------- */
struct erase_wanted {
	const char *text;
	size_t n;
};

static int
reads_so(void *ctx, const struct fact *f)
{
	const struct erase_wanted *w = ctx;

	return f->text_n == w->n && memcmp(f->text, w->text, w->n) == 0 ? 2 : 0;
}

/* What is said of a fact goes with it. */
static int
each_mark(struct store *st, int64_t entity, int64_t of, erase_fn fn, void *ctx,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_ERASE, OF_MARKS);
	int r;

	bind_i(s, 1, entity);
	bind_i(s, 2, fact_key_of_mark(st, of));
	bind_i(s, 3, of);
	while ((r = stmt_row(st, s, e)) == 1)
		if ((r = fn(ctx, sqlite3_column_int64(s, 0),
			     sqlite3_column_int64(s, 1))) != 0)
			return r;
	return r;
}

int
erase_each(struct store *st, int64_t entity, const char *text, size_t n,
	erase_fn fn, void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_ERASE, text != NULL ? OF_TEXT : OF_ENTITY);
	struct erase_wanted wanted = {text, n};
	int64_t same = 0;
	int r = text != NULL ? fact_key_of_text(st, text, n, &same, e) : 0;

	bind_i(s, 1, entity);
	if (text != NULL)
		bind_i(s, 2, same);
	while (r == 0 && (r = stmt_row(st, s, e)) == 1) {
		int64_t fact = sqlite3_column_int64(s, 0);

		r = text == NULL ? 2 : fact_get(st, fact, reads_so, &wanted, e);
		if (r == 1) {
			r = 0;
			continue;
		}
		if (r == 2)
			r = fn(ctx, fact, sqlite3_column_int64(s, 1));
		if (r == 0 && text != NULL)
			r = each_mark(st, entity, fact, fn, ctx, e);
	}
	return r;
}

/* --- steps ---------------------------------------------------------------- */
static int
run_one(struct store *st, int which, int64_t id, int64_t *count, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_ERASE, which);
	int r;

	bind_i(s, 1, id);
	r = stmt_run(st, s, e);
	if (r == 0 && count != NULL)
		*count += sqlite3_changes(st->db);
	return r;
}

int
erase_begin(struct erasure *x, struct change *c, struct err *e)
{
	memset(x, 0, sizeof(*x));
	x->change = c;
	x->st = x->index.st = c->st;
	return text_queue_flush_early(c->st, e);
}

void
erase_done(struct erasure *x)
{
	buf_done(&x->index.texts);
	free(x->labels);
	x->labels = NULL;
	x->labels_n = x->labels_cap = 0;
}

static int
may_go(struct erasure *x, int64_t label, struct err *e)
{
	size_t cap = x->labels_cap == 0 ? 16 : x->labels_cap * 2;
	int64_t *p;

	for (size_t i = 0; i < x->labels_n; i++)
		if (x->labels[i] == label)
			return 0;
	if (label == 0)
		return 0;
	if (x->labels_n == x->labels_cap) {
		p = reallocarray(x->labels, cap, sizeof(*p));
		if (p == NULL)
			return err_nomem(e);
		x->labels = p;
		x->labels_cap = cap;
	}
	x->labels[x->labels_n++] = label;
	return 0;
}

/* Notes its labels; *ret_stored: bytes of its body. */
static int
note_uses(struct erasure *x, int64_t fact, int64_t *ret_stored, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(x->st, MOD_ERASE, USES);
	int r;

	bind_i(s, 1, fact);
	r = stmt_row(x->st, s, e);
	if (r != 1)
		return r;
	for (int i = 0; i < 3; i++) {
		r = may_go(x, sqlite3_column_int64(s, i), e);
		if (r != 0)
			return r;
	}
	*ret_stored = sqlite3_column_int64(s, 3);
	return 0;
}

/* Conflict notes that hold the text erase_index kept last. */
static int
wipe_notes(struct erasure *x, int64_t entity, size_t text_at, struct err *e)
{
	sqlite3_stmt *s;
	int r;

	if (text_at >= x->index.texts.len)
		return 0;
	s = stmt_use(x->st, MOD_ERASE, WIPE_NOTES);
	bind_i(s, 1, entity);
	bind_t(s, 2, x->index.texts.data + text_at,
		x->index.texts.len - text_at - 1);
	r = stmt_run(x->st, s, e);
	x->notes += r == 0 ? sqlite3_changes(x->st->db) : 0;
	return r;
}

int
erase_fact(struct erasure *x, int64_t entity, int64_t fact, bool with_op,
	struct err *e)
{
	size_t text_at = x->index.texts.len;
	int64_t stored = 0;
	int r = note_uses(x, fact, &stored, e);

	if (r == 0)
		r = erase_index(&x->index, fact, e);
	if (r == 0)
		r = run_one(x->st, WIPE_FACT, fact, &x->facts, e);
	if (r == 0)
		r = vector_erase(x->st, fact, e);
	if (r == 0)
		r = counters_add(x->st, x->change->info.ns, TALLY_TOTAL,
			TOTAL_STORED, -stored, e);
	if (r != 0 || !with_op)
		return r;
	r = wipe_notes(x, entity, text_at, e);
	if (r == 0)
		r = run_one(x->st, WIPE_MESSAGES_OF, fact, &x->messages, e);
	if (r == 0)
		r = change_op(x->change, OP_ERASE, entity, fact, ERASE_FACT, 0,
			NULL, e);
	return r == 0 ? change_touch(x->change, entity, 0, e) : r;
}

int
erase_names(struct erasure *x, int64_t entity, struct err *e)
{
	struct store *st = x->st;
	int r = run_one(st, WIPE_NAME, entity, &x->names, e);

	if (r == 0)
		r = run_one(st, DROP_ALIASES, entity, &x->names, e);
	if (r == 0)
		r = tables_forget_entity(st, entity, e);
	if (r == 0)
		r = run_one(st, WIPE_MESSAGES, entity, &x->messages, e);
	if (r == 0)
		r = run_one(st, WIPE_NOTES, entity, &x->notes, e);
	if (r == 0)
		r = change_op(x->change, OP_ERASE, entity, 0, ERASE_ENTITY, 0,
			NULL, e);
	return r == 0 ? change_touch(x->change, entity, 0, e) : r;
}

/* --- segments and the log ------------------------------------------------- */
static int
highest_level(struct store *st, int *ret, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_ERASE, STRUCTURES);
	int r;

	*ret = 0;
	while ((r = stmt_row(st, s, e)) == 1) {
		const unsigned char *p = sqlite3_column_blob(s, 0);
		int n = 0;

		if (sqlite3_column_bytes(s, 0) < 6)
			continue;
		n = p[4] < 0x80 ? p[4] : (p[4] & 0x7f) << 7 | p[5];
		*ret = n > *ret ? n : *ret;
	}
	return r;
}

/* All segments are to become one: some pages at once, the rest as others do. */
static int
begin_merge(struct store *st, struct err *e)
{
	int levels;
	/* A savepoint makes FTS5 write down what it holds in memory. */
	int r = store_exec(st, "SAVEPOINT fts; RELEASE fts", e);

	if (r == 0)
		r = highest_level(st, &levels, e);
	if (r == 0 && levels >= LEVELS_MAX) {
		st->erasing = TRUNCATING;
		return fts_rebuild(st, e);
	}
	/* All segments into one, from now on. */
	for (int i = 0; r == 0 && i < TEXT_INDEXES; i++)
		r = text_command(st, i, "merge", -1, e);
	st->erasing = MERGING;
	return r;
}

static int
merge_segments(struct store *st, struct err *e)
{
	int64_t end = clock_mono_ns() + MERGE_BUDGET_NS;
	int r = text_gone_any(st, e);

	if (r == 1)
		st->erasing = WAITING;
	if (r != 0)
		return r < 0 ? r : 0;
	r = begin_merge(st, e);
	while (r == 0 && st->erasing == MERGING && clock_mono_ns() < end)
		if (text_idle_merge(st) == 0)
			st->erasing = TRUNCATING;
	return r;
}

int
erase_end(struct erasure *x, bool is_last, struct err *e)
{
	int r = erase_words(&x->index, e);

	for (size_t i = 0; r == 0 && i < x->labels_n; i++)
		r = run_one(x->st, WIPE_LABEL, x->labels[i], NULL, e);
	label_cache_clear(x->st);
	if (r == 0)
		r = run_one(x->st, WIPE_QUERIES, x->change->info.ns, NULL, e);
	if (r == 0)
		r = keys_forget(x->st, x->change->info.ns, e);
	receipts_forget(x->st, x->change->info.ns);
	if (r != 0 || !is_last)
		return r;
	r = merge_segments(x->st, e);
	return r == 0 ? stmt_run(x->st, stmt_use(x->st, MOD_ERASE, SET_FLAG), e)
		      : r;
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
	rc = store_group_begin(st, &e);
	if (rc == 0)
		rc = stmt_run(st, stmt_use(st, MOD_ERASE, CLEAR_FLAG), &e);
	if (rc == 0)
		rc = store_group_commit(st, &e);
	if (rc != 0) {
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
	int r = store_group_begin(st, &e);

	if (r == 0)
		r = begin_merge(st, &e);
	if (r == 0)
		r = store_group_commit(st, &e);
	if (r == 0)
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
		if (text_gone_any(st, &e) == 0)
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
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_ERASE, GET_FLAG);
	int r = stmt_row(st, s, e);

	/* What was to be merged when a crash came is merged anew. */
	st->erasing = r == 1 ? WAITING : NOTHING;
	return r < 0 ? r : 0;
}

const struct participant erase_participant = {
	.name = "erase",
	.open = erase_open,
};
