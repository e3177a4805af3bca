/* Sessions: what changes say of who wrote them. */
#include "memory-db/store/log/sessions.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"

enum { SESSIONS, SESSION, SESSION_LAST, SESSION_NS, SESSION_PLACES };

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
	[SESSION_PLACES] = {"SELECT DISTINCT c.ns, c.branch FROM change c"
			    " JOIN branch b ON b.id = c.branch"
			    " WHERE c.session = ?1 AND c.kind <> ?2 AND"
			    " b.state <> ?3 ORDER BY c.ns, c.branch",
		3, 0},
};
const struct stmt_module sessions_module = {"sessions", defs, ARRAY_LEN(defs)};

/* --- sessions ------------------------------------------------------------- */
static int
session_details(struct store *st, struct session_row *row, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SESSIONS, SESSION);
	int rc;

	bind_i(s, 1, row->session);
	bind_i(s, 2, row->last_change);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	row->client = sqlite3_column_int64(s, 0);
	row->ns = sqlite3_column_int64(s, 1);
	row->last_at = sqlite3_column_int64(s, 2);
	row->first_at = sqlite3_column_int64(s, 3);
	row->changes = sqlite3_column_int64(s, 4);
	return 0;
}

int
session_each(struct store *st, int64_t before, session_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SESSIONS, SESSIONS);
	int rc;

	bind_i(s, 1, before);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct session_row row = {.session = sqlite3_column_int64(s, 0),
			.last_change = sqlite3_column_int64(s, 1)};

		rc = session_details(st, &row, e);
		if (rc != 0)
			return rc;
		rc = fn(ctx, &row);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
session_get(struct store *st, int64_t session, struct session_row *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SESSIONS, SESSION_LAST);
	struct session_row row = {.session = session};
	int rc;

	bind_i(s, 1, session);
	rc = stmt_row(st, s, e);
	if (rc != 1 || sqlite3_column_type(s, 0) == SQLITE_NULL)
		return rc < 0 ? rc : 0;
	row.last_change = sqlite3_column_int64(s, 0);
	rc = session_details(st, &row, e);
	if (rc < 0)
		return rc;
	*ret = row;
	return 1;
}

int
session_namespaces(struct store *st, int64_t session, ns_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SESSIONS, SESSION_NS);
	int rc;

	bind_i(s, 1, session);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, sqlite3_column_int64(s, 0));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
session_places(struct store *st, int64_t session, session_place_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SESSIONS, SESSION_PLACES);

	bind_i(s, 1, session);
	bind_i(s, 2, CHANGE_BRANCH);
	bind_i(s, 3, BRANCH_DISCARDED);
	return stmt_each_pair(st, s, fn, ctx, e);
}
