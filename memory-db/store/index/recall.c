/* Reading for recall. Each statement answers one candidate with a few index
 * probes: recall asks them some hundred times a call. */
#include "memory-db/store/index/recall.h"

#include <string.h>

#include "common/limits.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/store_internal.h"

enum { ROW, AFTER, BEFORE, NEWEST, RELATIONS, ENTITY, USAGE, PINNED, PIN_SET };

#define SESSION(compare)                                                       \
	"SELECT f.id FROM fact f INDEXED BY fact_source"                       \
	" CROSS JOIN @SPAN ON s.fact = f.id AND @VIS"                          \
	" WHERE f.source = ?1 AND f.kind = " SQL_OBSERVATION " AND " compare

static const struct stmt_def defs[] = {
	[ROW] = {"SELECT f.entity, f.kind, f.source, f.speaker,"
		 " coalesce(f.source_at, (SELECT at FROM change"
		 " WHERE id = s.added)), f.valid_from, f.valid_to, f.weight,"
		 " f.size, f.body, f.salt IS NULL, f.source_at IS NOT NULL"
		 " FROM fact f CROSS JOIN @SPAN ON s.fact = f.id AND @VIS"
		 " WHERE f.id = ?1",
		1, STMT_LENS},
	[AFTER] = {SESSION("f.id > ?2 AND f.id < ?3") " ORDER BY f.id LIMIT ?4",
		4, STMT_LENS},
	[BEFORE] =
		{SESSION("f.id < ?2 AND f.id > ?3") " ORDER BY f.id DESC LIMIT ?4",
			4, STMT_LENS},
	[NEWEST] = {"SELECT s.fact FROM @SPAN CROSS JOIN fact f"
		    " ON f.id = s.fact AND f.kind = " SQL_OBSERVATION
		    " WHERE s.entity = ?1 AND s.fact < ?3 AND @VIS"
		    " ORDER BY s.fact DESC LIMIT ?2",
		3, STMT_LENS},
	/* The bound is on what is looked at, not on what fits: relations of an
	 * entity of ten thousand facts may be anywhere among them. */
	[RELATIONS] = {"SELECT x.fact FROM (SELECT s.fact AS fact FROM @SPAN"
		       " WHERE s.entity = ?1 AND s.fact < ?3 AND @VIS"
		       " ORDER BY s.fact DESC LIMIT ?4) x"
		       " CROSS JOIN fact f ON f.id = x.fact"
		       " WHERE f.kind = " SQL_RELATION " AND f.salt IS NOT NULL"
		       " ORDER BY x.fact DESC LIMIT ?2",
		4, STMT_LENS},
	[ENTITY] =
		{"SELECT f.label, f.size, f.body, e.name,"
		 " (SELECT a.value FROM @ATTR WHERE a.entity = ?1"
		 " AND a.key = 1 AND @AVIS ORDER BY @LV LIMIT 1),"
		 " (SELECT a.value FROM @ATTR WHERE a.entity = ?1"
		 " AND a.key = 2 AND @AVIS ORDER BY @LV LIMIT 1),"
		 " (SELECT a.value FROM @ATTR WHERE a.entity = ?1"
		 " AND a.key = 4 AND @AVIS ORDER BY @LV LIMIT 1),"
		 " (SELECT a.value FROM @ATTR WHERE a.entity = ?1"
		 " AND a.key = 7 AND @AVIS ORDER BY @LV LIMIT 1),"
		 " u.hits, u.last_at"
		 " FROM @SPAN CROSS JOIN fact f ON f.id = s.fact AND f.kind = " SQL_EXISTENCE
		 " CROSS JOIN entity e ON e.id = f.entity"
		 " LEFT JOIN usage u ON u.entity = e.id"
		 " WHERE s.entity = ?1 AND @VIS AND f.salt IS NOT NULL",
			1, STMT_LENS},
	[USAGE] = {"SELECT hits, last_at FROM usage WHERE entity = ?1", 1, 0},
	/* Ever pinned; whether it is, the lens says. */
	[PINNED] =
		{"SELECT DISTINCT p.entity FROM attr p"
		 " INDEXED BY attr_pin CROSS JOIN entity e ON e.id = p.entity"
		 " WHERE p.key = 2 AND p.value = 1 AND e.ns = ?1"
		 " ORDER BY p.entity",
			1, 0},
	/* Keys: ATTR_PIN and ATTR_PIN_ASKED. 2^47 - 1 is an open end. */
	[PIN_SET] = {"SELECT coalesce(max(max(added,"
		     " iif(removed < " SQL_OPEN_END ", removed, 0))), 0)"
		     " FROM attr WHERE entity = ?1 AND key IN (2, 3)",
		1, 0},
};
const struct stmt_module recall_module = {"recall", defs, ARRAY_LEN(defs)};

/* Appends what a column of a body holds. */
static int
recall_unpack(struct store *st, sqlite3_stmt *s, int size_column, int column,
	struct buf *out, struct err *e)
{
	int size = sqlite3_column_int(s, size_column);

	if (sqlite3_column_type(s, column) == SQLITE_NULL)
		return 0;
	if (size < 0 || size > LIMIT_OBSERVATION_BYTES)
		return err_set(e, MDB_E_CORRUPT, "a fact has a damaged size");
	return codec_unpack(&st->codec, sqlite3_column_blob(s, column),
		(size_t)sqlite3_column_bytes(s, column), (size_t)size, out, e);
}

static int64_t
recall_time_of(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL
		       ? FACT_NO_TIME
		       : sqlite3_column_int64(s, column);
}

static int
recall_find_row(struct store *st, sqlite3_stmt *s, int64_t fact,
	struct recall_row *ret, struct err *e)
{
	int rc;

	bind_i(s, 1, fact);
	rc = stmt_row(st, s, e);
	if (rc != 1 || sqlite3_column_int(s, 10) != 0)
		return rc < 0 ? rc : 0;
	*ret = (struct recall_row){.id = fact,
		.entity = sqlite3_column_int64(s, 0),
		.kind = sqlite3_column_int(s, 1),
		.source = sqlite3_column_int64(s, 2),
		.speaker = sqlite3_column_int64(s, 3),
		.at = sqlite3_column_int64(s, 4),
		.is_dated = sqlite3_column_int(s, 11) != 0,
		.valid_from = recall_time_of(s, 5),
		.valid_to = recall_time_of(s, 6),
		.salience = sqlite3_column_type(s, 7) == SQLITE_NULL
				    ? -1
				    : sqlite3_column_double(s, 7)};
	return 1;
}

int
recall_head(struct store *st, int64_t fact, struct recall_row *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, ROW);

	return recall_find_row(st, s, fact, ret, e);
}

int
recall_row(struct store *st, int64_t fact, struct recall_row *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, ROW);
	struct buf *text = &st->search_text;
	int rc = recall_find_row(st, s, fact, ret, e);

	if (rc != 1)
		return rc;
	buf_clear(text, 64 * 1024);
	rc = recall_unpack(st, s, 8, 9, text, e);
	if (rc != 0)
		return rc;
	if (!buf_str(text))
		return err_nomem(e);
	ret->text = text->data;
	ret->text_n = text->len;
	return 1;
}

/* Ids of a bound statement. */
static int
recall_read_ids(struct store *st, sqlite3_stmt *s, int max, int64_t *ret,
	int *ret_n, struct err *e)
{
	int n = 0, rc;

	while ((rc = stmt_row(st, s, e)) == 1 && n < max)
		ret[n++] = sqlite3_column_int64(s, 0);
	if (rc < 0)
		return rc;
	*ret_n = n;
	return 0;
}

int
recall_neighbours(struct store *st, int64_t fact, int64_t source, bool after,
	int max, int64_t *ret, int *ret_n, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_RECALL, after ? AFTER : BEFORE);
	int64_t ns = fact_namespace(fact);

	bind_i(s, 1, source);
	bind_i(s, 2, fact);
	bind_i(s, 3, after ? store_ids_end(ns) : store_ids_of(ns));
	bind_i(s, 4, max);
	return recall_read_ids(st, s, max, ret, ret_n, e);
}

int
recall_newest_of(struct store *st, int64_t entity, int64_t before, int max,
	int64_t *ret, int *ret_n, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, NEWEST);

	bind_i(s, 1, entity);
	bind_i(s, 2, max);
	bind_i(s, 3, before);
	return recall_read_ids(st, s, max, ret, ret_n, e);
}

int
recall_newest_relations(struct store *st, int64_t entity, int64_t before,
	int max, int looked, int64_t *ret, int *ret_n, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, RELATIONS);

	bind_i(s, 1, entity);
	bind_i(s, 2, max);
	bind_i(s, 3, before);
	bind_i(s, 4, looked);
	return recall_read_ids(st, s, max, ret, ret_n, e);
}

int
recall_pin_set(struct store *st, int64_t entity, int64_t *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, PIN_SET);
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_int(st, s, ret, e);
	return rc < 0 ? rc : 0;
}

int
recall_entity(struct store *st, int64_t entity, struct buf *name,
	struct recall_entity *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, ENTITY);
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	*ret = (struct recall_entity){.type = sqlite3_column_int64(s, 0),
		.tier = sqlite3_column_int64(s, 4),
		.is_pinned = sqlite3_column_int64(s, 5) != 0,
		.confirmed_at = sqlite3_column_int64(s, 6),
		.fact_confirmed_at = sqlite3_column_int64(s, 7),
		.hits = sqlite3_column_int64(s, 8),
		.last_at = sqlite3_column_int64(s, 9)};
	if (sqlite3_column_type(s, 2) != SQLITE_NULL)
		rc = recall_unpack(st, s, 1, 2, name, e);
	else
		rc = buf_add(name, (const char *)sqlite3_column_text(s, 3),
			(size_t)sqlite3_column_bytes(s, 3));
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	return rc < 0 ? rc : 1;
}

int
recall_usage(struct store *st, int64_t entity, struct recall_entity *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, USAGE);
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_row(st, s, e);
	if (rc < 0)
		return rc;
	ret->hits = rc == 1 ? sqlite3_column_int64(s, 0) : 0;
	ret->last_at = rc == 1 ? sqlite3_column_int64(s, 1) : 0;
	return 0;
}

int
recall_pinned(struct store *st, int64_t ns,
	int (*fn)(void *ctx, int64_t entity, bool is_asked), void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECALL, PINNED);
	int rc;

	bind_i(s, 1, ns);
	while ((rc = stmt_row(st, s, e)) == 1) {
		int64_t entity = sqlite3_column_int64(s, 0), value, asked = 0;

		rc = attr_get(st, entity, ATTR_PIN, &value, e);
		if (rc != 0)
			return rc;
		if (value != 0)
			rc = attr_get(st, entity, ATTR_PIN_ASKED, &asked, e);
		if (rc != 0)
			return rc;
		if (value != 0)
			rc = fn(ctx, entity, asked != 0);
		if (rc != 0)
			return rc;
	}
	return rc;
}
