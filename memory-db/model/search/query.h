/* A search query taken apart: its words, and the condition that a text with
 * the whole query in it must meet. */
#ifndef MODEL_SEARCH_QUERY_H
#define MODEL_SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/index/search.h"
#include "memory-db/store/engine/store.h"

struct query {
	struct buf fold;  /* the whole query, folded; empty: everything */
	const char *text; /* the same, not folded; borrowed */
	size_t n;
};
/* trim: without the spaces around it. */
int query_init(struct query *q, const char *text, size_t n, bool trim,
	struct err *e) MUST_CHECK;
void query_done(struct query *q);

/* Does a text contain the whole query? tmp: scratch. 1, 0 or negative. */
int query_is_in(const struct query *q, const char *s, size_t n, struct buf *tmp)
	MUST_CHECK;

/* --- for one namespace ---------------------------------------------------- */

struct query_word {
	size_t at, n;	/* in tokens */
	int64_t count;	/* facts with it; estimated above the bound */
	bool is_common; /* more than the bound */
	bool is_near;	/* it stands for one that occurs nowhere and
				   is spelt almost like it */
	double weight;	/* idf; all of them and those that are nowhere
				   add up to 1 */
};

/* The query as its namespace's index sees it. Words are in order of rarity,
 * word i is bit i of a mask. Words that occur nowhere take the place of none that
 * does. */
struct query_terms {
	char stem[32];
	struct buf tokens;
	struct query_word words[SEARCH_WORDS];
	int n, rare; /* words that occur; all facts with one of the
				   first `rare` can be read */
	int all;     /* and behind them, where there is room, those
				   that are nowhere in names and texts: of
				   speakers, or of nothing */
	int unknown; /* words that occur nowhere */
	/* Facts with the whole query in them match this expression. */
	enum {
		SUBSTRING_MATCH,
		SUBSTRING_SCAN /* nothing to look up: look at every fact */
	} substring;
	struct buf match;
	int found; /* words of the vocabulary in it */
};
/* common_bound: words in as many facts are common; 0: no words at all, only the
 * substring part. terms_bound: see substring.h; 0: no substring part. near: for
 * words that occur nowhere one of almost the same spelling is taken. */
int query_terms_init(struct query_terms *t, const struct query *q,
	struct store *st, const struct search_range *range, int common_bound,
	int terms_bound, bool near, struct err *e) MUST_CHECK;
void query_terms_done(struct query_terms *t);

/* Words of the query, those that are nowhere as far as they count. Not 0. */
int query_words(const struct query_terms *t);

/* Mask of the words that stand for others. */
uint32_t query_near_words(const struct query_terms *t);

#define QUERY_ALL(t) ((t)->n == 32 ? UINT32_MAX : (UINT32_C(1) << (t)->n) - 1)

/* Appends the words [from, to) as an expression joined by op ("OR", "AND"). */
int query_expression(const struct query_terms *t, int from, int to,
	const char *op, struct buf *out) MUST_CHECK;

/* Which words a text has. *ret: mask. */
int query_mask(const struct query_terms *t, const char *s, size_t n,
	struct buf *tmp, uint32_t *ret) MUST_CHECK;

#endif
