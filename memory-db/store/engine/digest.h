/* Digests of facts and messages, and the links of the hash chain. The format
 * is drawn in store/log/change.h. */
#ifndef STORE_ENGINE_DIGEST_H
#define STORE_ENGINE_DIGEST_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/facts.h"

#define CHAIN_BYTES 32

struct digest_fact {
	const unsigned char *salt;	/* FACT_SALT_BYTES */
	int64_t ns, entity, kind, peer; /* peer 0: none */
	const char *label;		/* text, NULL: none */
	double weight;			/* < 0: none */
	int64_t method;
	double confidence;			 /* < 0: none */
	int64_t valid_from, valid_to, source_at; /* FACT_NO_TIME: none */
	const char *source, *speaker;		 /* texts, NULL: none */
	int64_t supersedes;			 /* 0: none */
	const char *text;
	size_t text_n;
};
void digest_fact(const struct digest_fact *f,
	unsigned char out[FACT_DIGEST_BYTES]);

/* message NULL: 16 zero bytes. */
void digest_message(const unsigned char salt[FACT_SALT_BYTES],
	const char *message, size_t n, unsigned char out[FACT_DIGEST_BYTES]);

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

#endif
