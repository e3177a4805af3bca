/* What a search reads: matches of the text indexes, the vocabulary, and facts
 * in order. All of it newest first, as the store's lens shows it; nothing here
 * ranks. */
#ifndef STORE_INDEX_SEARCH_H
#define STORE_INDEX_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"

struct store;

/* Words of one match expression at most: bits of a mask. */
#define SEARCH_WORDS 32

/* The facts of a namespace under the lens: ids lo to hi. The same state gives
 * the same range, whether it is the present or was pinned. */
struct search_range {
	int64_t ns, lo, hi;
	int64_t past;	/* rows of `past` above it may be visible */
	int64_t change; /* the newest of the namespace, of which something may
			   be kept; 0: not the present, or the connection is
			   one that shows what is not committed */
};
int search_range(struct store *st, int64_t ns, struct search_range *ret,
	struct err *e) MUST_CHECK;

/* An FTS5 expression. Its phrase i, while i < counted, stands for word
 * i % words. */
struct search_match {
	const char *text;
	size_t n;
	int words, counted;
	bool bare;	/* the rows' entity may be 0: saves a look-up */
	bool looked_at; /* fn looks at the text of what has no word:
				   facts that wait to be indexed are given
				   whatever they say */
};

struct search_row {
	int64_t fact, entity;
	uint32_t name, body; /* words found in name, in type or text */
};
/* Non-zero stops and is returned. */
typedef int (*search_row_fn)(void *ctx, const struct search_row *row);

/* Visible facts of the range that match, by falling fact id. fn must not start
 * another match on this store. */
int search_match(struct store *st, const struct search_range *range,
	const struct search_match *match, search_row_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

/* Do facts of the namespace wait to be indexed? 1, 0. */
int search_has_waits(struct store *st, int64_t ns, struct err *e) MUST_CHECK;

/* How many match, at most `bound`. When there are so many, *ret_lowest is the
 * id of the last one counted. Counts of the present are kept with a reader's
 * connection until the namespace changes: the words of one question are mostly
 * those of others, and of its other sentences. */
int search_count(struct store *st, const struct search_range *range,
	const struct search_match *match, int64_t bound, int64_t *ret_n,
	int64_t *ret_lowest, struct err *e) MUST_CHECK;

/* Visible existence facts and observations of the range, by falling id. */
int search_facts(struct store *st, const struct search_range *range,
	search_row_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* The same for existence facts alone. */
int search_entities(struct store *st, const struct search_range *range,
	search_row_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* The same for those of one entity, by rising id, from `from` on. */
int search_facts_of(struct store *st, int64_t entity, int64_t from,
	search_row_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* The text of a fact to look into, without the check of its digest: what a
 * search answers is read again, and checked then. Of the fact id, entity, kind,
 * label, text and erased are set. 1, 0 no such fact, or what fn said when that
 * was not 0. */
int search_text(struct store *st, int64_t fact, fact_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

enum search_how { SEARCH_PREFIX, SEARCH_SUFFIX, SEARCH_INFIX };
typedef int (*search_term_fn)(void *ctx, const char *term, size_t n);
/* Entries of the vocabulary that begin with, end with or contain a piece (n >=
 * 1 bytes, folded). 1: there are more than `bound`, or finding out would read
 * too much; fn may have seen some of them. 0: fn saw all. */
int search_terms(struct store *st, enum search_how how, const char *piece,
	size_t n, int bound, search_term_fn fn, void *ctx, struct err *e)
	MUST_CHECK;
/* How many entries it has, those of all namespaces. */
int search_terms_count(struct store *st, int64_t *ret, struct err *e)
	MUST_CHECK;

#endif
