/* Answers by their keys; answer_cache.h says what a key holds. A table of
 * slots with one answer each: a new one takes the place of whatever is there.
 * Above the bound of bytes slot after slot is emptied. There is no list of the
 * last used, since old keys, of an older newest change, are never asked for
 * again. */
#include "memory-db/store/facts/answer_cache.h"

#include <string.h>

#include "memory-db/store/engine/participant.h"
#include "memory-db/store/engine/store_internal.h"

#define SLOTS 2048

struct answer {
	uint64_t hash;
	size_t key_n, n;
	char data[]; /* key, then answer */
};
struct answer_cache {
	pthread_mutex_t lock;
	struct answer *slots[SLOTS];
	size_t hand;
	struct answer_cache_stats stats;
};

static int
answer_cache_new(struct database *db, struct err *e)
{
	db->answers = calloc(1, sizeof(*db->answers));
	if (!db->answers)
		return err_nomem(e);
	pthread_mutex_init(&db->answers->lock, NULL);
	return 0;
}

static void
answer_cache_free(struct database *db)
{
	if (!db->answers)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(db->answers->slots[i]);
	pthread_mutex_destroy(&db->answers->lock);
	free(db->answers);
	db->answers = NULL;
}

const struct participant answer_cache_participant = {
	.name = "answer_cache",
	.database_open = answer_cache_new,
	.database_close = answer_cache_free,
};

static uint64_t
answer_cache_hash_of(const struct database *db, const void *key, size_t n)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t h;

	crypto_shorthash(out, key, n, db->sip_key);
	memcpy(&h, out, sizeof(h));
	return h;
}

static int64_t
answer_cache_size_of(const struct answer *a)
{
	return a ? (int64_t)(sizeof(*a) + a->key_n + a->n) : 0;
}

int
answer_cache_find(struct store *st, const void *key, size_t key_n,
	struct buf *out)
{
	struct answer_cache *t = st->base->answers;
	uint64_t hash = answer_cache_hash_of(st->base, key, key_n);
	const struct answer *a;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	a = t->slots[hash % SLOTS];
	if (a && a->hash == hash && a->key_n == key_n &&
		memcmp(a->data, key, key_n) == 0)
		rc = buf_add(out, a->data + key_n, a->n) == 0 ? 1 : MDB_E_NOMEM;
	t->stats.hits += rc == 1;
	t->stats.misses += rc == 0;
	pthread_mutex_unlock(&t->lock);
	return rc;
}

/* Locked. */
static struct answer *
answer_cache_take_out(struct answer_cache *t, size_t slot)
{
	struct answer *a = t->slots[slot];

	t->slots[slot] = NULL;
	t->stats.bytes -= answer_cache_size_of(a);
	return a;
}

void
answer_cache_keep(struct store *st, const void *key, size_t key_n,
	const void *data, size_t n)
{
	struct answer_cache *t = st->base->answers;
	struct answer *a = malloc(sizeof(*a) + key_n + n);

	if (!a)
		return;
	a->hash = answer_cache_hash_of(st->base, key, key_n);
	a->key_n = key_n;
	a->n = n;
	memcpy(a->data, key, key_n);
	memcpy(a->data + key_n, data, n);
	pthread_mutex_lock(&t->lock);
	free(answer_cache_take_out(t, a->hash % SLOTS));
	t->slots[a->hash % SLOTS] = a;
	t->stats.bytes += answer_cache_size_of(a);
	while (t->stats.bytes > ANSWERS_BYTES) {
		free(answer_cache_take_out(t, t->hand));
		t->hand = (t->hand + 1) % SLOTS;
	}
	pthread_mutex_unlock(&t->lock);
}

void
answer_cache_stats(struct database *db, struct answer_cache_stats *ret)
{
	pthread_mutex_lock(&db->answers->lock);
	*ret = db->answers->stats;
	pthread_mutex_unlock(&db->answers->lock);
}
