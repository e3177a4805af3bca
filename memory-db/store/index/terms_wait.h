/* New words that wait to go into the vocabulary.
 *
 * A word that was never seen costs the vocabulary a row, an entry of an index
 * in the order of the alphabet, and its trigrams. The words of one group lie all
 * over that index: a COMMIT wrote a page for nearly each of them. So a group
 * only appends its new words to a row of `term_new`, a line for each. When some
 * thousand wait they go into `term` at once and in order, many to a page.
 *
 * Example: a group that brings "zymurgy" and "Ada" appends the row
 * "ada\nzymurgy\n". A search for "murg" looks at that row beside `term`, and
 * finds the word as if it was there.
 *
 * As of every COMMIT each word is in one of the two tables. */
#ifndef STORE_INDEX_TERMS_WAIT_H
#define STORE_INDEX_TERMS_WAIT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Calls fn with each word that waits; it returns non-zero to stop. */
int terms_wait_each(struct store *st,
	int (*fn)(void *ctx, const char *word, size_t n), void *ctx,
	struct err *e) MUST_CHECK;
/* 1 the word waits, 0 not. */
int terms_wait_has(struct store *st, const char *word, size_t n, struct err *e)
	MUST_CHECK;

/* Only on the writer, in a group: */
/* A word that is not in `term` and does not wait; it is kept until _flush. */
int terms_wait_add(struct store *st, const char *word, size_t n, struct err *e)
	MUST_CHECK;
/* Appends what was added; where much waits some of it goes into `term`. */
int terms_wait_flush(struct store *st, struct err *e) MUST_CHECK;
/* All that waits goes into `term`. */
int terms_wait_settle(struct store *st, struct err *e) MUST_CHECK;
/* Nothing waits any more: the vocabulary is written anew. */
int terms_wait_clear(struct store *st, struct err *e) MUST_CHECK;

/* Between groups: enough waits that idle time should move it. */
bool terms_wait_many(struct store *st);
/* The group that added words is undone. */
void terms_wait_undone(struct store *st);

#endif
