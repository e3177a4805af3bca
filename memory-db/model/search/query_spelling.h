/* Words that are spelt almost alike: what stands in the memory for a word of a
 * query that does not. */
#ifndef MODEL_SEARCH_QUERY_SPELLING_H
#define MODEL_SEARCH_QUERY_SPELLING_H

#include "memory-db/model/search/query.h"

/* Words of a query for which one is looked for: each costs some 0.2 ms. */
#define QUERY_NEAR_MOST 6
#define QUERY_NEAR_NOT	2

/* The word (folded, not stemmed) in the vocabulary with the fewest letters
 * changed, left out or added: one for words of seven letters and more, two from
 * ten on; letters that changed places count once. 1: ret->at, n are its token,
 * appended to t->tokens, and is_near is set; 0: there is none; QUERY_NEAR_NOT:
 * the word is too short, or has digits. */
int query_spelling(struct query_terms *t, struct store *st, const char *word,
	size_t n, struct query_word *ret, struct err *e) MUST_CHECK;

#endif
