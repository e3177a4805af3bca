/* The table of conflicts; conflicts.h says what a row is. A row is found by
 * either of its facts and by its entity, through indexes over the rows of
 * facts alone; that there is none at all, which is usual, costs one look
 * (conflict_any). */
#include "memory-db/store/log/conflicts.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

enum {
	ADD,
	PUT,
	GET,
	PAIR,
	OF_OURS,
	OF_THEIRS,
	ANY,
	OF_ENTITY,
	NEWEST,
	NEWEST_OF,
	AT,
	AFTER,
	EXTENT
};

#define COLUMNS                                                                \
	"SELECT c.id, c.entity, c.other, c.kind, c.base, c.ours, c.theirs,"    \
	" c.action, c.state, c.found, c.closed, c.confidence, c.notes,"        \
	" coalesce(c.ns, 0) FROM conflict c"
/* As the partial indexes have it. */
#define OF_FACTS " AND c.kind IN (1, 2, 3, 6)"
#define NS_OF	 "(SELECT ns FROM entity WHERE id = ?1)"

static const struct stmt_def defs[] = {
	[ADD] = {"INSERT INTO conflict(entity, other, kind, base, "
		 "ours, theirs, state, found, notes, action, confidence, ns) "
		 "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11," NS_OF
		 ") RETURNING id",
		11, STMT_WRITER},
	[PUT] = {"INSERT OR REPLACE INTO conflict(id, entity, other,"
		 " kind, base, ours, theirs, action, state, found,"
		 " closed, confidence, notes, ns) VALUES(?1, ?2, ?3, ?4,"
		 " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
		 " (SELECT ns FROM entity WHERE id = ?2))",
		13, STMT_WRITER},
	[GET] = {COLUMNS " WHERE c.id = ?1", 1, 0},
	[PAIR] = {"SELECT c.id FROM conflict c WHERE ((c.ours = ?1 AND "
		  "c.theirs = ?2) OR (c.ours = ?2 AND c.theirs = ?1))" OF_FACTS
		  " LIMIT 1",
		2, 0},
	[OF_OURS] = {COLUMNS " WHERE c.ours = ?1" OF_FACTS, 1, 0},
	[OF_THEIRS] = {COLUMNS " WHERE c.theirs = ?1" OF_FACTS, 1, 0},
	[ANY] = {"SELECT 1 FROM conflict c WHERE c.theirs > 0" OF_FACTS
		 " LIMIT 1",
		0, 0},
	[OF_ENTITY] = {COLUMNS " WHERE (c.entity = ?1 OR c.other = ?1)" OF_FACTS
			       " ORDER BY c.id DESC",
		1, 0},
	[NEWEST] = {COLUMNS " WHERE c.ns = ?1 AND c.id < ?2 ORDER BY c.id DESC",
		2, 0},
	[NEWEST_OF] = {COLUMNS " WHERE (c.entity = ?3 OR c.other = ?3) AND "
			       "c.ns = ?1 AND c.id < ?2 ORDER BY c.id DESC",
		3, 0},
	[AT] = {COLUMNS " JOIN entity e ON e.id = c.entity WHERE c.id > ?3"
			" AND (?1 = 0 OR e.ns = ?1) AND EXISTS (SELECT 1 FROM"
			" version v WHERE v.entity = e.id AND v.change <= ?2)"
			" ORDER BY c.id",
		3, 0},
	[AFTER] = {COLUMNS " WHERE c.id > ?1 ORDER BY c.id", 1, 0},
	[EXTENT] = {"SELECT (SELECT coalesce(max(id), 0) FROM conflict),"
		    " (SELECT count(*) FROM conflict),"
		    " (SELECT count(*) FROM conflict WHERE id > ?1)",
		1, 0},
};
const struct stmt_module conflicts_module = {"conflicts", defs,
	ARRAY_LEN(defs)};

const struct store_table conflicts_tables[] = {
	{.name = "conflict", .kind = TABLE_LINE, .forget = FORGET_BLANKS},
	{0},
};

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

/* --- words ---------------------------------------------------------------- */
const char *
conflict_kind_name(int64_t kind)
{
	static const char *const names[CONFLICT_KIND_MAX] = {NULL, "duplicate",
		"update", "contradiction", "attribute", "merge", "succession"};

	return kind > 0 && kind < CONFLICT_KIND_MAX ? names[kind] : NULL;
}

const char *
conflict_decision_name(int64_t decision)
{
	static const char *const names[DECIDED_MAX] = {NULL, "merge", "update",
		"branch", "keep_both"};

	return decision > 0 && decision < DECIDED_MAX ? names[decision] : NULL;
}

/* --- writing -------------------------------------------------------------- */
int
conflict_add(struct store *st, const struct conflict *c, int64_t *ret_id,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_CONFLICTS, ADD);
	int rc;

	bind_i(s, 1, c->entity);
	bind_i0(s, 2, c->other != CONFLICT_NONE ? c->other : 0);
	bind_i(s, 3, c->kind);
	conflicts_bind(s, 4, c->base);
	conflicts_bind(s, 5, c->ours);
	conflicts_bind(s, 6, c->theirs);
	bind_i(s, 7, c->state);
	bind_i(s, 8, c->found);
	if (c->notes)
		bind_t(s, 9, c->notes, strlen(c->notes));
	bind_i0(s, 10, c->action);
	if (c->confidence >= 0)
		(void)sqlite3_bind_double(s, 11, c->confidence);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc < 0 ? rc
			      : err_set(e, MDB_E_INTERNAL,
					"a conflict was not written");
	if (ret_id)
		*ret_id = sqlite3_column_int64(s, 0);
	return 0;
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
			.ns = sqlite3_column_int64(s, 13),
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

/* --- reading -------------------------------------------------------------- */
struct conflicts_seen {
	conflict_fn fn;
	void *ctx;
	int rc;
	bool found;
};

static int
conflicts_see(void *ctx, const struct conflict *c)
{
	struct conflicts_seen *x = ctx;

	x->found = true;
	x->rc = x->fn(x->ctx, c);
	return 1;
}

int
conflict_get(struct store *st, int64_t id, conflict_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, GET);
	struct conflicts_seen x = {fn, ctx, 0, false};
	int rc;

	bind_i(s, 1, id);
	rc = conflicts_give(st, s, conflicts_see, &x, e);
	if (rc < 0 || !x.found)
		return rc < 0 ? rc : 0;
	return x.rc != 0 ? x.rc : 1;
}

int
conflict_of_pair(struct store *st, int64_t a, int64_t b, int64_t *ret_id,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_CONFLICTS, PAIR);

	bind_i(s, 1, a);
	bind_i(s, 2, b);
	return stmt_int(st, s, ret_id, e);
}

int
conflict_each_of(struct store *st, int64_t fact, conflict_fn fn, void *ctx,
	struct err *e)
{
	int rc = 0;

	for (int which = OF_OURS; which <= OF_THEIRS; which++) {
		AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, which);

		bind_i(s, 1, fact);
		rc = conflicts_give(st, s, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
conflict_extent(struct store *st, int64_t after, int64_t *ret_last,
	int64_t *ret_n, int64_t *ret_added, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, EXTENT);
	int rc;

	bind_i(s, 1, after);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	*ret_last = sqlite3_column_int64(s, 0);
	*ret_n = sqlite3_column_int64(s, 1);
	*ret_added = sqlite3_column_int64(s, 2);
	return 0;
}

int
conflict_any(struct store *st, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_CONFLICTS, ANY);

	return stmt_row(st, s, e);
}

int
conflict_each_of_entity(struct store *st, int64_t entity, conflict_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, OF_ENTITY);

	bind_i(s, 1, entity);
	return conflicts_give(st, s, fn, ctx, e);
}

int
conflict_newest(struct store *st, int64_t ns, int64_t entity, int64_t before,
	conflict_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s =
		stmt_use(st, MOD_CONFLICTS, entity != 0 ? NEWEST_OF : NEWEST);

	bind_i(s, 1, ns);
	bind_i(s, 2, before);
	if (entity != 0)
		bind_i(s, 3, entity);
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

int
conflict_each_after(struct store *st, int64_t after, conflict_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_CONFLICTS, AFTER);

	bind_i(s, 1, after);
	return conflicts_give(st, s, fn, ctx, e);
}
