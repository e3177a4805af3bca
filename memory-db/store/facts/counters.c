/* Counters behind status: a table in the file, updated in each group's
 * transaction, and a copy in memory that is published after COMMIT.
 *
 * Changes of counters are appended to a list while a group runs (a savepoint
 * remembers its length), summed up before COMMIT, and applied to the copy
 * after it. */
#include "memory-db/store/facts/counters_int.h"

#include <assert.h>
#include <string.h>

#include "common/vec.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/table.h"

enum { LOAD, PUT, LAST };

static const struct stmt_def defs[] = {
	[LOAD] = {"SELECT ns, kind, key, n FROM tally", 0, 0},
	[PUT] = {"INSERT INTO tally(ns, kind, key, n) VALUES(?1, ?2, ?3, ?4) "
		 "ON CONFLICT DO UPDATE SET n = n + excluded.n",
		4, STMT_WRITER},
	[LAST] = {"SELECT id, at FROM change ORDER BY id DESC LIMIT 1", 0, 0},
};
const struct stmt_module counters_module = {"tally", defs, ARRAY_LEN(defs)};

const struct store_table counters_tables[] = {
	{.name = "tally",
		.kind = TABLE_DERIVED,
		.forget = FORGET_NOTHING,
		.verified = "counter"},
	{0},
};

static int
counters_compare(const struct counter *a, const struct counter *b)
{
	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->key < b->key ? -1 : a->key > b->key;
}

static int
compare_rows(const void *a, const void *b)
{
	return counters_compare(a, b);
}

static int
reserve(void **rows, size_t *cap, size_t n, size_t size)
{
	void *p = vec_grown(*rows, n, cap, size);

	if (!p)
		return MDB_E_NOMEM;
	*rows = p;
	return 0;
}

/* --- the log of a group --------------------------------------------------- */
static int
counters_connect(struct store *st, struct err *e)
{
	if (st->role == STORE_READER)
		return 0;
	st->deltas = calloc(1, sizeof(*st->deltas));
	return !st->deltas ? err_nomem(e) : 0;
}

static void
counters_close(struct store *st)
{
	if (!st->deltas)
		return;
	free(st->deltas->rows);
	free(st->deltas);
	st->deltas = NULL;
}

int
counters_add(struct store *st, int64_t ns, enum counters_kind kind, int64_t key,
	int64_t delta, struct err *e)
{
	struct counters_log *log = st->deltas;
	struct counter c = {ns, (int64_t)kind, key, delta};

	if (reserve((void **)&log->rows, &log->cap, log->n, sizeof(c)) != 0)
		return err_nomem(e);
	log->rows[log->n++] = c;
	return 0;
}

int
counters_mark(const struct store *st)
{
	return (int)st->deltas->n;
}

static void
counters_savepoint(struct store *st)
{
	st->deltas->savepoint = st->deltas->n;
}

static void
counters_undone(struct store *st)
{
	/* What was flushed is added up, and no part of it can be taken back. */
	assert(st->deltas->savepoint <= st->deltas->n);
	st->deltas->n = st->deltas->savepoint;
}

static void
counters_rolled_back(struct store *st)
{
	if (st->deltas)
		st->deltas->n = st->deltas->savepoint = 0;
}

static bool
is_set(const struct counter *c)
{
	return c->kind == TALLY_TOTAL && c->key >= TOTAL_LAST_CHANGE;
}

/* One row a counter: sums, or the largest value for those that are set. */
static void
sum_up(struct counters_log *log)
{
	size_t out = 0;

	if (log->n == 0)
		return; /* qsort takes no NULL */
	qsort(log->rows, log->n, sizeof(*log->rows), compare_rows);
	for (size_t i = 0; i < log->n; i++) {
		struct counter *last = out > 0 ? &log->rows[out - 1] : NULL;

		if (!last || counters_compare(last, &log->rows[i]) != 0)
			log->rows[out++] = log->rows[i];
		else if (!is_set(last))
			last->n += log->rows[i].n;
		else if (log->rows[i].n > last->n)
			last->n = log->rows[i].n;
	}
	log->n = out;
}

static int
counters_flush(struct store *st, struct err *e)
{
	struct counters_log *log = st->deltas;

	sum_up(log);
	for (size_t i = 0; i < log->n; i++) {
		const struct counter *c = &log->rows[i];
		sqlite3_stmt *s;
		int rc;

		if (is_set(c) || c->n == 0)
			continue;
		s = stmt_use(st, MOD_TALLY, PUT);
		bind_i(s, 1, c->ns);
		bind_i(s, 2, c->kind);
		bind_i(s, 3, c->key);
		bind_i(s, 4, c->n);
		rc = stmt_run(st, s, e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- the published copy --------------------------------------------------- */
static struct counter *
counters_find(struct counters_state *t, const struct counter *key,
	size_t *ret_at)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = counters_compare(&t->rows[mid], key);

		if (c == 0)
			return &t->rows[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret_at = lo;
	return NULL;
}

static void
counters_apply(struct counters_state *t, const struct counter *c)
{
	struct counter *found;
	size_t at = 0;

	if (is_set(c)) {
		if (c->key == TOTAL_LAST_CHANGE)
			t->last_change = c->n;
		else
			t->last_at = c->n;
		return;
	}
	found = counters_find(t, c, &at);
	if (found) {
		found->n += c->n;
		return;
	}
	if (reserve((void **)&t->rows, &t->cap, t->n, sizeof(*c)) != 0)
		return; /* a counter is missing until the next start */
	memmove(&t->rows[at + 1], &t->rows[at], (t->n - at) * sizeof(*c));
	t->rows[at] = *c;
	t->n++;
}

static bool
counters_has_name(const struct counters_state *t, int64_t kind, int64_t id)
{
	for (size_t i = 0; i < t->names_n; i++)
		if (t->names[i].kind == kind && t->names[i].id == id)
			return true;
	return false;
}

/* The text behind a type or namespace, once; status has no SQL. */
static void
learn_name(struct store *st, struct counters_state *t, int64_t kind, int64_t id)
{
	AUTO_BUF struct buf text = {0};
	int rc;

	if (t->names_n >= 10 * NAMES_SHOWN || counters_has_name(t, kind, id))
		return;
	rc = kind == TALLY_TYPE ? label_text(st, id, &text, NULL)
				: namespace_name(st, id, &text, NULL);
	if (rc != 1 || reserve((void **)&t->names, &t->names_cap, t->names_n,
			       sizeof(*t->names)) != 0)
		return;
	t->names[t->names_n].text = buf_steal(&text);
	if (!t->names[t->names_n].text)
		return;
	t->names[t->names_n].kind = kind;
	t->names[t->names_n++].id = id;
}

static void
learn_names(struct store *st, struct counters_state *t, const struct counter *c)
{
	if (c->kind == TALLY_TYPE)
		learn_name(st, t, TALLY_TYPE, c->key);
	else if ((c->kind == TALLY_TOTAL || c->kind == TALLY_OUTCOME) &&
		 c->ns != 0)
		learn_name(st, t, 0, c->ns);
}

static void
counters_committed(struct store *st)
{
	struct database *db = st->base;
	struct counters_log *log = st->deltas;

	pthread_mutex_lock(&db->tally_lock);
	for (size_t i = 0; i < log->n; i++) {
		learn_names(st, db->tally, &log->rows[i]);
		counters_apply(db->tally, &log->rows[i]);
	}
	pthread_mutex_unlock(&db->tally_lock);
	log->n = 0;
}

static int
load_rows(struct store *st, struct counters_state *t, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TALLY, LOAD);
	AUTO_STMT sqlite3_stmt *last = stmt_use(st, MOD_TALLY, LAST);
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		struct counter c = {sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3)};

		counters_apply(t, &c);
		learn_names(st, t, &c);
	}
	if (rc != 0)
		return rc;
	rc = stmt_row(st, last, e);
	if (rc == 1) {
		t->last_change = sqlite3_column_int64(last, 0);
		t->last_at = sqlite3_column_int64(last, 1);
	}
	return rc < 0 ? rc : 0;
}

static int
counters_load(struct store *st, struct err *e)
{
	struct database *db = st->base;
	struct counters_state *t;
	int rc;

	if (db->tally)
		return 0;
	t = calloc(1, sizeof(*t));
	if (!t)
		return err_nomem(e);
	rc = load_rows(st, t, e);
	pthread_mutex_lock(&db->tally_lock);
	db->tally = t;
	pthread_mutex_unlock(&db->tally_lock);
	return rc;
}

static void
counters_free(struct database *db)
{
	struct counters_state *t = db->tally;

	if (!t)
		return;
	for (size_t i = 0; i < t->names_n; i++)
		free(t->names[i].text);
	free(t->names);
	free(t->rows);
	free(t);
	db->tally = NULL;
}

int64_t
counters_facts(struct database *db, int64_t ns)
{
	struct counter key = {ns, TALLY_TOTAL, TOTAL_FACTS, 0}, *c;
	int64_t n = 0;
	size_t at;

	pthread_mutex_lock(&db->tally_lock);
	c = db->tally != NULL ? counters_find(db->tally, &key, &at) : NULL;
	if (c)
		n = c->n;
	pthread_mutex_unlock(&db->tally_lock);
	return n;
}

static int
counters_database_open(struct database *db, struct err *e)
{
	(void)e;
	pthread_mutex_init(&db->tally_lock, NULL);
	return 0;
}

static void
counters_database_close(struct database *db)
{
	counters_free(db);
	pthread_mutex_destroy(&db->tally_lock);
}

const struct participant counters_participant = {
	.name = "counters",
	.database_open = counters_database_open,
	.database_close = counters_database_close,
	.connect = counters_connect,
	.load = counters_load,
	.close = counters_close,
	.savepoint = counters_savepoint,
	.undone = counters_undone,
	.flush = counters_flush,
	.committed = counters_committed,
	.rolled_back = counters_rolled_back,
};
