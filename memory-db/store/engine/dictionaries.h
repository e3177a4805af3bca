/* The rows of table `dictionary`: with what texts are packed (codec.h). */
#ifndef STORE_ENGINE_DICTIONARIES_H
#define STORE_ENGINE_DICTIONARIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Appends the bytes of one; st is a struct store (codec_load_fn). 1 found, 0
 * not. A damaged one is given as it is: a text has a digest of its own, and
 * most of them do not need the bytes that are wrong. */
int dictionary_load(void *st, int64_t id, struct buf *out, struct err *e)
	MUST_CHECK;

/* Keeps the bytes, of which there are at most LIMIT_DICTIONARY_BYTES.
 * MDB_E_LIMIT: no id is left. Writer only. */
int dictionary_add(struct store *st, int64_t ns, const void *bytes, size_t n,
	int64_t *ret_id, struct err *e) MUST_CHECK;
/* Drops those of a namespace but one (0: all). Writer only. */
int dictionary_drop_others(struct store *st, int64_t ns, int64_t but,
	struct err *e) MUST_CHECK;

/* Each of a namespace, or of all (0), in order; is_damaged: its digest does
 * not match. fn returns non-zero to stop, and that is returned. */
struct dictionary_row {
	int64_t id, ns;
	const void *bytes;
	size_t n;
	bool is_damaged;
};
typedef int (*dictionary_fn)(void *ctx, const struct dictionary_row *d);
int dictionary_each(struct store *st, int64_t ns, dictionary_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

#endif
