/* The tables of words.def, hashed at the first use: entries by the hashes of the
 * stems of their words, in one open table. */
#include "memory-db/model/order/lexicon.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/text.h"

#define MEANINGS  4096
#define SLOTS	  16384 /* a power of two, at most half full */
#define OPPOSITES 2048
#define LIST	  512

struct meaning {
	const char *name;
	uint16_t name_n;
	uint16_t kind; /* CATEGORY it is a value of; 0: none */
	uint16_t kind2;
	unsigned flags;
};
struct slot {
	uint64_t key; /* 0: empty */
	uint16_t meaning;
};

enum entry_type { ENTRY_MEANING, ENTRY_EACH, ENTRY_KIND, ENTRY_OPPOSITE };
struct entry {
	enum entry_type type;
	unsigned flags;
	const char *words, *other;
};
static const struct entry entries[] = {
#define SAME(words)	   {ENTRY_MEANING, 0, words, NULL},
#define RULE(words, flags) {ENTRY_MEANING, flags, words, NULL},
#define EACH(words, flags) {ENTRY_EACH, flags, words, NULL},
#define OPPOSITE(a, b)	   {ENTRY_OPPOSITE, 0, a, b},
#define CATEGORY(words)	   {ENTRY_KIND, 0, words, NULL},
#define PAST(words)
#define UNIT(words, unit, value)
#include "memory-db/model/order/words.def"
#undef SAME
#undef RULE
#undef EACH
#undef OPPOSITE
#undef CATEGORY
#undef PAST
#undef UNIT
};

#define SAME(words)
#define RULE(words, flags)
#define EACH(words, flags)
#define OPPOSITE(a, b)
#define CATEGORY(words)
#define PAST(words) words "|"
#define UNIT(words, unit, value)
static const char past_words[] =
#include "memory-db/model/order/words.def"
	;
#undef PAST
#undef UNIT
#define PAST(words)
#define UNIT(words, unit, value) {words "|", unit, value},
static const struct {
	const char *words;
	enum lexicon_unit unit;
	double value;
} units[] = {
#include "memory-db/model/order/words.def"
};

static struct {
	pthread_mutex_t lock;
	bool is_ready;
	int meanings, opposites, kinds;
	struct meaning meaning[MEANINGS];
	struct slot slot[SLOTS];
	struct {
		uint16_t a, b;
	} opposite[OPPOSITES];
} lexicon = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- hashes ----------------------------------------------------------------- */
static uint64_t
lexicon_hash(const char *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return (h ^ h >> 29) | 1;
}

/* "mainly" is not "main": such words keep their ending. */
static bool
is_adverb(const char *word, size_t n)
{
	return n > 4 && memcmp(word + n - 2, "ly", 2) == 0 &&
	       word[n - 3] != 'p' && word[n - 3] != 'i';
}

int
lexicon_stem(const char *word, size_t n, uint64_t *ret)
{
	AUTO_BUF struct buf stem = {0};
	int rc = text_stem(word, n, is_adverb(word, n) ? "" : "english", &stem);

	if (rc < 0)
		return rc;
	*ret = lexicon_hash(stem.data, stem.len);
	return 0;
}

static uint64_t
key_of(const uint64_t *stems, int n)
{
	uint64_t key = (uint64_t)n;

	for (int i = 0; i < n; i++)
		key = (key ^ stems[i]) * 0x9e3779b97f4a7c15 ^ key >> 31;
	return key | 1;
}

static struct slot *
slot_of(uint64_t key)
{
	size_t i = (key >> 7) & (SLOTS - 1);

	while (lexicon.slot[i].key != 0 && lexicon.slot[i].key != key)
		i = (i + 1) & (SLOTS - 1);
	return &lexicon.slot[i];
}

/* --- filling ----------------------------------------------------------------- */
/* The next member of a list with bars; false at its end. */
static bool
next_member(const char **list, const char **ret, size_t *ret_n)
{
	if (**list == '\0')
		return false;
	*ret = *list;
	*ret_n = strcspn(*list, "|");
	*list += *ret_n + ((*list)[*ret_n] == '|');
	return true;
}

struct stems {
	uint64_t v[LEXICON_WORDS];
	int n, rc;
};

static int
take_piece(void *ctx, const struct text_piece *p)
{
	struct stems *s = ctx;

	assert(s->n < LEXICON_WORDS);
	s->rc = lexicon_stem(p->s, p->n, &s->v[s->n]);
	s->n++;
	return s->rc;
}

static int
new_meaning(const char *name, size_t n, unsigned flags)
{
	assert(lexicon.meanings + 1 < MEANINGS);
	lexicon.meaning[++lexicon.meanings] = (struct meaning){
		.name = name,
		.name_n = (uint16_t)n,
		.flags = flags,
	};
	return lexicon.meanings;
}

/* The slot of a member. 0 or MDB_E_NOMEM. */
static int
slot_of_member(const char *word, size_t n, struct slot **ret, uint64_t *key)
{
	struct stems stems = {.n = 0};
	const char *plain = memchr(word, '.', n) || memchr(word, '_', n) ||
					    memchr(word, '#', n) ||
					    memchr(word, '+', n)
				    ? word
				    : NULL;
	int rc;

	/* What has signs in it is one word in texts, too. */
	if (plain)
		rc = lexicon_stem(word, n, &stems.v[stems.n++]);
	else
		rc = text_pieces(word, n, take_piece, &stems);
	if (rc < 0)
		return rc;
	*key = key_of(stems.v, stems.n);
	*ret = slot_of(*key);
	return 0;
}

/* Gives all words of a list the same meaning; those that have one keep it. 0 or
 * MDB_E_NOMEM. */
static int
fill_meaning(const struct entry *x)
{
	const char *list = x->words, *word;
	int meaning = 0, rc;
	size_t n;

	while (next_member(&list, &word, &n)) {
		struct slot *slot;
		uint64_t key;

		rc = slot_of_member(word, n, &slot, &key);
		if (rc < 0)
			return rc;
		if (slot->key != 0)
			continue;
		if (meaning == 0 || x->type == ENTRY_EACH)
			meaning = new_meaning(word, n, x->flags);
		*slot = (struct slot){key, (uint16_t)meaning};
	}
	return 0;
}

/* The meaning of a word, a new one when it has none. Negative: no memory. */
static int
meaning_of(const char *word, size_t n)
{
	struct slot *slot;
	uint64_t key;
	int rc = slot_of_member(word, n, &slot, &key);

	if (rc < 0)
		return rc;
	if (slot->key == 0)
		*slot = (struct slot){key, (uint16_t)new_meaning(word, n, 0)};
	return slot->meaning;
}

static int
fill_kind(const struct entry *x)
{
	const char *list = x->words, *word;
	size_t n;

	lexicon.kinds++;
	while (next_member(&list, &word, &n)) {
		int m = meaning_of(word, n);

		if (m < 0)
			return m;
		if (lexicon.meaning[m].kind == 0)
			lexicon.meaning[m].kind = (uint16_t)lexicon.kinds;
		else
			lexicon.meaning[m].kind2 = (uint16_t)lexicon.kinds;
	}
	return 0;
}

static int
fill_opposites(const struct entry *x)
{
	const char *list = x->words, *word;
	size_t n, m;

	while (next_member(&list, &word, &n)) {
		const char *others = x->other, *other;
		int a = meaning_of(word, n);

		if (a < 0)
			return a;
		while (next_member(&others, &other, &m)) {
			int b = meaning_of(other, m);

			if (b < 0)
				return b;
			assert(lexicon.opposites < OPPOSITES);
			if (a == b)
				continue;
			lexicon.opposite[lexicon.opposites].a = (uint16_t)a;
			lexicon.opposite[lexicon.opposites++].b = (uint16_t)b;
		}
	}
	return 0;
}

static int
fill(void)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(entries); i++) {
		switch (entries[i].type) {
		case ENTRY_MEANING:
		case ENTRY_EACH:
			rc = fill_meaning(&entries[i]);
			break;
		case ENTRY_KIND:
			rc = fill_kind(&entries[i]);
			break;
		case ENTRY_OPPOSITE:
			rc = fill_opposites(&entries[i]);
			break;
		}
	}
	return rc;
}

int
lexicon_ready(void)
{
	int rc = 0;

	pthread_mutex_lock(&lexicon.lock);
	if (!lexicon.is_ready) {
		lexicon.meanings = lexicon.opposites = lexicon.kinds = 0;
		memset(lexicon.slot, 0, sizeof(lexicon.slot));
		rc = fill();
		lexicon.is_ready = rc == 0;
	}
	pthread_mutex_unlock(&lexicon.lock);
	return rc;
}

/* --- asking ------------------------------------------------------------------ */
int
lexicon_find(const uint64_t *stems, int n)
{
	return slot_of(key_of(stems, n))->meaning;
}

unsigned
lexicon_flags(int meaning)
{
	return lexicon.meaning[meaning].flags;
}

const char *
lexicon_name(int meaning, size_t *ret_n)
{
	*ret_n = lexicon.meaning[meaning].name_n;
	return lexicon.meaning[meaning].name;
}

bool
lexicon_same_kind(int a, int b)
{
	const struct meaning *x = &lexicon.meaning[a], *y = &lexicon.meaning[b];

	if (a == 0 || b == 0 || x->kind == 0 || y->kind == 0)
		return false;
	return x->kind == y->kind || x->kind == y->kind2 ||
	       x->kind2 == y->kind || (x->kind2 && x->kind2 == y->kind2);
}

bool
lexicon_opposite(int a, int b)
{
	if (a == 0 || b == 0)
		return false;
	for (int i = 0; i < lexicon.opposites; i++)
		if ((lexicon.opposite[i].a == a &&
			    lexicon.opposite[i].b == b) ||
			(lexicon.opposite[i].a == b &&
				lexicon.opposite[i].b == a))
			return true;
	return false;
}

/* Is the word a member of a list that ends with a bar? */
static bool
is_member(const char *list, const char *word, size_t n)
{
	const char *member;
	size_t k;

	while (next_member(&list, &member, &k))
		if (k == n && memcmp(member, word, n) == 0)
			return true;
	return false;
}

bool
lexicon_is_past(const char *word, size_t n)
{
	return (n > 4 && memcmp(word + n - 2, "ed", 2) == 0 &&
		       word[n - 3] != 'e') ||
	       is_member(past_words, word, n);
}

enum lexicon_unit
lexicon_unit(const char *word, size_t n, double *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (is_member(units[i].words, word, n)) {
			*ret = units[i].value;
			return units[i].unit;
		}
	return UNIT_NONE;
}
