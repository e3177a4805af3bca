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
#include "memory-db/store/index/erase_words.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/search_expr.h"
#include "memory-db/store/index/terms_wait.h"
#include "memory-db/store/index/text_sql.h"
#include "memory-db/store/index/text_wait.h"

/* Facts looked into for a word, of each index. */
#define LOOKS	"2000"
#define LOOKS_N 2000

enum {
	PAST_ROWS,
	BRANCH_ROWS,
	DROP_BRANCH_ROWS,
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
const struct stmt_module erase_words_module = {"erase_words", defs,
	ARRAY_LEN(defs)};

/* --- index entries -------------------------------------------------------- */
/* Bytes of texts whose rows and words go at once: some 100 ms of the writer.
 * What is behind them waits. */
#define NOW_BYTES (32 * 1024)

/* Out of the index, unless it only waited to go in. */
static int
erase_words_take_row(struct store *st, const struct text_row *row,
	const struct text_parts *parts, bool wait, struct err *e)
{
	int rc = text_wait_out(st, row, wait, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	return text_parts_take(st, row->ix, row->row, row->branch, parts, 0,
		parts->n, e);
}

/* Takes the rows of an index out, or lets them wait for it. */
static int
erase_words_take_rows(struct store *st, enum text_ix ix, int64_t fact,
	const struct text_parts *parts, int64_t size, bool wait, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT = stmt_use(st, MOD_ERASE_WORDS,
		ix == TEXT_IX_PAST ? PAST_ROWS : BRANCH_ROWS);
	int rc;

	bind_i(s, 1, fact);
	while ((rc = stmt_row(st, s, e)) == 1) {
		struct text_row row = {ix, sqlite3_column_int64(s, 0), fact,
			sqlite3_column_int64(s, 1), size};

		rc = erase_words_take_row(st, &row, parts, wait, e);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* Name and type apart, so that one word does not run into the other. */
static int
keep_text(struct words_erasure *x, const struct buf *text, struct err *e)
{
	if (text->len == 0)
		return 0;
	return buf_add(&x->texts, text->data, text->len) != 0 ||
			       buf_add(&x->texts, "", 1) != 0
		       ? err_nomem(e)
		       : 0;
}

static int
drop_branch_rows(struct store *st, int64_t fact, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_ERASE_WORDS, DROP_BRANCH_ROWS);

	bind_i(s, 1, fact);
	return stmt_run(st, s, e);
}

/* wait: the parts are taken out later. */
static int
take_indexed(struct words_erasure *x, int64_t fact,
	const struct text_indexed *text, bool wait, struct err *e)
{
	int64_t size = (int64_t)(text->name.len + text->body.len);
	AUTO_PARTS struct text_parts parts = {0};
	char stem[NAMESPACE_STEM_SIZE];
	int rc = namespace_stem(x->st, fact_namespace(fact), stem, e);

	if (rc < 0)
		return rc;
	if (!wait)
		rc = text_parts_make(&parts, fact, stem, text->name.data,
			text->name.len, text->body.data, text->body.len, e);
	if (rc < 0)
		return rc;
	rc = erase_words_take_rows(x->st, TEXT_IX_PAST, fact, &parts, size,
		wait, e);
	if (rc != 0)
		return rc;
	return erase_words_take_rows(x->st, TEXT_IX_BRANCH, fact, &parts, size,
		wait, e);
}

static int
index_rows(struct words_erasure *x, int64_t fact,
	const struct text_indexed *text, struct err *e)
{
	int64_t size = (int64_t)(text->name.len + text->body.len);
	int r = text_waits_of(x->st, fact, e);
	bool wait = r == 1 || x->now_bytes + size > NOW_BYTES;

	if (r < 0)
		return r;
	r = take_indexed(x, fact, text, wait, e);
	if (r != 0)
		return r;
	if (wait)
		return text_gone_add(x->st, fact, text, e);
	x->now_bytes += size;
	r = keep_text(x, &text->name, e);
	if (r != 0)
		return r;
	return keep_text(x, &text->body, e);
}

int
erase_index(struct words_erasure *x, int64_t fact, struct err *e)
{
	AUTO_INDEXED struct text_indexed text = {0};
	int rc = text_indexed_of(x->st, fact, &text, e);

	if (rc != 0)
		return rc;
	if (text.name.len + text.body.len > 0)
		rc = index_rows(x, fact, &text, e);
	if (rc != 0)
		return rc;
	return drop_branch_rows(x->st, fact, e);
}

/* --- words ---------------------------------------------------------------- */
/* A word stands in many of the texts, and each look at it reads what the
 * indexes hold of it: hashes of words that were looked at, direct-mapped. */
#define LOOKED_N 16384

struct erase_words_word {
	struct words_erasure *x;
	uint64_t *looked; /* owned; NULL: no memory, no matter */
	const char *text;
	size_t n;
	struct err *e;
};

static bool
was_looked_at(struct erase_words_word *w, const char *text, size_t n)
{
	uint64_t hash, *slot;

	if (!w->looked)
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
	const struct erase_words_word *w = ctx;

	return n == w->n && memcmp(text, w->text, n) == 0;
}

/* Words of long texts that were looked into, as hashes: each word of another
 * long text may have to be looked for in them. */
#define SETS	  4
#define SET_BYTES (16 * 1024) /* texts from here on */

struct word_sets {
	struct erase_words_word_set {
		int64_t fact;
		struct search_tokens words; /* all as those of a body */
	} v[SETS];
	unsigned next;
};

void
erase_words_free(struct store *st)
{
	if (!st->word_sets)
		return;
	for (int i = 0; i < SETS; i++)
		free(st->word_sets->v[i].words.v);
	free(st->word_sets);
	st->word_sets = NULL;
}

static int
append_word(void *ctx, const char *text, size_t n)
{
	struct buf *out = ctx;

	return buf_add(out, text, n) < 0 || buf_addc(out, ' ') < 0 ? MDB_E_NOMEM
								   : 0;
}

/* NULL: no memory. */
static const struct erase_words_word_set *
erase_words_set_of(struct store *st, int64_t fact, const struct buf *text)
{
	AUTO_BUF struct buf words = {0};
	struct erase_words_word_set *set;

	if (!st->word_sets)
		st->word_sets = calloc(1, sizeof(*st->word_sets));
	if (!st->word_sets)
		return NULL;
	for (int i = 0; i < SETS; i++)
		if (st->word_sets->v[i].fact == fact)
			return &st->word_sets->v[i];
	if (text_terms_each(text->data, text->len, append_word, &words) != 0)
		return NULL;
	set = &st->word_sets->v[st->word_sets->next++ % SETS];
	free(set->words.v);
	*set = (struct erase_words_word_set){0};
	if (search_tokens_make(&set->words, "", 0,
		    words.len > 0 ? words.data : "", words.len) != 0)
		return NULL;
	set->fact = fact;
	return set;
}

static int
set_has(const struct erase_words_word_set *set, const char *text, size_t n)
{
	return search_tokens_have(&set->words, search_token_hash(text, n));
}

static int
name_or_body_has(struct erase_words_word *w, const struct text_indexed *text)
{
	int rc = 0;

	if (text->name.len > 0)
		rc = text_terms_each(text->name.data, text->name.len, is_it, w);
	if (rc != 0 || text->body.len == 0)
		return rc;
	return text_terms_each(text->body.data, text->body.len, is_it, w);
}

/* 1 the fact has the word. */
static int
erase_words_has_word(struct erase_words_word *w, int64_t fact)
{
	AUTO_INDEXED struct text_indexed text = {0};
	int rc = text_indexed_of(w->x->st, fact, &text, w->e);

	if (rc != 0)
		return rc;
	if (text.body.len >= SET_BYTES) {
		const struct erase_words_word_set *set =
			erase_words_set_of(w->x->st, fact, &text.body);

		rc = !set ? err_nomem(w->e) : set_has(set, w->text, w->n);
		return rc;
	}
	rc = name_or_body_has(w, &text);
	return rc == MDB_E_NOMEM ? err_nomem(w->e) : rc;
}

/* "token1" OR "token2": the first token of the word in each language. */
static int
match_text(struct erase_words_word *w, struct buf *out)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(w->x->st, MOD_ERASE_WORDS, STEMS);
	AUTO_BUF struct buf t = {0};
	int rc;

	while ((rc = stmt_row(w->x->st, s, w->e)) == 1) {
		const char *stem = (const char *)sqlite3_column_text(s, 0);
		const char *end;

		buf_clear(&t, 1024);
		if (!stem || text_tokens(w->text, w->n, stem, &t) != 0 ||
			!buf_str(&t))
			return err_nomem(w->e);
		if (t.len == 0)
			continue;
		end = strchrnul(t.data, ' ');
		if (buf_addf(out, "%s\"%.*s\"", out->len > 0 ? " OR " : "",
			    (int)(end - t.data), t.data) != 0)
			return err_nomem(w->e);
	}
	return rc;
}

/* 1 a fact of the index has it, or too many may. */
static int
used_in(struct erase_words_word *w, int index, const struct buf *match)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(w->x->st, MOD_ERASE_WORDS, index);
	int n = 0, rc;

	bind_t(s, 1, match->data, match->len);
	while ((rc = stmt_row(w->x->st, s, w->e)) == 1) {
		rc = erase_words_has_word(w, sqlite3_column_int64(s, 0));
		if (rc != 0)
			return rc;
		n++;
	}
	return rc == 0 ? n >= LOOKS_N : rc;
}

static int
is_used(struct erase_words_word *w)
{
	AUTO_BUF struct buf match = {0};
	int rc = match_text(w, &match);

	if (rc != 0)
		return rc;
	if (match.len == 0)
		return 1;
	for (int i = LIVE_USE; i <= BRANCH_USE; i++) {
		rc = used_in(w, i, &match);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
drop_word(struct erase_words_word *w)
{
	struct store *st = w->x->st;
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_ERASE_WORDS, TERM_DROP);
	int64_t id;
	int rc;

	bind_t(s, 1, w->text, w->n);
	rc = stmt_row(st, s, w->e);
	if (rc != 1)
		return rc;
	id = sqlite3_column_int64(s, 0);
	rc = stmt_row(st, s, w->e);
	if (rc != 0)
		return rc;
	s = stmt_use(st, MOD_ERASE_WORDS, TERM_UNINDEX);
	bind_i(s, 1, id);
	bind_t(s, 2, w->text, w->n);
	w->x->words++;
	return stmt_run(st, s, w->e);
}

/* Most words of a text that was never indexed in full are not there. */
static int
erase_words_is_known(struct erase_words_word *w, const char *text, size_t n)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(w->x->st, MOD_TEXT, TEXT_TERM_KNOWN);

	bind_t(s, 1, text, n);
	return stmt_row(w->x->st, s, w->e);
}

static int
erase_words_look_at(void *ctx, const char *text, size_t n)
{
	struct erase_words_word w = *(struct erase_words_word *)ctx;
	AUTO_FREE char *copy = NULL;
	int rc;

	if (was_looked_at(&w, text, n))
		return 0;
	rc = erase_words_is_known(&w, text, n);
	if (rc != 1)
		return rc;
	copy = strndup(text, n); /* the scan's own may not last */
	if (!copy)
		return err_nomem(w.e);
	w.text = copy;
	w.n = n;
	rc = is_used(&w);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = drop_word(&w);
	return rc < 0 ? rc : 0;
}

static int
erase_words_each(struct words_erasure *x, struct erase_words_word *w)
{
	int rc = terms_wait_settle(x->st, w->e);

	if (rc != 0)
		return rc;
	for (size_t at = 0; at < x->texts.len;) {
		size_t n = strlen(x->texts.data + at);

		rc = text_terms_each(x->texts.data + at, n, erase_words_look_at,
			w);
		if (rc != 0)
			return rc;
		at += n + 1;
	}
	return 0;
}

int
erase_words(struct words_erasure *x, struct err *e)
{
	struct erase_words_word w = {.x = x,
		.e = e,
		.looked = calloc(LOOKED_N, sizeof(*w.looked))};
	int rc = erase_words_each(x, &w);

	free(w.looked);
	erase_words_free(x->st);
	text_terms_clear(x->st);
	if (rc == 0 && x->words > 0)
		rc = text_wait_relearn(x->st, e);
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}

int
erase_words_of(struct store *st, const char *s, size_t n, struct err *e)
{
	struct words_erasure x = {.st = st};
	struct erase_words_word w = {.x = &x, .e = e};
	int rc = terms_wait_settle(st, e);

	if (rc != 0)
		return rc;
	rc = text_terms_each(s, n, erase_words_look_at, &w);
	text_terms_clear(st);
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}
