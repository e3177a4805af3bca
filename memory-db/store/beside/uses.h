/* Counters that are no part of the log: how often an entity was given (table
 * `usage`), how the runs of a skill went (`skill_run`). An export that is asked for
 * them has a line for each row. */
#ifndef STORE_BESIDE_USES_H
#define STORE_BESIDE_USES_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

enum use_kind { USE_READS, USE_RUNS, USE_KIND_MAX };

/* Reads: n times, confirmed_at. Runs: n, of which ok, and their microseconds. */
struct use {
	int64_t entity, n, last_at, confirmed_at, ok, us;
};

typedef int (*use_fn)(void *ctx, const struct use *u);
/* Rows behind an entity by id, of a namespace (0: all), that changed at or after
 * since_ms. fn returns non-zero to stop. */
int uses_each(struct store *st, enum use_kind kind, int64_t ns, int64_t after,
	int64_t since_ms, use_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Writer: a row of another copy of this database; of both numbers the larger
 * stands. An entity that is not there or is forgotten gets none. */
int uses_put(struct store *st, enum use_kind kind, const struct use *u,
	struct err *e) MUST_CHECK;

#endif
