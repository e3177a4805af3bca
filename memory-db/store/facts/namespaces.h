/* Namespaces: a row each, with the head of its chain and its counters. A
 * namespace is a memory of its own; `default` (number 1) is the user's. The
 * number stands in the high bits of the ids of its facts, so it never changes,
 * while the name may. */
#ifndef STORE_FACTS_NAMESPACES_H
#define STORE_FACTS_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* By name or alias. 1 found, 0 not. */
int namespace_find(struct store *st, const char *name, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* Finds or creates (writer). */
int namespace_intern(struct store *st, const char *name, int64_t *ret_id,
	struct err *e) MUST_CHECK;
/* Appends its name. 1 found, 0 not. */
int namespace_name(struct store *st, int64_t id, struct buf *out, struct err *e)
	MUST_CHECK;
#define NAMESPACE_DEFAULT   1
#define NAMESPACE_STEM_SIZE 32
/* Language of its stemmer ("english", "" for none). */
int namespace_stem(struct store *st, int64_t id, char ret[NAMESPACE_STEM_SIZE],
	struct err *e) MUST_CHECK;

struct namespace_row {
	int64_t id;
	const char *name, *stem;
	const unsigned char *head; /* 32 bytes */
	int64_t last_change;
	int64_t entities, observations, changes;
};
typedef int (*namespace_fn)(void *ctx, const struct namespace_row *row);
/* By id; only: that one, 0 for all. */
int namespace_each(struct store *st, int64_t only, namespace_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
typedef int (*name_fn)(void *ctx, const char *name, size_t n);
int namespace_each_alias(struct store *st, int64_t ns, name_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* Writer. The caller has made sure that the new name is free. */
int namespace_rename(struct store *st, int64_t ns, const char *name,
	struct err *e) MUST_CHECK;
int namespace_alias(struct store *st, int64_t ns, const char *alias,
	struct err *e) MUST_CHECK;
int namespace_unalias(struct store *st, const char *alias, struct err *e)
	MUST_CHECK;
/* With a given id (replay of a log). */
int namespace_create(struct store *st, int64_t ns, const char *name,
	const char *stem, struct err *e) MUST_CHECK;

#endif
