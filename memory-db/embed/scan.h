/* Vectors in memory, looked at one after the other, as bytes or as bits
 * (scan_row.h). At 100,000 vectors of 256 dimensions as bytes 1 ms, exact but
 * for the rounding, which the caller mends by scoring the best again from the
 * stored float32. No graph to build, nothing to repair after a removal.
 *
 * Vectors lie by group (a namespace) in order of id. Not locked: see
 * work/embedding.h. */
#ifndef EMBED_SCAN_H
#define EMBED_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "memory-db/embed/scan_row.h"

struct scan;

/* new, or NULL: no memory. */
struct scan *scan_new(enum scan_form form, size_t dims);
void scan_free(struct scan *s);

/* Adds or replaces. Cheap when id is the highest of its group. 0, MDB_E_NOMEM
 * (nothing changed then). */
int scan_put(struct scan *s, int64_t group, int64_t id, const float *v)
	MUST_CHECK;
void scan_remove(struct scan *s, int64_t group, int64_t id);
void scan_remove_group(struct scan *s, int64_t group);

/* Some of the lowest ids of the largest group go: fn is told of each, with the
 * vector as far as it is known. */
typedef void (
	*scan_oldest_fn)(void *ctx, int64_t group, int64_t id, const float *v);
void scan_take_oldest(struct scan *s, scan_oldest_fn fn, void *ctx);
/* The lowest id of a group, which may be one that was removed. */
bool scan_lowest(const struct scan *s, int64_t group, int64_t *ret);

size_t scan_count(const struct scan *s);
/* What all of it takes; what the rows in use take; one of them. */
size_t scan_bytes(const struct scan *s);
size_t scan_used_bytes(const struct scan *s);
size_t scan_row_cost(const struct scan *s);

struct scan_hit {
	int64_t id;
	float score;   /* cosine, nearly */
	bool is_rough; /* of a row of signs: an estimate */
};
/* The best max of a group, best first; of equal ones the higher id. `only`,
 * when not NULL, has the ids that count, ascending. Vectors of zeros are never
 * among them. Returns their number, or MDB_E_NOMEM. */
int64_t scan_best(const struct scan *s, int64_t group, const float *query,
	const int64_t *only, size_t only_n, struct scan_hit *ret, size_t max)
	MUST_CHECK;

#endif
