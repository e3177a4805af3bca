/* Rows of `term_new`, and their way into `term`; see terms_wait.h. */
#include "memory-db/store/index/terms_wait.h"

#include <stdlib.h>
#include <string.h>

#include "common/vec.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/table.h"

/* Bytes of words that wait, and rows, before a group moves some: 16 KB are some
 * 2,000 words, 6 to 10 ms of the writer. A search looks at all of them. */
#define TERMS_WAIT_BYTES (16 * 1024)
#define TERMS_WAIT_ROWS	 64
/* From here on idle time does it, where nobody waits. */
#define TERMS_IDLE_BYTES (4 * 1024)
#define TERMS_IDLE_ROWS	 16
/* Kept between groups. */
#define TERMS_KEEP (64 * 1024)

enum { ROWS, SIZE, ADD, DROP, CLEAR, NEW, INDEX };

static const struct stmt_def defs[] = {
	[ROWS] = {"SELECT id, words FROM term_new ORDER BY id", 0, 0},
	[SIZE] = {"SELECT count(*), coalesce(sum(length(CAST(words AS BLOB))),"
		  " 0) FROM term_new",
		0, 0},
	[ADD] = {"INSERT INTO term_new(words) VALUES(?1)", 1, STMT_WRITER},
	[DROP] = {"DELETE FROM term_new WHERE id <= ?1", 1, STMT_WRITER},
	[CLEAR] = {"DELETE FROM term_new", 0, STMT_WRITER},
	[NEW] = {"INSERT INTO term(text) VALUES(?1) ON CONFLICT DO NOTHING", 1,
		STMT_WRITER},
	[INDEX] = {"INSERT INTO ft_term(rowid, text) VALUES(?1, ?2)", 2,
		STMT_WRITER},
};
const struct stmt_module terms_wait_module = {"terms_wait", defs,
	ARRAY_LEN(defs)};

const struct store_table terms_wait_tables[] = {
	{.name = "term_new",
		.kind = TABLE_DERIVED,
		.forget = FORGET_DROPS,
		.verified = "text index"},
	{0},
};

/* --- reading -------------------------------------------------------------- */
static int
words_of_row(sqlite3_stmt *s, int (*fn)(void *ctx, const char *word, size_t n),
	void *ctx, struct err *e)
{
	const char *at = (const char *)sqlite3_column_text(s, 1), *end;
	const char *line;
	int rc;

	if (!at)
		return err_nomem(e);
	end = at + sqlite3_column_bytes(s, 1);
	while ((line = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		rc = fn(ctx, at, (size_t)(line - at));
		if (rc != 0)
			return rc;
		at = line + 1;
	}
	return 0;
}

int
terms_wait_each(struct store *st,
	int (*fn)(void *ctx, const char *word, size_t n), void *ctx,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TERMS_WAIT, ROWS);
	int rc;

	while ((rc = stmt_row(st, s, e)) == 1) {
		rc = words_of_row(s, fn, ctx, e);
		if (rc != 0)
			return rc;
	}
	return rc;
}

struct wanted_word {
	const char *text;
	size_t n;
};

static int
terms_wait_is_wanted(void *ctx, const char *word, size_t n)
{
	const struct wanted_word *w = ctx;

	return n == w->n && memcmp(word, w->text, n) == 0;
}

int
terms_wait_has(struct store *st, const char *word, size_t n, struct err *e)
{
	struct wanted_word w = {word, n};

	return terms_wait_each(st, terms_wait_is_wanted, &w, e);
}

/* --- into `term` ---------------------------------------------------------- */
struct moved_word {
	size_t at, n; /* in `texts` */
};

struct moving {
	struct buf texts;
	struct moved_word *v;
	size_t n, cap;
};

static void
moving_done(struct moving *m)
{
	buf_done(&m->texts);
	free(m->v);
}

static int
take_word(void *ctx, const char *word, size_t n)
{
	struct moving *m = ctx;

	if (vec_room(m->v, m->n, m->cap) != 0)
		return MDB_E_NOMEM;
	m->v[m->n] = (struct moved_word){m->texts.len, n};
	if (buf_add(&m->texts, word, n) != 0)
		return MDB_E_NOMEM;
	m->n++;
	return 0;
}

static int
by_word(const void *a, const void *b, void *ctx)
{
	const struct moved_word *x = a, *y = b;
	const char *texts = ctx;
	int r = memcmp(texts + x->at, texts + y->at, x->n < y->n ? x->n : y->n);

	return r != 0 ? r : (x->n > y->n) - (x->n < y->n);
}

/* The oldest rows, together `most` bytes and one row more. */
static int
terms_wait_take_rows(struct store *st, int64_t most, struct moving *m,
	int64_t *ret_last, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TERMS_WAIT, ROWS);
	int rc = 0;

	while ((int64_t)m->texts.len < most && (rc = stmt_row(st, s, e)) == 1) {
		*ret_last = sqlite3_column_int64(s, 0);
		rc = words_of_row(s, take_word, m, e);
		if (rc != 0)
			return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
	}
	return rc < 0 ? rc : 0;
}

static int
put_term(struct store *st, const char *word, size_t n, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_TERMS_WAIT, NEW);
	int rc;

	bind_t(s, 1, word, n);
	rc = stmt_run(st, s, e);
	if (rc < 0 || sqlite3_changes(st->db) == 0)
		return rc;
	s = stmt_use(st, MOD_TERMS_WAIT, INDEX);
	bind_i(s, 1, sqlite3_last_insert_rowid(st->db));
	bind_t(s, 2, word, n);
	return stmt_run(st, s, e);
}

static int
move_rows(struct store *st, int64_t most, struct err *e)
{
	__attribute__((cleanup(moving_done))) struct moving m = {0};
	int64_t last = 0;
	sqlite3_stmt *s;
	int rc = terms_wait_take_rows(st, most, &m, &last, e);

	if (rc != 0 || m.n == 0)
		return rc;
	qsort_r(m.v, m.n, sizeof(*m.v), by_word, m.texts.data);
	for (size_t i = 0; i < m.n; i++) {
		rc = put_term(st, m.texts.data + m.v[i].at, m.v[i].n, e);
		if (rc != 0)
			return rc;
	}
	s = stmt_use(st, MOD_TERMS_WAIT, DROP);
	bind_i(s, 1, last);
	return stmt_run(st, s, e);
}

/* --- upkeep --------------------------------------------------------------- */
int
terms_wait_add(struct store *st, const char *word, size_t n, struct err *e)
{
	size_t before = st->terms_added.len;

	if (buf_add(&st->terms_added, word, n) == 0 &&
		buf_addc(&st->terms_added, '\n') == 0)
		return 0;
	st->terms_added.len = before;
	return err_nomem(e);
}

static int
read_size(struct store *st, int64_t *ret_rows, int64_t *ret_bytes,
	struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TERMS_WAIT, SIZE);
	int rc = stmt_row(st, s, e);

	if (rc < 0)
		return rc;
	*ret_rows = sqlite3_column_int64(s, 0);
	*ret_bytes = sqlite3_column_int64(s, 1);
	return 0;
}

int
terms_wait_flush(struct store *st, struct err *e)
{
	int64_t rows, bytes;
	sqlite3_stmt *s;
	int rc;

	if (st->terms_added.len == 0)
		return 0;
	s = stmt_use(st, MOD_TERMS_WAIT, ADD);
	bind_t(s, 1, st->terms_added.data, st->terms_added.len);
	rc = stmt_run(st, s, e);
	buf_clear(&st->terms_added, TERMS_KEEP);
	if (rc != 0)
		return rc;
	rc = read_size(st, &rows, &bytes, e);
	if (rc != 0)
		return rc;
	st->terms_waiting_known = false;
	if (bytes < TERMS_WAIT_BYTES && rows < TERMS_WAIT_ROWS)
		return 0;
	return move_rows(st, TERMS_WAIT_BYTES, e);
}

int
terms_wait_settle(struct store *st, struct err *e)
{
	int rc = terms_wait_flush(st, e);

	if (rc != 0)
		return rc;
	st->terms_waiting_known = false;
	return move_rows(st, INT64_MAX, e);
}

int
terms_wait_clear(struct store *st, struct err *e)
{
	terms_wait_undone(st);
	return stmt_run(st, stmt_use(st, MOD_TERMS_WAIT, CLEAR), e);
}

bool
terms_wait_many(struct store *st)
{
	int64_t rows, bytes;
	struct err e = {0};

	if (st->terms_waiting_known)
		return st->terms_waiting_many;
	/* A failure shows at the next write. */
	if (read_size(st, &rows, &bytes, &e) != 0)
		return false;
	st->terms_waiting_known = true;
	st->terms_waiting_many =
		bytes >= TERMS_IDLE_BYTES || rows >= TERMS_IDLE_ROWS;
	return st->terms_waiting_many;
}

void
terms_wait_undone(struct store *st)
{
	st->terms_added.len = 0;
	st->terms_waiting_known = false;
}
