/* Erasing from the text indexes and from the vocabulary.
 *
 * A word goes when no fact has it any more. The indexes know stems only, so
 * the facts that have its stem are looked into, newest first; when that many
 * have it that the word itself is not found among the first, it stays. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/store/erase.h"
#include "memory-db/store/internal.h"
#include "memory-db/store/names.h"
#include "memory-db/store/text_sql.h"

/* Facts looked into for a word, of each index. */
#define LOOKS "2000"
#define LOOKS_N 2000

enum {
	PAST_ROWS,
	BRANCH_ROWS,
	DROP_BRANCH_ROWS,
	PAST_DELETE,
	BRANCH_DELETE,
	LIVE_USE,
	PAST_USE,
	BRANCH_USE,
	TERM_DROP,
	TERM_UNINDEX,
	STEMS
};

static const struct stmt_def defs[] = {
	[PAST_ROWS] = {"SELECT id, 0 FROM past WHERE fact = ?1 ORDER BY id", 1,
		STMT_WRITER},
	[BRANCH_ROWS] = {"SELECT id, branch FROM branch_text WHERE fact = ?1 "
			 "ORDER BY id",
		1, STMT_WRITER},
	[DROP_BRANCH_ROWS] = {"DELETE FROM branch_text WHERE fact = ?1", 1,
		STMT_WRITER},
	[PAST_DELETE] = {"INSERT INTO ft_past(ft_past, rowid, name, body) "
			 "VALUES('delete', ?1, ?2, ?3)",
		3, STMT_WRITER},
	[BRANCH_DELETE] = {"INSERT INTO ft_branch(ft_branch, rowid, name, "
			   "body, scope) VALUES('delete', ?1, ?2, ?3, ?4)",
		4, STMT_WRITER},
	[LIVE_USE] = {"SELECT rowid FROM ft_live WHERE ft_live MATCH ?1 "
		      "ORDER BY rowid DESC LIMIT " LOOKS,
		1, STMT_WRITER},
	[PAST_USE] = {"SELECT p.fact FROM ft_past CROSS JOIN past p ON p.id = "
		      "ft_past.rowid WHERE ft_past MATCH ?1 "
		      "ORDER BY ft_past.rowid DESC LIMIT " LOOKS,
		1, STMT_WRITER},
	[BRANCH_USE] = {"SELECT b.fact FROM ft_branch CROSS JOIN branch_text b "
			"ON b.id = ft_branch.rowid WHERE ft_branch MATCH ?1 "
			"ORDER BY ft_branch.rowid DESC LIMIT " LOOKS,
		1, STMT_WRITER},
	[TERM_DROP] = {"DELETE FROM term WHERE text = ?1 RETURNING id", 1,
		STMT_WRITER},
	[TERM_UNINDEX] = {"INSERT INTO ft_term(ft_term, rowid, text) "
			  "VALUES('delete', ?1, ?2)",
		2, STMT_WRITER},
	[STEMS] = {"SELECT DISTINCT stem FROM namespace", 0, STMT_WRITER},
};
const struct stmt_module erase_words_module = {
	"erase_words", defs, ARRAY_LEN(defs)};

/* --- index entries -----------------------------------------------------------
 */
/* FTS5 takes the very tokens that were put in. */
struct tokens {
	struct buf name, body;
};

static int
make_tokens(struct store *st, int64_t fact, const struct text_indexed *text,
	struct tokens *t, struct err *e)
{
	char stem[NAMESPACE_STEM_SIZE];
	int r = namespace_stem(st, fact_namespace(fact), stem, e);

	if (r < 0)
		return r;
	if ((text->name.len > 0 && text_tokens(text->name.data, text->name.len,
					   stem, &t->name) != 0) ||
		(text->body.len > 0 &&
			text_tokens(text->body.data, text->body.len, stem,
				&t->body) != 0))
		return err_nomem(e);
	return 0;
}

static int
delete_rows(struct store *st, int rows, int delete, int64_t fact,
	const struct tokens *t, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_ERASE_WORDS, rows);
	int r;

	bind_i(s, 1, fact);
	while ((r = stmt_row(st, s, e)) == 1) {
		sqlite3_stmt *d = stmt_use(st, MOD_ERASE_WORDS, delete);
		char scope[24];
		int n = snprintf(scope, sizeof(scope), "b%lld",
			(long long)sqlite3_column_int64(s, 1));

		bind_i(d, 1, sqlite3_column_int64(s, 0));
		bind_t(d, 2, t->name.len ? t->name.data : "", t->name.len);
		bind_t(d, 3, t->body.len ? t->body.data : "", t->body.len);
		if (delete == BRANCH_DELETE)
			bind_t(d, 4, scope, (size_t)n);
		r = stmt_run(st, d, e);
		if (r != 0)
			return r;
	}
	return r;
}

/* Name and type apart, so that one word does not run into the other. */
static int
keep_text(struct erasure *x, const struct buf *text, struct err *e)
{
	if (text->len == 0)
		return 0;
	return buf_add(&x->texts, text->data, text->len) != 0 ||
				       buf_add(&x->texts, "", 1) != 0
		       ? err_nomem(e)
		       : 0;
}

int
erase_index(struct erasure *x, int64_t fact, struct err *e)
{
	struct text_indexed text = {0};
	struct tokens t = {0};
	int r = text_indexed_of(x->st, fact, &text, e);

	if (r == 0)
		r = make_tokens(x->st, fact, &text, &t, e);
	if (r == 0 && text.name.len + text.body.len > 0) {
		r = delete_rows(
			x->st, PAST_ROWS, PAST_DELETE, fact, &t, e);
		if (r == 0)
			r = delete_rows(x->st, BRANCH_ROWS, BRANCH_DELETE,
				fact, &t, e);
	}
	if (r == 0) {
		sqlite3_stmt *s =
			stmt_use(x->st, MOD_ERASE_WORDS, DROP_BRANCH_ROWS);

		bind_i(s, 1, fact);
		r = stmt_run(x->st, s, e);
	}
	if (r == 0)
		r = keep_text(x, &text.name, e);
	if (r == 0)
		r = keep_text(x, &text.body, e);
	buf_done(&t.name);
	buf_done(&t.body);
	text_indexed_done(&text);
	return r;
}

/* --- words -------------------------------------------------------------------
 */
/* A word stands in many of the texts, and each look at it reads what the
 * indexes hold of it: hashes of words that were looked at, direct-mapped. */
#define LOOKED_N 16384

struct word {
	struct erasure *x;
	uint64_t *looked;	/* owned; NULL: no memory, no matter */
	const char *text;
	size_t n;
	struct err *e;
};

static bool
was_looked_at(struct word *w, const char *text, size_t n)
{
	uint64_t hash, *slot;

	if (w->looked == NULL)
		return false;
	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)text, n,
		w->x->st->base->sip_key);
	hash += hash == 0; /* 0 marks an empty slot */
	slot = &w->looked[hash % LOOKED_N];
	if (*slot == hash)
		return true;
	*slot = hash;
	return false;
}

static int
is_it(void *ctx, const char *text, size_t n)
{
	const struct word *w = ctx;

	return n == w->n && memcmp(text, w->text, n) == 0;
}

/* 1 the fact has the word. */
static int
has_word(struct word *w, int64_t fact)
{
	struct text_indexed text = {0};
	int r = text_indexed_of(w->x->st, fact, &text, w->e);

	if (r == 0 && text.name.len > 0)
		r = text_terms_each(text.name.data, text.name.len, is_it, w);
	if (r == 0 && text.body.len > 0)
		r = text_terms_each(text.body.data, text.body.len, is_it, w);
	text_indexed_done(&text);
	return r == MDB_E_NOMEM ? err_nomem(w->e) : r;
}

/* "token1" OR "token2": the first token of the word in each language. */
static int
match_text(struct word *w, struct buf *out)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(w->x->st, MOD_ERASE_WORDS, STEMS);
	struct buf t AUTO_BUF = {0};
	int r;

	while ((r = stmt_row(w->x->st, s, w->e)) == 1) {
		const char *stem = (const char *)sqlite3_column_text(s, 0);
		const char *end;

		buf_clear(&t, 1024);
		if (stem == NULL ||
			text_tokens(w->text, w->n, stem, &t) != 0 ||
			buf_str(&t) == NULL)
			return err_nomem(w->e);
		if (t.len == 0)
			continue;
		end = strchrnul(t.data, ' ');
		if (buf_addf(out, "%s\"%.*s\"", out->len > 0 ? " OR " : "",
			    (int)(end - t.data), t.data) != 0)
			return err_nomem(w->e);
	}
	return r;
}

/* 1 a fact of the index has it, or too many may. */
static int
used_in(struct word *w, int index, const struct buf *match)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(w->x->st, MOD_ERASE_WORDS, index);
	int n = 0, r;

	bind_t(s, 1, match->data, match->len);
	while ((r = stmt_row(w->x->st, s, w->e)) == 1) {
		r = has_word(w, sqlite3_column_int64(s, 0));
		if (r != 0)
			return r;
		n++;
	}
	return r == 0 ? n >= LOOKS_N : r;
}

static int
is_used(struct word *w)
{
	struct buf match AUTO_BUF = {0};
	int r = match_text(w, &match);

	if (r == 0 && match.len == 0)
		return 1;
	for (int i = LIVE_USE; r == 0 && i <= BRANCH_USE; i++)
		r = used_in(w, i, &match);
	return r;
}

static int
drop_word(struct word *w)
{
	struct store *st = w->x->st;
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_ERASE_WORDS, TERM_DROP);
	int64_t id;
	int r;

	bind_t(s, 1, w->text, w->n);
	r = stmt_row(st, s, w->e);
	if (r != 1)
		return r;
	id = sqlite3_column_int64(s, 0);
	r = stmt_row(st, s, w->e);
	if (r != 0)
		return r;
	s = stmt_use(st, MOD_ERASE_WORDS, TERM_UNINDEX);
	bind_i(s, 1, id);
	bind_t(s, 2, w->text, w->n);
	w->x->words++;
	return stmt_run(st, s, w->e);
}

static int
look_at(void *ctx, const char *text, size_t n)
{
	struct word w = *(struct word *)ctx;
	char *copy;
	int r;

	if (was_looked_at(&w, text, n))
		return 0;
	copy = strndup(text, n); /* the scan's own may not last */
	if (copy == NULL)
		return err_nomem(w.e);
	w.text = copy;
	w.n = n;
	r = is_used(&w);
	if (r == 0)
		r = drop_word(&w);
	free(copy);
	return r < 0 ? r : 0;
}

int
erase_words(struct erasure *x, struct err *e)
{
	struct word w = {.x = x, .e = e,
		.looked = calloc(LOOKED_N, sizeof(*w.looked))};
	int r = 0;

	for (size_t at = 0; r == 0 && at < x->texts.len;) {
		size_t n = strlen(x->texts.data + at);

		r = text_terms_each(x->texts.data + at, n, look_at, &w);
		at += n + 1;
	}
	free(w.looked);
	text_terms_clear(x->st);
	return r == MDB_E_NOMEM ? err_nomem(e) : r;
}
