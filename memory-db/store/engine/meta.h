/* Named state: small texts that belong to the database and to no change. A job
 * that goes on after a restart keeps its place here ("run:merge/..."), and so do
 * settings of a namespace ("recall_weights/..."). A text is written in the
 * transaction of the group, so it goes with a rollback. */
#ifndef STORE_ENGINE_META_H
#define STORE_ENGINE_META_H

#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Appends the value. 1 found, 0 not. */
int meta_get(struct store *st, const char *key, struct buf *out, struct err *e)
	MUST_CHECK;
int meta_set(struct store *st, const char *key, const char *value, size_t n,
	struct err *e) MUST_CHECK;
/* Drops all keys with from <= key < to. */
int meta_drop(struct store *st, const char *from, const char *to, struct err *e)
	MUST_CHECK;
typedef int (*meta_fn)(void *ctx, const char *value, size_t n);
/* Values of the keys with from <= key < to, in order. fn returns non-zero to
 * stop, and that is returned. */
int meta_each(struct store *st, const char *from, const char *to, meta_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

#endif
