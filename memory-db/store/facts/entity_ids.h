/* What export and replay need of entities: their ids are given, not drawn, and
 * names that were lent to them are lines of their own. */
#ifndef STORE_FACTS_ENTITY_IDS_H
#define STORE_FACTS_ENTITY_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

typedef int (*alias_fn)(void *ctx, int64_t ns, const char *name, size_t n,
	int64_t entity);
/* Lent names (labels.h: entity_alias) of namespace ns (0: all), of entities that
 * existed at `change`, by namespace and name, after (after_ns, after). */
int entity_each_lent(struct store *st, int64_t ns, int64_t change,
	int64_t after_ns, const char *after, alias_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* An entity with a given id (replay of a log). name NULL: forgotten. */
int entity_create_as(struct store *st, int64_t id, int64_t ns, const char *name,
	size_t n, struct err *e) MUST_CHECK;
/* 1 there is one with this id, 0 not. */
int entity_is_known(struct store *st, int64_t id, struct err *e) MUST_CHECK;

#endif
