/* Index work that waits: its rows. text_wait.h has the idea.
 *
 * For example a very long text is stored. The beginning of it is indexed at
 * once, and a row of `text_wait` says of fact 12 how far that came. A search
 * that comes now finds the beginning through the index, and looks through the
 * text of fact 12 itself for the rest. */
#include "memory-db/store/index/text_wait.h"

#include <string.h>

#include "memory-db/store/index/erase_words.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/search_wait.h"
#include "memory-db/store/index/text_sql.h"
#include "memory-db/store/engine/table.h"

enum {
	COUNT,
	OF_FACT,
	GET,
	PUT,
	GOAL,
	DROP,
	RELEARN,
	GONE_ADD,
	GONE_ANY,
	CLEAR,
	GONE_CLEAR,
	LEAVING
};

#define ROW_KEY " WHERE fact = ?1 AND ix = ?2 AND row = ?3"

static const struct stmt_def defs[] = {
	[COUNT] = {"SELECT count(*), coalesce(sum(size), 0) FROM text_wait", 0,
		0},
	[OF_FACT] = {"SELECT 1 FROM text_wait WHERE fact = ?1 LIMIT 1", 1, 0},
	[GET] = {"SELECT goal, parts, words, size FROM text_wait" ROW_KEY, 3,
		0},
	[PUT] = {"INSERT INTO text_wait(fact, ix, row, branch, goal, parts,"
		 " words, size) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		8, STMT_WRITER},
	[GOAL] = {"UPDATE text_wait SET goal = ?4" ROW_KEY, 4, STMT_WRITER},
	[DROP] = {"DELETE FROM text_wait" ROW_KEY, 3, STMT_WRITER},
	[RELEARN] = {"UPDATE text_wait SET words = 0 WHERE goal = 1", 0,
		STMT_WRITER},
	[GONE_ADD] = {"INSERT OR REPLACE INTO text_gone(fact, name, body,"
		      " words) VALUES(?1, ?2, ?3, 0)",
		3, STMT_WRITER},
	[GONE_ANY] = {"SELECT 1 FROM text_gone LIMIT 1", 0, 0},
	[LEAVING] = {"SELECT fact, row, branch, parts FROM text_wait"
		     " WHERE ix = ?1 AND goal = 0",
		1, 0},
	[CLEAR] = {"DELETE FROM text_wait", 0, STMT_WRITER},
	[GONE_CLEAR] = {"DELETE FROM text_gone", 0, STMT_WRITER},
};
const struct stmt_module text_wait_module = {"text_wait", defs,
	ARRAY_LEN(defs)};

const struct store_table text_wait_tables[] = {
	{.name = "text_wait",
		.kind = TABLE_DERIVED,
		.forget = FORGET_NOTHING,
		.verified = "text index"},
	{.name = "text_gone",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{0},
};

/* --- counting ------------------------------------------------------------- */

int
text_waits(struct store *st, int64_t *ret_n, int64_t *ret_bytes, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc;

	if (!st->waits_known) {
		s = stmt_use(st, MOD_TEXT_WAIT, COUNT);
		rc = stmt_row(st, s, e);
		if (rc < 0)
			return rc;
		st->waits_n = sqlite3_column_int64(s, 0);
		st->waits_bytes = sqlite3_column_int64(s, 1);
		st->waits_known = true;
	}
	*ret_n = st->waits_n;
	*ret_bytes = st->waits_bytes;
	return 0;
}

static void
text_wait_committed(struct store *st)
{
	struct err e = {0};
	int64_t n, bytes;

	/* A failure shows at the next write. */
	if (text_waits(st, &n, &bytes, &e) < 0)
		return;
	atomic_store_explicit(&st->base->waits_n, n, memory_order_relaxed);
	atomic_store_explicit(&st->base->waits_bytes, bytes,
		memory_order_relaxed);
}

void
text_wait_published(struct database *db, int64_t *ret_rows, int64_t *ret_bytes)
{
	*ret_rows = atomic_load_explicit(&db->waits_n, memory_order_relaxed);
	*ret_bytes =
		atomic_load_explicit(&db->waits_bytes, memory_order_relaxed);
}

/* The group did not commit, or another state is looked at. */
static void
text_wait_forget(struct store *st)
{
	st->waits_known = false;
	/* What is rolled back gives its ids to other facts. */
	if (st->role == STORE_READER)
		search_wait_stale(st);
	else
		search_wait_free(st);
}

/* Each change of the table by this connection passes here. */
static void
text_wait_count(struct store *st, int64_t rows, int64_t bytes)
{
	st->waits_n += rows;
	st->waits_bytes += bytes;
	search_wait_stale(st);
}

static int
any(struct store *st, struct err *e)
{
	int64_t n, bytes;
	int rc = text_waits(st, &n, &bytes, e);

	return rc < 0 ? rc : n > 0;
}

static int
has_row(struct store *st, int which, int64_t fact, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WAIT, which);

	if (which == OF_FACT)
		bind_i(s, 1, fact);
	return stmt_row(st, s, e);
}

int
text_waits_of(struct store *st, int64_t fact, struct err *e)
{
	int rc = any(st, e);

	return rc == 1 ? has_row(st, OF_FACT, fact, e) : rc;
}

int
text_gone_any(struct store *st, struct err *e)
{
	return has_row(st, GONE_ANY, 0, e);
}

/* --- rows ----------------------------------------------------------------- */

struct text_wait_state {
	int64_t goal, parts, words, size;
};

static void
bind_key(sqlite3_stmt *s, const struct text_row *row)
{
	bind_i(s, 1, row->fact);
	bind_i(s, 2, (int64_t)row->ix);
	bind_i(s, 3, row->row);
}

/* 1 it waits, 0 it does not. */
static int
text_wait_get(struct store *st, const struct text_row *row,
	struct text_wait_state *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc = any(st, e);

	if (rc != 1)
		return rc;
	s = stmt_use(st, MOD_TEXT_WAIT, GET);
	bind_key(s, row);
	rc = stmt_row(st, s, e);
	if (rc == 1)
		*ret = (struct text_wait_state){sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3)};
	return rc;
}

static int
text_wait_put(struct store *st, const struct text_row *row, int goal, int parts,
	int words, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WAIT, PUT);
	int rc;

	bind_key(s, row);
	bind_i(s, 4, row->branch);
	bind_i(s, 5, goal);
	bind_i(s, 6, parts);
	bind_i(s, 7, words);
	bind_i(s, 8, row->size);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	text_wait_count(st, 1, row->size);
	return rc;
}

int
text_wait_drop(struct store *st, const struct text_row *row, int64_t size,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WAIT, DROP);
	int rc;

	bind_key(s, row);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	text_wait_count(st, -1, -size);
	return rc;
}

static int
set_goal(struct store *st, const struct text_row *row, int goal, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WAIT, GOAL);

	bind_key(s, row);
	bind_i(s, 4, goal);
	text_wait_count(st, 0, 0);
	return stmt_run(st, s, e);
}

int
text_wait_in(struct store *st, const struct text_row *row, bool wait,
	struct err *e)
{
	struct text_wait_state s;
	int rc = text_wait_get(st, row, &s, e);

	if (rc < 0 || (rc == 0 && !wait))
		return rc;
	if (rc == 1)
		rc = s.parts < 0 && s.words < 0
			     ? text_wait_drop(st, row, s.size, e)
			     : set_goal(st, row, 1, e);
	else
		rc = text_wait_put(st, row, 1, 0, 0, e);
	return rc == 0 ? 1 : rc;
}

int
text_wait_out(struct store *st, const struct text_row *row, bool wait,
	struct err *e)
{
	struct text_wait_state s;
	int rc = text_wait_get(st, row, &s, e);

	if (rc < 0 || (rc == 0 && !wait))
		return rc;
	if (rc == 1)
		rc = s.parts == 0 ? text_wait_drop(st, row, s.size, e)
				  : set_goal(st, row, 0, e);
	else
		rc = text_wait_put(st, row, 0, -1, -1, e);
	return rc == 0 ? 1 : rc;
}

int
text_wait_state(struct store *st, const struct text_row *row,
	int64_t *ret_parts, struct err *e)
{
	struct text_wait_state s;
	int rc = text_wait_get(st, row, &s, e);

	if (rc == 1)
		*ret_parts = s.parts;
	return rc;
}

int
text_wait_leaving(struct store *st, enum text_ix ix, text_leaving_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WAIT, LEAVING);
	int rc;

	bind_i(s, 1, (int64_t)ix);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct text_row row = {.ix = ix,
			.fact = sqlite3_column_int64(s, 0),
			.row = sqlite3_column_int64(s, 1),
			.branch = sqlite3_column_int64(s, 2)};

		rc = fn(ctx, &row, sqlite3_column_int64(s, 3));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
text_gone_add(struct store *st, int64_t fact, const struct text_indexed *text,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_TEXT_WAIT, GONE_ADD);

	bind_i(s, 1, fact);
	bind_t(s, 2, text->name.len > 0 ? text->name.data : "", text->name.len);
	bind_t(s, 3, text->body.len > 0 ? text->body.data : "", text->body.len);
	search_wait_stale(st);
	return stmt_run(st, s, e);
}

int
text_wait_relearn(struct store *st, struct err *e)
{
	int r = any(st, e);

	return r == 1 ? stmt_run(st, stmt_use(st, MOD_TEXT_WAIT, RELEARN), e)
		      : r;
}

int
text_wait_clear(struct store *st, struct err *e)
{
	int rc = stmt_run(st, stmt_use(st, MOD_TEXT_WAIT, CLEAR), e);

	text_wait_forget(st);
	if (rc != 0)
		return rc;
	return stmt_run(st, stmt_use(st, MOD_TEXT_WAIT, GONE_CLEAR), e);
}

static int
text_wait_open(struct store *st, struct err *e)
{
	(void)e;
	text_wait_committed(st);
	return 0;
}

const struct participant text_wait_participant = {
	.name = "text_wait",
	.open = text_wait_open,
	.undone = text_wait_forget,
	.committed = text_wait_committed,
	.rolled_back = text_wait_forget,
	.read_begin = text_wait_forget,
};
