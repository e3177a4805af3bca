/* Do the text indexes hold what the facts say?
 *
 * An index is a set of (row, column, token). Each such instance is hashed, and
 * the hashes are added up in a table by row: plus what the facts give, minus
 * what the index holds. A cell that is not zero at the end is a difference.
 * That takes one pass over each side, no order and 1 MiB. */
#include "memory-db/store/index/text_index.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/search.h"
#include "memory-db/store/index/text_sql.h"
#include "memory-db/store/index/text_wait.h"
#include "memory-db/store/index/terms_wait.h"

#define CELLS	     (64 * 1024)
#define PROBLEMS_MAX 32

struct fts_check {
	struct store *st;
	struct err *e;
	text_problem_fn fn;
	void *ctx;
	const char *index;
	struct {
		uint64_t sum;
		int64_t row; /* an expected row that falls here, or 0 */
	} * cells;
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct text_indexed text;
	struct text_parts parts;
	struct buf tokens;
	char stem[NAMESPACE_STEM_SIZE];
	int64_t stem_ns;
	int problems;
};

/* --- the texts ------------------------------------------------------------ */

struct indexing {
	struct store *st;
	struct text_indexed *to;
	struct err *e;
};

static int
fts_check_take_fact(void *ctx, const struct fact *f)
{
	struct indexing *x = ctx;
	int rc = 0;

	if (f->erased)
		return 0;
	if (f->kind == FACT_OBSERVATION)
		rc = buf_add(&x->to->body, f->text, f->text_n);
	if (f->kind == FACT_EXISTENCE) {
		rc = buf_add(&x->to->name, f->text, f->text_n);
		if (rc != 0)
			return rc;
		rc = label_text(x->st, f->label, &x->to->body, x->e);
	}
	return rc < 0 ? rc : 0;
}

int
text_indexed_of(struct store *st, int64_t fact, struct text_indexed *ret,
	struct err *e)
{
	struct indexing x = {.st = st, .to = ret, .e = e};
	int rc;

	ret->name.len = ret->body.len = 0;
	rc = search_text(st, fact, fts_check_take_fact, &x, e);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	return rc < 0 ? rc : 0;
}

void
text_indexed_done(struct text_indexed *x)
{
	buf_done(&x->name);
	buf_done(&x->body);
}

/* --- both sides ----------------------------------------------------------- */

enum fts_check_column { COLUMN_NAME, COLUMN_BODY, COLUMN_SCOPE };

static enum fts_check_column
column_of(const char *name)
{
	if (strcmp(name, "name") == 0)
		return COLUMN_NAME;
	if (strcmp(name, "scope") == 0)
		return COLUMN_SCOPE;
	return COLUMN_BODY;
}

static size_t
cell_of(int64_t row)
{
	return (size_t)((uint64_t)(row ^ fact_namespace(row) * 7919) % CELLS);
}

static int
add_instance(struct fts_check *c, int64_t row, enum fts_check_column column,
	const char *token, size_t n, int sign)
{
	unsigned char head[16 + TEXT_WORD_MAX * 2];
	int64_t col = (int64_t)column;
	uint64_t hash;

	/* Longer tokens do not exist; if one does it differs at its start. */
	if (n > TEXT_WORD_MAX * 2)
		n = TEXT_WORD_MAX * 2;
	memcpy(head, &row, 8);
	memcpy(head + 8, &col, 8);
	memcpy(head + 16, token, n);
	crypto_shorthash((unsigned char *)&hash, head, 16 + n, c->key);
	c->cells[cell_of(row)].sum += sign > 0 ? hash : -hash;
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return strcmp(x, y);
}

/* The distinct tokens of a column. */
static int
add_column(struct fts_check *c, int64_t row, enum fts_check_column column,
	const char *tokens, size_t tokens_n)
{
	AUTO_FREE const char **list = NULL;
	size_t n = 0;

	c->tokens.len = 0;
	if (tokens_n == 0)
		return 0;
	if (buf_add(&c->tokens, tokens, tokens_n) < 0 || !buf_str(&c->tokens))
		return err_nomem(c->e);
	list = calloc(c->tokens.len / 2 + 1, sizeof(*list));
	if (!list)
		return err_nomem(c->e);
	for (char *s = c->tokens.data, *save = NULL;; s = NULL) {
		char *token = strtok_r(s, " ", &save);

		if (!token)
			break;
		list[n++] = token;
	}
	qsort(list, n, sizeof(*list), by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(list[i - 1], list[i]) != 0)
			(void)add_instance(c, row, column, list[i],
				strlen(list[i]), 1);
	return 0;
}

static int
use_stem(struct fts_check *c, int64_t ns)
{
	int rc;

	if (c->stem_ns == ns)
		return 0;
	rc = namespace_stem(c->st, ns, c->stem, c->e);
	c->stem_ns = rc < 0 ? 0 : ns;
	return rc < 0 ? rc : 0;
}

static int
fts_check_add_part(struct fts_check *c, int64_t row, int i)
{
	struct text_part part;
	int rc;

	text_part_get(&c->parts, i, &part);
	rc = add_column(c, row, COLUMN_NAME, part.name, part.name_n);
	if (rc != 0)
		return rc;
	return add_column(c, row, COLUMN_BODY, part.body, part.body_n);
}

/* The first parts of a row (all: -1). */
static int
fts_check_add_parts(struct fts_check *c, const struct text_row *row,
	int64_t parts)
{
	char scope[24];
	int rc = use_stem(c, fact_namespace(row->fact));

	if (rc != 0)
		return rc;
	rc = text_parts_make(&c->parts, row->fact, c->stem, c->text.name.data,
		c->text.name.len, c->text.body.data, c->text.body.len, c->e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < c->parts.n && (parts < 0 || i < parts); i++) {
		rc = fts_check_add_part(c, row->row, i);
		if (rc != 0)
			return rc;
	}
	if (row->ix == TEXT_IX_BRANCH && parts != 0) {
		int n = snprintf(scope, sizeof(scope), "b%lld",
			(long long)row->branch);

		(void)add_instance(c, row->row, COLUMN_SCOPE, scope, (size_t)n,
			1);
	}
	c->cells[cell_of(row->row)].row = row->row;
	return 0;
}

static enum text_ix
ix_of(enum text_statement what)
{
	if (what == TEXT_OPEN_FACTS)
		return TEXT_IX_LIVE;
	if (what == TEXT_PAST_FACTS)
		return TEXT_IX_PAST;
	return TEXT_IX_BRANCH;
}

/* Adds what a statement says the index should hold: rows (row, fact, branch);
 * for ft_live the row is the fact. Of rows that wait it holds less. */
static int
add_expected(struct fts_check *c, enum text_statement what, int64_t *ret_rows)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(c->st, MOD_TEXT, (int)what);
	int rc;

	*ret_rows = 0;
	bind_i(s, 1, 0);
	while ((rc = stmt_row(c->st, s, c->e)) == 1) {
		int64_t id = sqlite3_column_int64(s, 0), parts = -1;
		struct text_row row = {.ix = ix_of(what),
			.row = id,
			.fact = what == TEXT_OPEN_FACTS
					? id
					: sqlite3_column_int64(s, 1),
			.branch = what == TEXT_BRANCH_FACTS
					  ? sqlite3_column_int64(s, 2)
					  : 0};

		rc = text_wait_state(c->st, &row, &parts, c->e);
		if (rc < 0)
			return rc;
		rc = text_indexed_of(c->st, row.fact, &c->text, c->e);
		if (rc != 0)
			return rc;
		rc = fts_check_add_parts(c, &row, parts);
		if (rc < 0)
			return rc;
		++*ret_rows;
	}
	return rc;
}

/* What it still holds of rows that are to go. */
static int
add_leaving(void *ctx, const struct text_row *row, int64_t parts)
{
	struct fts_check *c = ctx;
	int rc = text_wait_text(c->st, row->fact, &c->text, c->e);

	if (rc != 0)
		return rc;
	return fts_check_add_parts(c, row, parts);
}

/* Takes away what the index holds. */
static int
subtract_index(struct fts_check *c)
{
	sqlite3_stmt *s = NULL;
	char sql[160];
	int rc, r = 0;

	snprintf(sql, sizeof(sql),
		"CREATE VIRTUAL TABLE IF NOT EXISTS "
		"temp.vocabulary_%s USING fts5vocab(main, %s, instance)",
		c->index, c->index);
	r = store_exec(c->st, sql, c->e);
	if (r < 0)
		return r;
	snprintf(sql, sizeof(sql),
		"SELECT doc, col, term FROM temp.vocabulary_%s", c->index);
	rc = sqlite3_prepare_v2(c->st->db, sql, -1, &s, NULL);
	if (rc != SQLITE_OK)
		return stmt_error(c->st, rc, sql, c->e);
	while ((r = stmt_row(c->st, s, c->e)) == 1) {
		const char *column = (const char *)sqlite3_column_text(s, 1);
		const char *token = (const char *)sqlite3_column_text(s, 2);

		if (!column || !token) {
			/* NULL in the index itself, or no memory for the text */
			r = sqlite3_column_type(s, column ? 2 : 1) ==
					    SQLITE_NULL
				    ? err_set(c->e, MDB_E_CORRUPT,
					      "%s is damaged", c->index)
				    : err_nomem(c->e);
			break;
		}
		(void)add_instance(c, sqlite3_column_int64(s, 0),
			column_of(column), token,
			(size_t)sqlite3_column_bytes(s, 2), -1);
	}
	sqlite3_finalize(s);
	return r;
}

static int
problem(struct fts_check *c, const char *detail)
{
	if (++c->problems > PROBLEMS_MAX)
		return 0;
	return c->fn(c->ctx, c->index, detail);
}

static int
fts_check_compare(struct fts_check *c, const char *index,
	enum text_statement what, int64_t *ret_rows)
{
	char detail[160];
	int rc;

	c->index = index;
	c->problems = 0;
	memset(c->cells, 0, CELLS * sizeof(*c->cells));
	rc = add_expected(c, what, ret_rows);
	if (rc != 0)
		return rc;
	rc = text_wait_leaving(c->st, ix_of(what), add_leaving, c, c->e);
	if (rc != 0)
		return rc;
	rc = subtract_index(c);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < CELLS; i++) {
		if (c->cells[i].sum == 0)
			continue;
		if (c->cells[i].row)
			snprintf(detail, sizeof(detail),
				"row %lld, or one "
				"near it, is not indexed as its text says",
				(long long)c->cells[i].row);
		else
			snprintf(detail, sizeof(detail),
				"holds a row that "
				"should not be there (in slot %zu)",
				i);
		rc = problem(c, detail);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- the vocabulary ------------------------------------------------------- */

/* 1 it is in `term`, or waits for that. */
static int
fts_check_has_word(struct fts_check *c, const char *word, size_t n)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(c->st, MOD_TEXT, TEXT_TERM_KNOWN);
	int rc;

	bind_t(s, 1, word, n);
	rc = stmt_row(c->st, s, c->e);
	return rc != 0 ? rc : terms_wait_has(c->st, word, n, c->e);
}

static int
check_word(void *ctx, const char *word, size_t n)
{
	struct fts_check *c = ctx;
	char detail[160];
	uint64_t hash;
	int rc;

	/* The cells remember words already looked up. */
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)word, n,
		c->key);
	if (c->cells[hash % CELLS].sum == hash)
		return 0;
	rc = fts_check_has_word(c, word, n);
	if (rc < 0)
		return rc;
	c->cells[hash % CELLS].sum = hash;
	if (rc == 1)
		return 0;
	snprintf(detail, sizeof(detail), "the word '%.*s' of a fact is missing",
		(int)n, word);
	return problem(c, detail);
}

static int
check_words_of(struct fts_check *c, int64_t fact)
{
	const struct buf *name = &c->text.name, *body = &c->text.body;
	int rc = text_indexed_of(c->st, fact, &c->text, c->e);

	if (rc != 0)
		return rc;
	rc = text_terms_each(name->data, name->len, check_word, c);
	if (rc != 0)
		return rc;
	return text_terms_each(body->data, body->len, check_word, c);
}

static int
check_terms(struct fts_check *c)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(c->st, MOD_TEXT, TEXT_OPEN_FACTS);
	int rc;

	c->index = "term";
	c->problems = 0;
	memset(c->cells, 0, CELLS * sizeof(*c->cells));
	bind_i(s, 1, 0);
	while ((rc = stmt_row(c->st, s, c->e)) == 1) {
		int64_t fact = sqlite3_column_int64(s, 0);

		rc = text_waits_of(c->st, fact, c->e);
		if (rc == 1)
			continue;
		if (rc == 0)
			rc = check_words_of(c, fact);
		if (rc != 0)
			return rc == MDB_E_NOMEM ? err_nomem(c->e) : rc;
	}
	return rc;
}

static int
fts_check_all(struct fts_check *c, struct text_checked *ret)
{
	int rc = fts_check_compare(c, "ft_live", TEXT_OPEN_FACTS, &ret->live);

	if (rc != 0)
		return rc;
	rc = fts_check_compare(c, "ft_past", TEXT_PAST_FACTS, &ret->past);
	if (rc != 0)
		return rc;
	rc = fts_check_compare(c, "ft_branch", TEXT_BRANCH_FACTS, &ret->branch);
	if (rc != 0)
		return rc;
	return check_terms(c);
}

int
fts_check(struct store *st, text_problem_fn fn, void *ctx,
	struct text_checked *ret, struct err *e)
{
	struct fts_check c = {.st = st, .e = e, .fn = fn, .ctx = ctx};
	int64_t deadline_ns = st->deadline_ns;
	int rc;

	c.cells = calloc(CELLS, sizeof(*c.cells));
	if (!c.cells)
		return err_nomem(e);
	randombytes_buf(c.key, sizeof(c.key));
	/* Both sides must be one state, so this cannot go on in a later
	 * request; it can be cancelled. */
	st->deadline_ns = 0;
	rc = fts_check_all(&c, ret);
	text_indexed_done(&c.text);
	text_parts_done(&c.parts);
	buf_done(&c.tokens);
	free(c.cells);
	st->deadline_ns = deadline_ns;
	return rc;
}
