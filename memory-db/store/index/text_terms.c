/* The vocabulary: every word ever indexed, folded but not stemmed, in `term`,
 * and its trigrams in `ft_term`. A substring search finds there the words that
 * contain a piece of the query.
 *
 * A cache of hashes keeps words that are known from costing SQL. It is direct-
 * mapped: a collision of slots only costs one INSERT that does nothing. */
#include "memory-db/store/index/text_sql.h"

#include <string.h>

#include "common/text.h"
#include "memory-db/store/engine/store_internal.h"

/* 512 KiB: the words of most memories fit. */
#define TERMS_CACHE_ENTRIES (64 * 1024)

int
text_terms_new(struct store *st, struct err *e)
{
	st->terms = calloc(TERMS_CACHE_ENTRIES, sizeof(uint64_t));
	return st->terms ? 0 : err_nomem(e);
}

void
text_terms_free(struct store *st)
{
	free(st->terms);
	st->terms = NULL;
}

void
text_terms_clear(struct store *st)
{
	if (st->terms)
		memset(st->terms, 0, TERMS_CACHE_ENTRIES * sizeof(uint64_t));
}

/* --- the words of a text -------------------------------------------------- */

struct each {
	int (*fn)(void *ctx, const char *word, size_t n);
	void *ctx;
};

/* What is longer than a word is a digest, a key or an encoded file: each byte of
 * it would cost two trigrams. A search looks for parts of it in the texts that
 * have such (TEXT_LONG). */
static int
each_piece(void *ctx, const struct text_piece *p)
{
	const struct each *each = ctx;

	if (p->kind != TEXT_WORD || p->n > TEXT_WORD_MAX)
		return 0;
	return each->fn(each->ctx, p->s, p->n);
}

int
text_terms_each(const char *s, size_t n,
	int (*fn)(void *ctx, const char *word, size_t n), void *ctx)
{
	struct each each = {.fn = fn, .ctx = ctx};

	return text_pieces(s, n, each_piece, &each);
}

/* --- upkeep --------------------------------------------------------------- */

struct learn {
	struct store *st;
	struct err *e;
};

static int
learn_new(struct store *st, const char *word, size_t n, struct err *e)
{
	sqlite3_stmt *s = stmt_use(st, MOD_TEXT, TEXT_TERM_NEW);
	int rc;

	bind_t(s, 1, word, n);
	rc = stmt_run(st, s, e);
	if (rc < 0 || sqlite3_changes(st->db) == 0)
		return rc;
	st->terms_new++;
	s = stmt_use(st, MOD_TEXT, TEXT_TERM_INDEX);
	bind_i(s, 1, sqlite3_last_insert_rowid(st->db));
	bind_t(s, 2, word, n);
	return stmt_run(st, s, e);
}

static int
learn_word(void *ctx, const char *word, size_t n)
{
	const struct learn *l = ctx;
	uint64_t *cache = l->st->terms, hash;
	int rc;

	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)word, n,
		l->st->base->sip_key);
	hash += hash == 0; /* 0 marks an empty slot */
	if (cache[hash % TERMS_CACHE_ENTRIES] == hash)
		return 0;
	rc = learn_new(l->st, word, n, l->e);
	if (rc != 0)
		return rc;
	cache[hash % TERMS_CACHE_ENTRIES] = hash;
	return rc;
}

int
text_terms_learn(struct store *st, const char *s, size_t n, struct err *e)
{
	struct learn l = {.st = st, .e = e};
	int rc = text_terms_each(s, n, learn_word, &l);

	/* The scan itself can run out of memory, and says nothing. */
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}
