/* Large replies of a reader that may be asked for again: entities by name, and
 * pages of the graph on a branch or in the past. The present graph is kept by
 * its entities instead (model/read/graph_keep.h).
 *
 * A reply is kept with the request it answers, and with the state of the
 * database it was read from. The state is SQLite's own: any commit, also one
 * that is no change of the memory, makes another, and then all that was kept
 * goes. The newest end (expires_at) that has come is part of the request, as no
 * commit tells of it. So a reply that is found is the one that would be made,
 * byte for byte.
 * Not kept is what depends on more than these two: on the clock, or on counters
 * in memory.
 *
 * A cache belongs to one reader and its connection. */
#ifndef WORK_READ_CACHE_H
#define WORK_READ_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "memory-db/work/job.h"

/* Replies kept, and bytes of all of them: the pages of 15,000 entities. */
#define READ_CACHE_ENTRIES 8
#define READ_CACHE_BYTES   (4 * 1024 * 1024)

struct read_cache {
	uint32_t state; /* of the database; of all entries */
	size_t n, bytes;
	struct read_cache_entry {
		struct buf key, members; /* owned */
	} v[READ_CACHE_ENTRIES];
};
void read_cache_clear(struct read_cache *c);

/* The key of a request into key. False: its reply is not one to keep (or there
 * is no memory for the key). */
bool read_cache_key(const struct job *j, struct buf *key) MUST_CHECK;

/* The members of the reply into out; false: it is not there. state: of the
 * snapshot that the request has (store_state). */
bool read_cache_find(struct read_cache *c, uint32_t state,
	const struct buf *key, struct buf *out) MUST_CHECK;

/* Keeps a reply, if there is room: the members that were written as text, and
 * those of the result. Takes the key. */
void read_cache_keep(struct read_cache *c, struct buf *key,
	const struct buf *text, const json_t *result);

#endif
