/* The vocabulary: every word ever indexed, folded but not stemmed, in `term`,
 * and its trigrams in `ft_term`; new ones wait in `term_new` (terms_wait.h). A
 * substring search finds there the words that contain a piece of the query.
 *
 * A cache of hashes keeps words that are known from costing SQL: sets of four,
 * the one used last first. One that was pushed out costs a look into `term`. */
#include "memory-db/store/index/text_sql.h"

#include <string.h>

#include "common/text.h"
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/terms_wait.h"

/* 512 KiB: the words of most memories fit. */
#define TERMS_CACHE_ENTRIES (64 * 1024)
#define TERMS_CACHE_SET	    4

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
	buf_done(&st->terms_added);
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

/* 1 the vocabulary has the word, 0 not. A word that waits is in the cache, or
 * was pushed out of it: that it waits twice is no harm. */
static int
text_terms_is_known(struct store *st, const char *word, size_t n, struct err *e)
{
	AUTO_STMT sqlite3_stmt *s = stmt_use(st, MOD_TEXT, TEXT_TERM_KNOWN);

	bind_t(s, 1, word, n);
	return stmt_row(st, s, e);
}

/* Is the hash in its set? In any case it is the first of it afterwards. */
static bool
text_terms_remember(uint64_t *cache, uint64_t hash)
{
	uint64_t *set = cache + hash % (TERMS_CACHE_ENTRIES / TERMS_CACHE_SET) *
					TERMS_CACHE_SET;
	size_t i = 0;
	bool known;

	while (i < TERMS_CACHE_SET - 1 && set[i] != hash)
		i++;
	known = set[i] == hash;
	memmove(set + 1, set, i * sizeof(*set));
	set[0] = hash;
	return known;
}

static int
learn_word(void *ctx, const char *word, size_t n)
{
	const struct learn *l = ctx;
	struct store *st = l->st;
	uint64_t hash;
	int rc;

	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)word, n,
		st->base->sip_key);
	hash += hash == 0; /* 0 marks an empty slot */
	if (text_terms_remember(st->terms, hash))
		return 0;
	rc = text_terms_is_known(st, word, n, l->e);
	if (rc == 0) {
		rc = terms_wait_add(st, word, n, l->e);
		st->terms_new++;
	}
	if (rc < 0)
		text_terms_clear(st);
	return rc < 0 ? rc : 0;
}

int
text_terms_learn(struct store *st, const char *s, size_t n, struct err *e)
{
	struct learn l = {.st = st, .e = e};
	int rc;

	st->terms_learnt = true;
	rc = text_terms_each(s, n, learn_word, &l);
	/* The scan itself can run out of memory, and says nothing. */
	return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
}
