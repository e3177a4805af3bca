/* Counters of skills. Runs end on any thread, and a thread that reads cannot
 * write; so each run is added to a short list in memory, by entity, and the
 * writer adds the list to the table along with its next group or in idle time.
 * Ten runs of a skill between two groups are one row with the number 10. */
#include "memory-db/store/beside/skill_runs.h"

#include <string.h>

#include "common/clock.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

/* Skills with runs that are not stored yet; more are not counted. */
#define PENDING 256

enum { GET, ADD, FORGET };

static const struct stmt_def defs[] = {
	[GET] = {"SELECT runs, ok, us, last_at FROM skill_run WHERE entity = "
		 "?1",
		1, 0},
	/* One that only a script knew, or that is gone, has no row to be. */
	[ADD] = {"INSERT INTO skill_run(entity, runs, ok, us, last_at) SELECT "
		 "id, ?2, ?3, ?4, ?5 FROM entity WHERE id = ?1 ON CONFLICT DO "
		 "UPDATE SET runs = runs + excluded.runs, ok = ok + "
		 "excluded.ok, us = us + excluded.us, last_at = "
		 "max(last_at, excluded.last_at)",
		5, STMT_WRITER},
	[FORGET] = {"DELETE FROM skill_run WHERE entity = ?1", 1, STMT_WRITER},
};
const struct stmt_module skill_runs_module = {"runs", defs, ARRAY_LEN(defs)};

const struct store_table skill_runs_tables[] = {
	{.name = "skill_run",
		.kind = TABLE_LINE, /* uses.c */
		.forget = FORGET_DROPS,
		.forget_entity = skill_run_forget},
	{0},
};

static struct run_sum *
skill_runs_find_or_add(struct database *db, int64_t entity)
{
	for (size_t i = 0; i < db->runs_n; i++)
		if (db->runs[i].entity == entity)
			return &db->runs[i];
	if (!db->runs)
		db->runs = calloc(PENDING, sizeof(*db->runs));
	if (!db->runs || db->runs_n == PENDING)
		return NULL;
	db->runs[db->runs_n] = (struct run_sum){.entity = entity};
	return &db->runs[db->runs_n++];
}

static void
add_sum(struct database *db, const struct run_sum *sum)
{
	struct run_sum *row;

	pthread_mutex_lock(&db->runs_lock);
	row = skill_runs_find_or_add(db, sum->entity);
	if (row) {
		row->runs += sum->runs;
		row->ok += sum->ok;
		row->us += sum->us;
		if (row->last_at < sum->last_at)
			row->last_at = sum->last_at;
	}
	pthread_mutex_unlock(&db->runs_lock);
}

void
skill_run_note(struct database *db, int64_t entity, bool ok, int64_t us)
{
	const struct run_sum one = {entity, 1, ok, us, clock_now_ms()};

	if (!db->read_only)
		add_sum(db, &one);
}

int
skill_run_get(struct store *st, int64_t entity, struct run_sum *ret,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RUNS, GET);
	int rc;

	bind_i(s, 1, entity);
	rc = stmt_row(st, s, e);
	*ret = (struct run_sum){.entity = entity};
	if (rc == 1)
		*ret = (struct run_sum){entity, sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3)};
	return rc < 0 ? rc : 0;
}

int
skill_run_forget(struct store *st, int64_t entity, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_RUNS, FORGET);

	bind_i(s, 1, entity);
	return stmt_run(st, s, e);
}

static bool
skill_runs_are_waiting(const struct store *st)
{
	struct database *db = st->base;
	bool some;

	pthread_mutex_lock(&db->runs_lock);
	some = db->runs_n > 0;
	pthread_mutex_unlock(&db->runs_lock);
	return some;
}

/* Takes the list; what the writer does not commit comes back. */
static int
skill_runs_flush(struct store *st, struct err *e)
{
	struct database *db = st->base;
	int rc = 0;

	if (st->role != STORE_WRITER)
		return 0;
	pthread_mutex_lock(&db->runs_lock);
	if (!st->runs) {
		st->runs = db->runs;
		st->runs_n = db->runs_n;
		db->runs = NULL;
		db->runs_n = 0;
	}
	pthread_mutex_unlock(&db->runs_lock);
	for (size_t i = 0; i < st->runs_n; i++) {
		sqlite3_stmt *s = stmt_use(st, MOD_RUNS, ADD);

		bind_i(s, 1, st->runs[i].entity);
		bind_i(s, 2, st->runs[i].runs);
		bind_i(s, 3, st->runs[i].ok);
		bind_i(s, 4, st->runs[i].us);
		bind_i(s, 5, st->runs[i].last_at);
		rc = stmt_run(st, s, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void
skill_runs_committed(struct store *st)
{
	free(st->runs);
	st->runs = NULL;
	st->runs_n = 0;
}

static void
skill_runs_rolled_back(struct store *st)
{
	for (size_t i = 0; i < st->runs_n; i++)
		add_sum(st->base, &st->runs[i]);
	skill_runs_committed(st);
}

static int
skill_runs_database_open(struct database *db, struct err *e)
{
	(void)e;
	pthread_mutex_init(&db->runs_lock, NULL);
	return 0;
}

static void
skill_runs_database_close(struct database *db)
{
	pthread_mutex_destroy(&db->runs_lock);
	free(db->runs);
}

const struct participant skill_runs_participant = {
	.name = "skill_runs",
	.database_open = skill_runs_database_open,
	.database_close = skill_runs_database_close,
	.flush = skill_runs_flush,
	.committed = skill_runs_committed,
	.rolled_back = skill_runs_rolled_back,
	.is_waiting = skill_runs_are_waiting,
};
