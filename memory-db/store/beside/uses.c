#include "memory-db/store/beside/uses.h"

#include "memory-db/store/engine/store_internal.h"

enum { READS, RUNS, PUT_READS, PUT_RUNS };

/* A namespace is in the high bits of no entity id: its row has it. */
#define OF_NAMESPACE "(?2 = 0 OR e.ns = ?2)"

static const struct stmt_def defs[] = {
	[READS] = {"SELECT u.entity, u.hits, u.last_at, u.confirmed_at, 0, 0"
		   " FROM usage u CROSS JOIN entity e ON e.id = u.entity"
		   " WHERE u.entity > ?1 AND " OF_NAMESPACE
		   " AND u.last_at >= ?3 ORDER BY u.entity",
		3, 0},
	[RUNS] = {"SELECT u.entity, u.runs, u.last_at, 0, u.ok, u.us"
		  " FROM skill_run u CROSS JOIN entity e ON e.id = u.entity"
		  " WHERE u.entity > ?1 AND " OF_NAMESPACE
		  " AND u.last_at >= ?3 ORDER BY u.entity",
		3, 0},
	[PUT_READS] = {"INSERT INTO usage(entity, hits, last_at, confirmed_at)"
		       " SELECT id, ?2, ?3, ?4 FROM entity WHERE id = ?1 AND"
		       " name IS NOT NULL ON CONFLICT(entity) DO UPDATE SET"
		       " hits = max(hits, excluded.hits),"
		       " last_at = max(last_at, excluded.last_at),"
		       " confirmed_at = max(confirmed_at,"
		       " excluded.confirmed_at)",
		4, STMT_WRITER},
	[PUT_RUNS] = {"INSERT INTO skill_run(entity, runs, last_at, ok, us)"
		      " SELECT id, ?2, ?3, ?4, ?5 FROM entity WHERE id = ?1 AND"
		      " name IS NOT NULL ON CONFLICT(entity) DO UPDATE SET"
		      " runs = max(runs, excluded.runs),"
		      " last_at = max(last_at, excluded.last_at),"
		      " ok = max(ok, excluded.ok), us = max(us, excluded.us)",
		5, STMT_WRITER},
};
const struct stmt_module uses_module = {"uses", defs, ARRAY_LEN(defs)};

int
uses_each(struct store *st, enum use_kind kind, int64_t ns, int64_t after,
	int64_t since_ms, use_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s =
		stmt_use(st, MOD_USES, kind == USE_READS ? READS : RUNS);
	int rc;

	bind_i(s, 1, after);
	bind_i(s, 2, ns);
	bind_i(s, 3, since_ms);
	while ((rc = stmt_row(st, s, e)) == 1) {
		const struct use u = {sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4),
			sqlite3_column_int64(s, 5)};

		rc = fn(ctx, &u);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
uses_put(struct store *st, enum use_kind kind, const struct use *u,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_USES,
		kind == USE_READS ? PUT_READS : PUT_RUNS);

	bind_i(s, 1, u->entity);
	bind_i(s, 2, u->n);
	bind_i(s, 3, u->last_at);
	if (kind == USE_READS) {
		bind_i(s, 4, u->confirmed_at);
	} else {
		bind_i(s, 4, u->ok);
		bind_i(s, 5, u->us);
	}
	return stmt_run(st, s, e);
}
