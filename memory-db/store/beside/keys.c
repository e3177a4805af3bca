/* The answers lie in the order of their ids: new ones come at one end of the
 * table and the oldest go at the other, so a write touches a page or two. */
#include "memory-db/store/beside/keys.h"

#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

/* Rows of one step of forgetting. */
#define OLD_KEYS 500

enum { FIND, REMEMBER, KEEP, TRIM, FORGET, MOVED, FORGET_OLD };

static const struct stmt_def defs[] = {
	[FIND] = {"SELECT r.change, a.asked, a.body FROM request r LEFT JOIN"
		  " answer a ON a.key = r.key WHERE r.key = ?1 AND r.at >= ?2",
		2, STMT_WRITER},
	[REMEMBER] = {"INSERT INTO request(key, change, at) VALUES(?1, 0, ?2)"
		      " ON CONFLICT(key) DO UPDATE SET change = 0,"
		      " at = excluded.at WHERE at < ?3",
		3, STMT_WRITER},
	[KEEP] = {"INSERT OR REPLACE INTO answer(key, ns, asked, body)"
		  " VALUES(?1, ?2, ?3, ?4)",
		4, STMT_WRITER},
	[TRIM] = {"DELETE FROM answer WHERE id <= ?1", 1, STMT_WRITER},
	[FORGET] = {"DELETE FROM answer WHERE ns IN (0, ?1)", 1, STMT_WRITER},
	[MOVED] = {"UPDATE answer SET ns = 0 WHERE ns > 0", 0, STMT_WRITER},
	[FORGET_OLD] = {"DELETE FROM request WHERE key IN (SELECT key FROM "
			"request WHERE at < ?1 LIMIT ?2)",
		2, STMT_WRITER},
};
const struct stmt_module keys_module = {"keys", defs, ARRAY_LEN(defs)};

/* Each slice moves texts, and an answer does not say which it holds. */
static int
keys_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e)
{
	(void)from;
	(void)to;
	(void)is_last;
	return keys_moved(st, e);
}

const struct store_table keys_tables[] = {
	{.name = "answer",
		.kind = TABLE_LOCAL,
		.forget = FORGET_DROPS,
		.merged = keys_merged},
	{0},
};

int64_t
key_hash(const struct store *st, const void *data, size_t n)
{
	int64_t h;

	crypto_shorthash((unsigned char *)&h, data, n, st->base->sip_key);
	return h;
}

static int64_t
oldest(void)
{
	return clock_now_ms() - LIMIT_KEY_AGE_MS;
}

int
key_find(struct store *st, const char *key, struct key_seen *ret,
	struct buf *body, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_KEYS, FIND);
	int rc;

	bind_b(s, 1, key, strlen(key));
	bind_i(s, 2, oldest());
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	*ret = (struct key_seen){.change = sqlite3_column_int64(s, 0),
		.is_known = sqlite3_column_type(s, 1) != SQLITE_NULL,
		.asked = sqlite3_column_int64(s, 1),
		.has_answer = sqlite3_column_type(s, 2) != SQLITE_NULL};
	if (ret->has_answer && buf_add(body, sqlite3_column_text(s, 2),
				       (size_t)sqlite3_column_bytes(s, 2)) != 0)
		return err_nomem(e);
	return 1;
}

int
key_keep(struct store *st, const char *key, int64_t asked, int64_t texts,
	const struct buf *answer, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_KEYS, REMEMBER);
	int64_t id;
	int rc;

	bind_b(s, 1, key, strlen(key));
	bind_i(s, 2, clock_now_ms());
	bind_i(s, 3, oldest());
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_KEYS, KEEP);
	bind_b(s, 1, key, strlen(key));
	bind_i(s, 2, texts);
	bind_i(s, 3, asked);
	if (answer)
		bind_t(s, 4, answer->data, answer->len);
	rc = stmt_run(st, s, e);
	id = sqlite3_last_insert_rowid(st->db);
	if (rc != 0 || id <= LIMIT_KEY_ANSWERS)
		return rc;
	s = stmt_use(st, MOD_KEYS, TRIM);
	bind_i(s, 1, id - LIMIT_KEY_ANSWERS);
	return stmt_run(st, s, e);
}

int
keys_forget(struct store *st, int64_t ns, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_KEYS, FORGET);

	bind_i(s, 1, ns);
	return stmt_run(st, s, e);
}

int
keys_moved(struct store *st, struct err *e)
{
	return stmt_run(st, stmt_use(st, MOD_KEYS, MOVED), e);
}

int
keys_forget_old(struct store *st, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_KEYS, FORGET_OLD);
	int rc;

	bind_i(s, 1, oldest());
	bind_i(s, 2, OLD_KEYS);
	rc = stmt_run(st, s, e);
	return rc ? rc : sqlite3_changes(st->db) == OLD_KEYS;
}
