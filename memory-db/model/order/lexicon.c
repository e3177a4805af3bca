/* The tables of words.def and its like, hashed at the first use: entries by the
 * hashes of the stems of their words, in one open table. What is known of two
 * words (opposites, kinds) is a sorted list of pairs of meanings. */
#include "memory-db/model/order/lexicon.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/text.h"
#include "memory-db/model/order/lexicon_internal.h"

#define SLOTS 32768 /* a power of two, at most half full */
#define PAIRS 20480

struct meaning {
	const char *name;
	uint16_t name_n;
	uint16_t kind; /* CATEGORY it is a value of; 0: none */
	uint16_t kind2;
	uint16_t excludes; /* EXCLUSIVE it is one of */
	uint16_t doing;	   /* DOING it is one of */
	unsigned flags;
};
struct lexicon_slot {
	uint64_t key; /* 0: empty */
	uint16_t meaning;
	bool is_wide; /* of the second reading only */
};

enum entry_type {
	ENTRY_MEANING,
	ENTRY_EACH,
	ENTRY_FLAG,
	ENTRY_KIND,
	ENTRY_KIN,
	ENTRY_EXCLUSIVE,
	ENTRY_DOING,
	ENTRY_OPPOSITE,
	ENTRY_IS_A
};
struct lexicon_entry {
	enum entry_type type;
	unsigned flags;
	const char *words, *other;
};
static const struct lexicon_entry entries[] = {
#define SAME(words)	     {ENTRY_MEANING, 0, words, NULL},
#define RULE(words, flags)   {ENTRY_MEANING, flags, words, NULL},
#define EACH(words, flags)   {ENTRY_EACH, flags, words, NULL},
#define FLAG(words, flags)   {ENTRY_FLAG, flags, words, NULL},
#define KIN(words)	     {ENTRY_KIN, 0, words, NULL},
#define OPPOSITE(a, b)	     {ENTRY_OPPOSITE, 0, a, b},
#define EXCLUSIVE(words)     {ENTRY_EXCLUSIVE, 0, words, NULL},
#define DOING(words)	     {ENTRY_DOING, 0, words, NULL},
#define CATEGORY(words)	     {ENTRY_KIND, 0, words, NULL},
#define IS_A(general, words) {ENTRY_IS_A, 0, general, words},
#include "memory-db/model/order/words.def"
#include "memory-db/model/order/kin.def"
#include "memory-db/model/order/opposites.def"
#include "memory-db/model/order/kinds.def"
};

/* Pairs of meanings, sorted by (a, b) once all are there. */
struct pairs {
	size_t n;
	struct pair {
		uint16_t a, b;
	} v[PAIRS];
};

static struct {
	pthread_mutex_t lock;
	bool is_ready;
	int meanings, groups;
	int known[WORD_MAX];
	struct meaning meaning[LEXICON_MEANINGS];
	struct lexicon_slot slot[SLOTS];
	struct pairs opposite, is_a, kin;
} lexicon = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- hashes ----------------------------------------------------------------- */
static uint64_t
lexicon_key_of(const uint64_t *stems, int n)
{
	uint64_t key = (uint64_t)n;

	for (int i = 0; i < n; i++)
		key = (key ^ stems[i]) * 0x9e3779b97f4a7c15 ^ key >> 31;
	return key | 1;
}

static struct lexicon_slot *
lexicon_slot_of(uint64_t key)
{
	size_t i = (key >> 7) & (SLOTS - 1);

	while (lexicon.slot[i].key != 0 && lexicon.slot[i].key != key)
		i = (i + 1) & (SLOTS - 1);
	return &lexicon.slot[i];
}

/* --- filling ----------------------------------------------------------------- */
bool
lexicon_next_member(const char **list, const char **ret, size_t *ret_n)
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
lexicon_take_piece(void *ctx, const struct text_piece *p)
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
	assert(lexicon.meanings + 1 < LEXICON_MEANINGS);
	lexicon.meaning[++lexicon.meanings] = (struct meaning){
		.name = name,
		.name_n = (uint16_t)n,
		.flags = flags,
	};
	return lexicon.meanings;
}

/* The slot of a member. 0 or MDB_E_NOMEM. */
static int
slot_of_member(const char *word, size_t n, struct lexicon_slot **ret,
	uint64_t *key)
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
		rc = text_pieces(word, n, lexicon_take_piece, &stems);
	if (rc < 0)
		return rc;
	*key = lexicon_key_of(stems.v, stems.n);
	*ret = lexicon_slot_of(*key);
	return 0;
}

/* Gives all words of a list the same meaning; those that have one keep it. 0 or
 * MDB_E_NOMEM. */
static int
fill_meaning(const struct lexicon_entry *x)
{
	const char *list = x->words, *word;
	int meaning = 0, rc;
	size_t n;

	while (lexicon_next_member(&list, &word, &n)) {
		struct lexicon_slot *slot;
		uint64_t key;

		rc = slot_of_member(word, n, &slot, &key);
		if (rc < 0)
			return rc;
		if (slot->key != 0)
			continue;
		if (meaning == 0 || x->type == ENTRY_EACH)
			meaning = new_meaning(word, n, x->flags);
		*slot = (struct lexicon_slot){key, (uint16_t)meaning, false};
	}
	return 0;
}

/* A phrase that begins with a verb is one: "takes pleasure". */
static int
flags_of_first(const char *word, size_t n, unsigned *ret)
{
	const char *space = memchr(word, ' ', n);
	struct lexicon_slot *slot;
	uint64_t key;
	int rc = 0;

	*ret = 0;
	if (!space)
		return 0;
	rc = slot_of_member(word, (size_t)(space - word), &slot, &key);
	if (rc < 0)
		return rc;
	*ret = lexicon.meaning[slot->meaning].flags & F_VERB;
	return 0;
}

int
lexicon_meaning_of(const char *word, size_t n, bool wide)
{
	struct lexicon_slot *slot;
	unsigned flags = 0;
	uint64_t key;
	int rc = slot_of_member(word, n, &slot, &key);

	if (rc < 0)
		return rc;
	if (slot->key == 0 && wide)
		rc = flags_of_first(word, n, &flags);
	if (rc < 0)
		return rc;
	if (slot->key == 0)
		*slot = (struct lexicon_slot){key,
			(uint16_t)new_meaning(word, n, flags), wide};
	return slot->meaning;
}

static int
meaning_of(const char *word, size_t n)
{
	return lexicon_meaning_of(word, n, false);
}

/* A meaning may be in two groups of one sort. */
static void
put_group(uint16_t *first, uint16_t *second, int group)
{
	if (*first == 0)
		*first = (uint16_t)group;
	else if (second)
		*second = (uint16_t)group;
}

static int
fill_group(const struct lexicon_entry *x)
{
	const char *list = x->words, *word;
	int group = ++lexicon.groups;
	size_t n;

	while (lexicon_next_member(&list, &word, &n)) {
		int m = meaning_of(word, n);
		struct meaning *at;

		if (m < 0)
			return m;
		at = &lexicon.meaning[m];
		if (x->type == ENTRY_FLAG)
			at->flags |= x->flags;
		else if (x->type == ENTRY_KIND)
			put_group(&at->kind, &at->kind2, group);
		else if (x->type == ENTRY_EXCLUSIVE)
			put_group(&at->excludes, NULL, group);
		else
			put_group(&at->doing, NULL, group);
	}
	return 0;
}

static void
lexicon_add_pair(struct pairs *p, int a, int b)
{
	assert(p->n < PAIRS);
	p->v[p->n++] = (struct pair){(uint16_t)a, (uint16_t)b};
}

/* Each of the one list with each of the other; kin and opposites both ways. */
static int
fill_pairs(const struct lexicon_entry *x, const char *other_list,
	struct pairs *to)
{
	const char *list = x->words, *word;
	size_t n, m;

	while (lexicon_next_member(&list, &word, &n)) {
		const char *others = other_list, *other;
		int a = meaning_of(word, n);

		if (a < 0)
			return a;
		while (lexicon_next_member(&others, &other, &m)) {
			int b = meaning_of(other, m);

			if (b < 0)
				return b;
			if (a == b)
				continue;
			lexicon_add_pair(to, a, b);
			if (x->type != ENTRY_IS_A)
				lexicon_add_pair(to, b, a);
		}
	}
	return 0;
}

static int
fill_entry(const struct lexicon_entry *x)
{
	switch (x->type) {
	case ENTRY_MEANING:
	case ENTRY_EACH:
		return fill_meaning(x);
	case ENTRY_FLAG:
	case ENTRY_KIND:
	case ENTRY_EXCLUSIVE:
	case ENTRY_DOING:
		return fill_group(x);
	case ENTRY_KIN:
		return fill_pairs(x, x->words, &lexicon.kin);
	case ENTRY_IS_A:
		return fill_pairs(x, x->other, &lexicon.is_a);
	case ENTRY_OPPOSITE:
		break;
	}
	return fill_pairs(x, x->other, &lexicon.opposite);
}

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->a != y->a ? x->a - y->a : x->b - y->b;
}

static void
sort_pairs(struct pairs *p)
{
	qsort(p->v, p->n, sizeof(p->v[0]), compare_pairs);
}

static const char *const known_words[WORD_MAX] = {
	[WORD_WEEKLY] = "weekly",
	[WORD_GOLANG] = "golang",
	[WORD_VISIT] = "visit",
	[WORD_AGE] = "age",
	[WORD_WORK_AS] = "work as",
	[WORD_MUST] = "must",
};

static int
lexicon_fill(void)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		int rc = fill_entry(&entries[i]);

		if (rc < 0)
			return rc;
	}
	for (int i = 0; i < WORD_MAX; i++) {
		int m = meaning_of(known_words[i], strlen(known_words[i]));

		if (m < 0)
			return m;
		lexicon.known[i] = m;
	}
	sort_pairs(&lexicon.opposite);
	sort_pairs(&lexicon.is_a);
	sort_pairs(&lexicon.kin);
	return lexicon_classes_fill();
}

int
lexicon_ready(void)
{
	int rc = 0;

	pthread_mutex_lock(&lexicon.lock);
	if (!lexicon.is_ready) {
		lexicon.meanings = lexicon.groups = 0;
		lexicon.opposite.n = lexicon.is_a.n = 0;
		lexicon.kin.n = 0;
		memset(lexicon.slot, 0, sizeof(lexicon.slot));
		rc = lexicon_fill();
		lexicon.is_ready = rc == 0;
	}
	pthread_mutex_unlock(&lexicon.lock);
	return rc;
}

/* --- asking ------------------------------------------------------------------ */
int
lexicon_find(const uint64_t *stems, int n, bool wide)
{
	const struct lexicon_slot *slot =
		lexicon_slot_of(lexicon_key_of(stems, n));

	return slot->is_wide && !wide ? 0 : slot->meaning;
}

unsigned
lexicon_flags(int meaning)
{
	return lexicon.meaning[meaning].flags;
}

int
lexicon_known(enum lexicon_word word)
{
	return lexicon.known[word];
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

static bool
has_pair(const struct pairs *p, int a, int b)
{
	struct pair x = {(uint16_t)a, (uint16_t)b};

	return bsearch(&x, p->v, p->n, sizeof(x), compare_pairs) != NULL;
}

bool
lexicon_opposite(int a, int b)
{
	const struct meaning *x = &lexicon.meaning[a], *y = &lexicon.meaning[b];

	if (a == 0 || b == 0 || a == b)
		return false;
	if (x->excludes != 0 && x->excludes == y->excludes)
		return true;
	return has_pair(&lexicon.opposite, a, b);
}

bool
lexicon_excludes_doing(int a, int b)
{
	const struct meaning *x = &lexicon.meaning[a], *y = &lexicon.meaning[b];

	return a != 0 && a != b && x->doing != 0 && x->doing == y->doing;
}

bool
lexicon_kin(int a, int b)
{
	return a != 0 && b != 0 && has_pair(&lexicon.kin, a, b);
}

bool
lexicon_is_a(int special, int general)
{
	return special != 0 && general != 0 &&
	       has_pair(&lexicon.is_a, general, special);
}
