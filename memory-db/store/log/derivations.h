/* Derivation edges: a fact and the facts it was derived from. A fact is suspect
 * when a source of it, or a source of a source, is not visible under the lens.
 * Computed at read, so it is right on every branch and at every time. */
#ifndef STORE_LOG_DERIVATIONS_H
#define STORE_LOG_DERIVATIONS_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* fact.flags: it has sources, or is a relation of type derived_from (then its
 * entity as a whole is derived from the other). */
#define FACT_DERIVED 1
#define DERIVED_FROM "derived_from"

/* Facts derived from a fact, directly. Non-zero stops and is returned. */
typedef int (*derivations_fn)(void *ctx, int64_t fact);
int derivations_each_dependant(struct store *st, int64_t source,
	derivations_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* Adds an edge (writer); see change_derive. */
int derivations_add(struct store *st, int64_t source, int64_t fact,
	struct err *e) MUST_CHECK;

/* Visible facts of an entity with FACT_DERIVED: id, kind, peer (relations) and
 * the change that shows it. */
struct derived_row {
	int64_t fact, kind, peer, added;
};
typedef int (*derivations_row_fn)(void *ctx, const struct derived_row *row);
int derivations_each_of(struct store *st, int64_t entity, derivations_row_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* The first entity from this id on that may have such a fact; INT64_MAX: none.
 * Of those before it no question needs to be asked. */
int derivations_next(struct store *st, int64_t entity, int64_t *ret_entity,
	struct err *e) MUST_CHECK;

/* An observation of the entity that was hidden after change `since` and is
 * not visible: 1 and the newest such in *ret_fact, 0 none. */
int derivations_lost(struct store *st, int64_t entity, int64_t since,
	int64_t *ret_fact, struct err *e) MUST_CHECK;

/* 1 suspect: *ret_source is the nearest source that is gone; 0 not. Asked only
 * for facts with FACT_DERIVED. At most 1,000 facts are looked at. */
int derivations_suspect(struct store *st, int64_t fact, int64_t *ret_source,
	struct err *e) MUST_CHECK;

#endif
