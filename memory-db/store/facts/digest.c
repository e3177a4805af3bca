/* BLAKE2b over a canonical byte form; store/log/change.h draws the form. Each
 * field goes in with its length or in 8 bytes, so that no two facts have the
 * same bytes: "ab" + "c" and "a" + "bc" differ. */
#include "memory-db/store/facts/digest.h"

#include <endian.h>
#include <stdbool.h>
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

/* --- a fact ---------------------------------------------------------------- */

/* The byte form of a fact is gathered before it is hashed: a call of the hash
 * for each of its 16 pieces costs as much as the hash itself. What does not fit
 * is hashed in parts. */
struct digest_gather {
	crypto_generichash_state h;
	bool begun; /* h has been given the bytes before */
	size_t n;
	unsigned char bytes[512];
};

static void
gather_flush(struct digest_gather *g)
{
	if (!g->begun)
		crypto_generichash_init(&g->h, NULL, 0, FACT_DIGEST_BYTES);
	g->begun = true;
	crypto_generichash_update(&g->h, g->bytes, g->n);
	g->n = 0;
}

static void
gather(struct digest_gather *g, const void *bytes, size_t n)
{
	if (n > sizeof(g->bytes) - g->n)
		gather_flush(g);
	if (n > sizeof(g->bytes)) {
		crypto_generichash_update(&g->h, bytes, n);
		return;
	}
	memcpy(g->bytes + g->n, bytes, n);
	g->n += n;
}

static void
gather_int(struct digest_gather *g, int64_t v)
{
	uint64_t le = htole64((uint64_t)v);

	gather(g, &le, sizeof(le));
}

static void
gather_id(struct digest_gather *g, int64_t v)
{
	gather_int(g, v != 0 ? v : INT64_MIN);
}

static void
gather_double(struct digest_gather *g, double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	gather_int(g, v < 0 ? INT64_MIN : bits);
}

static void
gather_text(struct digest_gather *g, const char *s, size_t n)
{
	if (!s) {
		gather_int(g, INT64_MIN);
		return;
	}
	gather_int(g, (int64_t)n);
	gather(g, s, n);
}

static void
gather_string(struct digest_gather *g, const char *s)
{
	gather_text(g, s, s != NULL ? strlen(s) : 0);
}

void
digest_fact(const struct digest_fact *f, unsigned char out[FACT_DIGEST_BYTES])
{
	struct digest_gather g;

	g.begun = false;
	g.n = 0;
	gather(&g, "mf2", 3);
	gather(&g, f->salt, FACT_SALT_BYTES);
	gather_int(&g, f->ns);
	gather_int(&g, f->entity);
	gather_int(&g, f->kind);
	gather_id(&g, f->peer);
	gather_string(&g, f->label);
	gather_double(&g, f->weight);
	gather_int(&g, f->method);
	gather_double(&g, f->confidence);
	gather_int(&g, f->valid_from);
	gather_int(&g, f->valid_to);
	gather_string(&g, f->source);
	gather_string(&g, f->speaker);
	gather_int(&g, f->source_at);
	gather_id(&g, f->supersedes);
	gather_text(&g, f->text, f->text_n);
	if (g.begun) {
		gather_flush(&g);
		crypto_generichash_final(&g.h, out, FACT_DIGEST_BYTES);
	} else {
		crypto_generichash(out, FACT_DIGEST_BYTES, g.bytes, g.n, NULL,
			0);
	}
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
