/* What a store does when nobody asks: one function a duty, each in small steps
 * between two groups of the writer. The scheduler (work/background) owns the
 * order, the time each gets and what is told of it; here stands only what a
 * step is, and whether there is work for one.
 *
 * A step answers 1 (more is to do), 0 (done for now), or negative with *e.
 * Only for a writer that may write, whose file is not damaged. */
#ifndef STORE_IDLE_H
#define STORE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

/* Texts that wait to be indexed: works on them for `ns`, as a transaction of
 * its own. */
bool store_index_wanted(struct store *st);
int store_index_step(struct store *st, int64_t ns, struct err *e) MUST_CHECK;

/* New words go into the vocabulary (index/terms_wait.h), at most some thousand:
 * 10 ms. */
bool store_terms_wanted(struct store *st);
int store_terms_step(struct store *st, struct err *e) MUST_CHECK;

/* Segments of the text indexes: FTS5 merges some pages, 2 ms at a time, until
 * `ns` have passed. A merge that fails shows at the next write. */
bool store_merge_wanted(const struct store *st);
int store_merge_step(struct store *st, int64_t ns);

/* Traces of what was erased, in the indexes and in the WAL. Comes behind index
 * work and merges: it ends when nothing is left to merge. MDB_E_BUSY: a reader
 * holds the WAL. */
int store_erase_step(struct store *st, struct err *e) MUST_CHECK;

/* Texts are packed (facts/pack.h), as transactions of their own. */
bool store_pack_wanted(struct store *st);
int store_pack_step(struct store *st, int64_t ns, struct err *e) MUST_CHECK;

/* Idempotency keys older than LIMIT_KEY_AGE_MS, some hundred a step. */
int store_keys_step(struct store *st, struct err *e) MUST_CHECK;

/* Receipts of readers and counts of skill runs: store_notes_wanted() and
 * store_notes_step() in store.h. */

/* A WAL above LIMIT_WAL_BYTES is cut back; waits some 50 ms for readers at
 * most. MDB_E_BUSY: one of them was in the way; *ret_by_us: no other program. */
bool store_wal_wanted(struct store *st);
int store_wal_step(struct store *st, bool *ret_by_us, struct err *e) MUST_CHECK;

/* A WAL that is larger than a rest of this is emptied when all of it is in the
 * file; waits for nobody. */
bool store_wal_rest_wanted(struct store *st);
int store_wal_rest_step(struct store *st, struct err *e) MUST_CHECK;

/* Pages of the WAL go into the file, as far as readers let them. */
bool store_checkpoint_wanted(const struct store *st);
int store_checkpoint_step(struct store *st, struct err *e) MUST_CHECK;

/* Gives cache memory back. */
void store_shrink(struct store *st);

#endif
