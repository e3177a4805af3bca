/* What curation looks at, and what it did.
 *
 * The rows of a run say which rule did what to which entity, with the numbers on
 * which it was decided. They are of this file alone: the changes of the run,
 * which travel with a log, say what became of the entity. No text lies here. */
#ifndef STORE_BESIDE_CURATED_H
#define STORE_BESIDE_CURATED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Rows kept of all runs; the oldest go first. A year of nights with a hundred
 * moves each. */
#define CURATED_KEPT 40000

struct curated {
	int64_t seq, change, entity;
	const char *rule;    /* borrowed */
	int64_t was, became; /* by rule: tiers, times, ids; -1: none */
	int64_t age_days, quiet_days, uses;
};
/* Non-zero stops and is returned. */
typedef int (*curated_fn)(void *ctx, const struct curated *row);

/* Adds a row behind those of the run. Writer. */
int curated_add(struct store *st, const char *run, const struct curated *row,
	struct err *e) MUST_CHECK;
/* Drops runs that are above CURATED_KEPT rows, but never `run`. Writer. */
int curated_trim(struct store *st, const char *run, struct err *e) MUST_CHECK;
/* Rows of a run with a seq above `after`, in their order. */
int curated_each(struct store *st, const char *run, int64_t after,
	curated_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* An entity is forgotten. Writer. */
int curated_forget(struct store *st, int64_t entity, struct err *e) MUST_CHECK;

/* When the newest observation of an entity that the lens shows was recorded; of
 * one without any, when the entity was shown. 0: there is no such entity. */
int curated_content_at(struct store *st, int64_t entity, int64_t *ret_at,
	struct err *e) MUST_CHECK;
/* The newest time, up to now, at which an entity or a fact of one was to go, of
 * any namespace and branch; 0: there is none. */
int curated_due(struct store *st, int64_t now, int64_t *ret_newest,
	struct err *e) MUST_CHECK;
/* Has the end of a fact come that nobody has hidden yet? Of such an entity only
 * the earliest end is known here, so what is given may be another a moment later:
 * no answer is kept then. */
int curated_facts_due(struct store *st, int64_t now, bool *ret, struct err *e)
	MUST_CHECK;
/* The entities of such times with after < time <= upto; one may come more than
 * once. Non-zero stops and is returned. */
typedef int (*curated_due_fn)(void *ctx, int64_t entity);
int curated_each_due(struct store *st, int64_t after, int64_t upto,
	curated_due_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* Time and kind of a change; zeros when there is none. */
int curated_change(struct store *st, int64_t change, int64_t *ret_at,
	int64_t *ret_kind, struct err *e) MUST_CHECK;

#endif
