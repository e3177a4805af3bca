/* Prepared statements, found by module and index.
 *
 * The connection that opens first prepares all statements of all modules, so a
 * typo, or a column that is not there, fails at the start and not at the call
 * that needs it. The others prepare what they use when they use it first: all of
 * them take 7 ms and a MB. A statement that looks through a lens is prepared twice: for
 * the present, which is one range of an index, and for any other lens (lens.c
 * expands the marks). stmt_use picks the one that fits the lens applied, and
 * gives it back cleared. */
#include "memory-db/store/engine/store_internal.h"

#include "memory-db/store/engine/trouble.h"

#include <assert.h>
#include <string.h>

/* The schema step of the file is known by now: what a statement needs and is
 * not there was there once. */
static int
prepare_error(struct store *st, int rc, const struct stmt_module *m, size_t i,
	struct err *e)
{
	int primary = rc & 0xff;

	if (primary != SQLITE_ERROR && primary != SQLITE_CORRUPT &&
		primary != SQLITE_NOTADB)
		return stmt_error(st, rc, m->defs[i].sql, e);
	return err_set(e, MDB_E_CORRUPT,
		"%s is damaged, or another program changed it (%s; statement "
		"%s[%zu]); nothing was changed. Restore a backup, and keep "
		"this file",
		st->base->path, sqlite3_errmsg(st->db), m->name, i);
}

static int
prepare_form(struct store *st, const struct stmt_module *m, size_t i, bool now,
	sqlite3_stmt **ret, struct err *e)
{
	const struct stmt_def *d = &m->defs[i];
	AUTO_BUF struct buf text = {0};
	const char *sql = d->sql;
	int rc;

	if (d->flags & STMT_LENS) {
		if (lens_expand(d->sql, now, &text) != 0 ||
			(sql = buf_str(&text)) == NULL)
			return err_nomem(e);
	}
	rc = sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret,
		NULL);
	if (rc == SQLITE_NOMEM)
		return err_nomem(e);
	if (rc != SQLITE_OK)
		return prepare_error(st, rc, m, i, e);
	if (sqlite3_bind_parameter_count(*ret) != d->params)
		return err_set(e, MDB_E_INTERNAL,
			"statement %s[%zu] takes %d parameters, not %d",
			m->name, i, sqlite3_bind_parameter_count(*ret),
			d->params);
	/* Readers may write TEMP tables only. */
	if (!(d->flags & STMT_WRITER) && !sqlite3_stmt_readonly(*ret) &&
		strstr(sql, "temp.") == NULL)
		return err_set(e, MDB_E_INTERNAL,
			"statement %s[%zu] writes on a reader", m->name, i);
	return 0;
}

static bool
is_of_role(const struct store *st, const struct stmt_def *d)
{
	return !(d->flags & STMT_WRITER) || st->role != STORE_READER;
}

static int
prepare_module(struct store *st, enum stmt_module_id id, struct err *e)
{
	const struct stmt_module *m = st->modules[id];
	int rc;

	for (size_t i = 0; i < m->n; i++) {
		if (!is_of_role(st, &m->defs[i]))
			continue;
		rc = prepare_form(st, m, i, true, &st->stmts[id][2 * i], e);
		if (rc != 0)
			return rc;
		if (!(m->defs[i].flags & STMT_LENS))
			continue;
		rc = prepare_form(st, m, i, false, &st->stmts[id][2 * i + 1],
			e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
stmt_begin(struct store *st, struct err *e)
{
	for (int id = 0; id < MOD_MAX; id++) {
		st->stmts[id] = calloc(2 * st->modules[id]->n + 1,
			sizeof(sqlite3_stmt *));
		if (!st->stmts[id])
			return err_nomem(e);
	}
	return 0;
}

int
stmt_prepare_all(struct store *st, struct err *e)
{
	int rc;

	for (int id = 0; id < MOD_MAX; id++) {
		rc = prepare_module(st, (enum stmt_module_id)id, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

void
stmt_finalize_all(struct store *st)
{
	for (int id = 0; id < MOD_MAX; id++) {
		if (!st->stmts[id])
			continue;
		for (size_t i = 0; i < 2 * st->modules[id]->n; i++)
			sqlite3_finalize(st->stmts[id][i]);
		free(st->stmts[id]);
		st->stmts[id] = NULL;
	}
}

/* A failure is told by the first stmt_row: what is bound to a statement that is
 * not there is lost. */
static sqlite3_stmt *
prepare_late(struct store *st, enum stmt_module_id module, int index, int form)
{
	sqlite3_stmt **s = &st->stmts[module][2 * index + form];

	if (prepare_form(st, st->modules[module], (size_t)index, form == 0, s,
		    &st->unprepared) == 0)
		return *s;
	sqlite3_finalize(*s);
	*s = NULL;
	return NULL;
}

sqlite3_stmt *
stmt_use(struct store *st, enum stmt_module_id module, int index)
{
	const struct stmt_def *d = &st->modules[module]->defs[index];
	int form = (d->flags & STMT_LENS) && !st->lens.now;
	sqlite3_stmt *s = st->stmts[module][2 * index + form];

	assert(is_of_role(st, d));
	if (!s)
		return prepare_late(st, module, index, form);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return s;
}

int
stmt_row(struct store *st, sqlite3_stmt *s, struct err *e)
{
	int rc;

	if (!s) {
		if (e)
			*e = st->unprepared;
		return st->unprepared.code;
	}
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return stmt_error(st, rc, sqlite3_sql(s), e);
}

int
stmt_int(struct store *st, sqlite3_stmt *s, int64_t *ret, struct err *e)
{
	int rc = stmt_row(st, s, e);

	if (rc == 1)
		*ret = sqlite3_column_int64(s, 0);
	return rc;
}

int
stmt_each_pair(struct store *st, sqlite3_stmt *s, stmt_pair_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
stmt_run(struct store *st, sqlite3_stmt *s, struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1)
		;
	sqlite3_reset(s);
	return rc;
}

int
stmt_append_text(sqlite3_stmt *s, int column, struct buf *out, struct err *e)
{
	const void *text = sqlite3_column_text(s, column);
	size_t n = (size_t)sqlite3_column_bytes(s, column);

	if (!text && sqlite3_column_type(s, column) != SQLITE_NULL)
		return err_nomem(e);
	if (buf_add(out, text != NULL ? text : "", n) != 0)
		return err_nomem(e);
	return 1;
}

struct error_map {
	int primary, code;
	const char *text;
};

static const struct error_map error_maps[] = {
	{SQLITE_NOMEM, MDB_E_NOMEM, "out of memory"},
	{SQLITE_FULL, MDB_E_DISK_LOW,
		"the disk is full; nothing of this request was stored. Free "
		"some space and try again"},
	{SQLITE_READONLY, MDB_E_STORE,
		"the database is read-only; reads still work"},
	{SQLITE_CORRUPT, MDB_E_CORRUPT,
		"the database file is damaged; run 'memoryctl verify' and "
		"restore a backup"},
	{SQLITE_NOTADB, MDB_E_CORRUPT, "the file is no SQLite database"},
	{SQLITE_BUSY, MDB_E_BUSY,
		"another program holds the database; try again"},
	{SQLITE_LOCKED, MDB_E_BUSY, "a table is locked; try again"},
	{SQLITE_PROTOCOL, MDB_E_BUSY,
		"the file system refuses locks for the database; try again"},
	{SQLITE_TOOBIG, MDB_E_LIMIT, "a value is too large"},
	{SQLITE_IOERR, MDB_E_STORE,
		"the disk reported an error; nothing of this request was "
		"stored"},
};

int
stmt_error(struct store *st, int rc, const char *where, struct err *e)
{
	int primary = rc & 0xff;

	trouble_note(st, rc);
	if (primary == SQLITE_INTERRUPT) {
		if (atomic_load(&st->interrupted))
			return err_set(e, MDB_E_CANCELLED, "cancelled");
		return err_set(e, MDB_E_TIMEOUT,
			"took longer than allowed; ask for less");
	}
	for (size_t i = 0; i < ARRAY_LEN(error_maps); i++)
		if (error_maps[i].primary == primary) {
			err_set(e, error_maps[i].code, "%s (SQLite %d)",
				error_maps[i].text,
				sqlite3_extended_errcode(st->db));
			if (e && error_maps[i].code == MDB_E_BUSY)
				e->retry_after_ms = 200;
			return error_maps[i].code;
		}
	return err_set(e, MDB_E_STORE, "SQLite %d: %s, in: %.120s",
		sqlite3_extended_errcode(st->db), sqlite3_errmsg(st->db),
		where != NULL ? where : "");
}
