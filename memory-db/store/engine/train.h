/* A dictionary out of texts: the pieces of them that most texts have.
 *
 * It is fed texts, worked in steps, and asked for the result. For example from
 *
 *   "Ada prefers tea to coffee"      "Bob prefers tea to water"
 *   "Cy prefers tea to everything"
 *
 * it takes " prefers tea to ", which all of them have, and none of the names. */
#ifndef STORE_ENGINE_TRAIN_H
#define STORE_ENGINE_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct train;

/* Some 3 MB while it lives. Returns new. */
int train_new(struct train **ret) MUST_CHECK;
void train_free(struct train *t);

/* Adds a text, of a long one its beginning. 0; 1 there is no more room and the
 * text is left out; MDB_E_NOMEM. */
int train_add(struct train *t, const char *text, size_t n) MUST_CHECK;
/* Bytes of the texts so far. */
size_t train_bytes(const struct train *t);

/* After the last text: chooses pieces until the monotonic time. 1 it goes on,
 * 0 done, MDB_E_NOMEM. */
int train_step(struct train *t, int64_t until_ns) MUST_CHECK;

/* The pieces, most useful last, at most `most` bytes of them. */
int train_result(const struct train *t, size_t most, struct buf *out)
	MUST_CHECK;

#endif
