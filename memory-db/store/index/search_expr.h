/* The expressions that searches make for FTS5, asked of one text.
 *
 * What they are made of: "token" and "token" *, AND before OR, parentheses, and
 * a column before a part in parentheses (name : (...), body : (...)). Tokens are
 * compared as hashes, so the beginning of one ("token" *) counts as found: such
 * expressions find candidates whose text is looked at. Not included outside
 * store/. */
#ifndef STORE_INDEX_SEARCH_EXPR_H
#define STORE_INDEX_SEARCH_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "memory-db/store/index/search.h"

/* The tokens of a row: sorted hashes, those of the name first. */
struct search_tokens {
	uint64_t *v;
	size_t name_n, body_n;
};

uint64_t search_token_hash(const char *s, size_t n);
/* Makes them of tokens separated by spaces. 0 or MDB_E_NOMEM. */
int search_tokens_make(struct search_tokens *ret, const char *name,
	size_t name_n, const char *body, size_t body_n) MUST_CHECK;

bool search_tokens_have(const struct search_tokens *t, uint64_t hash);

struct search_expr {
	struct node *nodes;
	size_t n, cap;
	size_t root;
	size_t *phrases; /* nodes of phrases, in order */
	size_t phrases_n, phrases_cap;
};

/* 0, MDB_E_NOMEM, or MDB_E_INTERNAL: none that we make. */
int search_expr_read(struct search_expr *x, const char *text, size_t n)
	MUST_CHECK;
void search_expr_done(struct search_expr *x);

bool search_expr_is_true(const struct search_expr *x,
	const struct search_tokens *t);
/* As search_mask() of FTS5: which words, of those counted, stand where. */
void search_expr_mask(const struct search_expr *x,
	const struct search_tokens *t, const struct search_match *match,
	struct search_row *ret);

#endif
