/* A set of short texts with numbers, compact: 30,000 tokens take 700 KB, where
 * JSON values would take 5 MB. Texts lie one behind the other; a table of
 * places, at most half full, is found by hash. */
#include <string.h>

#include "common/buf.h"
#include "memory-db/embed/wordpiece.h"

#define TEXT_MAX  255
#define SLOTS_MIN 256
#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u

struct token {
	uint32_t at; /* in the texts */
	uint32_t id;
	uint8_t n; /* of bytes; 0: no token here */
};

struct vocabulary {
	struct buf texts;
	struct token *slots;
	size_t slots_n, n; /* slots_n: a power of two */
	size_t longest;
};

/* FNV leaves the low bits weak for short texts. */
static size_t
first_slot(const struct vocabulary *v, uint32_t hash)
{
	hash ^= hash >> 15;
	hash *= 0x85ebca77u;
	hash ^= hash >> 13;
	return hash & (v->slots_n - 1);
}

static uint32_t
hash_next(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * FNV_PRIME;
}

/* The token, or the free slot where it would be. */
static struct token *
vocabulary_slot_of(const struct vocabulary *v, const char *s, size_t n,
	uint32_t hash)
{
	size_t i = first_slot(v, hash);

	while (v->slots[i].n != 0 &&
		(v->slots[i].n != n ||
			memcmp(v->texts.data + v->slots[i].at, s, n) != 0))
		i = (i + 1) & (v->slots_n - 1);
	return &v->slots[i];
}

static uint32_t
vocabulary_hash_of(const char *s, size_t n)
{
	uint32_t hash = FNV_BASIS;

	for (size_t i = 0; i < n; i++)
		hash = hash_next(hash, s[i]);
	return hash;
}

static int
vocabulary_grow(struct vocabulary *v)
{
	struct token *old = v->slots;
	size_t old_n = v->slots_n, n = old_n * 2;
	struct token *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return MDB_E_NOMEM;
	v->slots = slots;
	v->slots_n = n;
	for (size_t i = 0; i < old_n; i++) {
		const char *s = v->texts.data + old[i].at;

		if (old[i].n > 0)
			*vocabulary_slot_of(v, s, old[i].n,
				vocabulary_hash_of(s, old[i].n)) = old[i];
	}
	free(old);
	return 0;
}

struct vocabulary *
vocabulary_new(void)
{
	AUTO_FREE struct vocabulary *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->slots_n = SLOTS_MIN;
	v->slots = calloc(v->slots_n, sizeof(*v->slots));
	return v->slots ? take_ptr(v) : NULL;
}

void
vocabulary_free(struct vocabulary *v)
{
	if (!v)
		return;
	buf_done(&v->texts);
	free(v->slots);
	free(v);
}

int
vocabulary_add(struct vocabulary *v, const char *text, size_t n, uint32_t id)
{
	size_t at = v->texts.len;

	if (v->n * 2 >= v->slots_n && vocabulary_grow(v) < 0)
		return MDB_E_NOMEM;
	if (buf_add(&v->texts, text, n) < 0)
		return MDB_E_NOMEM;
	*vocabulary_slot_of(v, text, n, vocabulary_hash_of(text, n)) =
		(struct token){.at = (uint32_t)at, .id = id, .n = (uint8_t)n};
	v->n++;
	if (n > v->longest)
		v->longest = n;
	return 0;
}

size_t
vocabulary_longest(const struct vocabulary *v, const char *s, size_t n,
	uint32_t *ret_id)
{
	uint32_t hashes[TEXT_MAX + 1];
	size_t most = n < v->longest ? n : v->longest;

	hashes[0] = FNV_BASIS;
	for (size_t i = 0; i < most; i++)
		hashes[i + 1] = hash_next(hashes[i], s[i]);
	for (size_t k = most; k > 0; k--) {
		const struct token *t;

		if (k < n && ((unsigned char)s[k] & 0xc0) == 0x80)
			continue;
		t = vocabulary_slot_of(v, s, k, hashes[k]);
		if (t->n > 0) {
			*ret_id = t->id;
			return k;
		}
	}
	return 0;
}
