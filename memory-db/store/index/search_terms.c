/* The vocabulary that a substring search looks into: words by their beginning
 * from the index of `term`, by any part of three characters from the trigrams
 * of ft_term, and by shorter parts from all words, up to a bound. */
#include "memory-db/store/index/search.h"

#include <string.h>

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/index/search_sql.h"
#include "memory-db/store/index/terms_wait.h"

/* Terms read at most for each wanted: bounds the search for a piece of one or
 * two characters, which has no trigram (512 x 40: some 2 ms). */
#define TERMS_FACTOR 40

/* Appends the trigrams of a piece as an expression: "abc" AND "bcd" AND ...
 * Returns how many; 0 for a piece of less than three characters. */
static int
trigrams(const char *piece, size_t n, struct buf *out)
{
	size_t at[4] = {0}; /* where the last characters begin */
	int chars = 0, found = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && ((unsigned char)piece[i] & 0xc0) == 0x80)
			continue;
		at[chars++ % 4] = i;
		if (chars < 4)
			continue;
		if ((found++ && buf_adds(out, " AND ") < 0) ||
			buf_addc(out, '"') < 0 ||
			buf_add(out, piece + at[chars % 4], i - at[chars % 4]) <
				0 ||
			buf_addc(out, '"') < 0)
			return MDB_E_NOMEM;
	}
	return found;
}

static bool
search_terms_fits(enum search_how how, const char *piece, size_t n,
	const char *term, size_t term_n)
{
	if (term_n < n)
		return false;
	switch (how) {
	case SEARCH_PREFIX:
		return memcmp(term, piece, n) == 0;
	case SEARCH_SUFFIX:
		return memcmp(term + term_n - n, piece, n) == 0;
	case SEARCH_INFIX:
		break;
	}
	return memmem(term, term_n, piece, n) != NULL;
}

/* Words that wait (terms_wait.h) are looked at first: they are few. */
struct terms_waiting {
	enum search_how how;
	const char *piece;
	size_t n;
	int bound, found;
	search_term_fn fn;
	void *ctx;
};

static int
look_at_waiting(void *ctx, const char *word, size_t n)
{
	struct terms_waiting *w = ctx;

	if (!search_terms_fits(w->how, w->piece, w->n, word, n))
		return 0;
	return ++w->found > w->bound ? 1 : w->fn(w->ctx, word, n);
}

int
search_terms(struct store *st, enum search_how how, const char *piece, size_t n,
	int bound, search_term_fn fn, void *ctx, struct err *e)
{
	struct terms_waiting w = {how, piece, n, bound, 0, fn, ctx};
	AUTO_BUF struct buf match = {0};
	AUTO_STMT sqlite3_stmt *s = NULL;
	int budget = bound * TERMS_FACTOR;
	int rc = terms_wait_each(st, look_at_waiting, &w, e);

	if (rc != 0)
		return rc;
	if (how == SEARCH_PREFIX) {
		s = stmt_use(st, MOD_SEARCH, SEARCH_TERMS_PREFIX);
		bind_t(s, 1, piece, n);
	} else if ((rc = trigrams(piece, n, &match)) > 0) {
		s = stmt_use(st, MOD_SEARCH, SEARCH_TERMS_TRIGRAM);
		bind_t(s, 1, match.data, match.len);
	} else if (rc == 0) {
		s = stmt_use(st, MOD_SEARCH, SEARCH_TERMS_ALL);
	} else {
		return err_nomem(e);
	}
	while ((rc = stmt_row(st, s, e)) == 1) {
		const char *term = (const char *)sqlite3_column_text(s, 0);
		size_t term_n = (size_t)sqlite3_column_bytes(s, 0);

		if (!term)
			return err_nomem(e);
		if (--budget < 0)
			return 1;
		if (!search_terms_fits(how, piece, n, term, term_n)) {
			if (how == SEARCH_PREFIX)
				return 0;
			continue;
		}
		if (++w.found > bound)
			return 1;
		rc = fn(ctx, term, term_n);
		if (rc != 0)
			return rc;
	}
	return rc;
}

int
search_terms_count(struct store *st, int64_t *ret, struct err *e)
{
	sqlite3_stmt *s AUTO_STMT =
		stmt_use(st, MOD_SEARCH, SEARCH_TERMS_COUNT);
	int rc = stmt_row(st, s, e);

	if (rc == 1)
		*ret = sqlite3_column_int64(s, 0);
	return rc < 0 ? rc : 0;
}
