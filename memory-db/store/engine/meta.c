/* Named state: small texts in the table meta. */
#include "memory-db/store/engine/meta.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"

enum { GET, SET, DROP, EACH };

static const struct stmt_def defs[] = {
	[GET] = {"SELECT value FROM meta WHERE key = ?1", 1, 0},
	[SET] = {"INSERT INTO meta(key, value) VALUES(?1, ?2)"
		 " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
		2, STMT_WRITER},
	[DROP] = {"DELETE FROM meta WHERE key >= ?1 AND key < ?2", 2,
		STMT_WRITER},
	[EACH] = {"SELECT value FROM meta WHERE key >= ?1 AND key < ?2"
		  " ORDER BY key",
		2, 0},
};
const struct stmt_module meta_module = {"meta", defs, ARRAY_LEN(defs)};

static void
meta_bind(sqlite3_stmt *s, int i, const char *text)
{
	bind_t(s, i, text, strlen(text));
}

int
meta_get(struct store *st, const char *key, struct buf *out, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_META, GET);
	int r;

	meta_bind(s, 1, key);
	r = stmt_row(st, s, e);
	if (r != 1)
		return r;
	if (buf_add(out, sqlite3_column_text(s, 0),
		    (size_t)sqlite3_column_bytes(s, 0)) != 0)
		return err_nomem(e);
	return 1;
}

int
meta_set(struct store *st, const char *key, const char *value, size_t n,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_META, SET);

	meta_bind(s, 1, key);
	bind_t(s, 2, value, n);
	return stmt_run(st, s, e);
}

int
meta_drop(struct store *st, const char *from, const char *to, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_META, DROP);

	meta_bind(s, 1, from);
	meta_bind(s, 2, to);
	return stmt_run(st, s, e);
}

int
meta_each(struct store *st, const char *from, const char *to, meta_fn fn,
	void *ctx, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_META, EACH);
	int r;

	meta_bind(s, 1, from);
	meta_bind(s, 2, to);
	while ((r = stmt_row(st, s, e)) == 1) {
		r = fn(ctx, (const char *)sqlite3_column_text(s, 0),
			(size_t)sqlite3_column_bytes(s, 0));
		if (r != 0)
			return r;
	}
	return r;
}
