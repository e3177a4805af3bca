/* Digests of facts and messages. The format is drawn in store/log/change.h. */
#ifndef STORE_FACTS_DIGEST_H
#define STORE_FACTS_DIGEST_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

#include "memory-db/store/facts/facts.h"

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
/* What a digest covers of a fact, without the texts of its labels: those are the
 * caller's to set. All is borrowed. */
struct digest_fact digest_fact_of(const struct fact *f, int64_t ns,
	const unsigned char *salt);
void digest_fact(const struct digest_fact *f,
	unsigned char out[FACT_DIGEST_BYTES]);

/* message NULL: 16 zero bytes. */
void digest_message(const unsigned char salt[FACT_SALT_BYTES],
	const char *message, size_t n, unsigned char out[FACT_DIGEST_BYTES]);

/* The pieces of the byte form, for the chain (store/log/chain.c): an integer as
 * i64 little endian; an id, 0 for none; a text with its length, NULL for none;
 * the three letters a form begins with. */
void digest_put_int(crypto_generichash_state *h, int64_t v);
void digest_put_id(crypto_generichash_state *h, int64_t v);
void digest_put_string(crypto_generichash_state *h, const char *s);
void digest_put_tag(crypto_generichash_state *h, const char tag[3]);

#endif
