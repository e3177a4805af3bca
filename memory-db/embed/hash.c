/* The provider that needs no model: feature hashing (Weinberger et al. 2009).
 *
 * Features of a text are its stems, and the runs of 3 to 5 characters of each
 * word with its ends marked ("<to", "tok>"), so that "token", "tokens" and
 * "tokenise" are near each other. Text without spaces gives single characters
 * and pairs, a sign itself. A feature's hash names a dimension and a sign; it
 * adds 1 + ln(times it occurs). Stop words count only when there are no others.
 *
 * The same text gives the same vector everywhere: hashes are ours, logarithms
 * a table. Any change of a vector needs another name of the model. */
#include <string.h>

#include "common/text.h"
#include "common/utf8.h"
#include "memory-db/embed/internal.h"

#define HASH_MODEL "hash-512-v1"
#define HASH_DIMS  512
/* Bytes of a text that count: bounds the time of one (10 ms). */
#define TEXT_MAX (64 * 1024)
/* Bytes of a word that give runs of characters. */
#define WORD_MAX  256
#define RUN_MIN	  3
#define RUN_MAX	  5
#define SLOTS_MIN 1024

/* FNV-1a, then the finaliser of MurmurHash3: FNV alone leaves the high bits of
 * short inputs alike. */
#define FNV_BASIS 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

/* Seeds, so that the word "abc" and the run "abc" are two features. */
enum feature { FEATURE_RUN = 1, FEATURE_STEM, FEATURE_CJK, FEATURE_SIGN };

/* 1 + ln(n), n from 1. */
static const float tf_weight[] = {0, 1, 1.6931472f, 2.0986123f, 2.3862944f,
	2.6094379f, 2.7917595f, 2.9459101f, 3.0794415f, 3.1972246f, 3.3025851f,
	3.3978953f, 3.4849066f, 3.5649494f, 3.6390573f, 3.7080502f, 3.7725887f};

struct hash_slot {
	uint64_t hash; /* 0: free */
	uint32_t times;
};

struct features {
	struct hash_slot *slots; /* a power of two, at most half full */
	size_t slots_n, n;
	bool with_stops;
	struct buf stem;
};

static uint64_t
hash_add(uint64_t h, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * FNV_PRIME;
	return h;
}

static uint64_t
hash_begin(enum feature kind)
{
	return (FNV_BASIS ^ (uint64_t)kind) * FNV_PRIME;
}

/* Never 0. */
static uint64_t
hash_end(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53u;
	h ^= h >> 33;
	return h ? h : 1;
}

/* --- counted features ----------------------------------------------------- */

static struct hash_slot *
hash_slot_of(struct hash_slot *slots, size_t n, uint64_t hash)
{
	size_t i = hash & (n - 1);

	while (slots[i].hash != 0 && slots[i].hash != hash)
		i = (i + 1) & (n - 1);
	return &slots[i];
}

static int
hash_grow(struct features *f)
{
	size_t n = f->slots_n ? f->slots_n * 2 : SLOTS_MIN;
	struct hash_slot *to = calloc(n, sizeof(*to));

	if (!to)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < f->slots_n; i++)
		if (f->slots[i].hash)
			*hash_slot_of(to, n, f->slots[i].hash) = f->slots[i];
	free(f->slots);
	f->slots = to;
	f->slots_n = n;
	return 0;
}

static int
hash_count(struct features *f, uint64_t unfinished, uint32_t times)
{
	uint64_t hash = hash_end(unfinished);
	struct hash_slot *s;

	if (f->n * 2 >= f->slots_n && hash_grow(f) < 0)
		return MDB_E_NOMEM;
	s = hash_slot_of(f->slots, f->slots_n, hash);
	if (s->hash == 0) {
		s->hash = hash;
		f->n++;
	}
	s->times += times;
	return 0;
}

/* --- features of a text --------------------------------------------------- */

/* Begins of characters in "<word>", and the end: at[0] to at[*ret_n]. */
static size_t
hash_characters(const char *s, size_t n, uint16_t *at)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			at[k++] = (uint16_t)i;
	at[k] = (uint16_t)n;
	return k;
}

static int
hash_add_runs(struct features *f, const char *word, size_t n)
{
	char s[WORD_MAX + 2];
	uint16_t at[WORD_MAX + 3];
	size_t all;

	n = n > WORD_MAX ? utf8_cut(word, WORD_MAX) : n;
	s[0] = '<';
	memcpy(s + 1, word, n);
	s[n + 1] = '>';
	all = hash_characters(s, n + 2, at);
	for (size_t i = 0; i + RUN_MIN <= all; i++) {
		uint64_t h = hash_begin(FEATURE_RUN);

		h = hash_add(h, s + at[i],
			(size_t)(at[i + RUN_MIN - 1] - at[i]));
		for (size_t k = RUN_MIN; k <= RUN_MAX && i + k <= all; k++) {
			const char *c = s + at[i + k - 1];

			h = hash_add(h, c, (size_t)(s + at[i + k] - c));
			if (hash_count(f, h, 1) < 0)
				return MDB_E_NOMEM;
		}
	}
	return 0;
}

/* The stem counts twice: it says more than a run of its characters. */
static int
hash_add_word(struct features *f, const char *s, size_t n)
{
	uint64_t h = hash_begin(FEATURE_STEM);

	if (!f->with_stops && text_is_stop(s, n))
		return 0;
	if (text_stem(s, n, "english", &f->stem) < 0 ||
		hash_count(f, hash_add(h, f->stem.data, f->stem.len), 2) < 0)
		return MDB_E_NOMEM;
	return hash_add_runs(f, s, n);
}

static int
add_unspaced(struct features *f, const char *s, size_t n)
{
	size_t len, next;
	uint32_t cp;

	for (size_t i = 0; i < n; i += len) {
		uint64_t h = hash_begin(FEATURE_CJK);

		len = utf8_decode(s + i, n - i, &cp);
		h = hash_add(h, s + i, len);
		if (hash_count(f, h, 1) < 0)
			return MDB_E_NOMEM;
		next = utf8_decode(s + i + len, n - i - len, &cp);
		if (next > 0 &&
			hash_count(f, hash_add(h, s + i + len, next), 2) < 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static int
hash_add_piece(void *ctx, const struct text_piece *p)
{
	switch (p->kind) {
	case TEXT_WORD:
		return hash_add_word(ctx, p->s, p->n);
	case TEXT_CJK:
		return add_unspaced(ctx, p->s, p->n);
	case TEXT_SIGN:
		break;
	}
	return hash_count(ctx, hash_add(hash_begin(FEATURE_SIGN), p->s, p->n),
		2);
}

static void
add_up(const struct features *f, float *out)
{
	for (size_t i = 0; i < f->slots_n; i++) {
		uint64_t h = f->slots[i].hash;
		uint32_t n = f->slots[i].times;
		float w;

		if (h == 0)
			continue;
		w = tf_weight[n < ARRAY_LEN(tf_weight)
				      ? n
				      : ARRAY_LEN(tf_weight) - 1];
		/* Slots are taken by the low bits: these are others. */
		out[h >> 48 & (HASH_DIMS - 1)] += h >> 63 ? w : -w;
	}
	embed_unit(out, HASH_DIMS);
}

static void
features_done(struct features *f)
{
	free(f->slots);
	buf_done(&f->stem);
}

static int
hash_text(struct embedder *x, const struct embed_text *t, float *out,
	struct err *e)
{
	__attribute__((cleanup(features_done))) struct features f = {0};
	size_t n = t->n > TEXT_MAX ? utf8_cut(t->s, TEXT_MAX) : t->n;

	(void)x;
	if (text_pieces(t->s, n, hash_add_piece, &f) != 0)
		return err_nomem(e);
	if (f.n == 0) {
		f.with_stops = true;
		if (text_pieces(t->s, n, hash_add_piece, &f) != 0)
			return err_nomem(e);
	}
	add_up(&f, out);
	return 0;
}

/* --- the provider --------------------------------------------------------- */

static void
hash_close(struct embedder *x)
{
	free(x);
}

static size_t
hash_dims(const struct embedder *x)
{
	(void)x;
	return HASH_DIMS;
}

static const struct embed_ops hash_ops = {.provider = "hash",
	.is_local = true,
	.close = hash_close,
	.dims = hash_dims,
	.local = hash_text};

int
embed_hash_open(const struct embed_options *o, const char *arg,
	struct embedder **ret, struct err *e)
{
	AUTO_FREE struct embedder *x = calloc(1, sizeof(*x));

	(void)o;
	(void)arg;
	if (!x)
		return err_nomem(e);
	x->ops = &hash_ops;
	x->model = strdup(HASH_MODEL);
	if (!x->model)
		return err_nomem(e);
	*ret = take_ptr(x);
	return 0;
}
