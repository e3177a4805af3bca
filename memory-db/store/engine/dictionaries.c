#include "memory-db/store/engine/dictionaries.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

#define DIGEST_BYTES 16

enum { LOAD, ADD, DROP_OTHERS, EACH };

static const struct stmt_def defs[] = {
	[LOAD] = {"SELECT bytes FROM dictionary WHERE id = ?1", 1, 0},
	[ADD] = {"INSERT INTO dictionary(ns, at, digest, bytes) "
		 "VALUES(?1, ?2, ?3, ?4)",
		4, STMT_WRITER},
	[DROP_OTHERS] = {"DELETE FROM dictionary WHERE ns = ?1 AND id <> ?2", 2,
		STMT_WRITER},
	[EACH] = {"SELECT id, ns, digest, bytes FROM dictionary "
		  "WHERE ?1 IN (0, ns) ORDER BY id",
		1, 0},
};
const struct stmt_module dictionaries_module = {"dictionaries", defs,
	ARRAY_LEN(defs)};

const struct store_table dictionaries_tables[] = {
	{.name = "dictionary",
		.kind = TABLE_LOCAL,
		.forget = FORGET_DROPS,
		.verified = "dictionary"},
	{0},
};

int
dictionary_load(void *ctx, int64_t id, struct buf *out, struct err *e)
{
	struct store *st = ctx;
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_DICTIONARIES, LOAD);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	if (buf_add(out, sqlite3_column_blob(s, 0),
		    (size_t)sqlite3_column_bytes(s, 0)) != 0)
		return err_nomem(e);
	return 1;
}

static void
digest_of(const void *bytes, size_t n, unsigned char ret[DIGEST_BYTES])
{
	(void)crypto_generichash(ret, DIGEST_BYTES, bytes, n, NULL, 0);
}

int
dictionary_add(struct store *st, int64_t ns, const void *bytes, size_t n,
	int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_DICTIONARIES, ADD);
	unsigned char digest[DIGEST_BYTES];
	int rc;

	assert(n > 0 && n <= LIMIT_DICTIONARY_BYTES);
	digest_of(bytes, n, digest);
	bind_i(s, 1, ns);
	bind_i(s, 2, clock_now_ms());
	bind_b(s, 3, digest, sizeof(digest));
	bind_b(s, 4, bytes, n);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	*ret_id = sqlite3_last_insert_rowid(st->db);
	return *ret_id <= CODEC_ID_MAX
		       ? 0
		       : err_set(e, MDB_E_LIMIT, "no dictionary can be added");
}

int
dictionary_drop_others(struct store *st, int64_t ns, int64_t but, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_DICTIONARIES, DROP_OTHERS);

	bind_i(s, 1, ns);
	bind_i(s, 2, but);
	return stmt_run(st, s, e);
}

int
dictionary_each(struct store *st, int64_t ns, dictionary_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_DICTIONARIES, EACH);
	int rc;

	bind_i(s, 1, ns);
	while ((rc = stmt_row(st, s, e)) == 1) {
		unsigned char digest[DIGEST_BYTES];
		struct dictionary_row d = {sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_blob(s, 3),
			(size_t)sqlite3_column_bytes(s, 3), false};

		digest_of(d.bytes, d.n, digest);
		d.is_damaged = sqlite3_column_bytes(s, 2) != DIGEST_BYTES ||
			       memcmp(digest, sqlite3_column_blob(s, 2),
				       DIGEST_BYTES) != 0;
		rc = fn(ctx, &d);
		if (rc != 0)
			return rc;
	}
	return rc;
}
