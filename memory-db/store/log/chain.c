/* The links of the hash chain; see store/log/change.h for the form. */
#include "memory-db/store/log/chain.h"

#include <assert.h>

void
chain_begin(struct chain *c, const unsigned char previous[CHAIN_BYTES],
	const struct chain_head *h)
{
	crypto_generichash_init(&c->state, NULL, 0, CHAIN_BYTES);
	digest_put_tag(&c->state, "mc2");
	crypto_generichash_update(&c->state, previous, CHAIN_BYTES);
	digest_put_int(&c->state, h->ns);
	digest_put_int(&c->state, h->id);
	digest_put_int(&c->state, h->at);
	digest_put_int(&c->state, h->branch);
	digest_put_int(&c->state, h->kind);
	digest_put_id(&c->state, h->about);
	digest_put_string(&c->state, h->actor);
	digest_put_string(&c->state, h->client);
	digest_put_string(&c->state, h->session);
	crypto_generichash_update(&c->state, h->message_digest,
		FACT_DIGEST_BYTES);
	c->ops = 0;
}

void
chain_op(struct chain *c, enum op_what what, int64_t entity, int64_t fact,
	int64_t key, int64_t value, const unsigned char *digest)
{
	assert(what != OP_SHOW || digest);
	digest_put_int(&c->state, (int64_t)what);
	digest_put_int(&c->state, entity);
	digest_put_int(&c->state, fact);
	digest_put_int(&c->state, key);
	digest_put_int(&c->state, value);
	if (what == OP_SHOW)
		crypto_generichash_update(&c->state, digest, FACT_DIGEST_BYTES);
	c->ops++;
}

void
chain_end(struct chain *c, unsigned char out[CHAIN_BYTES])
{
	digest_put_int(&c->state, c->ops);
	crypto_generichash_final(&c->state, out, CHAIN_BYTES);
}

void
chain_seal(const unsigned char link[CHAIN_BYTES],
	const unsigned char kept[CHAIN_BYTES], unsigned char out[CHAIN_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES);
	digest_put_tag(&state, "mb1");
	crypto_generichash_update(&state, link, CHAIN_BYTES);
	crypto_generichash_update(&state, kept, CHAIN_BYTES);
	crypto_generichash_final(&state, out, CHAIN_BYTES);
}
