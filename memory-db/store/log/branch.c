/* Branches and merges as rows, and what a branch says of a fact.
 *
 * For example the branch `trip` forks from main at change 5: one row (trip,
 * parent main, fork 5), and no fact is copied. branch_sees answers for fact
 * 7 whether a lens that begins at trip shows it: by a span of trip itself,
 * or else by main's as of change 5. */
#include "memory-db/store/log/branch.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/engine/table.h"

enum {
	CREATE,
	CREATE_AS,
	EACH,
	GET,
	SET_STATE,
	MERGED,
	ADD_MERGE,
	FACTS,
	OPEN_OF,
	ATTRS,
	SEES,
	SHOWN,
	ATTR_AT,
	TOUCHED,
	NEWEST
};

#define COLUMNS "id, ns, parent, fork, state, name, about"

static const struct stmt_def defs[] = {
	[CREATE] = {"INSERT INTO branch(ns, name, about, parent, fork) "
		    "VALUES(?1, ?2, ?3, ?4, ?5)",
		5, STMT_WRITER},
	[CREATE_AS] = {"INSERT INTO branch(id, ns, name, about, parent,"
		       " fork) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
		6, STMT_WRITER},
	[EACH] = {"SELECT " COLUMNS " FROM branch WHERE state <> 2 AND id <> 1 "
		  "AND (ns = ?1 OR ?1 = 0) ORDER BY id",
		1, 0},
	[GET] = {"SELECT " COLUMNS " FROM branch WHERE id = ?1", 1, 0},
	[SET_STATE] = {"UPDATE branch SET state = ?2, name = CASE ?2 WHEN 2 "
		       "THEN name || '#' || id ELSE name END WHERE id = ?1",
		2, STMT_WRITER},
	[MERGED] = {"SELECT at, upto FROM merged WHERE branch = ?1 ORDER BY at "
		    "DESC LIMIT 1",
		1, 0},
	[ADD_MERGE] = {"INSERT INTO merged(branch, at, upto) VALUES(?1,?2,?3)",
		3, STMT_WRITER},
	[FACTS] = {"SELECT fact, max(entity) FROM span INDEXED BY span_branch "
		   "WHERE branch = ?1 AND branch <> 1 GROUP BY fact ORDER BY "
		   "fact",
		1, 0},
	[OPEN_OF] = {"SELECT fact, entity FROM span WHERE entity = ?1 AND "
		     "branch = 1 AND removed = 140737488355327",
		1, 0},
	[ATTRS] =
		{"SELECT DISTINCT o.key, o.entity FROM change c CROSS JOIN op "
		 "o ON o.change = c.id AND o.what = 3 WHERE c.branch = ?1 "
		 "AND c.ns = (SELECT ns FROM branch WHERE id = ?1)",
			1, 0},
	[SEES] = {"SELECT added, removed FROM span WHERE fact = ?1 AND "
		  "branch = ?2 AND added <= ?3 ORDER BY added DESC LIMIT 1",
		3, 0},
	[SHOWN] =
		{"SELECT added FROM span WHERE fact = ?1 AND branch = ?2 AND "
		 "added <= ?3 AND removed > added ORDER BY added DESC LIMIT 1",
			3, 0},
	[ATTR_AT] = {"SELECT value, added FROM attr WHERE entity = ?1 AND "
		     "branch = ?2 AND key = ?3 AND added <= ?4 AND "
		     "removed > ?4 ORDER BY added DESC LIMIT 1",
		4, 0},
	[TOUCHED] = {"SELECT change FROM version WHERE entity = ?1 AND "
		     "branch = ?2 ORDER BY n DESC LIMIT 1",
		2, 0},
	[NEWEST] = {"SELECT id FROM change WHERE ns = ?1 AND branch = ?2 ORDER "
		    "BY id DESC LIMIT 1",
		2, 0},
};
const struct stmt_module branch_module = {"branch", defs, ARRAY_LEN(defs)};

const struct store_table branch_tables[] = {
	{.name = "branch",
		.kind = TABLE_LOG,
		.forget = FORGET_NOTHING,
		.verified = "branch"},
	{.name = "merged",
		.kind = TABLE_LOG,
		.forget = FORGET_NOTHING,
		.verified = "branch"},
	{0},
};

static int
optional_text(sqlite3_stmt *s, int column, const char **ret, struct err *e)
{
	*ret = (const char *)sqlite3_column_text(s, column);
	if (!*ret && sqlite3_column_type(s, column) != SQLITE_NULL)
		return err_nomem(e);
	return 0;
}

/* --- rows ----------------------------------------------------------------- */
int
branch_create(struct store *st, int64_t ns, const char *name, const char *about,
	int64_t parent, int64_t fork, int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, CREATE);
	int rc;

	bind_i(s, 1, ns);
	bind_t(s, 2, name, strlen(name));
	if (about)
		bind_t(s, 3, about, strlen(about));
	bind_i(s, 4, parent);
	bind_i(s, 5, fork);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	*ret_id = sqlite3_last_insert_rowid(st->db);
	return rc;
}

int
branch_create_as(struct store *st, const struct branch_row *b, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, CREATE_AS);

	bind_i(s, 1, b->id);
	bind_i(s, 2, b->ns);
	bind_t(s, 3, b->name, strlen(b->name));
	if (b->about)
		bind_t(s, 4, b->about, strlen(b->about));
	bind_i(s, 5, b->parent);
	bind_i(s, 6, b->fork);
	return stmt_run(st, s, e);
}

static int
give_branch(sqlite3_stmt *s, branch_fn fn, void *ctx, struct err *e)
{
	struct branch_row b = {
		.id = sqlite3_column_int64(s, 0),
		.ns = sqlite3_column_int64(s, 1),
		.parent = sqlite3_column_int64(s, 2),
		.fork = sqlite3_column_int64(s, 3),
		.state = (enum branch_state)sqlite3_column_int(s, 4),
	};
	int rc = optional_text(s, 5, &b.name, e);

	if (rc != 0)
		return rc;
	rc = optional_text(s, 6, &b.about, e);
	if (rc != 0)
		return rc;
	return fn(ctx, &b);
}

int
branch_each(struct store *st, int64_t ns, branch_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, EACH);
	int rc;

	bind_i(s, 1, ns);
	while ((rc = stmt_row(st, s, e)) == 1)
		if ((rc = give_branch(s, fn, ctx, e)) != 0)
			return rc;
	return rc;
}

int
branch_get(struct store *st, int64_t id, branch_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, GET);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	rc = give_branch(s, fn, ctx, e);
	return rc == 0 ? 1 : rc;
}

int
branch_set_state(struct store *st, int64_t id, enum branch_state state,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, SET_STATE);

	bind_i(s, 1, id);
	bind_i(s, 2, (int64_t)state);
	return stmt_run(st, s, e);
}

int
branch_merged(struct store *st, int64_t branch, int64_t *ret_at,
	int64_t *ret_upto, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, MERGED);
	int rc;

	bind_i(s, 1, branch);
	rc = stmt_row(st, s, e);
	if (rc == 1) {
		*ret_at = sqlite3_column_int64(s, 0);
		*ret_upto = sqlite3_column_int64(s, 1);
	}
	return rc;
}

int
branch_add_merge(struct store *st, int64_t branch, int64_t at, int64_t upto,
	struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, ADD_MERGE);

	bind_i(s, 1, branch);
	bind_i(s, 2, at);
	bind_i(s, 3, upto);
	return stmt_run(st, s, e);
}

static int
each_pair(struct store *st, int statement, int64_t branch, branch_fact_fn fn,
	void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, statement);

	bind_i(s, 1, branch);
	return stmt_each_pair(st, s, fn, ctx, e);
}

int
branch_each_fact(struct store *st, int64_t branch, branch_fact_fn fn, void *ctx,
	struct err *e)
{
	return each_pair(st, FACTS, branch, fn, ctx, e);
}

int
branch_each_open(struct store *st, int64_t entity, branch_fact_fn fn, void *ctx,
	struct err *e)
{
	return each_pair(st, OPEN_OF, entity, fn, ctx, e);
}

int
branch_each_attr(struct store *st, int64_t branch, branch_fact_fn fn, void *ctx,
	struct err *e)
{
	return each_pair(st, ATTRS, branch, fn, ctx, e);
}

/* --- other lenses --------------------------------------------------------- */
int
branch_sees(struct store *st, int64_t fact, const struct lens *lens,
	bool *ret_visible, int64_t *ret_since, struct err *e)
{
	*ret_visible = false;
	if (ret_since != NULL)
		*ret_since = 0;
	for (int i = 0; i < lens->n; i++) {
		AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, SEES);
		int64_t limit = lens_limit(lens, i, fact_namespace(fact));
		int64_t added, removed;
		int rc;

		bind_i(s, 1, fact);
		bind_i(s, 2, lens->level[i].branch);
		bind_i(s, 3, limit);
		rc = stmt_row(st, s, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		added = sqlite3_column_int64(s, 0);
		removed = sqlite3_column_int64(s, 1);
		*ret_visible = removed > limit;
		if (ret_since != NULL)
			*ret_since = *ret_visible ? added : removed;
		return 0;
	}
	return 0;
}

int
branch_shown(struct store *st, int64_t fact, const struct lens *lens,
	int64_t *ret_change, struct err *e)
{
	*ret_change = 0;
	for (int i = 0; i < lens->n; i++) {
		AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, SHOWN);
		int rc;

		bind_i(s, 1, fact);
		bind_i(s, 2, lens->level[i].branch);
		bind_i(s, 3, lens_limit(lens, i, fact_namespace(fact)));
		rc = stmt_row(st, s, e);
		if (rc == 1)
			*ret_change = sqlite3_column_int64(s, 0);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

int
branch_attr(struct store *st, int64_t entity, enum attr_key key,
	const struct lens *lens, int64_t *ret_value, int64_t *ret_since,
	struct err *e)
{
	*ret_value = *ret_since = 0;
	for (int i = 0; i < lens->n; i++) {
		AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, ATTR_AT);
		int rc;

		bind_i(s, 1, entity);
		bind_i(s, 2, lens->level[i].branch);
		bind_i(s, 3, (int64_t)key);
		bind_i(s, 4, lens->level[i].limit);
		rc = stmt_row(st, s, e);
		if (rc == 1) {
			*ret_value = sqlite3_column_int64(s, 0);
			*ret_since = sqlite3_column_int64(s, 1);
		}
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

static int
one_id(struct store *st, int statement, int64_t a, int64_t b, int64_t *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_BRANCH, statement);
	int rc;

	bind_i(s, 1, a);
	bind_i(s, 2, b);
	*ret = 0;
	rc = stmt_int(st, s, ret, e);
	return rc < 0 ? rc : 0;
}

int
branch_touched(struct store *st, int64_t entity, int64_t branch,
	int64_t *ret_change, struct err *e)
{
	return one_id(st, TOUCHED, entity, branch, ret_change, e);
}

int
branch_newest(struct store *st, int64_t ns, int64_t branch, int64_t *ret_change,
	struct err *e)
{
	return one_id(st, NEWEST, ns, branch, ret_change, e);
}
