/* Reading for search. Each match statement carries search_mask(), which tells
 * per row which words of the expression were found and where, at the price of
 * the posting lists alone: FTS5's bm25() reads the length of every match too,
 * ten times the cost.
 *
 * The present lies in ft_live. An older state is what is still in ft_live and
 * was there then, and what has closed since: ft_past is in order of closing,
 * so that is a range of it. A branch sees its fork like that, and what ft_branch
 * says that it, or a branch below it, has ever shown. Facts that wait to be
 * indexed are looked at one by one, and come in their place among the others. */
#include "memory-db/store/index/search.h"

#include <string.h>

#include "common/limits.h"
#include "common/vec.h"
#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/heads.h"
#include "memory-db/store/index/search_sql.h"
#include "memory-db/store/index/search_wait.h"

#define FROM_SPAN(fact) " CROSS JOIN @SPAN ON s.fact = " fact " AND @VIS "

static const struct stmt_def defs[] = {
	[SEARCH_LIVE] =
		{"SELECT ft_live.rowid, s.entity,"
		 " search_mask(ft_live, ?4, ?5) FROM ft_live" FROM_SPAN(
			 "ft_live.rowid") "WHERE ft_live MATCH ?1 AND ft_live.rowid BETWEEN ?2 AND ?3"
					  " ORDER BY ft_live.rowid DESC",
			5, STMT_LENS},
	/* Only for the present, where ft_live holds what is visible. */
	[SEARCH_BARE] =
		{"SELECT rowid, 0, search_mask(ft_live, ?4, ?5)"
		 " FROM ft_live WHERE ft_live MATCH ?1 AND rowid BETWEEN ?2"
		 " AND ?3 ORDER BY rowid DESC",
			5, 0},
	[SEARCH_NTH] = {"SELECT rowid FROM ft_live WHERE ft_live MATCH ?1"
			" AND rowid BETWEEN ?2 AND ?3"
			" ORDER BY rowid DESC LIMIT 1 OFFSET ?4",
		4, 0},
	[SEARCH_COUNT] = {"SELECT count(*) FROM ft_live WHERE ft_live MATCH ?1"
			  " AND rowid BETWEEN ?2 AND ?3",
		3, 0},
	[SEARCH_PAST] =
		{"SELECT p.fact, s.entity, search_mask(ft_past, ?5, ?6)"
		 " FROM ft_past CROSS JOIN past p ON p.id = ft_past.rowid" FROM_SPAN(
			 "p.fact") "WHERE ft_past MATCH ?1 AND ft_past.rowid BETWEEN ?2 AND ?3"
				   " AND p.fact <= ?4",
			6, STMT_LENS},
	/* ?1 limits the scope column to the branches of the lens. */
	[SEARCH_BRANCH] = {"SELECT b.fact, s.entity,"
			   " search_mask(ft_branch, ?4, ?5) FROM ft_branch"
			   " CROSS JOIN branch_text b ON b.id = ft_branch.rowid"
			   " AND b.fact BETWEEN ?2 AND ?3" FROM_SPAN(
				   "b.fact") "WHERE ft_branch MATCH ?1",
		5, STMT_LENS},
	[SEARCH_FACTS] =
		{"SELECT f.id, s.entity, 0 FROM fact f" FROM_SPAN(
			 "f.id") "WHERE f.id BETWEEN ?1 AND ?2 AND f.kind IN " SQL_INDEXED
				 " ORDER BY f.id DESC",
			2, STMT_LENS},
	[SEARCH_ENTITIES] = {"SELECT f.id, s.entity, 0"
			     " FROM fact f INDEXED BY fact_existence" FROM_SPAN(
				     "f.id") "WHERE f.kind = " SQL_EXISTENCE
					     " AND f.id BETWEEN ?1 AND ?2"
					     " ORDER BY f.id DESC",
		2, STMT_LENS},
	[SEARCH_FACTS_OF] =
		{"SELECT f.id, s.entity, 0 FROM @SPAN"
		 " CROSS JOIN fact f ON f.id = s.fact AND f.kind IN " SQL_INDEXED
		 " WHERE s.entity = ?1 AND s.fact >= ?2 AND @VIS"
		 " ORDER BY f.id",
			2, STMT_LENS},
	[SEARCH_TERMS_PREFIX] = {"SELECT text FROM term WHERE text >= ?1"
				 " ORDER BY text",
		1, 0},
	[SEARCH_TERMS_TRIGRAM] = {"SELECT t.text FROM ft_term"
				  " CROSS JOIN term t ON t.id = ft_term.rowid"
				  " WHERE ft_term MATCH ?1",
		1, 0},
	[SEARCH_TERMS_ALL] = {"SELECT text FROM term", 0, 0},
	[SEARCH_TERMS_COUNT] = {"SELECT coalesce(max(id), 0) FROM term", 0, 0},
	[SEARCH_NAMESPACE] = {"SELECT last_change, fact_max, past_max"
			      " FROM namespace WHERE id = ?1",
		1, 0},
	[SEARCH_CHANGE] =
		{"SELECT id, fact_max, past_max FROM change"
		 " WHERE ns = ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1",
			2, 0},
	[SEARCH_BODY] =
		{"SELECT f.id, f.entity, f.kind, f.label, f.salt IS NULL,"
		 " f.size, f.body, CASE WHEN f.kind = " SQL_EXISTENCE
		 " AND f.body IS NULL THEN"
		 " (SELECT name FROM entity WHERE id = f.entity) END"
		 " FROM fact f WHERE f.id = ?1",
			1, 0},
};
const struct stmt_module search_module = {"search", defs, ARRAY_LEN(defs)};

/* --- ranges --------------------------------------------------------------- */

/* Highest ids of a namespace after its newest change up to `limit`. */
static int
ids_at(struct store *st, int64_t ns, int64_t limit, int64_t *ret_change,
	int64_t *ret_fact, int64_t *ret_past, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL, *c = NULL;
	int rc = heads_settle(st, e);

	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_SEARCH, SEARCH_NAMESPACE);
	bind_i(s, 1, ns);
	rc = stmt_row(st, s, e);
	if (rc == 1 && sqlite3_column_int64(s, 0) > limit) {
		c = stmt_use(st, MOD_SEARCH, SEARCH_CHANGE);
		bind_i(c, 1, ns);
		bind_i(c, 2, limit);
		rc = stmt_row(st, c, e);
	}
	if (rc <= 0)
		return rc;
	*ret_change = sqlite3_column_int64(c ? c : s, 0);
	*ret_fact = sqlite3_column_int64(c ? c : s, 1);
	*ret_past = sqlite3_column_int64(c ? c : s, 2);
	return 0;
}

int
search_range(struct store *st, int64_t ns, struct search_range *ret,
	struct err *e)
{
	const struct lens *lens = &st->lens;
	int64_t change = 0, fact;
	int rc;

	*ret = (struct search_range){.ns = ns,
		.lo = store_ids_of(ns),
		.hi = store_ids_of(ns),
		.past = store_ids_of(ns)};
	/* The nearest level sees the newest facts; the last one is main. */
	rc = ids_at(st, ns, lens->level[0].limit, &change, &ret->hi, &ret->past,
		e);
	ret->change = lens->now && st->role == STORE_READER ? change : 0;
	if (rc != 0)
		return rc;
	if (lens->n > 1)
		rc = ids_at(st, ns, lens_limit(lens, lens->n - 1, ns), &change,
			&fact, &ret->past, e);
	return rc;
}

/* --- matches -------------------------------------------------------------- */

static void
search_read_row(sqlite3_stmt *s, struct search_row *ret)
{
	uint64_t mask = (uint64_t)sqlite3_column_int64(s, 2);

	ret->fact = sqlite3_column_int64(s, 0);
	ret->entity = sqlite3_column_int64(s, 1);
	ret->name = (uint32_t)(mask >> 32);
	ret->body = (uint32_t)mask;
}

/* Runs a bound statement. */
static int
search_each_row(struct store *st, sqlite3_stmt *s, search_row_fn fn, void *ctx,
	struct err *e)
{
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		struct search_row row;

		search_read_row(s, &row);
		rc = fn(ctx, &row);
		if (rc != 0)
			break;
	}
	return rc;
}

/* Matches of ft_past, of branches and of facts that wait, and where the merge
 * with ft_live stands in them. */
struct search_merge {
	struct search_waits *waits;
	struct search_row *rows;
	size_t n, cap, next, whole; /* the first are of facts that wait */
	int64_t last;		    /* fact given to fn last */
	search_row_fn fn;
	void *ctx;
};

static int
merge_collect(void *ctx, const struct search_row *row)
{
	struct search_merge *m = ctx;

	if (vec_room(m->rows, m->n, m->cap) != 0)
		return MDB_E_NOMEM;
	m->rows[m->n++] = *row;
	return 0;
}

static int
newest_first(const void *a, const void *b)
{
	const struct search_row *x = a, *y = b;

	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

/* By falling fact. Of equal ones the first counts, and must be the one that
 * knows all of the text: that of a fact that waits. */
static void
merge_sort(struct search_merge *m)
{
	for (size_t i = m->whole; i < m->n; i++) {
		const struct search_row *same = bsearch(&m->rows[i], m->rows,
			m->whole, sizeof(*m->rows), newest_first);

		m->rows[i] = same != NULL ? *same : m->rows[i];
	}
	if (m->n > 1)
		qsort(m->rows, m->n, sizeof(*m->rows), newest_first);
}

/* A fact that was removed and shown again stands in both indexes. Of one that is
 * erased the index may still say something. */
static int
merge_give(struct search_merge *m, const struct search_row *row)
{
	if (row->fact == m->last || search_wait_is_gone(m->waits, row->fact))
		return 0;
	m->last = row->fact;
	return m->fn(m->ctx, row);
}

static int
merge_live(void *ctx, const struct search_row *row)
{
	struct search_merge *m = ctx;
	/* Of what waits the index may have only a part. */
	while (m->next < m->n && m->rows[m->next].fact >= row->fact) {
		int rc = merge_give(m, &m->rows[m->next++]);

		if (rc != 0)
			return rc;
	}
	return merge_give(m, row);
}

static sqlite3_stmt *
use_live(struct store *st, const struct search_range *range,
	const struct search_match *match, bool bare)
{
	sqlite3_stmt *s =
		stmt_use(st, MOD_SEARCH, bare ? SEARCH_BARE : SEARCH_LIVE);

	bind_t(s, 1, match->text, match->n);
	bind_i(s, 2, range->lo);
	bind_i(s, 3, range->hi);
	bind_i(s, 4, match->words);
	bind_i(s, 5, match->counted);
	return s;
}

static int
collect_past(struct store *st, const struct search_range *range,
	const struct search_match *match, struct search_merge *m, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SEARCH, SEARCH_PAST);
	int rc;

	bind_t(s, 1, match->text, match->n);
	bind_i(s, 2, range->past + 1);
	bind_i(s, 3, store_ids_end(range->ns));
	bind_i(s, 4, range->hi);
	bind_i(s, 5, match->words);
	bind_i(s, 6, match->counted);
	rc = search_each_row(st, s, merge_collect, m, e);
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}

/* Facts that branches of the lens have shown. */
static int
collect_branches(struct store *st, const struct search_range *range,
	const struct search_match *match, struct search_merge *m, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SEARCH, SEARCH_BRANCH);
	AUTO_BUF struct buf text = {0};
	int bad = buf_adds(&text, "({name body} : (") ||
		  buf_add(&text, match->text, match->n) ||
		  buf_adds(&text, ")) AND scope : (");
	int rc;

	for (int i = 0; i + 1 < st->lens.n; i++)
		bad |= buf_addf(&text, "%sb%lld", i > 0 ? " OR " : "",
			(long long)st->lens.level[i].branch);
	if (bad || buf_addc(&text, ')') < 0)
		return err_nomem(e);
	bind_t(s, 1, text.data, text.len);
	bind_i(s, 2, range->lo);
	bind_i(s, 3, range->hi);
	bind_i(s, 4, match->words);
	bind_i(s, 5, match->counted);
	rc = search_each_row(st, s, merge_collect, m, e);
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}

static void
merge_done(struct search_merge *m)
{
	free(m->rows);
}

/* What waits to be indexed, and what stands in the past and branch indexes. */
static int
merge_gather(struct store *st, const struct search_range *range,
	const struct search_match *match, struct search_merge *m, struct err *e)
{
	int rc = 0;

	if (m->waits)
		rc = search_wait_match(st, m->waits, range, match,
			merge_collect, m, e);
	if (rc != 0)
		return rc;
	m->whole = m->n;
	if (!st->lens.now)
		rc = collect_past(st, range, match, m, e);
	if (rc != 0)
		return rc;
	if (st->lens.n > 1)
		return collect_branches(st, range, match, m, e);
	return 0;
}

int
search_match(struct store *st, const struct search_range *range,
	const struct search_match *match, search_row_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = NULL;
	__attribute__((cleanup(merge_done))) struct search_merge m = {.fn = fn,
		.ctx = ctx};
	struct search_waits *waits;
	int rc = search_waits(st, range->ns, &waits, e);

	if (rc != 0)
		return rc;
	if (st->lens.now && !waits) {
		s = use_live(st, range, match, match->bare);
		return search_each_row(st, s, fn, ctx, e);
	}
	m.waits = waits;
	rc = merge_gather(st, range, match, &m, e);
	if (rc != 0)
		return rc;
	merge_sort(&m);
	s = use_live(st, range, match, false);
	rc = search_each_row(st, s, merge_live, &m, e);
	if (rc != 0)
		return rc;
	while (m.next < m.n) {
		rc = merge_give(&m, &m.rows[m.next++]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- facts in order ------------------------------------------------------- */

static int
each_of_range(struct store *st, int statement, int64_t a, int64_t b,
	search_row_fn fn, void *ctx, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SEARCH, statement);

	bind_i(s, 1, a);
	bind_i(s, 2, b);
	return search_each_row(st, s, fn, ctx, e);
}

int
search_facts(struct store *st, const struct search_range *range,
	search_row_fn fn, void *ctx, struct err *e)
{
	return each_of_range(st, SEARCH_FACTS, range->lo, range->hi, fn, ctx,
		e);
}

int
search_entities(struct store *st, const struct search_range *range,
	search_row_fn fn, void *ctx, struct err *e)
{
	return each_of_range(st, SEARCH_ENTITIES, range->lo, range->hi, fn, ctx,
		e);
}

int
search_facts_of(struct store *st, int64_t entity, int64_t from,
	search_row_fn fn, void *ctx, struct err *e)
{
	return each_of_range(st, SEARCH_FACTS_OF, entity, from, fn, ctx, e);
}

/* The body of the row s stands on, or the name that stands for it. */
static int
read_body(struct store *st, sqlite3_stmt *s, struct buf *text, struct err *e)
{
	int size = sqlite3_column_int(s, 5);
	const void *name = sqlite3_column_text(s, 7);

	if (sqlite3_column_type(s, 6) == SQLITE_NULL)
		return name && buf_add(text, name,
				       (size_t)sqlite3_column_bytes(s, 7)) < 0
			       ? err_nomem(e)
			       : 0;
	if (size < 0 || size > LIMIT_OBSERVATION_BYTES)
		return err_set(e, MDB_E_CORRUPT, "fact %lld has a damaged size",
			(long long)sqlite3_column_int64(s, 0));
	return codec_unpack(&st->codec, sqlite3_column_blob(s, 6),
		(size_t)sqlite3_column_bytes(s, 6), (size_t)size, text, e);
}

int
search_text(struct store *st, int64_t fact, fact_fn fn, void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_SEARCH, SEARCH_BODY);
	struct buf *text = &st->search_text;
	struct fact f = {0};
	int rc;

	bind_i(s, 1, fact);
	rc = stmt_row(st, s, e);
	if (rc != 1)
		return rc;
	buf_clear(text, 64 * 1024);
	rc = read_body(st, s, text, e);
	if (rc < 0)
		return rc;
	f.id = fact;
	f.entity = sqlite3_column_int64(s, 1);
	f.kind = (enum fact_kind)sqlite3_column_int(s, 2);
	f.label = sqlite3_column_int64(s, 3);
	f.erased = sqlite3_column_int(s, 4) != 0;
	f.text = text->len ? text->data : "";
	f.text_n = text->len;
	rc = fn(ctx, &f);
	return rc == 0 ? 1 : rc;
}

static void
search_close(struct store *st)
{
	buf_done(&st->search_text);
}

const struct participant search_participant = {
	.name = "search",
	.close = search_close,
};
