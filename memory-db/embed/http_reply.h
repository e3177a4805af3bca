/* What an endpoint of embeddings answers. Pure. */
#ifndef EMBED_HTTP_REPLY_H
#define EMBED_HTTP_REPLY_H

#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

/* Bytes of a number in an answer, with its comma, and of all that stands
 * around: answers above this are not read. */
#define HTTP_NUMBER_BYTES 32
#define HTTP_REST_BYTES	  (64 * 1024)

/* Of a good answer: n vectors of *ret_dims numbers, new, in the order of
 * `index`, length 1. MDB_E_INVALID: it is none; MDB_E_NOMEM. */
int http_reply_vectors(const char *body, size_t size, size_t n, float **ret,
	size_t *ret_dims, struct err *e) MUST_CHECK;

/* Of any other: what it says, in at most HTTP_MESSAGE_BYTES of one line of
 * valid UTF-8, appended; the key, where it stands in it, is struck out. key
 * may be NULL. 0, MDB_E_NOMEM. */
#define HTTP_MESSAGE_BYTES 200
int http_reply_message(const char *body, size_t size, const char *key,
	struct buf *out) MUST_CHECK;

#endif
