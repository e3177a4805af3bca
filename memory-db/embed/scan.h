/* Vectors in memory, looked at one after the other: int8 with a scale for each
 * vector. At 100,000 vectors of 256 dimensions 1 ms, exact but for the
 * rounding, which the caller mends by scoring the best again from the stored
 * float32. No graph to build, nothing to repair after a removal.
 *
 * Vectors lie by group (a namespace) in order of id. Not locked: see
 * work/embedding.h. */
#ifndef EMBED_SCAN_H
#define EMBED_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

struct scan;

/* new, or NULL: no memory. */
struct scan *scan_new(size_t dims);
void scan_free(struct scan *s);

/* Adds or replaces. Cheap when id is the highest of its group. 0, MDB_E_NOMEM
 * (nothing changed then). */
int scan_put(struct scan *s, int64_t group, int64_t id, const float *v)
	MUST_CHECK;
void scan_remove(struct scan *s, int64_t group, int64_t id);
void scan_remove_group(struct scan *s, int64_t group);

size_t scan_count(const struct scan *s);
size_t scan_bytes(const struct scan *s);

struct scan_hit {
	int64_t id;
	float score; /* cosine, nearly */
};
/* The best max of a group, best first; of equal ones the higher id. `only`,
 * when not NULL, has the ids that count, ascending. Vectors of zeros are never
 * among them. Returns their number, or MDB_E_NOMEM. */
int64_t scan_best(const struct scan *s, int64_t group, const float *query,
	const int64_t *only, size_t only_n, struct scan_hit *ret, size_t max)
	MUST_CHECK;

#endif
