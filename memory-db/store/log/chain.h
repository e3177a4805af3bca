/* The links of the hash chain over the changes of a namespace. The format is
 * drawn in store/log/change.h. */
#ifndef STORE_LOG_CHAIN_H
#define STORE_LOG_CHAIN_H

#include <sodium.h>
#include <stdint.h>

#include "memory-db/store/facts/digest.h"
#include "memory-db/store/log/change.h"

#define CHAIN_BYTES 32

struct chain_head {
	int64_t ns, id, at, branch, kind, about; /* about 0: none */
	const char *actor, *client, *session;	 /* texts, NULL: none */
	const unsigned char *message_digest;	 /* FACT_DIGEST_BYTES */
};
struct chain {
	crypto_generichash_state state;
	int64_t ops;
};
void chain_begin(struct chain *c, const unsigned char previous[CHAIN_BYTES],
	const struct chain_head *h);
/* fact, key, value 0: none. digest: of the fact when what = OP_SHOW. */
void chain_op(struct chain *c, enum op_what what, int64_t entity, int64_t fact,
	int64_t key, int64_t value, const unsigned char *digest);
void chain_end(struct chain *c, unsigned char out[CHAIN_BYTES]);
/* The seal of a base (base.h): link is that of its last change in the chain of
 * what is left, kept the one that it had in the chain before. */
void chain_seal(const unsigned char link[CHAIN_BYTES],
	const unsigned char kept[CHAIN_BYTES], unsigned char out[CHAIN_BYTES]);

#endif
