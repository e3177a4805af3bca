/* The table of conflicts. */
#include "memory-db/store/log/conflicts.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"

enum { ADD, PUT, PENDING, AT };

#define COLUMNS                                                                \
	"SELECT c.id, c.entity, c.other, c.kind, c.base, c.ours, c.theirs,"    \
	" c.action, c.state, c.found, c.closed, c.confidence, c.notes"         \
	" FROM conflict c"

static const struct stmt_def defs[] = {
	[ADD] = {"INSERT INTO conflict(entity, other, kind, base, "
		 "ours, theirs, state, found, notes) VALUES(?1,?2,?3,"
		 "?4,?5,?6,?7,?8,?9)",
		9, STMT_WRITER},
	[PUT] = {"INSERT OR REPLACE INTO conflict(id, entity, other,"
		 " kind, base, ours, theirs, action, state, found,"
		 " closed, confidence, notes) VALUES(?1, ?2, ?3, ?4,"
		 " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		13, STMT_WRITER},
	[PENDING] = {COLUMNS " WHERE c.state = 0 AND (c.entity = ?1 OR ?1 = 0)"
			     " ORDER BY c.id",
		1, 0},
	[AT] = {COLUMNS " JOIN entity e ON e.id = c.entity WHERE c.id > ?3"
			" AND (?1 = 0 OR e.ns = ?1) AND EXISTS (SELECT 1 FROM"
			" version v WHERE v.entity = e.id AND v.change <= ?2)"
			" ORDER BY c.id",
		3, 0},
};
const struct stmt_module conflicts_module = {"conflicts", defs,
	ARRAY_LEN(defs)};

static int64_t
conflicts_number(sqlite3_stmt *s, int i)
{
	return sqlite3_column_type(s, i) == SQLITE_NULL
		       ? CONFLICT_NONE
		       : sqlite3_column_int64(s, i);
}

static void
conflicts_bind(sqlite3_stmt *s, int i, int64_t v)
{
	if (v != CONFLICT_NONE)
		bind_i(s, i, v);
}

/* --- conflicts ------------------------------------------------------------ */
int
conflict_add(struct store *st, const struct conflict *c, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, ADD);

	bind_i(s, 1, c->entity);
	bind_i0(s, 2, c->other != CONFLICT_NONE ? c->other : 0);
	bind_i(s, 3, c->kind);
	bind_i(s, 4, c->base);
	bind_i(s, 5, c->ours);
	bind_i(s, 6, c->theirs);
	bind_i(s, 7, c->state);
	bind_i(s, 8, c->found);
	if (c->notes)
		bind_t(s, 9, c->notes, strlen(c->notes));
	return stmt_run(st, s, e);
}

int
conflict_put(struct store *st, const struct conflict *c, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, PUT);

	bind_i(s, 1, c->id);
	bind_i(s, 2, c->entity);
	conflicts_bind(s, 3, c->other);
	bind_i(s, 4, c->kind);
	conflicts_bind(s, 5, c->base);
	conflicts_bind(s, 6, c->ours);
	conflicts_bind(s, 7, c->theirs);
	conflicts_bind(s, 8, c->action);
	bind_i(s, 9, c->state);
	bind_i(s, 10, c->found);
	conflicts_bind(s, 11, c->closed);
	if (c->confidence >= 0)
		(void)sqlite3_bind_double(s, 12, c->confidence);
	if (c->notes)
		bind_t(s, 13, c->notes, strlen(c->notes));
	return stmt_run(st, s, e);
}

static int
conflicts_give(struct store *st, sqlite3_stmt *s, conflict_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		struct conflict c = {.id = sqlite3_column_int64(s, 0),
			.entity = sqlite3_column_int64(s, 1),
			.other = conflicts_number(s, 2),
			.kind = sqlite3_column_int64(s, 3),
			.base = conflicts_number(s, 4),
			.ours = conflicts_number(s, 5),
			.theirs = conflicts_number(s, 6),
			.action = conflicts_number(s, 7),
			.state = sqlite3_column_int64(s, 8),
			.found = sqlite3_column_int64(s, 9),
			.closed = conflicts_number(s, 10),
			.confidence = sqlite3_column_type(s, 11) == SQLITE_NULL
					      ? -1
					      : sqlite3_column_double(s, 11),
			.notes = (const char *)sqlite3_column_text(s, 12)};

		if (!c.notes && sqlite3_column_type(s, 12) != SQLITE_NULL)
			return err_nomem(e);
		rc = fn(ctx, &c);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
conflict_each(struct store *st, int64_t entity, conflict_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, PENDING);

	bind_i(s, 1, entity);
	return conflicts_give(st, s, fn, ctx, e);
}

int
conflict_each_at(struct store *st, int64_t ns, int64_t change, int64_t after,
	conflict_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, AT);

	bind_i(s, 1, ns);
	bind_i(s, 2, change);
	bind_i(s, 3, after);
	return conflicts_give(st, s, fn, ctx, e);
}
