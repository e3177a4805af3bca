/* Conflicts: what a merge could not decide, and facts that do not go together.
 * A row of its own, no part of the chain; export and replay carry it as a line.
 *
 * A row of two facts says what was found, and never changes. What was decided
 * about it is an attribute of its entity (ATTR_CONFLICT + id), so it belongs to a
 * branch and a time, and an undo takes it back. The rules stand in
 * model/order/queue.h. */
#ifndef STORE_LOG_CONFLICTS_H
#define STORE_LOG_CONFLICTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/facts.h"

struct store;

/* In the file. */
enum conflict_kind {
	CONFLICT_DUPLICATE = 1, /* of two facts: ours and theirs, the newer */
	CONFLICT_UPDATE,
	CONFLICT_CONTRADICTION,
	CONFLICT_ATTRIBUTE, /* of a merge: ours and theirs are branches */
	CONFLICT_MERGE,
	CONFLICT_SUCCESSION, /* of two facts: each was right in its time */
	CONFLICT_KIND_MAX
};
/* What to do, and what was done. In the file. */
enum conflict_decision {
	DECIDED_NOT,
	DECIDED_MERGE,
	DECIDED_UPDATE,
	DECIDED_BRANCH,
	DECIDED_KEEP_BOTH,
	DECIDED_MAX
};
#define CONFLICT_NONE INT64_MIN
/* Of each of two values that a note names. Whoever erases a longer text looks for
 * its beginning (store/check/erase.c). */
#define CONFLICT_NOTE_BYTES 500
/* Ids that an attribute can name. */
#define CONFLICT_ID_MAX (1 << 30)

struct conflict {
	int64_t id, entity;
	int64_t ns;    /* of the entity; set by reads */
	int64_t kind;  /* enum conflict_kind */
	int64_t other; /* entity; 0 or NONE: none */
	int64_t base, ours, theirs, action, closed; /* facts or values; NONE */
	int64_t state;	   /* of merges: 0 pending, 1 resolved, 2 dismissed */
	int64_t found;	   /* ms */
	double confidence; /* < 0: none */
	const char *notes; /* or NULL */
};
/* Returns non-zero to stop. */
typedef int (*conflict_fn)(void *ctx, const struct conflict *c);

static inline bool
conflict_is_of_facts(int64_t kind)
{
	return kind < CONFLICT_ATTRIBUTE || kind == CONFLICT_SUCCESSION;
}

static inline enum attr_key
conflict_attr(int64_t id)
{
	return (enum attr_key)(ATTR_CONFLICT + id);
}

/* "duplicate", "keep_both", ...; static. NULL: there is no such number. */
const char *conflict_kind_name(int64_t kind);
const char *conflict_decision_name(int64_t decision);

/* A new one that is pending; its id and closed are not read. *ret_id may be
 * NULL. */
int conflict_add(struct store *st, const struct conflict *c, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* Writes the row, over one with its id (replay of a log). */
int conflict_put(struct store *st, const struct conflict *c, struct err *e)
	MUST_CHECK;

/* One row. 1 found. */
int conflict_get(struct store *st, int64_t id, conflict_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* The row of two facts, in whichever order. 1 found. */
int conflict_of_pair(struct store *st, int64_t a, int64_t b, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* Rows of a fact, on either side, by id. */
int conflict_each_of(struct store *st, int64_t fact, conflict_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Is there any row of two facts? 1, 0. Cheap. */
int conflict_any(struct store *st, struct err *e) MUST_CHECK;
/* The highest id, how many rows there are, and how many of them with an id above
 * `after`. */
int conflict_extent(struct store *st, int64_t after, int64_t *ret_last,
	int64_t *ret_n, int64_t *ret_added, struct err *e) MUST_CHECK;
/* Rows of an entity's facts, the newest first. */
int conflict_each_of_entity(struct store *st, int64_t entity, conflict_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* Rows of a namespace with id < before, newest first; entity 0: of all. */
int conflict_newest(struct store *st, int64_t ns, int64_t entity,
	int64_t before, conflict_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Of all namespaces, id > after, by id. */
int conflict_each_after(struct store *st, int64_t after, conflict_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* Whatever their state: of namespace ns (0: all), of entities that existed at
 * `change`, id > after. */
int conflict_each_at(struct store *st, int64_t ns, int64_t change,
	int64_t after, conflict_fn fn, void *ctx, struct err *e) MUST_CHECK;

#endif
