/* Derivation edges: a fact and the facts it was derived from. A fact is suspect
 * when a source of it, or a source of a source, is not visible under the lens.
 * Computed at read, so it is right on every branch and at every time. */
#ifndef STORE_DERIVE_H
#define STORE_DERIVE_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

#define FACT_DERIVED 1 /* fact.flags: it has sources */

/* Facts derived from a fact, directly. Non-zero stops and is returned. */
typedef int (*derive_fn)(void *ctx, int64_t fact);
int derive_each_dependant(struct store *st, int64_t source, derive_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
int derive_each_source(struct store *st, int64_t fact, derive_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

/* Adds an edge (writer); the op goes into the change by change_derive. */
int derive_add(struct store *st, int64_t source, int64_t fact,
	struct err *e) MUST_CHECK;

/* 1 suspect: *ret_source is the nearest source that is gone; 0 not. Asked only
 * for facts with FACT_DERIVED. At most 1,000 facts are looked at. */
int derive_suspect(struct store *st, int64_t fact, int64_t *ret_source,
	struct err *e) MUST_CHECK;

#endif
