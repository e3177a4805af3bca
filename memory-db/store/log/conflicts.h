/* Conflicts: what a merge could not decide, and contradictions. A row of its
 * own, no part of the chain; export and replay carry it as a line. */
#ifndef STORE_LOG_CONFLICTS_H
#define STORE_LOG_CONFLICTS_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

enum conflict_kind {
	CONFLICT_DUPLICATE = 1,
	CONFLICT_UPDATE,
	CONFLICT_CONTRADICTION,
	CONFLICT_ATTRIBUTE,
	CONFLICT_MERGE
};
#define CONFLICT_NONE INT64_MIN
struct conflict {
	int64_t id, entity;
	int64_t kind;  /* enum conflict_kind */
	int64_t other; /* entity; 0 or NONE: none */
	int64_t base, ours, theirs, action, closed; /* facts or values; NONE */
	int64_t state;	   /* 0 pending, 1 resolved, 2 dismissed */
	int64_t found;	   /* ms */
	double confidence; /* < 0: none */
	const char *notes; /* or NULL */
};
/* Returns non-zero to stop. */
typedef int (*conflict_fn)(void *ctx, const struct conflict *c);

/* A new one that is pending; its id, action, closed and confidence are not
 * read. */
int conflict_add(struct store *st, const struct conflict *c, struct err *e)
	MUST_CHECK;
/* Writes the row, over one with its id (replay of a log). */
int conflict_put(struct store *st, const struct conflict *c, struct err *e)
	MUST_CHECK;
/* Pending ones by id; entity 0: all. */
int conflict_each(struct store *st, int64_t entity, conflict_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Whatever their state: of namespace ns (0: all), of entities that existed at
 * `change`, id > after. */
int conflict_each_at(struct store *st, int64_t ns, int64_t change,
	int64_t after, conflict_fn fn, void *ctx, struct err *e) MUST_CHECK;

#endif
