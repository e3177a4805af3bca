/* The table of staged changes: what waits in an inbox for a decision, and what
 * was decided. A row names the change that wrote on the branch of the inbox:
 *
 *   change 7  state waiting    session s1   "remember that ada moved"
 *   change 8  state approved   by operator  its copy on main is change 9
 *
 * The state only moves away from waiting, but for an approval that is undone. */
#include "memory-db/store/log/staged.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

enum {
	PUT,
	DECIDE,
	SET_SHOWN,
	SET_TOLD,
	RELEASE,
	GET,
	EACH,
	EACH_OF,
	SHOWN,
	UNTOLD,
	AT,
	APPLIED,
	INBOX,
	UNSETTLED,
	NAMESPACES,
	SUM,
	SUM_ALL,
	SUM_OF
};

#define COLUMNS                                                                \
	"SELECT change, ns, session, branch, shown, at, facts, bytes, state,"  \
	" decided, applied, told, by, note FROM staged "

static const struct stmt_def defs[] = {
	[PUT] = {"INSERT OR REPLACE INTO staged(change, ns, session, branch,"
		 " shown, at, facts, bytes, state, decided, applied, told, by,"
		 " note) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		 " ?12, ?13, ?14)",
		14, STMT_WRITER},
	[DECIDE] = {"UPDATE staged SET state = ?2, decided = ?3, applied = ?4,"
		    " told = ?5, by = ?6, note = ?7 WHERE change = ?1",
		7, STMT_WRITER},
	[SET_SHOWN] = {"UPDATE staged SET shown = ?2 WHERE change = ?1", 2,
		STMT_WRITER},
	[SET_TOLD] = {"UPDATE staged SET told = 1 WHERE ns = ?1 AND"
		      " session = ?2 AND state > 0 AND told = 0",
		2, STMT_WRITER},
	[RELEASE] = {"UPDATE staged SET shown = 0 WHERE shown = ?1 AND"
		     " shown <> 0",
		1, STMT_WRITER},
	[GET] = {COLUMNS "WHERE change = ?1", 1, 0},
	/* ?2 -1: of any state. */
	[EACH] = {COLUMNS "WHERE change > ?3 AND ns = ?1 AND"
			  " (state = ?2 OR ?2 < 0) ORDER BY change",
		3, 0},
	[EACH_OF] = {COLUMNS "WHERE ns = ?1 AND session = ?2 AND"
			     " (state = ?3 OR ?3 < 0) AND change > ?4"
			     " ORDER BY change",
		4, 0},
	[SHOWN] = {COLUMNS "WHERE shown = ?1 AND shown <> 0 ORDER BY change", 1,
		0},
	[UNTOLD] = {COLUMNS "WHERE ns = ?1 AND session = ?2 AND state > 0 AND"
			    " told = 0 ORDER BY change",
		2, 0},
	[AT] = {COLUMNS "WHERE change > ?3 AND change <= ?2 AND"
			" (ns = ?1 OR ?1 = 0) ORDER BY change",
		3, 0},
	[APPLIED] = {COLUMNS "WHERE ns = ?1 AND session = ?2 AND state = 1"
			     " AND applied > ?3",
		3, 0},
	[INBOX] = {"SELECT shown FROM staged WHERE ns = ?1 AND session = ?2 AND"
		   " state = 0 AND shown <> 0 ORDER BY change DESC LIMIT 1",
		2, 0},
	[UNSETTLED] = {"SELECT 1 FROM staged INDEXED BY staged_shown WHERE"
		       " shown <> 0 AND state <> 0 LIMIT 1",
		0, 0},
	[NAMESPACES] = {"SELECT n.id FROM namespace n WHERE EXISTS (SELECT 1"
			" FROM staged s WHERE s.ns = n.id AND s.state = 0) OR"
			" n.id IN (SELECT ns FROM staged INDEXED BY"
			" staged_shown WHERE shown <> 0)",
		0, 0},
	[SUM] = {"SELECT count(*), coalesce(sum(bytes), 0),"
		 " count(DISTINCT session), coalesce(min(at), 0) FROM staged"
		 " WHERE ns = ?1 AND state = 0",
		1, 0},
	[SUM_ALL] = {"SELECT count(*), coalesce(sum(bytes), 0),"
		     " count(DISTINCT session), coalesce(min(at), 0)"
		     " FROM namespace n CROSS JOIN staged s ON s.ns = n.id AND"
		     " s.state = 0",
		0, 0},
	[SUM_OF] = {"SELECT count(*), coalesce(sum(bytes), 0), 1,"
		    " coalesce(min(at), 0) FROM staged WHERE ns = ?1 AND"
		    " state = 0 AND session = ?2",
		2, 0},
};
const struct stmt_module staged_module = {"staged", defs, ARRAY_LEN(defs)};

const struct store_table staged_tables[] = {
	{.name = "staged", .kind = TABLE_LINE, .forget = FORGET_BLANKS},
	{0},
};

const char *
staged_state_name(int state)
{
	static const char *const names[STAGED_STATES] = {
		[STAGED_WAITING] = "waiting",
		[STAGED_APPROVED] = "approved",
		[STAGED_REJECTED] = "rejected",
		[STAGED_EXPIRED] = "expired",
		[STAGED_WITHDRAWN] = "withdrawn",
	};

	return state >= 0 && state < STAGED_STATES ? names[state] : "unknown";
}

static void
staged_bind_text(sqlite3_stmt *s, int i, const char *text)
{
	if (text)
		bind_t(s, i, text, strlen(text));
}

/* --- writing -------------------------------------------------------------- */
int
staged_put(struct store *st, const struct staged *v, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_STAGED, PUT);

	bind_i(s, 1, v->change);
	bind_i(s, 2, v->ns);
	bind_i(s, 3, v->session);
	bind_i(s, 4, v->branch);
	bind_i(s, 5, v->shown);
	bind_i(s, 6, v->at);
	bind_i(s, 7, v->facts);
	bind_i(s, 8, v->bytes);
	bind_i(s, 9, (int64_t)v->state);
	bind_i0(s, 10, v->decided);
	bind_i0(s, 11, v->applied);
	bind_i(s, 12, v->told);
	staged_bind_text(s, 13, v->by);
	staged_bind_text(s, 14, v->note);
	return stmt_run(st, s, e);
}

int
staged_decide(struct store *st, const struct staged *v, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_STAGED, DECIDE);

	bind_i(s, 1, v->change);
	bind_i(s, 2, (int64_t)v->state);
	bind_i0(s, 3, v->decided);
	bind_i0(s, 4, v->applied);
	bind_i(s, 5, v->told);
	staged_bind_text(s, 6, v->by);
	staged_bind_text(s, 7, v->note);
	return stmt_run(st, s, e);
}

static int
staged_run_pair(struct store *st, int statement, int64_t a, int64_t b,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_STAGED, statement);

	bind_i(s, 1, a);
	bind_i(s, 2, b);
	return stmt_run(st, s, e);
}

int
staged_set_shown(struct store *st, int64_t change, int64_t branch,
	struct err *e)
{
	return staged_run_pair(st, SET_SHOWN, change, branch, e);
}

int
staged_release(struct store *st, int64_t branch, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_STAGED, RELEASE);

	bind_i(s, 1, branch);
	return stmt_run(st, s, e);
}

int
staged_set_told(struct store *st, int64_t ns, int64_t session, struct err *e)
{
	return staged_run_pair(st, SET_TOLD, ns, session, e);
}

/* --- reading -------------------------------------------------------------- */
static int
staged_text(sqlite3_stmt *s, int column, const char **ret, struct err *e)
{
	*ret = (const char *)sqlite3_column_text(s, column);
	return !*ret && sqlite3_column_type(s, column) != SQLITE_NULL
		       ? err_nomem(e)
		       : 0;
}

static int
staged_row(sqlite3_stmt *s, staged_fn fn, void *ctx, struct err *e)
{
	struct staged v = {.change = sqlite3_column_int64(s, 0),
		.ns = sqlite3_column_int64(s, 1),
		.session = sqlite3_column_int64(s, 2),
		.branch = sqlite3_column_int64(s, 3),
		.shown = sqlite3_column_int64(s, 4),
		.at = sqlite3_column_int64(s, 5),
		.facts = sqlite3_column_int64(s, 6),
		.bytes = sqlite3_column_int64(s, 7),
		.state = (enum staged_state)sqlite3_column_int(s, 8),
		.decided = sqlite3_column_int64(s, 9),
		.applied = sqlite3_column_int64(s, 10),
		.told = sqlite3_column_int(s, 11) != 0};
	int rc = staged_text(s, 12, &v.by, e);

	if (rc != 0)
		return rc;
	rc = staged_text(s, 13, &v.note, e);
	if (rc != 0)
		return rc;
	return fn(ctx, &v);
}

static int
staged_give(struct store *st, sqlite3_stmt *s, staged_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = staged_row(s, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
staged_get(struct store *st, int64_t change, staged_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_STAGED, GET);
	int rc;

	bind_i(s, 1, change);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	rc = staged_row(s, fn, ctx, e);
	return rc == 0 ? 1 : rc;
}

int
staged_each(struct store *st, int64_t ns, int64_t state, int64_t session,
	int64_t after, staged_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_STAGED,
		session == STAGED_ANY ? EACH : EACH_OF);

	bind_i(s, 1, ns);
	if (session == STAGED_ANY) {
		bind_i(s, 2, state);
		bind_i(s, 3, after);
	} else {
		bind_i(s, 2, session);
		bind_i(s, 3, state);
		bind_i(s, 4, after);
	}
	return staged_give(st, s, fn, ctx, e);
}

static int
staged_each_by(struct store *st, int statement, const int64_t *v, int n,
	staged_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_STAGED, statement);

	for (int i = 0; i < n; i++)
		bind_i(s, i + 1, v[i]);
	return staged_give(st, s, fn, ctx, e);
}

int
staged_each_shown(struct store *st, int64_t branch, staged_fn fn, void *ctx,
	struct err *e)
{
	return staged_each_by(st, SHOWN, &branch, 1, fn, ctx, e);
}

int
staged_each_untold(struct store *st, int64_t ns, int64_t session, staged_fn fn,
	void *ctx, struct err *e)
{
	const int64_t v[] = {ns, session};

	return staged_each_by(st, UNTOLD, v, 2, fn, ctx, e);
}

int
staged_each_at(struct store *st, int64_t ns, int64_t upto, int64_t after,
	staged_fn fn, void *ctx, struct err *e)
{
	const int64_t v[] = {ns, upto, after};

	return staged_each_by(st, AT, v, 3, fn, ctx, e);
}

int
staged_each_applied(struct store *st, int64_t ns, int64_t session,
	int64_t after, staged_fn fn, void *ctx, struct err *e)
{
	const int64_t v[] = {ns, session, after};

	return staged_each_by(st, APPLIED, v, 3, fn, ctx, e);
}

int
staged_inbox(struct store *st, int64_t ns, int64_t session, int64_t *ret_branch,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_STAGED, INBOX);

	bind_i(s, 1, ns);
	bind_i(s, 2, session);
	return stmt_int(st, s, ret_branch, e);
}

int
staged_each_namespace(struct store *st, int (*fn)(void *ctx, int64_t ns),
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_STAGED, NAMESPACES);
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, sqlite3_column_int64(s, 0));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
staged_unsettled(struct store *st, bool *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_STAGED, UNSETTLED);
	int rc = stmt_row(st, s, e);

	*ret = rc == 1;
	return rc < 0 ? rc : 0;
}

int
staged_sum(struct store *st, int64_t ns, int64_t session,
	struct staged_sum *ret, struct err *e)
{
	int all = ns != 0 ? SUM : SUM_ALL;
	int which = session != STAGED_ANY ? SUM_OF : all;
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_STAGED, which);
	int rc;

	if (which != SUM_ALL)
		bind_i(s, 1, ns);
	if (which == SUM_OF)
		bind_i(s, 2, session);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	*ret = (struct staged_sum){.changes = sqlite3_column_int64(s, 0),
		.bytes = sqlite3_column_int64(s, 1),
		.sessions = sqlite3_column_int64(s, 2),
		.oldest = sqlite3_column_int64(s, 3)};
	return 0;
}
