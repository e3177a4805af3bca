/* Where the bases of namespaces are: a number each, in `meta`. base.h has the
 * idea and an example. */
#include "memory-db/store/log/base.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/text.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/change_internal.h"
#include "memory-db/store/log/log.h"

#define KEY_SIZE 32

enum {
	KEPT_VERSIONS,
	PAST_ROW,
	FOLDED_VERSION,
	SEAL,
	KEEP_VERSION,
	STRAY_VERSION
};

static const struct stmt_def defs[] = {
	[KEPT_VERSIONS] = {"SELECT e.ns, v.entity, v.branch, v.n, v.change,"
			   " v.bytes FROM version v CROSS JOIN entity e"
			   " ON e.id = v.entity WHERE v.entity > ?1 AND"
			   " (?2 = 0 OR e.ns = ?2) AND v.change <= abs(CAST("
			   "(SELECT value FROM meta WHERE key = 'base/' ||"
			   " e.ns) AS INTEGER)) ORDER BY v.entity, v.branch,"
			   " v.n",
		2, 0},
	[PAST_ROW] = {"SELECT id FROM past WHERE fact = ?1 AND removed = ?2", 2,
		0},
	/* A newer one is part of the base, of the branch of change ?3 (0: of
	 * any): the newest one of a base is as it was. */
	[FOLDED_VERSION] = {"SELECT 1 FROM version v CROSS JOIN entity e"
			    " ON e.id = v.entity CROSS JOIN meta m"
			    " ON m.key = 'base/' || e.ns WHERE v.entity = ?1"
			    " AND v.n > ?2 AND v.change <="
			    " abs(CAST(m.value AS INTEGER)) AND (?3 = 0 OR"
			    " v.branch = (SELECT branch FROM change WHERE"
			    " id = ?3)) LIMIT 1",
		3, 0},
	[SEAL] = {"SELECT coalesce(max(c.id), 0) FROM meta m CROSS JOIN"
		  " change c ON c.ns = CAST(substr(m.key, 6) AS INTEGER) AND"
		  " c.id > abs(CAST(m.value AS INTEGER)) AND c.kind = 16 AND"
		  " c.about = abs(CAST(m.value AS INTEGER))"
		  " WHERE m.key > 'base/' AND m.key < 'base0' AND"
		  " (?1 = 0 OR m.key = 'base/' || ?1)",
		1, 0},
	[KEEP_VERSION] = {"INSERT OR IGNORE INTO version(entity, branch, n, "
			  "change, bytes) VALUES(?1,?2,?3,?4,?5)",
		5, STMT_WRITER},
	/* All changes before ?2 are here when that one is replayed. */
	[STRAY_VERSION] = {"SELECT v.entity FROM version v LEFT JOIN change c"
			   " ON c.id = v.change WHERE (c.ns = ?1 OR (c.id IS"
			   " NULL AND v.change < ?2)) AND NOT EXISTS (SELECT 1"
			   " FROM entity e WHERE e.id = v.entity) LIMIT 1",
		2, 0},
};
const struct stmt_module base_module = {"base", defs, ARRAY_LEN(defs)};

static void
base_key(int64_t ns, char out[KEY_SIZE])
{
	snprintf(out, KEY_SIZE, META_BASE "%" PRId64, ns);
}

int
log_base(struct store *st, int64_t ns, int64_t *ret, bool *ret_open,
	struct err *e)
{
	AUTO_BUF struct buf value = {0};
	char key[KEY_SIZE];
	int64_t change = 0;
	int rc;

	base_key(ns, key);
	rc = meta_get(st, key, &value, e);
	if (rc < 0)
		return rc;
	if (rc == 1 && !buf_str(&value))
		return err_nomem(e);
	if (rc == 1 &&
		text_int(value.data, INT64_MIN + 1, INT64_MAX, &change) != 0)
		return err_set(e, MDB_E_CORRUPT,
			"the base of namespace %" PRId64 " is no number", ns);
	*ret = change < 0 ? -change : change;
	if (ret_open)
		*ret_open = change < 0;
	return 0;
}

int
log_base_set(struct store *st, int64_t ns, int64_t change, struct err *e)
{
	char key[KEY_SIZE], value[KEY_SIZE];

	assert(change != 0); /* there is no change 0, open or not */
	base_key(ns, key);
	snprintf(value, sizeof(value), "%" PRId64, change);
	return meta_set(st, key, value, strlen(value), e);
}

static int
base_newer(void *ctx, const char *value, size_t n)
{
	int64_t *newest = ctx, change = 0;
	char text[KEY_SIZE];

	snprintf(text, sizeof(text), "%.*s", (int)n, value);
	if (text_int(text, INT64_MIN + 1, INT64_MAX, &change) != 0)
		return 0;
	change = change < 0 ? -change : change;
	if (change > *newest)
		*newest = change;
	return 0;
}

int
log_base_newest(struct store *st, int64_t *ret, struct err *e)
{
	*ret = 0;
	return meta_each(st, META_BASE, "base0", base_newer, ret, e);
}

static int
base_note_time(void *ctx, const struct log_change *c)
{
	clock_format(c->at, ctx);
	return 0;
}

int
log_base_check(struct store *st, int64_t ns, int64_t change, struct err *e)
{
	char at[CLOCK_TEXT_SIZE] = "";
	AUTO_BUF struct buf name = {0};
	int64_t base;
	int rc = log_base(st, ns, &base, NULL, e);

	if (rc != 0 || change >= base)
		return rc;
	rc = log_get(st, base, base_note_time, at, e);
	if (rc >= 0)
		rc = namespace_name(st, ns, &name, e);
	if (rc < 0)
		return rc;
	if (!buf_str(&name))
		return err_nomem(e);
	return err_set(e, MDB_E_NOT_FOUND,
		"the history of '%.200s' up to change %" PRId64 " (%s) was "
		"folded into a base by 'memoryctl compact': what was before "
		"cannot be read, undone or reverted to any more; name change "
		"%" PRId64 " or a later one, or restore a backup from before "
		"that under another name",
		name.data, base, at, base);
}

int
log_base_seal(struct store *st, int64_t ns, int64_t *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BASE, SEAL);
	int rc;

	*ret = 0;
	bind_i(s, 1, ns);
	rc = stmt_int(st, s, ret, e);
	return rc < 0 ? rc : 0;
}

int
log_base_versions(struct store *st, int64_t ns, int64_t after,
	log_version_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BASE, KEPT_VERSIONS);
	int rc;

	bind_i(s, 1, after);
	bind_i(s, 2, ns);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct version_kept v = {sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4),
			sqlite3_column_int64(s, 5)};

		rc = fn(ctx, &v);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
log_base_keep_version(struct store *st, const struct version_kept *v,
	struct err *e)
{
	return change_put_version(st, stmt_use(st, MOD_BASE, KEEP_VERSION), v,
		e);
}

int
log_base_stray_version(struct store *st, int64_t ns, int64_t seal,
	int64_t *ret_entity, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BASE, STRAY_VERSION);

	bind_i(s, 1, ns);
	bind_i(s, 2, seal);
	return stmt_int(st, s, ret_entity, e);
}

int
log_base_past(struct store *st, int64_t fact, int64_t change, int64_t *ret_row,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BASE, PAST_ROW);

	bind_i(s, 1, fact);
	bind_i(s, 2, change);
	return stmt_int(st, s, ret_row, e);
}

int
log_get_unfolded(struct store *st, int64_t ns, int64_t id, log_change_fn fn,
	void *ctx, struct err *e)
{
	int rc = log_base_check(st, ns, id - 1, e);

	if (rc != 0)
		return rc;
	return log_get(st, id, fn, ctx, e);
}

int
log_base_version(struct store *st, int64_t entity, int64_t n,
	int64_t *ret_change, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int64_t change = 0;
	int found = entity_version(st, entity, n, &change, e), rc;

	if (found < 0)
		return found;
	s = stmt_use(st, MOD_BASE, FOLDED_VERSION);
	bind_i(s, 1, entity);
	bind_i(s, 2, n);
	bind_i(s, 3, found == 1 ? change : 0);
	rc = stmt_row(st, s, e);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return err_param(e, MDB_E_NOT_FOUND, "version",
			"version %" PRId64 " of it was folded into a base by "
			"'memoryctl compact' and cannot be read or reverted to "
			"any more",
			n);
	if (found == 1)
		*ret_change = change;
	return found;
}
