/* The workspace: named values in a table of their own, with the bytes of each,
 * so that the bounds of a namespace are one sum. A file has no history:
 * writing replaces the row, deleting drops it. */
#include "memory-db/store/beside/files.h"

#include <string.h>

#include "common/clock.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

enum { GET, PUT, DELETE, EACH, SINCE, TOTALS, MOVE, REST };

static const struct stmt_def defs[] = {
	[GET] = {"SELECT id, at, size, body FROM file WHERE ns = ?1 AND "
		 "name = ?2",
		2, 0},
	[PUT] = {"INSERT OR REPLACE INTO file(ns, name, at, size, body) "
		 "VALUES(?1, ?2, ?3, ?4, ?5)",
		5, STMT_WRITER},
	[DELETE] = {"DELETE FROM file WHERE ns = ?1 AND name = ?2", 2,
		STMT_WRITER},
	[EACH] = {"SELECT id, at, size, name FROM file WHERE ns = ?1 ORDER BY "
		  "name",
		1, 0},
	[SINCE] = {"SELECT id, at, size, name, ns, body FROM file WHERE id > ?2"
		   " AND (?1 = 0 OR ns = ?1) ORDER BY id",
		2, 0},
	[TOTALS] = {"SELECT count(*), coalesce(sum(size), 0) FROM file WHERE "
		    "ns = ?1",
		1, 0},
	[MOVE] = {"UPDATE OR IGNORE file SET ns = ?2 WHERE ns = ?1", 2,
		STMT_WRITER},
	[REST] = {"DELETE FROM file WHERE ns = ?1", 1, STMT_WRITER},
};
const struct stmt_module files_module = {"files", defs, ARRAY_LEN(defs)};

/* Files move when no fact is left to come: a slice that fails leaves them. */
static int
files_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e)
{
	return is_last ? file_move_all(st, from, to, e) : 0;
}

const struct store_table files_tables[] = {
	{.name = "file",
		.kind = TABLE_LINE,
		.forget = FORGET_ELSEWHERE,
		.merged = files_merged},
	{0},
};

int
file_get(struct store *st, int64_t ns, const char *name, struct file *ret,
	struct buf *body, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FILES, GET);
	int rc;

	bind_i(s, 1, ns);
	bind_t(s, 2, name, strlen(name));
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	*ret = (struct file){sqlite3_column_int64(s, 0), NULL,
		sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2), ns};
	if (body && buf_add(body, sqlite3_column_text(s, 3),
			    (size_t)sqlite3_column_bytes(s, 3)) != 0)
		return err_nomem(e);
	return 1;
}

int
file_put(struct store *st, int64_t ns, const char *name, const char *body,
	size_t n, struct err *e)
{
	return file_put_at(st, ns, name, body, n, clock_now_ms(), e);
}

int
file_put_at(struct store *st, int64_t ns, const char *name, const char *body,
	size_t n, int64_t at, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FILES, PUT);

	bind_i(s, 1, ns);
	bind_t(s, 2, name, strlen(name));
	bind_i(s, 3, at);
	bind_i(s, 4, (int64_t)n);
	bind_t(s, 5, body, n);
	return stmt_run(st, s, e);
}

int
file_delete(struct store *st, int64_t ns, const char *name, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FILES, DELETE);

	bind_i(s, 1, ns);
	bind_t(s, 2, name, strlen(name));
	return stmt_run(st, s, e);
}

int
file_each(struct store *st, int64_t ns, file_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FILES, EACH);
	int rc;

	bind_i(s, 1, ns);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct file f = {sqlite3_column_int64(s, 0),
			(const char *)sqlite3_column_text(s, 3),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			ns};

		rc = !f.name ? err_nomem(e) : fn(ctx, &f);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
file_since(struct store *st, int64_t ns, int64_t after, file_body_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FILES, SINCE);
	int rc;

	bind_i(s, 1, ns);
	bind_i(s, 2, after);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct file f = {sqlite3_column_int64(s, 0),
			(const char *)sqlite3_column_text(s, 3),
			sqlite3_column_int64(s, 1), sqlite3_column_bytes(s, 5),
			sqlite3_column_int64(s, 4)};
		const char *body = (const char *)sqlite3_column_text(s, 5);

		rc = !f.name || !body ? err_nomem(e) : fn(ctx, &f, body);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
file_totals(struct store *st, int64_t ns, int64_t *ret_count,
	int64_t *ret_bytes, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_FILES, TOTALS);
	int rc;

	bind_i(s, 1, ns);
	rc = stmt_row(st, s, e);
	if (rc < 0)
		return rc;
	*ret_count = sqlite3_column_int64(s, 0);
	*ret_bytes = sqlite3_column_int64(s, 1);
	return 0;
}

int
file_move_all(struct store *st, int64_t from, int64_t to, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_FILES, MOVE);
	int rc;

	bind_i(s, 1, from);
	bind_i(s, 2, to);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_FILES, REST);
	bind_i(s, 1, from);
	return stmt_run(st, s, e);
}
