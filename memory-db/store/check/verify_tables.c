/* What verify asks of whole tables: SQLite's own checks one table after the
 * other, the heads of namespaces against the last change of each, counters
 * against counts, names against existence facts, and the text indexes against
 * the facts that they index. Each check is a step of its own, so that a slice
 * ends between two of them. */
#include "memory-db/store/check/verify_int.h"

#include <inttypes.h>
#include <string.h>

#include "memory-db/store/log/chain.h"
#include "memory-db/store/index/text_index.h"

/* --- SQLite --------------------------------------------------------------- */
static int
check_integrity(struct verify *v, const char *table)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_INTEGRITY);
	int rc;

	bind_t(s, 1, table, strlen(table));
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		if (!text || strcmp(text, "ok") == 0)
			continue;
		rc = verify_problem(v, "sqlite", "table %s: %.300s", table,
			text);
		if (rc != 0)
			return rc;
	}
	return rc;
}

static int
check_foreign(struct verify *v, const char *table)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_FOREIGN);
	int rc;

	bind_t(s, 1, table, strlen(table));
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		rc = verify_problem(v, "sqlite",
			"%" PRId64 " rows of table %s refer to missing rows of "
			"%s (the first is row %" PRId64 ")",
			(int64_t)sqlite3_column_int64(s, 1), table,
			(const char *)sqlite3_column_text(s, 0),
			(int64_t)sqlite3_column_int64(s, 2));
		if (rc != 0)
			return rc;
	}
	return rc;
}

/* A table that is damaged is told, and the next one is checked. */
static int
check_table(struct verify *v, const char *name)
{
	int rc = check_integrity(v, name);

	if (rc == 0)
		rc = check_foreign(v, name);
	if (rc != MDB_E_CORRUPT && rc != MDB_E_STORE)
		return rc;
	return verify_problem(v, "sqlite", "table %s: %s", name, v->e->text);
}

int
verify_tables(struct verify *v)
{
	int rc;

	do {
		sqlite3_stmt *s AUTO_STMT =
			stmt_use(v->st, MOD_VERIFY, V_TABLE);
		char name[128];

		bind_i(s, 1, v->mark->a);
		rc = stmt_row(v->st, s, v->e);
		if (rc != 1)
			return rc < 0 ? rc : 1;
		rc = verify_rises(v, v->mark->a, sqlite3_column_int64(s, 0));
		if (rc != 0)
			return rc;
		v->mark->a = sqlite3_column_int64(s, 0);
		snprintf(name, sizeof(name), "%s",
			(const char *)sqlite3_column_text(s, 1));
		rc = check_table(v, name);
		if (rc != 0)
			return rc;
	} while (!verify_is_late(v));
	return 0;
}

/* --- namespaces ----------------------------------------------------------- */
struct ns_row {
	int64_t id, last_change, fact_max, past_max;
	const char *name;
	const unsigned char *head;
	/* as its newest change says */
	int64_t change, change_fact_max, change_past_max;
	const unsigned char *chain;
};

static const unsigned char *
chain_column(sqlite3_stmt *s, int i)
{
	return sqlite3_column_bytes(s, i) == CHAIN_BYTES
		       ? sqlite3_column_blob(s, i)
		       : NULL;
}

static void
verify_tables_read_namespace(sqlite3_stmt *s, struct ns_row *n)
{
	static const unsigned char zero[CHAIN_BYTES];

	*n = (struct ns_row){.id = sqlite3_column_int64(s, 0),
		.name = (const char *)sqlite3_column_text(s, 1),
		.head = chain_column(s, 2),
		.last_change = sqlite3_column_int64(s, 3),
		.fact_max = sqlite3_column_int64(s, 4),
		.past_max = sqlite3_column_int64(s, 5),
		.change = sqlite3_column_int64(s, 6),
		.chain = chain_column(s, 7),
		.change_fact_max = sqlite3_column_int64(s, 8),
		.change_past_max = sqlite3_column_int64(s, 9)};
	if (n->change == 0) {
		n->chain = zero;
		n->change_fact_max = n->change_past_max = store_ids_of(n->id);
	}
}

/* The newest change of the namespace against the row that keeps its head. */
static int
verify_tables_check_head(struct verify *v, const struct ns_row *n)
{
	if (!n->head || !n->chain ||
		memcmp(n->head, n->chain, CHAIN_BYTES) != 0 ||
		n->last_change != n->change)
		return verify_problem(v, "head",
			"namespace '%.100s' says its newest change is %" PRId64
			", with another head than the newest change that is "
			"there (%" PRId64 ")",
			n->name, n->last_change, n->change);
	if (n->fact_max != n->change_fact_max ||
		n->past_max != n->change_past_max)
		return verify_problem(v, "head",
			"namespace '%.100s' and its newest change %" PRId64
			" name different highest ids",
			n->name, n->change);
	return 0;
}

/* No fact or past row lies above the highest id given. */
static int
check_highest(struct verify *v, const struct ns_row *n)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_NS_MAX);
	int rc;

	bind_i(s, 1, n->id);
	rc = stmt_row(v->st, s, v->e);
	if (rc != 1)
		return rc;
	if (sqlite3_column_int64(s, 0) > n->fact_max ||
		sqlite3_column_int64(s, 1) > n->past_max)
		return verify_problem(v, "head",
			"namespace '%.100s' holds facts or past rows that no "
			"change wrote",
			n->name);
	return 0;
}

/* The name by which clients know the database. */
static int
verify_tables_check_identity(struct verify *v)
{
	const char *id = v->st->base->id;

	if (strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32)
		return 0;
	return verify_problem(v, "meta", "the id of the database is damaged");
}

int
verify_namespaces(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_NAMESPACES);
	int rc = verify_tables_check_identity(v);

	if (rc != 0)
		return rc < 0 ? rc : 1;
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		struct ns_row n;

		verify_tables_read_namespace(s, &n);
		rc = verify_tables_check_head(v, &n);
		if (rc != 0)
			return rc;
		rc = check_highest(v, &n);
		if (rc != 0)
			return rc;
	}
	return rc < 0 ? rc : 1;
}

/* --- past ----------------------------------------------------------------- */
static int
count_past(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_PAST_COUNT);
	int rc = stmt_row(v->st, s, v->e);

	if (rc != 1 || sqlite3_column_int64(s, 0) == sqlite3_column_int64(s, 1))
		return rc < 0 ? rc : 0;
	return verify_problem(v, "past",
		"%" PRId64 " closed spans of main have %" PRId64
		" rows in past",
		(int64_t)sqlite3_column_int64(s, 1),
		(int64_t)sqlite3_column_int64(s, 0));
}

int
verify_past(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_PAST);
	int rc, told = 0;

	bind_i(s, 1, v->mark->a);
	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		int64_t id = sqlite3_column_int64(s, 0);

		rc = verify_rises(v, v->mark->a, id);
		if (rc != 0)
			return rc;
		v->mark->a = id;
		if (sqlite3_column_type(s, 2) == SQLITE_NULL ||
			sqlite3_column_int64(s, 3) != id >> STORE_NS_SHIFT)
			told = verify_problem(v, "past",
				"row %" PRId64 " of past matches no closed "
				"span of fact %" PRId64,
				id, (int64_t)sqlite3_column_int64(s, 1));
		if (told != 0)
			return told;
		if (verify_is_late(v))
			return 0;
	}
	if (rc != 0)
		return rc;
	rc = count_past(v);
	return rc < 0 ? rc : 1;
}

/* --- one statement each --------------------------------------------------- */
int
verify_names(struct verify *v)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_ALIASES);
	AUTO_STMT sqlite3_stmt *o = NULL;
	int rc;

	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		rc = verify_problem(v, "name",
			"alias '%.200s' leads out of its namespace (%" PRId64
			") or is the name of one",
			(const char *)sqlite3_column_text(s, 1),
			(int64_t)sqlite3_column_int64(s, 0));
		if (rc != 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	o = stmt_use(v->st, MOD_VERIFY, V_ORPHAN_OPS);
	while ((rc = stmt_row(v->st, o, v->e)) == 1) {
		rc = verify_problem(v, "op",
			"%" PRId64 " ops belong to change %" PRId64 ", which "
			"is missing",
			(int64_t)sqlite3_column_int64(o, 1),
			(int64_t)sqlite3_column_int64(o, 0));
		if (rc != 0)
			return rc;
	}
	return rc < 0 ? rc : 1;
}

int
verify_beside(struct verify *v)
{
	static const char *const names[] = {"branches", "merges of branches",
		"discarded branches", "edges of derived facts"};
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_BESIDE);
	int rc = stmt_row(v->st, s, v->e);

	for (int i = 0; rc == 1 && i < 4; i++) {
		int64_t rows = sqlite3_column_int64(s, i);
		int64_t ops = sqlite3_column_int64(s, i + 4);

		if (rows != ops && verify_problem(v, "branch",
					   "there are %" PRId64
					   " %s, but changes made %" PRId64,
					   rows, names[i], ops) != 0)
			return err_nomem(v->e);
	}
	return rc < 0 ? rc : 1;
}

int
verify_tally(struct verify *v)
{
	static const char *const kinds[] = {"", "total", "entities of type",
		"entities of tier", "facts shown, by outcome"};
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_TALLY);
	int rc;

	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		int64_t kind = sqlite3_column_int64(s, 1);

		rc = verify_problem(v, "counter",
			"%s %" PRId64 " of namespace %" PRId64
			" is off by %" PRId64,
			kind > 0 && kind < 5 ? kinds[kind] : "counter",
			(int64_t)sqlite3_column_int64(s, 2),
			(int64_t)sqlite3_column_int64(s, 0),
			-(int64_t)sqlite3_column_int64(s, 3));
		if (rc != 0)
			return rc;
	}
	return rc < 0 ? rc : 1;
}

int
verify_vectors(struct verify *v)
{
	static const char *const why[] = {"belongs to no model",
		"belongs to no observation", "belongs to a forgotten text",
		"has a damaged size"};
	AUTO_STMT sqlite3_stmt *s = stmt_use(v->st, MOD_VERIFY, V_VECTORS);
	int rc;

	while ((rc = stmt_row(v->st, s, v->e)) == 1) {
		rc = verify_problem(v, "vector",
			"the vector of fact %" PRId64 " and model %" PRId64
			" %s",
			(int64_t)sqlite3_column_int64(s, 0),
			(int64_t)sqlite3_column_int64(s, 1),
			why[sqlite3_column_int(s, 2) & 3]);
		if (rc != 0)
			return rc;
	}
	return rc < 0 ? rc : 1;
}

static int
tell_text(void *ctx, const char *index, const char *detail)
{
	return verify_problem(ctx, "text index", "%s: %s", index, detail);
}

int
verify_text(struct verify *v)
{
	struct text_checked checked;
	int rc = fts_check(v->st, tell_text, v, &checked, v->e);

	return rc < 0 ? rc : 1;
}
