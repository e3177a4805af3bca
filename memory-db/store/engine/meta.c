/* Named state: small texts in the table `meta`, by key.
 *
 * This file is the only one that knows the table. A key begins with one of
 * the words listed here, so that all that is kept can be found: "run:" and
 * an id for a run of slices, "settings/" and the number of a namespace.
 * Writing a key that no list knows is a bug and stops the program. */
#include "memory-db/store/engine/meta.h"

#include <assert.h>
#include <string.h>

#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

/* All keys of the table, so that two owners never take the same. The first ones
 * have statements of their own, as they are read before there are any others or
 * are no texts. */
static const struct {
	const char *prefix, *owner, *meaning;
} meta_keys[] = {
	{"database_id", "engine/migrate.c", "identity of the database"},
	{"instance_id", "engine/migrate.c", "identity of this copy of it"},
	{"sip_key", "engine/migrate.c", "secret of its hashes"},
	{"tokenizer", "check/fts_rebuild.c", "version of the tokens indexed"},
	{"erasing", "check/erase.c", "traces of what was erased remain"},
	{META_RUN, "model/time/sliced_run.c", "a run, with its place"},
	{META_RUN_OPEN, "model/time/sliced_run.c", "the run of a target"},
	{META_IMPORT, "model/transfer/import.c", "how far an import is"},
	{META_HIDDEN, "model/write/hiding_budget.c", "hidden by a session"},
	{META_RECALL_WEIGHTS, "model/recall/recall_settings.c",
		"weights of a namespace"},
	{META_CURATED, "model/curate/alone.c", "when a namespace was curated"},
	{META_SETTINGS, "model/scope/settings.c", "settings of a namespace"},
	{META_SCAN, "model/order/scan.c", "how far a scan is"},
	{META_SCANNING, "model/order/scan.c", "scans under way"},
	{META_SKILLS, "model/write/skill.c", "older skills have no mark"},
	{META_SETTLED, "work/recover.c", "takes the place of a lost COMMIT"},
	{META_BASE, "log/base.c", "up to where a history was folded"},
};

enum { GET, SET, DROP, EACH, DROP_ONE };

static const struct stmt_def defs[] = {
	[GET] = {"SELECT value FROM meta WHERE key = ?1", 1, 0},
	[SET] = {"INSERT INTO meta(key, value) VALUES(?1, ?2)"
		 " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
		2, STMT_WRITER},
	[DROP] = {"DELETE FROM meta WHERE key >= ?1 AND key < ?2", 2,
		STMT_WRITER},
	[DROP_ONE] = {"DELETE FROM meta WHERE key = ?1", 1, STMT_WRITER},
	[EACH] = {"SELECT value FROM meta WHERE key >= ?1 AND key < ?2"
		  " ORDER BY key",
		2, 0},
};
const struct stmt_module meta_module = {"meta", defs, ARRAY_LEN(defs)};

const struct store_table meta_tables[] = {
	{.name = "meta", .kind = TABLE_LOCAL, .forget = FORGET_ELSEWHERE},
	{0},
};

static void
meta_bind(sqlite3_stmt *s, int i, const char *text)
{
	bind_t(s, i, text, strlen(text));
}

/* --- what may be kept ------------------------------------------------------ */
static void
meta_changed(struct store *st)
{
	st->meta_state++;
}

uint64_t
meta_state(const struct store *st)
{
	return st->role == STORE_WRITER && st->in_group ? st->meta_state : 0;
}

/* A group that begins may follow one of another program; what is undone may
 * have been such a text. */
const struct participant meta_participant = {
	.name = "meta",
	.begin = meta_changed,
	.undone = meta_changed,
	.rolled_back = meta_changed,
};

/* --- the texts ------------------------------------------------------------- */
bool
meta_is_known(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(meta_keys); i++)
		if (strncmp(key, meta_keys[i].prefix,
			    strlen(meta_keys[i].prefix)) == 0)
			return true;
	return false;
}

int
meta_get(struct store *st, const char *key, struct buf *out, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_META, GET);
	int rc;

	meta_bind(s, 1, key);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
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

	assert(meta_is_known(key)); /* its owner stands in meta_keys */
	meta_changed(st);
	meta_bind(s, 1, key);
	bind_t(s, 2, value, n);
	return stmt_run(st, s, e);
}

int
meta_drop_one(struct store *st, const char *key, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_META, DROP_ONE);

	meta_changed(st);
	meta_bind(s, 1, key);
	return stmt_run(st, s, e);
}

int
meta_drop(struct store *st, const char *from, const char *to, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_META, DROP);

	meta_changed(st);
	meta_bind(s, 1, from);
	meta_bind(s, 2, to);
	return stmt_run(st, s, e);
}

int
meta_each(struct store *st, const char *from, const char *to, meta_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_META, EACH);
	int rc;

	meta_bind(s, 1, from);
	meta_bind(s, 2, to);
	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = fn(ctx, (const char *)sqlite3_column_text(s, 0),
			(size_t)sqlite3_column_bytes(s, 0));
		if (rc != 0)
			return rc;
	}
	return rc;
}
