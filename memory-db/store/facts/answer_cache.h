/* Answers that may be asked for again, for all connections of a database. The
 * key holds all that the answer depends on, the change that was the newest
 * among it: a write makes other keys, and what nobody asks for any more makes
 * room. */
#ifndef STORE_FACTS_ANSWER_CACHE_H
#define STORE_FACTS_ANSWER_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;
struct database;

/* Bytes of keys and answers. */
#define ANSWERS_BYTES (4 * 1024 * 1024)

/* Appends the answer to out. 1 found, 0 not, or MDB_E_NOMEM. Any thread. */
int answer_cache_find(struct store *st, const void *key, size_t key_n,
	struct buf *out) MUST_CHECK;
/* Keeps a copy, when there is memory for it. Any thread. */
void answer_cache_keep(struct store *st, const void *key, size_t key_n,
	const void *data, size_t n);

struct answer_cache_stats {
	int64_t hits, misses, bytes;
};
void answer_cache_stats(struct database *db, struct answer_cache_stats *ret);

#endif
