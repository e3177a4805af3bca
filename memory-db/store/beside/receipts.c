/* The queue of receipts and their table. A row keeps the facts it gave as a JSON
 * array [fact, score, ...], so that the sqlite3 command line can read it, and what
 * usefulness is of the scores as {"fact": part}, as most have none. */
#include "memory-db/store/beside/receipts.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/vec.h"
#include "memory-db/store/beside/receipts_int.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/table.h"

static const struct stmt_def defs[] = {
	[RECEIPTS_WRITE] =
		{"INSERT INTO receipt(id, at, kind, ns, branch, change,"
		 " relevant, query, facts, useful) VALUES(?1, ?2, ?3, ?4, ?5,"
		 " ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
			10, STMT_WRITER},
	[RECEIPTS_FIND] =
		{"SELECT r.at, r.kind, r.ns, r.branch, r.change, r.relevant,"
		 " r.query, f.key, f.value, CASE WHEN f.key % 2 = 0 THEN"
		 " json_extract(r.useful, '$.\"' || f.value || '\"') END"
		 " FROM receipt r LEFT JOIN"
		 " json_each(r.facts) f WHERE r.id = ?1 ORDER BY f.key",
			1, 0},
	[RECEIPTS_ASKED] = {"SELECT id, query, at FROM receipt WHERE seq >"
			    " (SELECT max(seq) FROM receipt) - ?2 AND ns = ?1"
			    " ORDER BY seq DESC",
		2, 0},
	[RECEIPTS_TRIM] = {"DELETE FROM receipt WHERE seq <="
			   " (SELECT max(seq) FROM receipt) - ?1",
		1, STMT_WRITER},
	/* Given for the first time: confirmed when it was written. One that was
	 * forgotten since it was read is not counted. */
	[RECEIPTS_USE] =
		{"INSERT INTO usage(entity, hits, last_at, confirmed_at)"
		 " SELECT e.id, 1, ?2, coalesce((SELECT c.at FROM version v"
		 " JOIN change c ON c.id = v.change WHERE v.entity = e.id"
		 " ORDER BY v.change DESC LIMIT 1), ?2)"
		 " FROM entity e WHERE e.id = ?1 AND e.name IS NOT NULL"
		 " ON CONFLICT(entity) DO UPDATE SET hits = hits + 1,"
		 " last_at = max(last_at, excluded.last_at)",
			2, STMT_WRITER},
	[RECEIPTS_FORGET_USAGE] = {"DELETE FROM usage WHERE entity = ?1", 1,
		STMT_WRITER},
};
const struct stmt_module receipts_module = {"receipts", defs, ARRAY_LEN(defs)};

const struct store_table receipts_tables[] = {
	{.name = "usage",
		.kind = TABLE_LINE, /* uses.c */
		.forget = FORGET_DROPS,
		.forget_entity = receipts_forget_usage},
	{.name = "receipt", .kind = TABLE_LOCAL, .forget = FORGET_BLANKS},
	{0},
};

static int
receipts_new(struct database *db, struct err *e)
{
	db->receipts = calloc(1, sizeof(*db->receipts));
	if (!db->receipts)
		return err_nomem(e);
	pthread_mutex_init(&db->receipts->lock, NULL);
	return 0;
}

static void
free_list(struct receipts_waiting *w)
{
	while (w) {
		struct receipts_waiting *next = w->next;

		free(w);
		w = next;
	}
}

static void
receipts_free(struct database *db)
{
	if (!db->receipts)
		return;
	free_list(db->receipts->first);
	free_list(db->receipts->written);
	pthread_mutex_destroy(&db->receipts->lock);
	free(db->receipts);
	db->receipts = NULL;
}

void
receipt_make_id(char id[RECEIPT_ID_SIZE])
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789";
	unsigned char random[RECEIPT_ID_SIZE - 2];

	randombytes_buf(random, sizeof(random));
	id[0] = 'r';
	for (size_t i = 0; i < sizeof(random); i++)
		id[i + 1] = letters[random[i] & 31];
	id[RECEIPT_ID_SIZE - 1] = '\0';
}

int
receipt_give(struct store *st, struct receipt *r, struct err *e)
{
	struct receipts *q = st->base->receipts;
	struct receipts_waiting *dropped = NULL, *w;
	char *query;

	w = malloc(sizeof(*w) + r->n * sizeof(*w->rows) + r->query_n);
	if (!w)
		return err_nomem(e);
	receipt_make_id(r->id);
	w->next = NULL;
	w->r = *r;
	if (r->n > 0)
		memcpy(w->rows, r->rows, r->n * sizeof(*w->rows));
	query = (char *)&w->rows[r->n];
	memcpy(query, r->query, r->query_n);
	w->r.rows = w->rows;
	w->r.query = query;
	pthread_mutex_lock(&q->lock);
	if (q->first)
		q->last->next = w;
	else
		q->first = w;
	q->last = w;
	if (++q->n > RECEIPTS_WAITING) {
		dropped = q->first;
		q->first = dropped->next;
		q->n--;
	}
	pthread_mutex_unlock(&q->lock);
	free(dropped);
	return 0;
}

/* --- finding -------------------------------------------------------------- */

/* A copy, so that fn runs without the lock. NULL with *ret_nomem: no memory. */
static struct receipts_waiting *
copy_waiting(struct receipts *q, const char *id, bool *ret_nomem)
{
	struct receipts_waiting *lists[2], *copy = NULL;

	*ret_nomem = false;
	pthread_mutex_lock(&q->lock);
	lists[0] = q->first;
	lists[1] = q->written;
	for (int i = 0; i < 2 && !copy; i++)
		for (struct receipts_waiting *w = lists[i]; w && !copy;
			w = w->next) {
			size_t size = sizeof(*w) + w->r.n * sizeof(*w->rows) +
				      w->r.query_n;

			if (strcmp(w->r.id, id) != 0)
				continue;
			copy = malloc(size);
			*ret_nomem = !copy;
			if (!copy)
				break;
			memcpy(copy, w, size);
			copy->r.rows = copy->rows;
			copy->r.query = (char *)&copy->rows[w->r.n];
		}
	pthread_mutex_unlock(&q->lock);
	return copy;
}

/* The rows of a receipt that the statement stands on. */
static int
read_facts(struct store *st, sqlite3_stmt *s, struct receipt_row **ret,
	size_t *ret_n, struct err *e)
{
	struct receipt_row *v = NULL;
	size_t n = 0, cap = 0;
	int rc = 1;

	for (; rc == 1; rc = stmt_row(st, s, e)) {
		if (sqlite3_column_type(s, 7) == SQLITE_NULL)
			continue;
		if (sqlite3_column_int64(s, 7) % 2 == 1) {
			if (n > 0)
				v[n - 1].score = sqlite3_column_double(s, 8);
			continue;
		}
		if (vec_room(v, n, cap) != 0) {
			free(v);
			return err_nomem(e);
		}
		v[n++] =
			(struct receipt_row){.fact = sqlite3_column_int64(s, 8),
				.useful = sqlite3_column_double(s, 9)};
	}
	if (rc < 0) {
		free(v);
		return rc;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

static int
find_written(struct store *st, const char *id, receipt_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_RECEIPTS, RECEIPTS_FIND);
	AUTO_FREE struct receipt_row *rows = NULL;
	AUTO_BUF struct buf query = {0};
	struct receipt x = {0};
	int rc;

	bind_t(s, 1, id, strlen(id));
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	snprintf(x.id, sizeof(x.id), "%s", id);
	x.at = sqlite3_column_int64(s, 0);
	x.kind = (enum receipt_kind)sqlite3_column_int(s, 1);
	x.ns = sqlite3_column_int64(s, 2);
	x.branch = sqlite3_column_int64(s, 3);
	x.change = sqlite3_column_int64(s, 4);
	x.is_relevant = sqlite3_column_int(s, 5) != 0;
	if (buf_add(&query, (const char *)sqlite3_column_text(s, 6),
		    (size_t)sqlite3_column_bytes(s, 6)) != 0)
		return err_nomem(e);
	rc = read_facts(st, s, &rows, &x.n, e);
	if (rc < 0)
		return rc;
	x.rows = rows;
	x.query = query.data ? query.data : "";
	x.query_n = query.len;
	rc = fn(ctx, &x);
	return rc == 0 ? 1 : rc;
}

int
receipt_find(struct store *st, const char *id, receipt_fn fn, void *ctx,
	struct err *e)
{
	struct receipts_waiting *w;
	bool nomem;
	int rc;

	if (strlen(id) != RECEIPT_ID_SIZE - 1)
		return 0;
	w = copy_waiting(st->base->receipts, id, &nomem);
	if (nomem)
		return err_nomem(e);
	if (!w)
		return find_written(st, id, fn, ctx, e);
	rc = fn(ctx, &w->r);
	free(w);
	return rc == 0 ? 1 : rc;
}

/* --- writing -------------------------------------------------------------- */

/* Questions that were asked before the group erased something, and wait to be
 * written with it, may name it. All read `default`. */
static bool
receipts_is_forgotten(const struct store *st, const struct receipt *r)
{
	return st->forgets != 0 &&
	       (st->forgets == r->ns || st->forgets == NAMESPACE_DEFAULT ||
		       st->forgets == -1);
}

void
receipts_forget(struct store *st, int64_t ns)
{
	st->forgets = st->forgets == 0 || st->forgets == ns ? ns : -1;
}

int
receipts_forget_usage(struct store *st, int64_t entity, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_RECEIPTS, RECEIPTS_FORGET_USAGE);

	bind_i(s, 1, entity);
	return stmt_run(st, s, e);
}

/* {"7": 0.028}; nothing where no score has such a part. */
static int
useful_text(const struct receipt *r, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct receipt_row *row = &r->rows[i];

		if ((row->useful > 0.00005 || row->useful < -0.00005) &&
			buf_addf(out, "%s\"%lld\":%.4f",
				out->len > 0 ? "," : "{", (long long)row->fact,
				row->useful) != 0)
			return MDB_E_NOMEM;
	}
	return out->len > 0 ? buf_addc(out, '}') : 0;
}

static int
write_one(struct store *st, const struct receipt *r, struct buf *facts)
{
	AUTO_BUF struct buf useful = {0};
	sqlite3_stmt *s;
	int k = buf_addc(facts, '[');

	for (size_t i = 0; k == 0 && i < r->n; i++)
		k = buf_addf(facts, "%s%lld,%.4f", i > 0 ? "," : "",
			(long long)r->rows[i].fact, r->rows[i].score);
	if (k != 0 || buf_addc(facts, ']') != 0 || useful_text(r, &useful) != 0)
		return MDB_E_NOMEM;
	s = stmt_use(st, MOD_RECEIPTS, RECEIPTS_WRITE);
	bind_t(s, 1, r->id, strlen(r->id));
	bind_i(s, 2, r->at);
	bind_i(s, 3, (int64_t)r->kind);
	bind_i(s, 4, r->ns);
	bind_i(s, 5, r->branch);
	bind_i(s, 6, r->change);
	bind_i(s, 7, r->is_relevant);
	bind_t(s, 8, r->query, receipts_is_forgotten(st, r) ? 0 : r->query_n);
	bind_t(s, 9, facts->data, facts->len);
	if (useful.len > 0)
		bind_t(s, 10, useful.data, useful.len);
	k = stmt_run(st, s, NULL);
	/* What did not fit the question was of no use, and a search or an
	 * entity by name tells no more than that somebody looked. */
	for (size_t i = 0; k == 0 && r->is_relevant &&
			   r->kind <= RECEIPT_CONTEXT && i < r->n;
		i++) {
		bool again = false;

		for (size_t o = 0; o < i; o++)
			again |= r->rows[o].entity == r->rows[i].entity;
		if (again)
			continue;
		s = stmt_use(st, MOD_RECEIPTS, RECEIPTS_USE);
		bind_i(s, 1, r->rows[i].entity);
		bind_i(s, 2, r->at);
		k = stmt_run(st, s, NULL);
	}
	return k;
}

bool
receipts_waiting(const struct store *st)
{
	struct receipts *q = st->base->receipts;
	const int64_t late = clock_now_ms() - RECEIPTS_LAZY_MS;
	bool any = false;

	pthread_mutex_lock(&q->lock);
	for (const struct receipts_waiting *w = q->first; w && !any;
		w = w->next)
		any = w->r.kind < RECEIPT_OPEN || w->r.at < late;
	pthread_mutex_unlock(&q->lock);
	return any;
}

void
receipts_write(struct store *st)
{
	struct receipts *q = st->base->receipts;
	AUTO_BUF struct buf facts = {0};
	struct receipts_waiting *w;
	sqlite3_stmt *s;
	int k = 0;

	pthread_mutex_lock(&q->lock);
	assert(!q->written);
	w = q->written = q->first;
	q->first = q->last = NULL;
	q->n = 0;
	q->writer = st;
	pthread_mutex_unlock(&q->lock);
	if (!w)
		return;
	/* A failure here is none of the requests of the group; when it is one
	 * of the disk, the COMMIT says so. */
	for (; w && k == 0; w = w->next) {
		facts.len = 0;
		k = write_one(st, &w->r, &facts);
	}
	s = stmt_use(st, MOD_RECEIPTS, RECEIPTS_TRIM);
	bind_i(s, 1, RECEIPTS_KEPT);
	if (k == 0)
		k = stmt_run(st, s, NULL);
	if (k != 0)
		log_event(LOG_WARN, "receipts not written", 0,
			LOG_S("error", sqlite3_errmsg(st->db)));
}

static void
receipts_committed(struct store *st)
{
	struct receipts *q = st->base->receipts;
	struct receipts_waiting *w;

	pthread_mutex_lock(&q->lock);
	w = q->written;
	q->written = NULL;
	q->commits += w != NULL;
	pthread_mutex_unlock(&q->lock);
	free_list(w);
	st->forgets = 0;
}

int64_t
receipts_written(const struct store *st)
{
	struct receipts *q = st->base->receipts;
	int64_t n;

	pthread_mutex_lock(&q->lock);
	n = q->commits;
	pthread_mutex_unlock(&q->lock);
	return n;
}

/* They wait again, in front. The end of a script is a rollback, too, and takes
 * nothing from the writer. */
static void
receipts_rolled_back(struct store *st)
{
	struct receipts *q = st->base->receipts;
	struct receipts_waiting *w;

	pthread_mutex_lock(&q->lock);
	w = q->writer == st ? q->written : NULL;
	if (w) {
		q->written = NULL;
		struct receipts_waiting *last = w;

		for (q->n++; last->next; last = last->next)
			q->n++;
		last->next = q->first;
		if (!q->first)
			q->last = last;
		q->first = w;
	}
	pthread_mutex_unlock(&q->lock);
	st->forgets = 0;
}

static int
receipts_flush(struct store *st, struct err *e)
{
	(void)e;
	receipts_write(st);
	return 0;
}

const struct participant receipts_participant = {
	.name = "receipts",
	.database_open = receipts_new,
	.database_close = receipts_free,
	.flush = receipts_flush,
	.committed = receipts_committed,
	.rolled_back = receipts_rolled_back,
	.is_waiting = receipts_waiting,
};
