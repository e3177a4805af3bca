/* The visibility rule, and the resolution of times to change ids. lens.h has the
 * rule and an example.
 *
 * A statement marked STMT_LENS writes its source of spans as @SPAN and its
 * condition as @VIS (attributes: @ATTR, @AVIS); @LV orders attributes by level.
 * The present form is one index range; the other joins the levels of temp.lin. */
#include "memory-db/store/engine/store_internal.h"

#include <assert.h>
#include <string.h>

enum { NEWEST, AT, FORK, BRANCH, CLEAR, LEVEL, NAME };

static const struct stmt_def defs[] = {
	[NEWEST] = {"SELECT coalesce(max(id), 0), (SELECT min(id) FROM change)"
		    " FROM change",
		0, 0},
	[AT] = {"SELECT at FROM change WHERE id <= ?1 ORDER BY id DESC LIMIT 1",
		1, 0},
	[FORK] = {"SELECT parent, fork FROM branch WHERE id = ?1", 1, 0},
	[BRANCH] = {"SELECT id FROM branch WHERE ns = ?1 AND name = ?2"
		    " AND state <> 2",
		2, 0},
	[CLEAR] = {"DELETE FROM temp.lin", 0, 0},
	[LEVEL] = {"INSERT INTO temp.lin(lv, b, lim, ulim)"
		   " VALUES(?1, ?2, ?3, ?4)",
		4, 0},
	[NAME] = {"SELECT name FROM branch WHERE id = ?1", 1, 0},
};
/* The limit of a level for the fact of the span s, and for an attribute a. Ids
 * of the user's facts are the lowest; an entity is asked for its namespace only
 * where it matters. */
#define USER_END "17179869184" /* store_ids_of(LENS_USER + 1) */
#define OF_FACT(l)                                                             \
	"CASE WHEN s.fact < " USER_END " THEN " l ".ulim ELSE " l ".lim END"
#define OF_ATTR                                                                \
	"CASE WHEN l.ulim = l.lim THEN l.lim WHEN (SELECT ns FROM entity e"    \
	" WHERE e.id = a.entity) = 1 THEN l.ulim ELSE l.lim END"

const struct stmt_module lens_module = {"lens", defs, ARRAY_LEN(defs)};

static const struct {
	const char *mark, *now, *lens;
} marks[] = {
	{"@SPAN", "span s", "temp.lin l CROSS JOIN span s"},
	{"@VIS", "s.branch = 1 AND s.removed = " SQL_OPEN_END,
		"s.branch = l.b AND s.added <= " OF_FACT("l") " AND s.removed > " OF_FACT(
			"l") " AND NOT EXISTS (SELECT 1 FROM temp.lin l2"
			     " CROSS JOIN span m ON m.fact = s.fact AND m.branch = l2.b"
			     " AND m.added <= " OF_FACT(
				     "l2") " WHERE l2.lv < l.lv)"},
	{"@ATTR", "attr a", "temp.lin l CROSS JOIN attr a"},
	{"@AVIS", "a.branch = 1 AND a.removed = " SQL_OPEN_END,
		"a.branch = l.b AND a.added <= " OF_ATTR
		" AND a.removed > " OF_ATTR},
	{"@LV", "a.entity", "l.lv"},
};

int
lens_expand(const char *sql, bool now, struct buf *out)
{
	while (*sql != '\0') {
		size_t k;

		for (k = 0; k < ARRAY_LEN(marks); k++)
			if (strncmp(sql, marks[k].mark,
				    strlen(marks[k].mark)) == 0)
				break;
		if (k == ARRAY_LEN(marks)) {
			if (buf_addc(out, *sql++) != 0)
				return MDB_E_NOMEM;
			continue;
		}
		if (buf_adds(out, now ? marks[k].now : marks[k].lens) != 0)
			return MDB_E_NOMEM;
		sql += strlen(marks[k].mark);
	}
	return 0;
}

int
lens_prepare(struct store *st, struct err *e)
{
	st->lens.now = true;
	st->lens.n = 1;
	st->lens.level[0].branch = STORE_MAIN;
	st->lens.level[0].limit = STORE_OPEN_END - 1;
	return store_exec(st,
		"CREATE TEMP TABLE lin(lv INTEGER PRIMARY KEY, b INTEGER "
		"NOT NULL, lim INTEGER NOT NULL, ulim INTEGER NOT NULL) "
		"STRICT",
		e);
}

int
lens_newest(struct store *st, int64_t *ret_change, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LENS, NEWEST);
	int rc = stmt_row(st, s, e);

	if (rc == 1)
		*ret_change = sqlite3_column_int64(s, 0);
	return rc < 0 ? rc : 0;
}

/* `at` of the newest change with id <= id; INT64_MIN when there is none. */
static int
lens_at_of(struct store *st, int64_t id, int64_t *ret_at, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LENS, AT);
	int rc;

	bind_i(s, 1, id);
	rc = stmt_row(st, s, e);
	*ret_at = rc == 1 ? sqlite3_column_int64(s, 0) : INT64_MIN;
	return rc < 0 ? rc : 0;
}

int
lens_change_at(struct store *st, int64_t at_ms, int64_t *ret_change,
	struct err *e)
{
	int64_t lo = 0, hi, at;
	int rc = lens_newest(st, &hi, e);

	/* `at` never decreases with the id. lo: at(lo) <= at_ms or 0. */
	if (rc != 0)
		return rc;
	while (lo < hi) {
		int64_t mid = lo + (hi - lo + 1) / 2;

		rc = lens_at_of(st, mid, &at, e);
		if (rc != 0)
			return rc;
		if (at <= at_ms)
			lo = mid;
		else
			hi = mid - 1;
	}
	*ret_change = lo;
	return 0;
}

int
lens_make(struct store *st, int64_t branch, int64_t change, struct lens *ret,
	struct err *e)
{
	struct lens lens = {0};
	int64_t limit =
		change < STORE_OPEN_END - 1 ? change : STORE_OPEN_END - 1;

	while (branch != 0) {
		AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LENS, FORK);
		int rc;

		if (lens.n > LIMIT_LENS_DEPTH)
			return err_set(e, MDB_E_LIMIT,
				"branches are nested deeper than %d",
				LIMIT_LENS_DEPTH);
		lens.level[lens.n].branch = branch;
		lens.level[lens.n++].limit = limit;
		bind_i(s, 1, branch);
		rc = stmt_row(st, s, e);
		if (rc < 0)
			return rc;
		if (rc == 0)
			return err_set(e, MDB_E_NOT_FOUND,
				"no branch with id %lld", (long long)branch);
		branch = sqlite3_column_int64(s, 0);
		if (sqlite3_column_int64(s, 1) < limit)
			limit = sqlite3_column_int64(s, 1);
	}
	lens.now = lens.n == 1 && lens.level[0].limit == STORE_OPEN_END - 1;
	*ret = lens;
	return 0;
}

int
lens_apply(struct store *st, const struct lens *lens, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	/* An empty lens would see nothing, and say so as if nothing were there.
	 */
	assert(lens->n > 0 && (size_t)lens->n <= ARRAY_LEN(lens->level));
	assert(!lens->now || lens->n == 1);
	st->lens = *lens;
	if (lens->now)
		return 0;
	rc = stmt_run(st, stmt_use(st, MOD_LENS, CLEAR), e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < lens->n; i++) {
		/* A parent is seen up to the fork at most. */
		assert(i == 0 ||
			lens->level[i].limit <= lens->level[i - 1].limit);
		s = stmt_use(st, MOD_LENS, LEVEL);
		bind_i(s, 1, i);
		bind_i(s, 2, lens->level[i].branch);
		bind_i(s, 3, lens->level[i].limit);
		bind_i(s, 4, lens_limit(lens, i, LENS_USER));
		rc = stmt_run(st, s, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
lens_apply_main(struct store *st, struct err *e)
{
	struct lens lens;
	int rc = lens_make(st, STORE_MAIN, STORE_OPEN_END, &lens, e);

	if (rc != 0)
		return rc;
	return lens_apply(st, &lens, e);
}

const struct lens *
lens_of(const struct store *st)
{
	return &st->lens;
}

int
lens_branch(struct store *st, int64_t ns, const char *name, int64_t *ret_branch,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	int rc;

	if (strcmp(name, "main") == 0) {
		*ret_branch = STORE_MAIN;
		return 0;
	}
	s = stmt_use(st, MOD_LENS, BRANCH);
	bind_i(s, 1, ns);
	bind_t(s, 2, name, strlen(name));
	rc = stmt_row(st, s, e);
	if (rc == 1) {
		*ret_branch = sqlite3_column_int64(s, 0);
		return 0;
	}
	return rc < 0 ? rc
		      : err_param(e, MDB_E_NOT_FOUND, "branch",
				"no branch '%s'; 'main' always exists", name);
}

int
lens_branch_name(struct store *st, int64_t branch, struct buf *out,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_LENS, NAME);
	int rc;

	bind_i(s, 1, branch);
	rc = stmt_row(st, s, e);
	if (rc == 1 &&
		buf_adds(out, (const char *)sqlite3_column_text(s, 0)) != 0)
		rc = err_nomem(e);
	return rc;
}
