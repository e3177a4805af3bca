/* Small interned texts, and names -> entities. */
#ifndef STORE_FACTS_LABELS_H
#define STORE_FACTS_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/facts/namespaces.h"

struct store;

/* Interned text; creates it (writer). 0 id for NULL text. */
int label_intern(struct store *st, const char *text, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* 1 found (id), 0 not. */
int label_find(struct store *st, const char *text, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* Appends the text of a label. 1 found, 0 not. */
int label_text(struct store *st, int64_t id, struct buf *out, struct err *e)
	MUST_CHECK;

/* Labels were deleted; what the cache says may be wrong (writer). */
void label_cache_clear(struct store *st);

/* The entity that the name means under the lens applied: the one so called;
 * else one that was called so before its present name, or at first; else one
 * that was called so last and exists no more, or has it as its first name
 * (whether it exists under the lens is another question). 1 found, 0 not. */
int entity_find(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t *ret_id, struct err *e) MUST_CHECK;
/* The same; else the one entity that has the name on any branch at any time,
 * if there is just one. */
int entity_find_ever(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t *ret_id, struct err *e) MUST_CHECK;
/* Each entity that has or had the name, anywhere. fn returns non-zero to
 * stop. */
int entity_each_named(struct store *st, int64_t ns, const char *name, size_t n,
	int (*fn)(void *ctx, int64_t entity), void *ctx, struct err *e)
	MUST_CHECK;
/* Did it, which does not exist under the lens, exist there once? 1 or 0. */
int entity_was(struct store *st, int64_t entity, struct err *e) MUST_CHECK;
int entity_create(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t *ret_id, struct err *e) MUST_CHECK;
/* The highest id given so far, 0: none. */
int entity_highest(struct store *st, int64_t *ret_id, struct err *e) MUST_CHECK;
/* Makes it a candidate for the name. lent: without a rename; the name leads to
 * it wherever it exists. */
int entity_alias(struct store *st, int64_t ns, const char *name, size_t n,
	int64_t entity, bool lent, struct err *e) MUST_CHECK;
/* First name of an entity (not its present one; see fact_existence). */
int entity_first_name(struct store *st, int64_t entity, int64_t *ret_ns,
	struct buf *out, struct err *e) MUST_CHECK;
/* Names and aliases of a namespace that begin with a prefix, at most `limit`,
 * whether they exist under the lens or not. fn returns non-zero to stop. */
int entity_near(struct store *st, int64_t ns, const char *prefix, size_t n,
	int limit, int (*fn)(void *ctx, int64_t entity, const char *name),
	void *ctx, struct err *e) MUST_CHECK;
/* Calls fn for each other name that leads to it under the lens: the first one,
 * those before its present one, lent ones. fn returns non-zero to stop. */
int entity_aliases(struct store *st, int64_t entity,
	int (*fn)(void *ctx, const char *name, size_t n), void *ctx,
	struct err *e) MUST_CHECK;

#endif
