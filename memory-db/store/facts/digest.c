/* BLAKE2b over a canonical byte form; see digest.h. */
#include "memory-db/store/facts/digest.h"

#include <string.h>

void
digest_put_int(crypto_generichash_state *h, int64_t v)
{
	unsigned char b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (unsigned char)((uint64_t)v >> (8 * i));
	crypto_generichash_update(h, b, sizeof(b));
}

/* 0 stands for "none" in our structs, INT64_MIN in the hash. */
void
digest_put_id(crypto_generichash_state *h, int64_t v)
{
	digest_put_int(h, v != 0 ? v : INT64_MIN);
}

static void
digest_put_double(crypto_generichash_state *h, double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	digest_put_int(h, v < 0 ? INT64_MIN : bits);
}

static void
digest_put_text(crypto_generichash_state *h, const char *s, size_t n)
{
	if (!s) {
		digest_put_int(h, INT64_MIN);
		return;
	}
	digest_put_int(h, (int64_t)n);
	crypto_generichash_update(h, (const unsigned char *)s, n);
}

void
digest_put_string(crypto_generichash_state *h, const char *s)
{
	digest_put_text(h, s, s != NULL ? strlen(s) : 0);
}

void
digest_put_tag(crypto_generichash_state *h, const char tag[3])
{
	crypto_generichash_update(h, (const unsigned char *)tag, 3);
}

struct digest_fact
digest_fact_of(const struct fact *f, int64_t ns, const unsigned char *salt)
{
	return (struct digest_fact){
		.salt = salt,
		.ns = ns,
		.entity = f->entity,
		.kind = (int64_t)f->kind,
		.peer = f->peer,
		.weight = f->weight,
		.method = (int64_t)f->method,
		.confidence = f->confidence,
		.valid_from = f->valid_from,
		.valid_to = f->valid_to,
		.source_at = f->source_at,
		.supersedes = f->supersedes,
		.text = f->text,
		.text_n = f->text_n,
	};
}

void
digest_fact(const struct digest_fact *f, unsigned char out[FACT_DIGEST_BYTES])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, FACT_DIGEST_BYTES);
	digest_put_tag(&h, "mf2");
	crypto_generichash_update(&h, f->salt, FACT_SALT_BYTES);
	digest_put_int(&h, f->ns);
	digest_put_int(&h, f->entity);
	digest_put_int(&h, f->kind);
	digest_put_id(&h, f->peer);
	digest_put_string(&h, f->label);
	digest_put_double(&h, f->weight);
	digest_put_int(&h, f->method);
	digest_put_double(&h, f->confidence);
	digest_put_int(&h, f->valid_from);
	digest_put_int(&h, f->valid_to);
	digest_put_string(&h, f->source);
	digest_put_string(&h, f->speaker);
	digest_put_int(&h, f->source_at);
	digest_put_id(&h, f->supersedes);
	digest_put_text(&h, f->text, f->text_n);
	crypto_generichash_final(&h, out, FACT_DIGEST_BYTES);
}

void
digest_message(const unsigned char salt[FACT_SALT_BYTES], const char *message,
	size_t n, unsigned char out[FACT_DIGEST_BYTES])
{
	crypto_generichash_state h;

	if (!message) {
		memset(out, 0, FACT_DIGEST_BYTES);
		return;
	}
	crypto_generichash_init(&h, NULL, 0, FACT_DIGEST_BYTES);
	digest_put_tag(&h, "mm2");
	crypto_generichash_update(&h, salt, FACT_SALT_BYTES);
	digest_put_text(&h, message, n);
	crypto_generichash_final(&h, out, FACT_DIGEST_BYTES);
}
