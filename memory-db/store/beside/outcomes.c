/* Each judgement adds to the row of the fact, that of the day, and the totals of
 * the status (facts/counters.h), the sum of the days. Receipts: judged.c. */
#include "memory-db/store/beside/outcomes.h"

#include <assert.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"
#include "memory-db/store/facts/counters.h"

#define DAY_MS INT64_C(86400000)

enum {
	STATE,
	GET,
	ADD,
	CORRECT,
	DAY_OF,
	EACH,
	DAY_GET,
	DAY_ADD,
	DAYS,
	MOST,
	PUT,
	FACT_IS_THERE,
	MOVE,
	MOVE_FACT,
	MOVED,
	DAYS_MOVED
};

#define COLUMNS "ns, fact, used, ignored, contradicted, last_at"
#define DAY_COLUMNS                                                            \
	"ns, day, used, ignored, contradicted, recalled_used,"                 \
	" recalled_ignored, recalled_contradicted"

static const struct stmt_def defs[] = {
	[STATE] = {"SELECT coalesce(max(id), 0) FROM judged", 0, 0},
	[GET] = {"SELECT " COLUMNS ", day, of_day FROM outcome"
		 " WHERE ns = ?1 AND fact = ?2",
		2, 0},
	[ADD] = {"INSERT INTO outcome(ns, fact, used, ignored, contradicted,"
		 " last_at, day, of_day) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
		 " ON CONFLICT DO UPDATE SET used = used + excluded.used,"
		 " ignored = ignored + excluded.ignored,"
		 " contradicted = contradicted + excluded.contradicted,"
		 " last_at = max(last_at, excluded.last_at),"
		 " day = excluded.day, of_day = excluded.of_day",
		8, STMT_WRITER},
	[CORRECT] = {"UPDATE outcome SET used = max(used + ?3, 0),"
		     " ignored = max(ignored + ?4, 0),"
		     " contradicted = max(contradicted + ?5, 0),"
		     " last_at = max(last_at, ?6)"
		     " WHERE ns = ?1 AND fact = ?2",
		6, STMT_WRITER},
	/* The newest day that has counted such an outcome (?4) of what the agent
	 * had asked for itself (?5 1) or of what it had not. */
	[DAY_OF] = {"SELECT day FROM outcome_day WHERE ns = ?1 AND day <= ?2"
		    " AND day >= ?3 AND CASE ?4 WHEN 0 THEN"
		    " iif(?5, recalled_used, used - recalled_used) WHEN 1 THEN"
		    " iif(?5, recalled_ignored, ignored - recalled_ignored)"
		    " ELSE iif(?5, recalled_contradicted, contradicted -"
		    " recalled_contradicted) END > 0 ORDER BY day DESC LIMIT 1",
		5, STMT_WRITER},
	[EACH] = {"SELECT " COLUMNS " FROM outcome"
		  " WHERE (ns, fact) > (?2, ?3) AND (?1 = 0 OR ns = ?1)"
		  " AND last_at >= ?4 ORDER BY ns, fact",
		4, 0},
	[DAY_GET] = {"SELECT " DAY_COLUMNS " FROM outcome_day"
		     " WHERE ns = ?1 AND day = ?2",
		2, STMT_WRITER},
	[DAY_ADD] = {"INSERT INTO outcome_day(" DAY_COLUMNS ") VALUES(?1, ?2,"
		     " ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET"
		     " used = used + excluded.used,"
		     " ignored = ignored + excluded.ignored,"
		     " contradicted = contradicted + excluded.contradicted,"
		     " recalled_used = recalled_used + excluded.recalled_used,"
		     " recalled_ignored = recalled_ignored +"
		     " excluded.recalled_ignored, recalled_contradicted ="
		     " recalled_contradicted + excluded.recalled_contradicted",
		8, STMT_WRITER},
	[DAYS] = {"SELECT " DAY_COLUMNS
		  " FROM outcome_day WHERE (ns, day) > (?2, ?3)"
		  " AND (?1 = 0 OR ns = ?1) AND day >= ?4 AND day <= ?5"
		  " ORDER BY ns, day",
		5, 0},
	[MOST] = {"SELECT " COLUMNS " FROM outcome WHERE ns = ?1 AND"
		  " last_at >= ?2 AND CASE ?3 WHEN 0 THEN used WHEN 1 THEN"
		  " ignored * (used = 0) ELSE contradicted END > 0"
		  " ORDER BY CASE ?3 WHEN 0 THEN used WHEN 1 THEN ignored ELSE"
		  " contradicted END DESC, fact DESC LIMIT ?4",
		4, 0},
	[PUT] = {"INSERT INTO outcome(ns, fact, used, ignored, contradicted,"
		 " last_at, day, of_day) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, 0)"
		 " ON CONFLICT DO UPDATE SET"
		 " used = max(used * ?7, excluded.used),"
		 " ignored = max(ignored * ?7, excluded.ignored),"
		 " contradicted ="
		 " max(contradicted * ?7, excluded.contradicted),"
		 " last_at = max(last_at, excluded.last_at)",
		7, STMT_WRITER},
	[FACT_IS_THERE] = {"SELECT 1 FROM fact WHERE id = ?1 AND salt IS NOT"
			   " NULL",
		1, 0},
	/* What was shown of the user's memory keeps its fact. */
	[MOVE] = {"INSERT INTO outcome(ns, fact, used, ignored, contradicted,"
		  " last_at, day, of_day) SELECT ?2, fact, used, ignored,"
		  " contradicted, last_at, day, of_day FROM outcome WHERE"
		  " ns = ?1 AND fact >> 33 <> ?1 ON CONFLICT DO UPDATE SET"
		  " used = used + excluded.used,"
		  " ignored = ignored + excluded.ignored,"
		  " contradicted = contradicted + excluded.contradicted",
		2, STMT_WRITER},
	[MOVE_FACT] = {"INSERT INTO outcome(ns, fact, used, ignored,"
		       " contradicted, last_at, day, of_day) SELECT ?3, ?4,"
		       " used, ignored, contradicted, last_at, day, of_day FROM"
		       " outcome WHERE ns = ?1 AND fact = ?2 ON CONFLICT DO"
		       " UPDATE SET used = used + excluded.used,"
		       " ignored = ignored + excluded.ignored,"
		       " contradicted = contradicted + excluded.contradicted",
		4, STMT_WRITER},
	[MOVED] = {"DELETE FROM outcome WHERE ns = ?1", 1, STMT_WRITER},
	[DAYS_MOVED] = {"DELETE FROM outcome_day WHERE ns = ?1", 1,
		STMT_WRITER},
};
const struct stmt_module outcomes_module = {"outcomes", defs, ARRAY_LEN(defs)};

static int outcomes_merged(struct store *st, int64_t from, int64_t to,
	bool is_last, struct err *e);

const struct store_table outcomes_tables[] = {
	{.name = "outcome",
		.kind = TABLE_LINE, /* model/transfer/export_outcomes.c */
		.forget = FORGET_DROPS,
		.merged = outcomes_merged},
	{.name = "outcome_day", .kind = TABLE_LINE, .forget = FORGET_NOTHING},
	{0},
};

/* --- reading -------------------------------------------------------------- */
int
outcomes_state(struct store *st, int64_t *ret, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, STATE);
	int rc = stmt_row(st, s, e);

	if (rc < 0)
		return rc;
	*ret = sqlite3_column_int64(s, 0);
	return 0;
}

static struct outcome_row
row_of(sqlite3_stmt *s)
{
	return (struct outcome_row){.ns = sqlite3_column_int64(s, 0),
		.fact = sqlite3_column_int64(s, 1),
		.n = {sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3),
			sqlite3_column_int64(s, 4)},
		.last_at = sqlite3_column_int64(s, 5)};
}

static struct outcome_row
day_of(sqlite3_stmt *s)
{
	struct outcome_row row = {.ns = sqlite3_column_int64(s, 0),
		.fact = sqlite3_column_int64(s, 1)};

	for (int o = 0; o < OUTCOME_MAX; o++) {
		row.n[o] = sqlite3_column_int64(s, 2 + o);
		row.recalled[o] = sqlite3_column_int64(s, 2 + OUTCOME_MAX + o);
	}
	return row;
}

int
outcome_get(struct store *st, int64_t ns, int64_t fact, struct outcome_row *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, GET);
	int rc;

	bind_i(s, 1, ns);
	bind_i(s, 2, fact);
	rc = stmt_row(st, s, e);
	if (rc == 1)
		*ret = row_of(s);
	return rc;
}

static int
each_row(struct store *st, sqlite3_stmt *s,
	struct outcome_row (*read)(sqlite3_stmt *s), outcome_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		const struct outcome_row row = read(s);

		rc = fn(ctx, &row);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
outcomes_each(struct store *st, int64_t ns, int64_t after_ns,
	int64_t after_fact, int64_t since_ms, outcome_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, EACH);

	bind_i(s, 1, ns);
	bind_i(s, 2, after_ns);
	bind_i(s, 3, after_fact);
	bind_i(s, 4, since_ms);
	return each_row(st, s, row_of, fn, ctx, e);
}

int
outcome_days_each(struct store *st, int64_t ns, int64_t after_ns,
	int64_t after_day, int64_t from, int64_t to, outcome_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, DAYS);

	bind_i(s, 1, ns);
	bind_i(s, 2, after_ns);
	bind_i(s, 3, after_day);
	bind_i(s, 4, from);
	bind_i(s, 5, to);
	return each_row(st, s, day_of, fn, ctx, e);
}

int
outcomes_most(struct store *st, int64_t ns, enum outcome what, int64_t since_ms,
	int limit, outcome_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, MOST);

	bind_i(s, 1, ns);
	bind_i(s, 2, since_ms);
	bind_i(s, 3, what);
	bind_i(s, 4, limit);
	return each_row(st, s, row_of, fn, ctx, e);
}

/* --- counting ------------------------------------------------------------- */

/* Adds the counts of a day to the totals of the status, or takes them (-1). */
static int
add_to_totals(struct store *st, int64_t ns, const struct outcome_row *x,
	int sign, struct err *e)
{
	for (int o = 0; o < 2 * OUTCOME_MAX; o++) {
		int64_t n = o < OUTCOME_MAX ? x->n[o]
					    : x->recalled[o - OUTCOME_MAX];
		int rc = n == 0 ? 0
				: counters_add(st, ns, TALLY_OUTCOME, 1 + o,
					  sign * n, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
add_to_day(struct store *st, const struct outcome_row *x, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, DAY_ADD);
	int rc;

	bind_i(s, 1, x->ns);
	bind_i(s, 2, x->fact);
	for (int o = 0; o < OUTCOME_MAX; o++) {
		bind_i(s, 3 + o, x->n[o]);
		bind_i(s, 3 + OUTCOME_MAX + o, x->recalled[o]);
	}
	rc = stmt_run(st, s, e);
	return rc != 0 ? rc : add_to_totals(st, x->ns, x, 1, e);
}

int
outcome_add(struct store *st, const struct outcome_said *said, int64_t now,
	bool *ret_counted, struct err *e)
{
	AUTO_STMT sqlite3_stmt *get = stmt_use(st, MOD_OUTCOMES, GET);
	struct outcome_row day = {.ns = said->ns, .fact = now / DAY_MS};
	int64_t of_day = 0;
	sqlite3_stmt *s;
	int rc;

	assert(said->what >= 0 && said->what < OUTCOME_MAX);
	bind_i(get, 1, said->ns);
	bind_i(get, 2, said->fact);
	rc = stmt_row(st, get, e);
	if (rc < 0)
		return rc;
	if (rc == 1 && sqlite3_column_int64(get, 6) == day.fact)
		of_day = sqlite3_column_int64(get, 7);
	*ret_counted = of_day < OUTCOMES_OF_DAY;
	if (!*ret_counted)
		return 0;
	s = stmt_use(st, MOD_OUTCOMES, ADD);
	bind_i(s, 1, said->ns);
	bind_i(s, 2, said->fact);
	for (int o = 0; o < OUTCOME_MAX; o++)
		bind_i(s, 3 + o, o == (int)said->what);
	bind_i(s, 6, now);
	bind_i(s, 7, day.fact);
	bind_i(s, 8, of_day + 1);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	day.n[said->what] = 1;
	day.recalled[said->what] = said->is_recalled;
	return add_to_day(st, &day, e);
}

/* Takes one count back from the day that has it: not from today, which may have
 * counted none. A fact was used on Monday, and what is said on Tuesday shows
 * that it was wrong: Monday has one use less, Tuesday one contradiction more. */
static int
take_from_day(struct store *st, const struct outcome_said *said, int64_t today,
	struct err *e)
{
	struct outcome_row day = {.ns = said->ns};
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, DAY_OF);
	int rc;

	bind_i(s, 1, said->ns);
	bind_i(s, 2, today);
	bind_i(s, 3, today - OUTCOME_DAYS_BACK);
	bind_i(s, 4, said->what);
	bind_i(s, 5, said->is_recalled);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	day.fact = sqlite3_column_int64(s, 0);
	day.n[said->what] = -1;
	day.recalled[said->what] = -said->is_recalled;
	return add_to_day(st, &day, e);
}

int
outcome_correct(struct store *st, const struct outcome_said *said,
	enum outcome to, int64_t now, struct err *e)
{
	struct outcome_row day = {.ns = said->ns, .fact = now / DAY_MS};
	sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, CORRECT);
	int from = (int)said->what, rc;

	assert(said->what != to);
	bind_i(s, 1, said->ns);
	bind_i(s, 2, said->fact);
	for (int o = 0; o < OUTCOME_MAX; o++)
		bind_i(s, 3 + o, (o == (int)to) - (o == from));
	bind_i(s, 6, now);
	rc = stmt_run(st, s, e);
	/* A row that was forgotten meanwhile is not corrected. */
	if (rc != 0 || sqlite3_changes(st->db) == 0)
		return rc;
	rc = take_from_day(st, said, day.fact, e);
	if (rc != 0)
		return rc;
	day.n[to] = 1;
	day.recalled[to] = said->is_recalled;
	return add_to_day(st, &day, e);
}

/* --- another copy --------------------------------------------------------- */

/* Who keeps answers is told that counters changed. */
static int
note_change(struct store *st, struct err *e)
{
	return judged_put(st, "", "[]", 2, e);
}

int
outcome_put(struct store *st, const struct outcome_row *row, bool replaces,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *there =
		stmt_use(st, MOD_OUTCOMES, FACT_IS_THERE);
	sqlite3_stmt *s;
	int rc;

	bind_i(there, 1, row->fact);
	rc = stmt_row(st, there, e);
	if (rc != 1)
		return rc;
	s = stmt_use(st, MOD_OUTCOMES, PUT);
	bind_i(s, 1, row->ns);
	bind_i(s, 2, row->fact);
	for (int o = 0; o < OUTCOME_MAX; o++)
		bind_i(s, 3 + o, row->n[o]);
	bind_i(s, 6, row->last_at);
	bind_i(s, 7, !replaces);
	rc = stmt_run(st, s, e);
	if (rc != 0)
		return rc;
	return note_change(st, e);
}

int
outcome_day_put(struct store *st, const struct outcome_row *row, bool replaces,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, DAY_GET);
	struct outcome_row more = *row, had;
	int rc;

	bind_i(s, 1, row->ns);
	bind_i(s, 2, row->fact);
	rc = stmt_row(st, s, e);
	if (rc < 0)
		return rc;
	had = rc == 1 ? day_of(s) : (struct outcome_row){0};
	for (int o = 0; o < OUTCOME_MAX; o++) {
		more.n[o] -= had.n[o];
		more.recalled[o] -= had.recalled[o];
		if (more.n[o] < 0 && !replaces)
			more.n[o] = 0;
		if (more.recalled[o] < 0 && !replaces)
			more.recalled[o] = 0;
	}
	return add_to_day(st, &more, e);
}

struct moving_days {
	struct store *st;
	int64_t to;
	struct err *e;
};

static int
move_day(void *ctx, const struct outcome_row *row)
{
	struct moving_days *m = ctx;
	struct outcome_row one = *row;
	int rc;

	one.ns = m->to;
	rc = add_to_day(m->st, &one, m->e);
	return rc != 0 ? rc : add_to_totals(m->st, row->ns, row, -1, m->e);
}

static int
run_two(struct store *st, int which, int64_t a, int64_t b, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, which);

	bind_i(s, 1, a);
	if (b != 0)
		bind_i(s, 2, b);
	return stmt_run(st, s, e);
}

int
outcome_move(struct store *st, int64_t from, int64_t fact, int64_t to,
	int64_t other, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_OUTCOMES, MOVE_FACT);

	bind_i(s, 1, from);
	bind_i(s, 2, fact);
	bind_i(s, 3, to);
	bind_i(s, 4, other);
	return stmt_run(st, s, e);
}

static int
outcomes_merged(struct store *st, int64_t from, int64_t to, bool is_last,
	struct err *e)
{
	struct moving_days m = {st, to, e};
	int rc;

	if (!is_last)
		return 0;
	rc = run_two(st, MOVE, from, to, e);
	if (rc != 0)
		return rc;
	rc = run_two(st, MOVED, from, 0, e);
	if (rc != 0)
		return rc;
	/* Rows of `to` are written while those of `from` are read: the walk is
	 * by namespace, and never comes to them. */
	rc = outcome_days_each(st, from, 0, 0, 0, INT64_MAX, move_day, &m, e);
	if (rc != 0)
		return rc;
	rc = run_two(st, DAYS_MOVED, from, 0, e);
	if (rc != 0)
		return rc;
	return note_change(st, e);
}
