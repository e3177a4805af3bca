/* Counters behind status: a table in the file, updated in each group's
 * transaction, and a copy in memory that is published after COMMIT.
 *
 * Changes of counters are appended to a list while a group runs (a savepoint
 * remembers its length), summed up before COMMIT, and applied to the copy
 * after it. */
#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"

#define NAMES_SHOWN 100

enum { LOAD, PUT, LAST };

static const struct stmt_def defs[] = {
	[LOAD] = {"SELECT ns, kind, key, n FROM tally", 0, 0},
	[PUT] = {"INSERT INTO tally(ns, kind, key, n) VALUES(?1, ?2, ?3, ?4) "
		 "ON CONFLICT DO UPDATE SET n = n + excluded.n",
		4, STMT_WRITER},
	[LAST] = {"SELECT id, at FROM change ORDER BY id DESC LIMIT 1", 0, 0},
};
const struct stmt_module counters_module = {"tally", defs, ARRAY_LEN(defs)};

struct counter {
	int64_t ns, kind, key, n;
};

/* A growing list, used as the log of a group; after summing, keys are unique. */
struct counters_log {
	struct counter *rows;
	size_t n, cap;
};

struct name_row {
	int64_t kind, id; /* TALLY_TYPE: label; 0: namespace */
	char *text;
};

struct counters_state {
	struct counter *rows; /* sorted by (ns, kind, key) */
	size_t n, cap;
	struct name_row *names;
	size_t names_n, names_cap;
	int64_t last_change, last_at;
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
	size_t want = *cap == 0 ? 64 : *cap * 2;
	void *p;

	if (n < *cap)
		return 0;
	p = realloc(*rows, want * size);
	if (p == NULL)
		return MDB_E_NOMEM;
	*rows = p;
	*cap = want;
	return 0;
}

/* --- the log of a group --------------------------------------------------- */
int
counters_log_new(struct store *st, struct err *e)
{
	st->deltas = calloc(1, sizeof(*st->deltas));
	return st->deltas == NULL ? err_nomem(e) : 0;
}

void
counters_log_free(struct store *st)
{
	if (st->deltas == NULL)
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

void
counters_rollback(struct store *st, int mark)
{
	if (st->deltas != NULL)
		st->deltas->n = (size_t)mark;
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

		if (last == NULL || counters_compare(last, &log->rows[i]) != 0)
			log->rows[out++] = log->rows[i];
		else if (!is_set(last))
			last->n += log->rows[i].n;
		else if (log->rows[i].n > last->n)
			last->n = log->rows[i].n;
	}
	log->n = out;
}

int
counters_flush(struct store *st, struct err *e)
{
	struct counters_log *log = st->deltas;

	sum_up(log);
	for (size_t i = 0; i < log->n; i++) {
		const struct counter *c = &log->rows[i];
		sqlite3_stmt *s;
		int r;

		if (is_set(c) || c->n == 0)
			continue;
		s = stmt_use(st, MOD_TALLY, PUT);
		bind_i(s, 1, c->ns);
		bind_i(s, 2, c->kind);
		bind_i(s, 3, c->key);
		bind_i(s, 4, c->n);
		r = stmt_run(st, s, e);
		if (r != 0)
			return r;
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
	if (found != NULL) {
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
	struct buf text AUTO_BUF = {0};
	int r;

	if (t->names_n >= 10 * NAMES_SHOWN || counters_has_name(t, kind, id))
		return;
	r = kind == TALLY_TYPE ? label_text(st, id, &text, NULL)
			       : namespace_name(st, id, &text, NULL);
	if (r != 1 || reserve((void **)&t->names, &t->names_cap, t->names_n,
			      sizeof(*t->names)) != 0)
		return;
	t->names[t->names_n].text = buf_steal(&text);
	if (t->names[t->names_n].text == NULL)
		return;
	t->names[t->names_n].kind = kind;
	t->names[t->names_n++].id = id;
}

static void
learn_names(struct store *st, struct counters_state *t, const struct counter *c)
{
	if (c->kind == TALLY_TYPE)
		learn_name(st, t, TALLY_TYPE, c->key);
	else if (c->kind == TALLY_TOTAL && c->ns != 0)
		learn_name(st, t, 0, c->ns);
}

void
counters_publish(struct store *st)
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
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_TALLY, LOAD);
	sqlite3_stmt *last AUTO_STMT = stmt_use(st, MOD_TALLY, LAST);
	int r;

	while ((r = stmt_row(st, s, e)) == 1) {
		struct counter c = {sqlite3_column_int64(s, 0),
			sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
			sqlite3_column_int64(s, 3)};

		counters_apply(t, &c);
		learn_names(st, t, &c);
	}
	if (r == 0)
		r = stmt_row(st, last, e);
	if (r == 1) {
		t->last_change = sqlite3_column_int64(last, 0);
		t->last_at = sqlite3_column_int64(last, 1);
	}
	return r < 0 ? r : 0;
}

int
counters_load(struct store *st, struct err *e)
{
	struct database *db = st->base;
	struct counters_state *t;
	int r;

	if (db->tally != NULL)
		return 0;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return err_nomem(e);
	r = load_rows(st, t, e);
	pthread_mutex_lock(&db->tally_lock);
	db->tally = t;
	pthread_mutex_unlock(&db->tally_lock);
	return r;
}

void
counters_free(struct database *db)
{
	struct counters_state *t = db->tally;

	if (t == NULL)
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
	if (c != NULL)
		n = c->n;
	pthread_mutex_unlock(&db->tally_lock);
	return n;
}

/* --- the snapshot for status ---------------------------------------------- */
static void
add_total(struct counters *ret, const struct counter *c)
{
	int64_t *const targets[] = {
		[TOTAL_ENTITIES] = &ret->entities,
		[TOTAL_OBSERVATIONS] = &ret->observations,
		[TOTAL_RELATIONS] = &ret->relations,
		[TOTAL_FACTS] = &ret->facts,
		[TOTAL_CHANGES] = &ret->changes,
		[TOTAL_VERSIONS] = &ret->versions,
		[TOTAL_ORIGINAL] = &ret->original_bytes,
		[TOTAL_STORED] = &ret->stored_bytes,
		[TOTAL_PAST] = &ret->past_facts,
	};

	if (c->key > 0 && c->key < (int64_t)ARRAY_LEN(targets))
		*targets[c->key] += c->n;
}

/* Adds n to the row of that name; rows are few. */
static int
counters_add_row(struct counters_row **rows, size_t *n, const char *name,
	int64_t count)
{
	struct counters_row *p;

	for (size_t i = 0; i < *n; i++)
		if (strcmp((*rows)[i].name, name) == 0) {
			(*rows)[i].n += count;
			return 0;
		}
	p = realloc(*rows, (*n + 1) * sizeof(*p));
	if (p == NULL)
		return MDB_E_NOMEM;
	*rows = p;
	p[*n].name = strdup(name);
	if (p[*n].name == NULL)
		return MDB_E_NOMEM;
	p[*n].n = count;
	(*n)++;
	return 0;
}

static int
add_counter(const struct counters_state *t, const struct counter *c,
	struct counters *ret)
{
	bool is_ns = c->kind == TALLY_TOTAL && c->key == TOTAL_ENTITIES;
	int64_t kind = is_ns ? 0 : c->kind, id = is_ns ? c->ns : c->key;
	int r = 0;

	if (c->kind == TALLY_TOTAL)
		add_total(ret, c);
	if (c->kind == TALLY_TIER && c->key >= 0 && c->key < 4)
		ret->by_tier[c->key] += c->n;
	if (c->n == 0 || (!is_ns && c->kind != TALLY_TYPE))
		return 0;
	for (size_t i = 0; r == 0 && i < t->names_n; i++) {
		if (t->names[i].kind != kind || t->names[i].id != id)
			continue;
		r = is_ns ? counters_add_row(&ret->namespaces,
				    &ret->namespaces_n, t->names[i].text, c->n)
			  : counters_add_row(&ret->types, &ret->types_n,
				    t->names[i].text, c->n);
	}
	return r;
}

static int
most_first(const void *a, const void *b)
{
	const struct counters_row *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
sort_and_cut(struct counters_row *rows, size_t *n)
{
	if (*n > 0)
		qsort(rows, *n, sizeof(*rows), most_first);
	while (*n > NAMES_SHOWN)
		free(rows[--*n].name);
}

static bool
counters_is_wanted(const struct counters_state *t, const struct counter *c,
	const char *const *only, struct counters *ret)
{
	const char *name = NULL;

	for (size_t i = 0; !name && i < t->names_n; i++)
		if (t->names[i].kind == 0 && t->names[i].id == c->ns)
			name = t->names[i].text;
	for (; name && *only; only++)
		if (strcmp(*only, name) == 0)
			return true;
	ret->others += c->kind == TALLY_TOTAL && c->key == TOTAL_ENTITIES;
	return false;
}

int
store_counters(struct database *db, struct counters *ret, struct err *e)
{
	return store_counters_of(db, NULL, ret, e);
}

int
store_counters_of(struct database *db, const char *const *only,
	struct counters *ret, struct err *e)
{
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	pthread_mutex_lock(&db->tally_lock);
	if (db->tally != NULL) {
		for (size_t i = 0; r == 0 && i < db->tally->n; i++)
			if (!only || counters_is_wanted(db->tally,
					     &db->tally->rows[i], only, ret))
				r = add_counter(db->tally, &db->tally->rows[i],
					ret);
		ret->last_change = db->tally->last_change;
		ret->last_at = db->tally->last_at;
	}
	pthread_mutex_unlock(&db->tally_lock);
	if (r != 0) {
		counters_done(ret);
		return err_nomem(e);
	}
	sort_and_cut(ret->types, &ret->types_n);
	sort_and_cut(ret->namespaces, &ret->namespaces_n);
	return 0;
}

void
counters_done(struct counters *t)
{
	for (size_t i = 0; i < t->types_n; i++)
		free(t->types[i].name);
	for (size_t i = 0; i < t->namespaces_n; i++)
		free(t->namespaces[i].name);
	free(t->types);
	free(t->namespaces);
	memset(t, 0, sizeof(*t));
}
