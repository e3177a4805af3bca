/* Derivation edges: a fact and the facts it was derived from.
 *
 * For example fact 9, "Ada can meet Bob on Monday", was derived from 4 and
 * 7. Fact 7 is deleted: when 9 is read, its sources are walked, 7 is not
 * visible, and 9 is told as suspect. Nothing is stored about that, so a
 * branch on which 7 is still there sees 9 without the mark. */
#include "memory-db/store/log/derivations.h"

#include "memory-db/store/log/branch.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/table.h"

#define LOOKED_AT 1000

enum { DEPENDANTS, SOURCES, ADD, OF, NEXT, LOST };

static const struct stmt_def defs[] = {
	[DEPENDANTS] = {"SELECT fact FROM derived WHERE source = ?1", 1, 0},
	[SOURCES] = {"SELECT source FROM derived WHERE fact = ?1", 1, 0},
	[ADD] = {"INSERT OR IGNORE INTO derived(source, fact) VALUES(?1, ?2)",
		2, STMT_WRITER},
	[OF] = {"SELECT f.id, f.kind, coalesce(f.peer, 0) FROM fact f WHERE "
		"f.entity = ?1 AND f.flags <> 0 AND f.flags & 1",
		1, 0},
	/* From the index of those that are marked at all. */
	[NEXT] = {"SELECT min(entity) FROM fact WHERE entity >= ?1 AND "
		  "flags <> 0",
		1, 0},
	[LOST] =
		{"SELECT s.fact FROM span s CROSS JOIN fact f ON f.id = s.fact "
		 "AND f.kind = " SQL_OBSERVATION
		 " WHERE s.entity = ?1 AND s.branch = ?2 AND "
		 "s.removed > ?3 AND s.removed <= ?4 ORDER BY s.removed DESC",
			4, 0},
};
const struct stmt_module derivations_module = {"derive", defs, ARRAY_LEN(defs)};

const struct store_table derivations_tables[] = {
	{.name = "derived",
		.kind = TABLE_LOG,
		.forget = FORGET_NOTHING,
		.verified = "branch"},
	{0},
};

static int
each(struct store *st, int statement, int64_t id, derivations_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_DERIVE, statement);
	int rc;

	bind_i(s, 1, id);
	while ((rc = stmt_row(st, s, e)) == 1)
		if ((rc = fn(ctx, sqlite3_column_int64(s, 0))) != 0)
			return rc;
	return rc;
}

int
derivations_each_dependant(struct store *st, int64_t source, derivations_fn fn,
	void *ctx, struct err *e)
{
	return each(st, DEPENDANTS, source, fn, ctx, e);
}

static int
each_source(struct store *st, int64_t fact, derivations_fn fn, void *ctx,
	struct err *e)
{
	return each(st, SOURCES, fact, fn, ctx, e);
}

int
derivations_add(struct store *st, int64_t source, int64_t fact, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_DERIVE, ADD);

	bind_i(s, 1, source);
	bind_i(s, 2, fact);
	return stmt_run(st, s, e);
}

/* Breadth first over the sources; each once. */
struct derivations_walk {
	int64_t seen[LOOKED_AT];
	int n;
};

static int
derivations_add_source(void *ctx, int64_t fact)
{
	struct derivations_walk *w = ctx;

	for (int i = 0; i < w->n; i++)
		if (w->seen[i] == fact)
			return 0;
	if (w->n < LOOKED_AT)
		w->seen[w->n++] = fact;
	return 0;
}

int
derivations_suspect(struct store *st, int64_t fact, int64_t *ret_source,
	struct err *e)
{
	struct derivations_walk w = {.n = 0};
	int rc = each_source(st, fact, derivations_add_source, &w, e);

	if (rc != 0)
		return rc;
	for (int i = 0; i < w.n; i++) {
		bool visible;

		rc = branch_sees(st, w.seen[i], &st->lens, &visible, NULL, e);
		if (rc != 0)
			return rc;
		if (!visible) {
			*ret_source = w.seen[i];
			return 1;
		}
		rc = each_source(st, w.seen[i], derivations_add_source, &w, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
derivations_each_of(struct store *st, int64_t entity, derivations_row_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_DERIVE, OF);
	int rc;

	bind_i(s, 1, entity);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct derived_row row = {.fact = sqlite3_column_int64(s, 0),
			.kind = sqlite3_column_int64(s, 1),
			.peer = sqlite3_column_int64(s, 2)};
		bool visible;

		rc = branch_sees(st, row.fact, &st->lens, &visible, &row.added,
			e);
		if (rc != 0)
			return rc;
		if (visible)
			rc = fn(ctx, &row);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
derivations_next(struct store *st, int64_t entity, int64_t *ret_entity,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_DERIVE, NEXT);
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	*ret_entity = sqlite3_column_type(s, 0) == SQLITE_NULL
			      ? INT64_MAX
			      : sqlite3_column_int64(s, 0);
	return 0;
}

/* On one branch of the lens. 1 found. */
static int
lost_on(struct store *st, int64_t entity, int level, int64_t since,
	int64_t *ret_fact, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int64_t ns = 0;
	int rc = entity_lens_namespace(st, entity, &ns, e);

	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_DERIVE, LOST);

	bind_i(s, 1, entity);
	bind_i(s, 2, st->lens.level[level].branch);
	bind_i(s, 3, since);
	bind_i(s, 4, lens_limit(&st->lens, level, ns));
	while ((rc = stmt_row(st, s, e)) == 1) {
		bool visible;

		*ret_fact = sqlite3_column_int64(s, 0);
		rc = branch_sees(st, *ret_fact, &st->lens, &visible, NULL, e);
		if (rc != 0 || !visible)
			return rc != 0 ? rc : 1;
	}
	return rc;
}

int
derivations_lost(struct store *st, int64_t entity, int64_t since,
	int64_t *ret_fact, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < st->lens.n; i++) {
		rc = lost_on(st, entity, i, since, ret_fact, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}
