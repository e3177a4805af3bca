/* BLAKE2b over a canonical byte form; see store/log/change.h. */
#include "memory-db/store/engine/digest.h"

#include <string.h>

static void
put_int(crypto_generichash_state *h, int64_t v)
{
	unsigned char b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (unsigned char)((uint64_t)v >> (8 * i));
	crypto_generichash_update(h, b, sizeof(b));
}

/* 0 stands for "none" in our structs, INT64_MIN in the hash. */
static void
put_id(crypto_generichash_state *h, int64_t v)
{
	put_int(h, v != 0 ? v : INT64_MIN);
}

static void
put_double(crypto_generichash_state *h, double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_int(h, v < 0 ? INT64_MIN : bits);
}

static void
digest_put_text(crypto_generichash_state *h, const char *s, size_t n)
{
	if (s == NULL) {
		put_int(h, INT64_MIN);
		return;
	}
	put_int(h, (int64_t)n);
	crypto_generichash_update(h, (const unsigned char *)s, n);
}

static void
digest_put_string(crypto_generichash_state *h, const char *s)
{
	digest_put_text(h, s, s != NULL ? strlen(s) : 0);
}

static void
digest_put_tag(crypto_generichash_state *h, const char tag[3])
{
	crypto_generichash_update(h, (const unsigned char *)tag, 3);
}

void
digest_fact(const struct digest_fact *f, unsigned char out[FACT_DIGEST_BYTES])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, FACT_DIGEST_BYTES);
	digest_put_tag(&h, "mf2");
	crypto_generichash_update(&h, f->salt, FACT_SALT_BYTES);
	put_int(&h, f->ns);
	put_int(&h, f->entity);
	put_int(&h, f->kind);
	put_id(&h, f->peer);
	digest_put_string(&h, f->label);
	put_double(&h, f->weight);
	put_int(&h, f->method);
	put_double(&h, f->confidence);
	put_int(&h, f->valid_from);
	put_int(&h, f->valid_to);
	digest_put_string(&h, f->source);
	digest_put_string(&h, f->speaker);
	put_int(&h, f->source_at);
	put_id(&h, f->supersedes);
	digest_put_text(&h, f->text, f->text_n);
	crypto_generichash_final(&h, out, FACT_DIGEST_BYTES);
}

void
digest_message(const unsigned char salt[FACT_SALT_BYTES], const char *message,
	size_t n, unsigned char out[FACT_DIGEST_BYTES])
{
	crypto_generichash_state h;

	if (message == NULL) {
		memset(out, 0, FACT_DIGEST_BYTES);
		return;
	}
	crypto_generichash_init(&h, NULL, 0, FACT_DIGEST_BYTES);
	digest_put_tag(&h, "mm2");
	crypto_generichash_update(&h, salt, FACT_SALT_BYTES);
	digest_put_text(&h, message, n);
	crypto_generichash_final(&h, out, FACT_DIGEST_BYTES);
}

void
chain_begin(struct chain *c, const unsigned char previous[CHAIN_BYTES],
	const struct chain_head *h)
{
	crypto_generichash_init(&c->state, NULL, 0, CHAIN_BYTES);
	digest_put_tag(&c->state, "mc2");
	crypto_generichash_update(&c->state, previous, CHAIN_BYTES);
	put_int(&c->state, h->ns);
	put_int(&c->state, h->id);
	put_int(&c->state, h->at);
	put_int(&c->state, h->branch);
	put_int(&c->state, h->kind);
	put_id(&c->state, h->about);
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
	put_int(&c->state, (int64_t)what);
	put_int(&c->state, entity);
	put_int(&c->state, fact);
	put_int(&c->state, key);
	put_int(&c->state, value);
	if (what == OP_SHOW)
		crypto_generichash_update(&c->state, digest, FACT_DIGEST_BYTES);
	c->ops++;
}

void
chain_end(struct chain *c, unsigned char out[CHAIN_BYTES])
{
	put_int(&c->state, c->ops);
	crypto_generichash_final(&c->state, out, CHAIN_BYTES);
}
