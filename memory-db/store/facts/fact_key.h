/* The hash by which equal facts of an entity are found: 31 bits of SipHash
 * under the database's key, of the folded text, of (peer, label), or of what a mark
 * is said of. */
#ifndef STORE_FACTS_FACT_KEY_H
#define STORE_FACTS_FACT_KEY_H

#include <stdint.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/store/engine/store_internal.h"

static inline int64_t
fact_key_of_bytes(const struct store *st, const void *data, size_t n)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint32_t v;

	crypto_shorthash(out, data, n, st->base->sip_key);
	memcpy(&v, out, sizeof(v));
	return v & 0x7fffffff;
}

static inline int
fact_key_of_text(const struct store *st, const char *text, size_t n,
	int64_t *ret, struct err *e)
{
	struct buf folded AUTO_BUF = {0};

	if (text_fold(text, n, &folded) != 0)
		return err_nomem(e);
	*ret = fact_key_of_bytes(st, folded.data != NULL ? folded.data : "",
		folded.len);
	return 0;
}

static inline int64_t
fact_key_of_relation(const struct store *st, int64_t peer, int64_t label)
{
	int64_t key[2] = {peer, label};

	return fact_key_of_bytes(st, key, sizeof(key));
}

/* The marks of a fact are found by it. */
static inline int64_t
fact_key_of_mark(const struct store *st, int64_t of)
{
	int64_t key[2] = {of, -1}; /* no label is negative */

	return fact_key_of_bytes(st, key, sizeof(key));
}

#endif
