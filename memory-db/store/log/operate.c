#include "memory-db/store/log/operate.h"

#include <string.h>

#include "memory-db/store/log/branch.h"
#include "memory-db/store/engine/store_internal.h"

enum {
	SESSIONS,
	SESSION,
	SESSION_LAST,
	SESSION_NS,
	NAMESPACES,
	NS_ALIASES,
	HEAD_NOW,
	HEAD_AT,
	NS_RENAME,
	NS_ALIAS,
	NS_UNALIAS,
	NS_CREATE,
	ALIASES,
	ENTITY_CREATE,
	ENTITY_HAS,
	CONFLICTS,
	CONFLICT_PUT,
	BRANCH_CREATE
};

#define TOTAL(key)                                                             \
	"coalesce((SELECT t.n FROM tally t WHERE t.ns = n.id AND t.kind = 1"   \
	" AND t.key = " key "), 0)"

static const struct stmt_def defs[] = {
	/* A loose scan: one step of the index per session, not per change. */
	[SESSIONS] = {"WITH RECURSIVE s(id) AS (SELECT (SELECT min(session)"
		      " FROM change WHERE session > 0) UNION ALL SELECT"
		      " (SELECT min(session) FROM change WHERE session > s.id)"
		      " FROM s WHERE s.id IS NOT NULL)"
		      " SELECT s.id, (SELECT max(c.id) FROM change c"
		      " WHERE c.session = s.id) AS last FROM s"
		      " WHERE s.id IS NOT NULL AND last < ?1"
		      " ORDER BY last DESC",
		1, 0},
	[SESSION] = {"SELECT l.client, l.ns, l.at, (SELECT at FROM change"
		     " WHERE session = ?1 ORDER BY id LIMIT 1),"
		     " (SELECT count(*) FROM change WHERE session = ?1)"
		     " FROM change l WHERE l.id = ?2",
		2, 0},
	[SESSION_LAST] = {"SELECT max(id) FROM change WHERE session = ?1", 1,
		0},
	[SESSION_NS] = {"SELECT DISTINCT ns FROM change WHERE session = ?1"
			" ORDER BY ns",
		1, 0},
	[NAMESPACES] =
		{"SELECT n.id, n.name, n.stem, n.head, n.last_change, " TOTAL(
			 "1") ", " TOTAL("2") ", " TOTAL("5") " FROM namespace n WHERE ?1 = 0 OR n.id = ?1"
							      " ORDER BY n.id",
			1, 0},
	[NS_ALIASES] = {"SELECT name FROM namespace_alias WHERE ns = ?1"
			" ORDER BY name",
		1, 0},
	[HEAD_NOW] = {"SELECT head, last_change FROM namespace WHERE id = ?1"
		      " AND last_change BETWEEN 1 AND ?2",
		2, 0},
	[HEAD_AT] = {"SELECT chain, id FROM change WHERE ns = ?1 AND id <= ?2"
		     " ORDER BY id DESC LIMIT 1",
		2, 0},
	[NS_RENAME] = {"UPDATE namespace SET name = ?2 WHERE id = ?1", 2,
		STMT_WRITER},
	[NS_ALIAS] = {"INSERT INTO namespace_alias(name, ns) VALUES(?2, ?1)", 2,
		STMT_WRITER},
	[NS_UNALIAS] = {"DELETE FROM namespace_alias WHERE name = ?1", 1,
		STMT_WRITER},
	[NS_CREATE] = {"INSERT INTO namespace(id, name, stem, head, fact_max,"
		       " past_max) VALUES(?1, ?2, ?3, zeroblob(32), ?1 << 33,"
		       " ?1 << 33)",
		3, STMT_WRITER},
	[ALIASES] =
		{"SELECT a.ns, a.name, a.entity FROM alias a"
		 " WHERE (a.ns, a.name) > (?3, ?4) AND (?1 = 0 OR a.ns = ?1)"
		 " AND a.lent = 1"
		 " AND EXISTS (SELECT 1 FROM version v"
		 " WHERE v.entity = a.entity AND v.change <= ?2)"
		 " ORDER BY a.ns, a.name, a.entity",
			4, 0},
	[ENTITY_CREATE] = {"INSERT INTO entity(id, ns, name)"
			   " VALUES(?1, ?2, ?3)",
		3, STMT_WRITER},
	[ENTITY_HAS] = {"SELECT 1 FROM entity WHERE id = ?1", 1, 0},
	[CONFLICTS] = {"SELECT c.id, c.entity, c.other, c.kind, c.base, c.ours,"
		       " c.theirs, c.action, c.state, c.found, c.closed,"
		       " c.confidence, c.notes FROM conflict c JOIN entity e"
		       " ON e.id = c.entity WHERE c.id > ?3"
		       " AND (?1 = 0 OR e.ns = ?1) AND EXISTS (SELECT 1 FROM"
		       " version v WHERE v.entity = e.id AND v.change <= ?2)"
		       " ORDER BY c.id",
		3, 0},
	[CONFLICT_PUT] = {"INSERT OR REPLACE INTO conflict(id, entity, other,"
			  " kind, base, ours, theirs, action, state, found,"
			  " closed, confidence, notes) VALUES(?1, ?2, ?3, ?4,"
			  " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		13, STMT_WRITER},
	[BRANCH_CREATE] = {"INSERT INTO branch(id, ns, name, about, parent,"
			   " fork) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
		6, STMT_WRITER},
};
const struct stmt_module operate_module = {"operate", defs, ARRAY_LEN(defs)};

static void
bind_s(sqlite3_stmt *s, int i, const char *text)
{
	bind_t(s, i, text, strlen(text));
}

/* --- sessions ------------------------------------------------------------- */
static int
session_details(struct store *st, struct session_row *row, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, SESSION);
	int r;

	bind_i(s, 1, row->session);
	bind_i(s, 2, row->last_change);
	r = stmt_row(st, s, e);
	if (r != 1)
		return r;
	row->client = sqlite3_column_int64(s, 0);
	row->ns = sqlite3_column_int64(s, 1);
	row->last_at = sqlite3_column_int64(s, 2);
	row->first_at = sqlite3_column_int64(s, 3);
	row->changes = sqlite3_column_int64(s, 4);
	return 0;
}

int
operate_sessions(struct store *st, int64_t before, session_fn fn, void *ctx,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, SESSIONS);
	int r;

	bind_i(s, 1, before);
	while ((r = stmt_row(st, s, e)) == 1) {
		struct session_row row = {.session = sqlite3_column_int64(s, 0),
			.last_change = sqlite3_column_int64(s, 1)};

		r = session_details(st, &row, e);
		if (r == 0)
			r = fn(ctx, &row);
		if (r != 0)
			return r;
	}
	return r;
}

int
operate_session(struct store *st, int64_t session, struct session_row *ret,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, SESSION_LAST);
	struct session_row row = {.session = session};
	int r;

	bind_i(s, 1, session);
	r = stmt_row(st, s, e);
	if (r != 1 || sqlite3_column_type(s, 0) == SQLITE_NULL)
		return r < 0 ? r : 0;
	row.last_change = sqlite3_column_int64(s, 0);
	r = session_details(st, &row, e);
	if (r < 0)
		return r;
	*ret = row;
	return 1;
}

int
operate_session_namespaces(struct store *st, int64_t session, ns_fn fn,
	void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, SESSION_NS);
	int r;

	bind_i(s, 1, session);
	while ((r = stmt_row(st, s, e)) == 1) {
		r = fn(ctx, sqlite3_column_int64(s, 0));
		if (r != 0)
			return r;
	}
	return r;
}

/* --- namespaces ----------------------------------------------------------- */
int
operate_namespaces(struct store *st, int64_t only, namespace_fn fn, void *ctx,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, NAMESPACES);
	int r;

	bind_i(s, 1, only);
	while ((r = stmt_row(st, s, e)) == 1) {
		struct namespace_row row = {.id = sqlite3_column_int64(s, 0),
			.name = (const char *)sqlite3_column_text(s, 1),
			.stem = (const char *)sqlite3_column_text(s, 2),
			.head = sqlite3_column_blob(s, 3),
			.last_change = sqlite3_column_int64(s, 4),
			.entities = sqlite3_column_int64(s, 5),
			.observations = sqlite3_column_int64(s, 6),
			.changes = sqlite3_column_int64(s, 7)};

		if (sqlite3_column_bytes(s, 3) != 32)
			return err_set(e, MDB_E_CORRUPT,
				"the head of namespace '%.100s' has not 32 "
				"bytes",
				row.name);
		r = fn(ctx, &row);
		if (r != 0)
			return r;
	}
	return r;
}

/* Gives column 0 of each row of s to fn. */
static int
each_text(struct store *st, sqlite3_stmt *s, name_fn fn, void *ctx,
	struct err *e)
{
	int r;

	while ((r = stmt_row(st, s, e)) == 1) {
		r = fn(ctx, (const char *)sqlite3_column_text(s, 0),
			(size_t)sqlite3_column_bytes(s, 0));
		if (r != 0)
			return r;
	}
	return r;
}

int
operate_namespace_aliases(struct store *st, int64_t ns, name_fn fn, void *ctx,
	struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, NS_ALIASES);

	bind_i(s, 1, ns);
	return each_text(st, s, fn, ctx, e);
}

static int
find_head(struct store *st, int statement, int64_t ns, int64_t change,
	unsigned char ret[32], int64_t *ret_change, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, statement);
	int r;

	bind_i(s, 1, ns);
	bind_i(s, 2, change);
	r = stmt_row(st, s, e);
	if (r != 1)
		return r;
	if (sqlite3_column_bytes(s, 0) != 32)
		return err_set(e, MDB_E_CORRUPT,
			"the chain of change %lld has not 32 bytes",
			(long long)sqlite3_column_int64(s, 1));
	memcpy(ret, sqlite3_column_blob(s, 0), 32);
	*ret_change = sqlite3_column_int64(s, 1);
	return 1;
}

int
operate_head_at(struct store *st, int64_t ns, int64_t change,
	unsigned char ret[32], int64_t *ret_change, struct err *e)
{
	/* The log is searched from `change` back only for a past state. */
	int r = find_head(st, HEAD_NOW, ns, change, ret, ret_change, e);

	return r != 0 ? r
		      : find_head(st, HEAD_AT, ns, change, ret, ret_change, e);
}

int
operate_rename_namespace(struct store *st, int64_t ns, const char *name,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OPERATE, NS_RENAME);

	bind_i(s, 1, ns);
	bind_s(s, 2, name);
	return stmt_run(st, s, e);
}

int
operate_alias_namespace(struct store *st, int64_t ns, const char *alias,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OPERATE, NS_ALIAS);

	bind_i(s, 1, ns);
	bind_s(s, 2, alias);
	return stmt_run(st, s, e);
}

int
operate_unalias_namespace(struct store *st, const char *alias, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OPERATE, NS_UNALIAS);

	bind_s(s, 1, alias);
	return stmt_run(st, s, e);
}

int
operate_create_namespace(struct store *st, int64_t ns, const char *name,
	const char *stem, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OPERATE, NS_CREATE);

	bind_i(s, 1, ns);
	bind_s(s, 2, name);
	bind_s(s, 3, stem);
	return stmt_run(st, s, e);
}

/* --- names of entities ---------------------------------------------------- */
int
operate_aliases(struct store *st, int64_t ns, int64_t change, int64_t after_ns,
	const char *after, alias_fn fn, void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, ALIASES);
	int r;

	bind_i(s, 1, ns);
	bind_i(s, 2, change);
	bind_i(s, 3, after_ns);
	bind_s(s, 4, after);
	while ((r = stmt_row(st, s, e)) == 1) {
		r = fn(ctx, sqlite3_column_int64(s, 0),
			(const char *)sqlite3_column_text(s, 1),
			(size_t)sqlite3_column_bytes(s, 1),
			sqlite3_column_int64(s, 2));
		if (r != 0)
			return r;
	}
	return r;
}

int
operate_create_entity(struct store *st, int64_t id, int64_t ns,
	const char *name, size_t n, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OPERATE, ENTITY_CREATE);

	bind_i(s, 1, id);
	bind_i(s, 2, ns);
	if (name != NULL)
		bind_t(s, 3, name, n);
	return stmt_run(st, s, e);
}

int
operate_has_entity(struct store *st, int64_t id, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, ENTITY_HAS);

	bind_i(s, 1, id);
	return stmt_row(st, s, e);
}

/* --- rows that are no changes --------------------------------------------- */
static int64_t
number_or_none(sqlite3_stmt *s, int i)
{
	return sqlite3_column_type(s, i) == SQLITE_NULL
		       ? CONFLICT_NONE
		       : sqlite3_column_int64(s, i);
}

static void
bind_or_none(sqlite3_stmt *s, int i, int64_t v)
{
	if (v != CONFLICT_NONE)
		bind_i(s, i, v);
}

int
operate_conflicts(struct store *st, int64_t ns, int64_t change, int64_t after,
	conflict_line_fn fn, void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_OPERATE, CONFLICTS);
	int r;

	bind_i(s, 1, ns);
	bind_i(s, 2, change);
	bind_i(s, 3, after);
	while ((r = stmt_row(st, s, e)) == 1) {
		struct conflict_line c = {.id = sqlite3_column_int64(s, 0),
			.entity = sqlite3_column_int64(s, 1),
			.other = number_or_none(s, 2),
			.kind = sqlite3_column_int64(s, 3),
			.base = number_or_none(s, 4),
			.ours = number_or_none(s, 5),
			.theirs = number_or_none(s, 6),
			.action = number_or_none(s, 7),
			.state = sqlite3_column_int64(s, 8),
			.found = sqlite3_column_int64(s, 9),
			.closed = number_or_none(s, 10),
			.confidence = sqlite3_column_type(s, 11) == SQLITE_NULL
					      ? -1
					      : sqlite3_column_double(s, 11),
			.notes = (const char *)sqlite3_column_text(s, 12)};

		r = fn(ctx, &c);
		if (r != 0)
			return r;
	}
	return r;
}

int
operate_put_conflict(struct store *st, const struct conflict_line *c,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OPERATE, CONFLICT_PUT);

	bind_i(s, 1, c->id);
	bind_i(s, 2, c->entity);
	bind_or_none(s, 3, c->other);
	bind_i(s, 4, c->kind);
	bind_or_none(s, 5, c->base);
	bind_or_none(s, 6, c->ours);
	bind_or_none(s, 7, c->theirs);
	bind_or_none(s, 8, c->action);
	bind_i(s, 9, c->state);
	bind_i(s, 10, c->found);
	bind_or_none(s, 11, c->closed);
	if (c->confidence >= 0)
		(void)sqlite3_bind_double(s, 12, c->confidence);
	if (c->notes != NULL)
		bind_s(s, 13, c->notes);
	return stmt_run(st, s, e);
}

int
operate_create_branch(struct store *st, const struct branch_row *b,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OPERATE, BRANCH_CREATE);

	bind_i(s, 1, b->id);
	bind_i(s, 2, b->ns);
	bind_s(s, 3, b->name);
	if (b->about != NULL)
		bind_s(s, 4, b->about);
	bind_i(s, 5, b->parent);
	bind_i(s, 6, b->fork);
	return stmt_run(st, s, e);
}

const char *
operate_database_id(const struct store *st)
{
	return database_id(st->base);
}
