/* A bucket fills at a steady rate up to the burst; a write takes a token for each
 * 64 KB. */
#include "memory-db/net/rate.h"

#include <sodium.h>
#include <string.h>

void
rate_init(struct rate *r, double per_minute, int64_t burst)
{
	memset(r, 0, sizeof *r);
	r->per_ns = per_minute / 60e9;
	r->burst = (double)(burst > 1 ? burst : 1);
}

uint64_t
rate_hash(const char *text)
{
	static unsigned char key[crypto_shorthash_KEYBYTES];
	static bool has_key;
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h;

	if (!has_key) {
		randombytes_buf(key, sizeof key);
		has_key = true;
	}
	crypto_shorthash(out, (const unsigned char *)text, strlen(text), key);
	memcpy(&h, out, sizeof h);
	return h ? h : 1;
}

struct rate_bucket *
rate_session(struct rate *r, const char *session, int64_t now_ns)
{
	uint64_t h = rate_hash(session);
	struct rate_bucket *set = r->buckets[h % RATE_SETS], *oldest = set;

	for (size_t i = 0; i < RATE_WAYS; i++) {
		if (set[i].key == h)
			return &set[i];
		if (set[i].filled_ns < oldest->filled_ns)
			oldest = &set[i];
	}
	oldest->key = h;
	oldest->tokens = r->burst;
	oldest->filled_ns = now_ns;
	return oldest;
}

int
rate_take(const struct rate *r, struct rate_bucket *b, double n, int64_t now_ns)
{
	double wait_ms;

	if (r->per_ns <= 0)
		return 0;
	if (b->filled_ns == 0)
		b->tokens = r->burst;
	else
		b->tokens += (double)(now_ns - b->filled_ns) * r->per_ns;
	if (b->tokens > r->burst)
		b->tokens = r->burst;
	b->filled_ns = now_ns;
	if (n > r->burst)
		n = r->burst;
	if (b->tokens >= n) {
		b->tokens -= n;
		return 0;
	}
	wait_ms = (n - b->tokens) / r->per_ns / 1e6;
	if (wait_ms < 1)
		return 1;
	if (wait_ms > 3600000)
		return 3600000;
	return (int)wait_ms + 1;
}
