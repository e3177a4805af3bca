/* Rows of curation: what a run did to which entity, and which entities and
 * facts have an end that is due. curated.h says why they stand beside the log.
 * What is due is found by an index over the times, so a memory in which
 * nothing expires pays one look. */
#include "memory-db/store/beside/curated.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/table.h"

enum {
	ADD,
	EACH,
	FORGET,
	OLDEST,
	COUNT,
	DROP,
	CONTENT,
	SHOWN,
	CHANGE,
	DUE,
	FACTS_DUE,
	EACH_DUE
};

static const struct stmt_def defs[] = {
	[ADD] = {"INSERT INTO curated(run, seq, change, entity, rule, was,"
		 " became, age_days, quiet_days, uses) VALUES(?1,"
		 " coalesce((SELECT max(seq) FROM curated WHERE run = ?1), 0)"
		 " + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		9, STMT_WRITER},
	[EACH] = {"SELECT seq, change, entity, rule, was, became, age_days,"
		  " quiet_days, uses FROM curated WHERE run = ?1 AND seq > ?2"
		  " ORDER BY seq",
		2, 0},
	[FORGET] = {"DELETE FROM curated WHERE entity = ?1", 1, STMT_WRITER},
	[OLDEST] = {"SELECT run FROM curated WHERE run <> ?1"
		    " ORDER BY change LIMIT 1",
		1, STMT_WRITER},
	[COUNT] = {"SELECT count(*) FROM curated", 0, STMT_WRITER},
	[DROP] = {"DELETE FROM curated WHERE run = ?1", 1, STMT_WRITER},
	[CONTENT] = {"SELECT s.added FROM @SPAN CROSS JOIN fact f"
		     " ON f.id = s.fact AND f.kind = " SQL_OBSERVATION
		     " WHERE s.entity = ?1 AND @VIS"
		     " ORDER BY s.fact DESC LIMIT 1",
		1, STMT_LENS},
	[SHOWN] = {"SELECT s.added FROM @SPAN CROSS JOIN fact f"
		   " ON f.id = s.fact AND f.kind = " SQL_EXISTENCE
		   " WHERE s.entity = ?1 AND @VIS LIMIT 1",
		1, STMT_LENS},
	[CHANGE] = {"SELECT at, kind FROM change WHERE id = ?1", 1, 0},
	/* Of any branch; 2^47 - 1 is an open end. */
	[DUE] = {"SELECT value FROM attr INDEXED BY attr_expires"
		 " WHERE key IN (5, 6) AND value > 0"
		 " AND removed = " SQL_OPEN_END " AND value <= ?1"
		 " ORDER BY value DESC LIMIT 1",
		1, 0},
	[FACTS_DUE] = {"SELECT 1 FROM attr INDEXED BY attr_expires"
		       " WHERE key IN (5, 6) AND value > 0"
		       " AND removed = " SQL_OPEN_END " AND value <= ?1"
		       " AND key = 6 LIMIT 1",
		1, 0},
	[EACH_DUE] = {"SELECT entity FROM attr INDEXED BY attr_expires"
		      " WHERE key IN (5, 6) AND value > 0"
		      " AND removed = " SQL_OPEN_END
		      " AND value > ?1 AND value <= ?2",
		2, 0},
};
const struct stmt_module curated_module = {"curated", defs, ARRAY_LEN(defs)};

const struct store_table curated_tables[] = {
	{.name = "curated",
		.kind = TABLE_LOCAL,
		.forget = FORGET_DROPS,
		.forget_entity = curated_forget},
	{0},
};

int
curated_add(struct store *st, const char *run, const struct curated *row,
	struct err *e)
{
	const int64_t numbers[] = {row->was, row->became, row->age_days,
		row->quiet_days, row->uses};
	sqlite3_stmt *s = stmt_use(st, MOD_CURATED, ADD);

	bind_t(s, 1, run, strlen(run));
	bind_i(s, 2, row->change);
	bind_i(s, 3, row->entity);
	bind_t(s, 4, row->rule, strlen(row->rule));
	for (int i = 0; i < 5; i++)
		bind_i(s, 5 + i, numbers[i]);
	return stmt_run(st, s, e);
}

static int
oldest_run(struct store *st, const char *but, struct buf *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, OLDEST);
	int rc;

	bind_t(s, 1, but, strlen(but));
	rc = stmt_row(st, s, e);
	return rc == 1 ? stmt_append_text(s, 0, ret, e) : rc;
}

static int
curated_count_rows(struct store *st, int64_t *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, COUNT);
	int rc = stmt_row(st, s, e);

	*ret = rc == 1 ? sqlite3_column_int64(s, 0) : 0;
	return rc < 0 ? rc : 0;
}

int
curated_trim(struct store *st, const char *run, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int64_t rows;
	sqlite3_stmt *s;
	int rc = curated_count_rows(st, &rows, e);

	if (rc != 0 || rows <= CURATED_KEPT)
		return rc;
	rc = oldest_run(st, run, &name, e);
	if (rc != 1)
		return rc;
	s = stmt_use(st, MOD_CURATED, DROP);
	bind_t(s, 1, name.data, name.len);
	return stmt_run(st, s, e);
}

int
curated_each(struct store *st, const char *run, int64_t after, curated_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, EACH);
	int rc;

	bind_t(s, 1, run, strlen(run));
	bind_i(s, 2, after);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct curated row = {.seq = sqlite3_column_int64(s, 0),
			.change = sqlite3_column_int64(s, 1),
			.entity = sqlite3_column_int64(s, 2),
			.rule = (const char *)sqlite3_column_text(s, 3),
			.was = sqlite3_column_int64(s, 4),
			.became = sqlite3_column_int64(s, 5),
			.age_days = sqlite3_column_int64(s, 6),
			.quiet_days = sqlite3_column_int64(s, 7),
			.uses = sqlite3_column_int64(s, 8)};

		if (!row.rule)
			return err_nomem(e);
		rc = fn(ctx, &row);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
curated_forget(struct store *st, int64_t entity, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_CURATED, FORGET);

	bind_i(s, 1, entity);
	return stmt_run(st, s, e);
}

static int
curated_shown_at(struct store *st, int statement, int64_t entity,
	int64_t *ret_change, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, statement);

	bind_i(s, 1, entity);
	return stmt_int(st, s, ret_change, e);
}

int
curated_content_at(struct store *st, int64_t entity, int64_t *ret_at,
	struct err *e)
{
	int64_t change = 0, kind;
	int rc = curated_shown_at(st, CONTENT, entity, &change, e);

	if (rc == 0)
		rc = curated_shown_at(st, SHOWN, entity, &change, e);
	*ret_at = 0;
	return rc == 1 ? curated_change(st, change, ret_at, &kind, e) : rc;
}

int
curated_change(struct store *st, int64_t change, int64_t *ret_at,
	int64_t *ret_kind, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, CHANGE);
	int rc;

	bind_i(s, 1, change);
	rc = stmt_row(st, s, e);
	*ret_at = rc == 1 ? sqlite3_column_int64(s, 0) : 0;
	*ret_kind = rc == 1 ? sqlite3_column_int64(s, 1) : 0;
	return rc < 0 ? rc : 0;
}

int
curated_each_due(struct store *st, int64_t after, int64_t upto,
	curated_due_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, EACH_DUE);
	int rc;

	bind_i(s, 1, after);
	bind_i(s, 2, upto);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, sqlite3_column_int64(s, 0));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
curated_due(struct store *st, int64_t now, int64_t *ret_newest, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, DUE);
	int rc;

	bind_i(s, 1, now);
	*ret_newest = 0;
	rc = stmt_int(st, s, ret_newest, e);
	return rc < 0 ? rc : 0;
}

int
curated_facts_due(struct store *st, int64_t now, bool *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CURATED, FACTS_DUE);
	int rc;

	bind_i(s, 1, now);
	rc = stmt_row(st, s, e);
	*ret = rc == 1;
	return rc < 0 ? rc : 0;
}
