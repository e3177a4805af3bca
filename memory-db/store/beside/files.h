/* The workspace of a namespace: small named values that scripts keep, outside
 * of the log. */
#ifndef STORE_BESIDE_FILES_H
#define STORE_BESIDE_FILES_H

#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

struct file {
	int64_t id;	  /* another one after each write */
	const char *name; /* valid in callbacks only */
	int64_t at, size, ns;
};

/* 1 found, 0 not. body (may be NULL) gets the value appended. */
int file_get(struct store *st, int64_t ns, const char *name, struct file *ret,
	struct buf *body, struct err *e) MUST_CHECK;
int file_put(struct store *st, int64_t ns, const char *name, const char *body,
	size_t n, struct err *e) MUST_CHECK;
/* With the time of an earlier writing, of an import. */
int file_put_at(struct store *st, int64_t ns, const char *name,
	const char *body, size_t n, int64_t at, struct err *e) MUST_CHECK;
int file_delete(struct store *st, int64_t ns, const char *name, struct err *e)
	MUST_CHECK;

/* By name. Non-zero stops and is returned. */
typedef int (*file_fn)(void *ctx, const struct file *f);
int file_each(struct store *st, int64_t ns, file_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

/* The files behind an id, in the order of ids; ns 0: of all namespaces. */
typedef int (*file_body_fn)(void *ctx, const struct file *f, const char *body);
int file_since(struct store *st, int64_t ns, int64_t after, file_body_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* How many there are, and their bytes. */
int file_totals(struct store *st, int64_t ns, int64_t *ret_count,
	int64_t *ret_bytes, struct err *e) MUST_CHECK;

/* All of a namespace move to another; where both have a name, the one of `to`
 * stays. */
int file_move_all(struct store *st, int64_t from, int64_t to, struct err *e)
	MUST_CHECK;

#endif
