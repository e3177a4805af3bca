/* Entities by id, as a log gives them. */
#include "memory-db/store/facts/entity_ids.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"

enum { ALIASES, ENTITY_CREATE, ENTITY_HAS };

static const struct stmt_def defs[] = {
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
};
const struct stmt_module entity_ids_module = {"entity_ids", defs,
	ARRAY_LEN(defs)};

/* --- names of entities ---------------------------------------------------- */
int
entity_each_lent(struct store *st, int64_t ns, int64_t change, int64_t after_ns,
	const char *after, alias_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_ENTITY_IDS, ALIASES);
	int rc;

	bind_i(s, 1, ns);
	bind_i(s, 2, change);
	bind_i(s, 3, after_ns);
	bind_t(s, 4, after, strlen(after));
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, sqlite3_column_int64(s, 0),
			(const char *)sqlite3_column_text(s, 1),
			(size_t)sqlite3_column_bytes(s, 1),
			sqlite3_column_int64(s, 2));
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
entity_create_as(struct store *st, int64_t id, int64_t ns, const char *name,
	size_t n, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_ENTITY_IDS, ENTITY_CREATE);

	bind_i(s, 1, id);
	bind_i(s, 2, ns);
	if (name)
		bind_t(s, 3, name, n);
	return stmt_run(st, s, e);
}

int
entity_is_known(struct store *st, int64_t id, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_ENTITY_IDS, ENTITY_HAS);

	bind_i(s, 1, id);
	return stmt_row(st, s, e);
}
