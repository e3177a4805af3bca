/* Index work that waits.
 *
 * What one change brings into the text indexes, or takes out of them, is done
 * at once up to a bound. What lies beyond waits: a row of `text_wait` says of
 * one row of an index that it is to be there, or is not to be, and how far that
 * has come. It is written in the transaction of the change, and each slice of
 * work moves it on in the transaction of that slice: after a crash the next
 * slice goes on. An index holds what the facts say, less what `text_wait` says.
 *
 * Whoever searches looks at facts that wait by himself (search_wait.h). Words
 * of a fact are in the vocabulary when no row of it waits to be indexed. */
#ifndef STORE_INDEX_TEXT_WAIT_H
#define STORE_INDEX_TEXT_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/index/text_parts.h"

struct database;
struct store;
struct text_indexed;

/* A row of an index. */
struct text_row {
	enum text_ix ix;
	int64_t row, fact, branch;
	int64_t size; /* bytes of its text */
};

/* How many rows wait in all, and the bytes of their texts; read once and then
 * counted. */
int text_waits(struct store *st, int64_t *ret_n, int64_t *ret_bytes,
	struct err *e) MUST_CHECK;
/* Does a row of the fact wait? 1, 0. */
int text_waits_of(struct store *st, int64_t fact, struct err *e) MUST_CHECK;

/* The row shall be in the index, or not be in it. 1: it waits for that now,
 * because it waited already or because `wait` says so; 0: the caller does it. */
int text_wait_in(struct store *st, const struct text_row *row, bool wait,
	struct err *e) MUST_CHECK;
int text_wait_out(struct store *st, const struct text_row *row, bool wait,
	struct err *e) MUST_CHECK;

/* The row of the index is as it should be, and waits for nothing. */
int text_wait_drop(struct store *st, const struct text_row *row, int64_t size,
	struct err *e) MUST_CHECK;

/* How many parts the index has of a row that waits; -1 all. 1; 0 it does not
 * wait, *ret_parts stays. */
int text_wait_state(struct store *st, const struct text_row *row,
	int64_t *ret_parts, struct err *e) MUST_CHECK;
/* The rows of an index that are to go. fn returns non-zero to stop. */
typedef int (
	*text_leaving_fn)(void *ctx, const struct text_row *row, int64_t parts);
int text_wait_leaving(struct store *st, enum text_ix ix, text_leaving_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* The text of an erased fact, whose rows wait and whose words may go. */
int text_gone_add(struct store *st, int64_t fact,
	const struct text_indexed *text, struct err *e) MUST_CHECK;
int text_gone_any(struct store *st, struct err *e) MUST_CHECK;

/* Words went out of the vocabulary: those of facts that wait are learnt anew. */
int text_wait_relearn(struct store *st, struct err *e) MUST_CHECK;

/* Does what can be done until `until_ns` (monotonic), at least one piece, in the
 * group under way (writer). 1: something was done. */
int text_wait_work(struct store *st, int64_t until_ns, struct err *e)
	MUST_CHECK;

/* Rows that wait, and the bytes of their texts, as of the last COMMIT; from any
 * thread. */
void text_wait_published(struct database *db, int64_t *ret_rows,
	int64_t *ret_bytes);
/* Nothing waits any more: the indexes are written anew. */
int text_wait_clear(struct store *st, struct err *e) MUST_CHECK;
void text_wait_free(struct store *st);

#endif
