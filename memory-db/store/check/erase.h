/* Erasing for good, inside a change: contents, names, messages, index entries,
 * words of the vocabulary. Digests and ops stay, so that the chain holds.
 *
 * Op OP_ERASE: key 0 erases `fact`; key 1 everything of `entity` so far, with
 * its names. Both take the messages of the changes that showed it along.
 *
 * The rows and words of long texts go in slices, after the COMMIT.
 *
 * Deleted rows are overwritten by SQLite (secure_delete), but FTS5 keeps a
 * deleted word in older segments until they are merged, and the WAL keeps old
 * pages: erase_end merges, and erase_finish, after COMMIT,
 * truncates the WAL; what does not fit goes on in idle time, also after a
 * crash. */
#ifndef STORE_CHECK_ERASE_H
#define STORE_CHECK_ERASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/index/erase_words.h"
#include "memory-db/store/log/change.h"

enum erase_scope { ERASE_FACT = 0, ERASE_ENTITY = 1 };

struct erasure {
	struct change *change;
	struct store *st;
	int64_t facts, names, messages, notes; /* what went */
	/* private */
	struct words_erasure index; /* what goes out of the text indexes */
	int64_t *labels;	    /* that nobody may use any more */
	size_t labels_n, labels_cap;
};

/* Facts of the entity that are not erased yet, whether visible or not, with
 * relations that point to it; what is said of facts first, existence last. text NULL: all; else its observations that read
 * so, and their tags and metadata. fn returns non-zero to stop. */
typedef int (*erase_fn)(void *ctx, int64_t fact, int64_t entity);
int erase_each(struct store *st, int64_t entity, const char *text, size_t n,
	erase_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* The facts are hidden on main already. begin flushes the queue of the text
 * index: a roll-back of this savepoint ends the whole group then. */
int erase_begin(struct erasure *x, struct change *c, struct err *e) MUST_CHECK;
/* Erases one fact; with an op of its own unless it is part of an entity. */
int erase_fact(struct erasure *x, int64_t entity, int64_t fact, bool with_op,
	struct err *e) MUST_CHECK;
/* The names of an entity, and the op for all of it. */
int erase_names(struct erasure *x, int64_t entity, struct err *e) MUST_CHECK;
/* Words and labels; the segments of the index when nothing is left to come. */
int erase_end(struct erasure *x, bool is_last, struct err *e) MUST_CHECK;
void erase_done(struct erasure *x);
#define AUTO_ERASURE __attribute__((cleanup(erase_done)))

/* By erase_end(), when nothing is left to come: merges for a quarter of a second;
 * the rest goes on in idle time. */
int erase_segments_begin(struct store *st, struct err *e) MUST_CHECK;

/* After the COMMIT of an erasure: 1 no trace is left; 0 it goes on in idle time
 * (segments to merge, or a reader holds the WAL). store_is_erasing() (store.h)
 * says whether there is any. */
int erase_finish(struct store *st);
/* In idle time, when no segment is left to merge. 1: there is something to merge
 * now. */
int erase_idle(struct store *st);

#endif
