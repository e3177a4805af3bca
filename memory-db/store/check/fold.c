/* Folding; fold.h has the rules. The statements run once, on a file of its own,
 * so they are no prepared ones of a module. What is to be kept stands in
 * temporary tables:
 *
 *   fold      a namespace and its new base    fold_change  changes to be folded
 *   fold_dead branches that nobody can read   fold_keep    facts that stay
 *   fold_home entities that stay */
#include "memory-db/store/check/fold.h"

#include <assert.h>
#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/text_index.h"
#include "memory-db/store/log/chain.h"
#include "memory-db/store/log/log.h"

#define OPEN SQL_OPEN_END

static void
fold_finalize(sqlite3_stmt **s)
{
	sqlite3_finalize(*s);
}
#define AUTO_FINALIZE __attribute__((cleanup(fold_finalize)))

/* --- running -------------------------------------------------------------- */
/* One statement with up to two numbers; *ret_n (may be NULL): rows it changed. */
static int
fold_prepare(struct store *st, const char *sql, sqlite3_stmt **ret,
	struct err *e)
{
	int rc = sqlite3_prepare_v2(st->db, sql, -1, ret, NULL);

	return rc == SQLITE_OK ? 0 : stmt_error(st, rc, "fold", e);
}

static int
fold_exec(struct store *st, const char *sql, const int64_t given[2],
	int64_t *ret_n, struct err *e)
{
	sqlite3_stmt *s AUTO_FINALIZE = NULL;
	int rc = fold_prepare(st, sql, &s, e);

	if (rc != 0)
		return rc;
	assert(given || sqlite3_bind_parameter_count(s) == 0);
	for (int i = 0; i < sqlite3_bind_parameter_count(s); i++)
		sqlite3_bind_int64(s, i + 1, given[i]);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		;
	if (rc != SQLITE_DONE)
		return stmt_error(st, rc, "fold", e);
	if (ret_n)
		*ret_n = sqlite3_changes(st->db);
	return 0;
}

static int
fold_all(struct store *st, const char *const *list, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int rc = fold_exec(st, list[i], NULL, NULL, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- where ---------------------------------------------------------------- */
static const char *const fold_tables[] = {
	"CREATE TEMP TABLE fold(ns INTEGER PRIMARY KEY, base INTEGER NOT NULL,"
	" floor INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,"
	" changes INTEGER NOT NULL DEFAULT 0, facts INTEGER NOT NULL DEFAULT 0,"
	" changes_left INTEGER NOT NULL DEFAULT 0,"
	" facts_left INTEGER NOT NULL DEFAULT 0) STRICT",
	"CREATE TEMP TABLE fold_change(id INTEGER PRIMARY KEY,"
	" ns INTEGER NOT NULL, branch INTEGER NOT NULL,"
	" floor INTEGER NOT NULL) STRICT",
	"CREATE TEMP TABLE fold_dead(branch INTEGER PRIMARY KEY) STRICT",
	"CREATE TEMP TABLE fold_keep(fact INTEGER PRIMARY KEY) STRICT",
	"CREATE TEMP TABLE fold_home(entity INTEGER PRIMARY KEY) STRICT",
};

static const char fold_floors[] =
	"INSERT INTO temp.fold(ns, base, floor) SELECT n.id, abs(CAST(coalesce("
	"(SELECT value FROM meta WHERE key = 'base/' || n.id), 0) AS INTEGER)),"
	" coalesce((SELECT max(c.id) FROM change c WHERE c.ns = n.id AND"
	" c.id < coalesce((SELECT min(d.id) FROM change d WHERE d.at >= ?1),"
	" " OPEN ")), 0) FROM namespace n WHERE ?2 = 0 OR n.id = ?2";

/* A branch that can be read, or was discarded behind the new base (which can be
 * undone), and forked before it. Each sees the user's memory as of then, too, but
 * one of the code ("git/NAME") sees that of today. An inbox floats over main and
 * holds nothing. */
static const char fold_hold[] =
	"UPDATE temp.fold SET held = h.id, floor = coalesce((SELECT max(c.id)"
	" FROM change c WHERE c.ns = fold.ns AND c.id <= h.fork), 0)"
	" FROM (SELECT f.ns AS ns, b.id AS id, min(b.fork) AS fork"
	" FROM branch b JOIN temp.fold f ON (f.ns = b.ns OR (f.ns = 1 AND"
	" substr(b.name, 1, 4) <> 'git/')) AND b.fork < f.floor"
	" AND f.floor > f.base"
	" WHERE b.id <> 1 AND (b.state <> 2 OR EXISTS (SELECT 1 FROM op o"
	" WHERE o.change > f.floor AND o.what = 4 AND o.key = 3"
	" AND o.value = b.id)) GROUP BY f.ns) h WHERE h.ns = fold.ns";

static const char *const fold_counts[] = {
	/* Behind an older base nothing goes back. */
	"UPDATE temp.fold SET floor = base WHERE floor < base",
	"INSERT INTO temp.fold_change(id, ns, branch, floor) SELECT c.id, c.ns,"
	" c.branch, f.floor FROM temp.fold f JOIN change c ON c.ns = f.ns AND"
	" c.id <= f.floor WHERE f.floor > f.base",
	"UPDATE temp.fold SET changes = (SELECT count(*) FROM temp.fold_change"
	" x WHERE x.ns = fold.ns), facts = (SELECT count(*) FROM fact WHERE"
	" id > fold.ns << 33 AND id < (fold.ns + 1) << 33)",
};

int
fold_plan(struct store *st, int64_t before_ms, int64_t only, struct err *e)
{
	const int64_t given[2] = {before_ms, only};
	int64_t moved;
	int rc = fold_all(st, fold_tables, ARRAY_LEN(fold_tables), e);

	if (rc != 0)
		return rc;
	rc = fold_exec(st, fold_floors, given, NULL, e);
	if (rc != 0)
		return rc;
	/* A lower base may be held by one that was discarded behind it. */
	do {
		rc = fold_exec(st, fold_hold, NULL, &moved, e);
		if (rc != 0)
			return rc;
	} while (moved > 0);
	return fold_all(st, fold_counts, ARRAY_LEN(fold_counts), e);
}

/* --- what stays ----------------------------------------------------------- */
/* Joins the row `f` of temp.fold, for an id of a namespace that is folded. */
#define IN_FOLD(id)                                                            \
	" JOIN temp.fold f ON f.ns = " id " >> 33 AND f.floor > f.base "

static const char *const fold_keeps[] = {
	"INSERT INTO temp.fold_dead(branch) SELECT b.id FROM branch b"
	" JOIN temp.fold f ON f.ns = b.ns AND f.floor > f.base"
	" WHERE b.state = 2 AND b.fork < f.floor AND NOT EXISTS (SELECT 1"
	" FROM change c WHERE c.branch = b.id AND c.ns = b.ns"
	" AND c.id > f.floor)",
	"INSERT INTO temp.fold_keep(fact) SELECT DISTINCT s.fact FROM span s" IN_FOLD(
		"s.fact") "WHERE s.removed > f.floor AND s.branch NOT IN"
			  " (SELECT branch FROM temp.fold_dead)",
	"INSERT OR IGNORE INTO temp.fold_keep(fact) SELECT x.id FROM fact x" IN_FOLD(
		"x.id") "WHERE x.salt IS NULL",
	"INSERT OR IGNORE INTO temp.fold_keep(fact) SELECT x.id FROM"
	" (SELECT ours AS id FROM conflict WHERE kind IN (1, 2, 3, 6) UNION"
	" SELECT theirs FROM conflict WHERE kind IN (1, 2, 3, 6) UNION"
	" SELECT base FROM conflict WHERE kind IN (1, 2, 3, 6)) w"
	" JOIN fact x ON x.id = w.id" IN_FOLD("x.id"),
};
/* Until no one finds more. */
static const char *const fold_needs[] = {
	"INSERT OR IGNORE INTO temp.fold_keep(fact) SELECT x.id"
	" FROM temp.fold_keep k JOIN derived d ON d.fact = k.fact"
	" JOIN fact x ON x.id = d.source" IN_FOLD("x.id"),
	"INSERT OR IGNORE INTO temp.fold_home(entity) SELECT x.entity"
	" FROM temp.fold_keep k JOIN fact x ON x.id = k.fact",
	/* The far end may be in another namespace than the relation. */
	"INSERT OR IGNORE INTO temp.fold_home(entity) SELECT x.peer FROM fact x"
	" WHERE x.peer IS NOT NULL AND (x.id IN (SELECT fact FROM"
	" temp.fold_keep) OR x.id >> 33 NOT IN (SELECT ns FROM temp.fold"
	" WHERE floor > base))",
	"INSERT OR IGNORE INTO temp.fold_home(entity) SELECT entity FROM"
	" conflict UNION SELECT other FROM conflict WHERE other > 0",
	"INSERT OR IGNORE INTO temp.fold_keep(fact) SELECT x.id"
	" FROM temp.fold_home h JOIN fact x ON x.entity = h.entity"
	" AND x.kind = " SQL_EXISTENCE IN_FOLD("x.id"),
};

static int
fold_choose(struct store *st, struct err *e)
{
	int64_t n, found;
	int rc = fold_all(st, fold_keeps, ARRAY_LEN(fold_keeps), e);

	if (rc != 0)
		return rc;
	do {
		found = 0;
		for (size_t i = 0; i < ARRAY_LEN(fold_needs); i++) {
			rc = fold_exec(st, fold_needs[i], NULL, &n, e);
			if (rc != 0)
				return rc;
			found += n;
		}
	} while (found > 0);
	return 0;
}

/* --- what goes ------------------------------------------------------------ */
#define GONE_FACT(id)                                                          \
	id " NOT IN (SELECT fact FROM temp.fold_keep) AND " id " >> 33 IN"     \
	   " (SELECT ns FROM temp.fold WHERE floor > base)"
#define GONE_HOME(id)                                                           \
	id " IN (SELECT x.id FROM entity x JOIN temp.fold f ON f.ns = x.ns AND" \
	   " f.floor > f.base WHERE x.id NOT IN (SELECT entity FROM"            \
	   " temp.fold_home))"
#define FLOOR_OF                                                               \
	"coalesce((SELECT f.floor FROM entity x JOIN temp.fold f ON"           \
	" f.ns = x.ns AND f.floor > f.base WHERE x.id = attr.entity), 0)"
#define IS_FOLDED(id) id " IN (SELECT id FROM temp.fold_change)"
#define IS_DEAD(id)   id " IN (SELECT branch FROM temp.fold_dead)"

static const char *const fold_drops[] = {
	"DELETE FROM attr WHERE " GONE_HOME("entity"),
	"DELETE FROM attr WHERE added <= " FLOOR_OF " AND (removed <= " FLOOR_OF
	" OR " IS_DEAD("branch") ")",
	/* The ops of what is gone; those of an older base are made anew. */
	"DELETE FROM op WHERE " IS_FOLDED(
		"change") " AND (what = 7 OR"
			  " (what IN (1, 2, 6) AND " GONE_FACT(
				  "fact") ") OR (what = 3 AND NOT"
					  " EXISTS (SELECT 1 FROM attr a WHERE a.entity = op.entity AND"
					  " a.key = op.key AND a.added = op.change AND a.branch = (SELECT branch"
					  " FROM temp.fold_change x WHERE x.id = op.change))))",
	"DELETE FROM version WHERE " IS_FOLDED("change") " AND (" IS_DEAD("branch") " OR (" GONE_HOME(
		"entity") ") OR (n <> (SELECT"
			  " min(v.n) FROM version v WHERE v.entity = version.entity AND"
			  " v.branch = version.branch) AND EXISTS (SELECT 1 FROM version v WHERE"
			  " v.entity = version.entity AND v.branch = version.branch AND"
			  " v.n > version.n AND " IS_FOLDED(
				  "v.change") ") AND NOT EXISTS"
					      " (SELECT 1 FROM op o WHERE o.change = version.change AND o.what = 5"
					      " AND o.entity = version.entity)))",
	"DELETE FROM past WHERE " GONE_FACT("fact"),
	"DELETE FROM branch_text WHERE " GONE_FACT("fact"),
	"DELETE FROM vector WHERE " GONE_FACT("fact"),
	"DELETE FROM text_wait WHERE " GONE_FACT("fact"),
	"DELETE FROM derived WHERE " GONE_FACT("fact"),
	"DELETE FROM outcome WHERE " GONE_FACT("fact"),
	"DELETE FROM span WHERE " GONE_FACT("fact"),
	"DELETE FROM fact WHERE " GONE_FACT("id"),
	"DELETE FROM alias WHERE " GONE_HOME("entity"),
	"DELETE FROM usage WHERE " GONE_HOME("entity"),
	"DELETE FROM skill_run WHERE " GONE_HOME("entity"),
	"DELETE FROM curated WHERE " GONE_HOME("entity"),
	"DELETE FROM version WHERE " GONE_HOME("entity"),
	"DELETE FROM entity WHERE " GONE_HOME("id"),
	"DELETE FROM change WHERE " IS_FOLDED(
		"id") " AND id NOT IN (SELECT"
		      " floor FROM temp.fold_change) AND id NOT IN (SELECT change FROM op)"
		      " AND id NOT IN (SELECT change FROM version) AND id NOT IN (SELECT"
		      " change FROM staged)",
	"DELETE FROM curated WHERE change NOT IN (SELECT id FROM change)",
	/* Numbers of ops follow each other. */
	"CREATE TEMP TABLE fold_op AS SELECT change, row_number() OVER"
	" (PARTITION BY change ORDER BY seq) - 1 AS seq, what, entity, fact,"
	" key, value FROM op WHERE " IS_FOLDED("change"),
	"DELETE FROM op WHERE " IS_FOLDED("change"),
	"INSERT INTO op(change, seq, what, entity, fact, key, value) SELECT"
	" change, seq, what, entity, fact, key, value FROM temp.fold_op",
	"DROP TABLE temp.fold_op",
	"DELETE FROM tally WHERE kind = 1 AND key BETWEEN 5 AND 9 OR n = 0",
	"INSERT INTO tally(ns, kind, key, n) SELECT ns, 1, 5, count(*) FROM"
	" change GROUP BY 1",
	"INSERT INTO tally(ns, kind, key, n) SELECT e.ns, 1, 6, count(*) FROM"
	" version v JOIN entity e ON e.id = v.entity GROUP BY 1",
	"INSERT INTO tally(ns, kind, key, n) SELECT e.ns, 1, 7, sum(v.bytes)"
	" FROM version v JOIN entity e ON e.id = v.entity GROUP BY 1",
	"INSERT INTO tally(ns, kind, key, n) SELECT id >> 33, 1, 8,"
	" sum(length(body)) FROM fact WHERE body IS NOT NULL GROUP BY 1",
	"INSERT INTO tally(ns, kind, key, n) SELECT id >> 33, 1, 9, count(*)"
	" FROM past GROUP BY 1",
	"DELETE FROM label WHERE id NOT IN (SELECT label FROM fact WHERE label"
	" IS NOT NULL UNION SELECT source FROM fact WHERE source IS NOT NULL"
	" UNION SELECT speaker FROM fact WHERE speaker IS NOT NULL UNION"
	" SELECT actor FROM change WHERE actor IS NOT NULL UNION SELECT client"
	" FROM change WHERE client IS NOT NULL UNION SELECT session FROM change"
	" WHERE session IS NOT NULL UNION SELECT session FROM staged UNION"
	" SELECT key FROM tally WHERE kind = 2)",
	"INSERT INTO meta(key, value) SELECT 'base/' || ns, CAST(floor AS TEXT)"
	" FROM temp.fold WHERE floor > base ON CONFLICT(key) DO UPDATE SET"
	" value = excluded.value",
	"UPDATE temp.fold SET changes_left = (SELECT count(*) FROM change c"
	" WHERE c.ns = fold.ns AND c.id <= fold.floor), facts_left = (SELECT"
	" count(*) FROM fact WHERE id > fold.ns << 33 AND"
	" id < (fold.ns + 1) << 33)",
};

int
fold_run(struct store *st, struct err *e)
{
	int rc = fold_choose(st, e);

	if (rc != 0)
		return rc;
	rc = fold_all(st, fold_drops, ARRAY_LEN(fold_drops), e);
	if (rc != 0)
		return rc;
	return fts_rebuild(st, e);
}

int
fold_each(struct store *st, fold_fn fn, void *ctx, struct err *e)
{
	static const char sql[] = "SELECT f.ns, f.base, f.floor, coalesce("
				  "(SELECT at FROM change WHERE id = f.floor),"
				  " 0), f.held, f.changes, f.facts,"
				  " f.changes_left, f.facts_left"
				  " FROM temp.fold f ORDER BY f.ns";
	sqlite3_stmt *s AUTO_FINALIZE = NULL;
	int rc = fold_prepare(st, sql, &s, e);

	if (rc != 0)
		return rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct fold_row r = {sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4),
			sqlite3_column_int64(s, 5), sqlite3_column_int64(s, 6),
			sqlite3_column_int64(s, 7), sqlite3_column_int64(s, 8)};

		rc = fn(ctx, &r);
		if (rc != 0)
			return rc;
	}
	return rc == SQLITE_DONE ? 0 : stmt_error(st, rc, "fold", e);
}

/* --- the seal --------------------------------------------------------------- */
struct fold_link {
	sqlite3_stmt *ops, *set; /* owned by fold_seal */
	struct store *st;
	const struct fold_row *row;
	unsigned char link[CHAIN_BYTES], kept[CHAIN_BYTES];
	struct err *e;
};

static int
fold_feed_ops(struct fold_link *x, int64_t change, struct chain *chain)
{
	static const unsigned char none[FACT_DIGEST_BYTES];
	int rc;

	sqlite3_reset(x->ops);
	sqlite3_bind_int64(x->ops, 1, change);
	while ((rc = sqlite3_step(x->ops)) == SQLITE_ROW)
		chain_op(chain, (enum op_what)sqlite3_column_int(x->ops, 0),
			sqlite3_column_int64(x->ops, 1),
			sqlite3_column_int64(x->ops, 2),
			sqlite3_column_int64(x->ops, 3),
			sqlite3_column_int64(x->ops, 4),
			sqlite3_column_bytes(x->ops, 5) == FACT_DIGEST_BYTES
				? sqlite3_column_blob(x->ops, 5)
				: none);
	return rc == SQLITE_DONE ? 0 : stmt_error(x->st, rc, "fold", x->e);
}

static int
fold_label(struct store *st, int64_t label, struct buf *out, const char **ret,
	struct err *e)
{
	int rc = label == 0 ? 0 : label_text(st, label, out, e);

	*ret = rc == 1 ? buf_str(out) : NULL;
	if (rc == 1 && !*ret)
		return err_nomem(e);
	return rc < 0 ? rc : 0;
}

static int
fold_set_link(struct fold_link *x, int64_t change)
{
	int rc;

	sqlite3_reset(x->set);
	sqlite3_bind_int64(x->set, 1, change);
	sqlite3_bind_blob64(x->set, 2, x->link, CHAIN_BYTES, SQLITE_STATIC);
	rc = sqlite3_step(x->set);
	return rc == SQLITE_DONE ? 0 : stmt_error(x->st, rc, "fold", x->e);
}

/* The link of what is left of a change, after the one before. */
static int
fold_change_link(void *ctx, const struct log_change *c)
{
	static const unsigned char none[FACT_DIGEST_BYTES];
	struct fold_link *x = ctx;
	AUTO_BUF struct buf actor = {0}, client = {0}, session = {0};
	struct chain_head h = {.ns = c->ns,
		.id = c->id,
		.at = c->at,
		.branch = c->branch,
		.kind = (int64_t)c->kind,
		.about = c->about,
		.message_digest = c->message_digest ? c->message_digest : none};
	struct chain chain;
	int rc;

	if (c->id > x->row->floor)
		return 1;
	if (!c->chain)
		return err_set(x->e, MDB_E_CORRUPT, "change %lld has no chain",
			(long long)c->id);
	memcpy(x->kept, c->chain, CHAIN_BYTES);
	rc = fold_label(x->st, c->actor, &actor, &h.actor, x->e);
	if (rc != 0)
		return rc;
	rc = fold_label(x->st, c->client, &client, &h.client, x->e);
	if (rc != 0)
		return rc;
	rc = fold_label(x->st, c->session, &session, &h.session, x->e);
	if (rc != 0)
		return rc;
	chain_begin(&chain, x->link, &h);
	rc = fold_feed_ops(x, c->id, &chain);
	chain_end(&chain, x->link);
	if (rc != 0 || c->id == x->row->floor)
		return rc;
	return fold_set_link(x, c->id);
}

int
fold_seal(struct store *st, const struct fold_row *r, int64_t ret[4],
	struct err *e)
{
	sqlite3_stmt *ops AUTO_FINALIZE = NULL;
	sqlite3_stmt *set AUTO_FINALIZE = NULL;
	struct fold_link x = {.st = st, .row = r, .e = e};
	unsigned char seal[CHAIN_BYTES];
	int rc;

	/* A seal over nothing would sign what no base holds. */
	assert(r->floor > r->base);
	rc = fold_prepare(st,
		"SELECT o.what, o.entity, o.fact, o.key, o.value, f.digest"
		" FROM op o LEFT JOIN fact f ON f.id = o.fact AND o.what = 1"
		" WHERE o.change = ?1 ORDER BY o.seq",
		&ops, e);

	if (rc != 0)
		return rc;
	rc = fold_prepare(st, "UPDATE change SET chain = ?2 WHERE id = ?1",
		&set, e);
	if (rc != 0)
		return rc;
	x.ops = ops;
	x.set = set;
	rc = log_since(st, r->ns, 0, fold_change_link, &x, e);
	if (rc < 0)
		return rc;
	chain_seal(x.link, x.kept, seal);
	memcpy(ret, seal, sizeof(seal));
	return 0;
}

int
fold_shrink(struct store *st, struct err *e)
{
	int rc = store_exec(st, "VACUUM", e);

	if (rc != 0)
		return rc;
	return store_checkpoint(st, e);
}
