/* Lists of words, "a|b c|d", as tables by the first word of each entry. A list is
 * told by its address; its table is made when somebody asks for the first time, by
 * whichever thread that is, and stays. Without memory for it the list is read
 * from front to end. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "memory-db/model/extract/words.h"

/* Lists that there may be, a power of two; twice as many as there are. */
#define LISTS 2048

struct word_lists_entry {
	uint32_t hash; /* of its first word */
	unsigned short n, words;
	const char *s; /* NULL: free */
};
struct word_lists_list {
	const char *text;
	uint32_t mask;
	/* Of how its entries begin (beginning()): most words that are asked for
	 * are in no list, and are told so by one bit. */
	uint64_t begins[4];
	struct word_lists_entry v[];
};

static _Atomic(struct word_lists_list *) lists[LISTS];

uint32_t
extract_hash(const char *low, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)low[i]) * 16777619u;
	return h;
}

/* A number below 256 for the first two letters of a word; "i" has one. */
static unsigned
beginning(const char *s, size_t n)
{
	unsigned first = n > 0 ? (unsigned char)s[0] : 0;
	unsigned second = n > 1 ? (unsigned char)s[1] : 0;

	return (first * 31 + second * 7) & 255;
}

static bool
may_have(const struct word_lists_list *l, const char *low)
{
	size_t n = low[1] == '\0' || low[1] == ' ' ? 1 : 2;
	unsigned b = beginning(low, n);

	return l->begins[b / 64] >> (b % 64) & 1;
}

static struct word_lists_list *
make_list(const char *text)
{
	struct word_lists_list *l;
	uint32_t n = 1, size = 4;

	for (const char *p = text; *p; p++)
		n += *p == '|';
	while (size < 2 * n)
		size *= 2;
	l = calloc(1, sizeof(*l) + size * sizeof(l->v[0]));
	if (!l)
		return NULL;
	l->text = text;
	l->mask = size - 1;
	for (const char *s = text; *s;) {
		size_t k = strcspn(s, "|"), first = strcspn(s, "| ");
		struct word_lists_entry x = {.hash = extract_hash(s, first),
			.n = (unsigned short)k,
			.words = 1,
			.s = s};
		uint32_t at = x.hash & l->mask;
		unsigned b = beginning(s, first);

		l->begins[b / 64] |= UINT64_C(1) << (b % 64);
		for (size_t i = 0; i < k; i++)
			x.words = (unsigned short)(x.words + (s[i] == ' '));
		while (l->v[at].s)
			at = (at + 1) & l->mask;
		if (k > 0)
			l->v[at] = x;
		s += k + (s[k] == '|');
	}
	return l;
}

/* NULL: there is no room for it. */
static const struct word_lists_list *
word_lists_list_of(const char *text)
{
	uintptr_t key = (uintptr_t)text;
	size_t at = (size_t)((key >> 3) ^ (key >> 14)) % LISTS;

	for (int i = 0; i < LISTS / 2; i++, at = (at + 1) % LISTS) {
		struct word_lists_list *l =
			atomic_load_explicit(&lists[at], memory_order_acquire);
		struct word_lists_list *none = NULL;

		if (l && l->text == text)
			return l;
		if (l)
			continue;
		l = make_list(text);
		if (!l || atomic_compare_exchange_strong(&lists[at], &none, l))
			return l;
		free(l); /* another thread was first */
		if (none->text == text)
			return none;
	}
	return NULL;
}

/* The words from i on that an entry of k bytes has, 0: another. */
static int
word_lists_fits(const struct extract_words *w, int i, const char *entry,
	size_t k)
{
	int words = 0;

	while (k > 0) {
		const char *blank = memchr(entry, ' ', k);
		size_t n = blank ? (size_t)(blank - entry) : k;
		const char *low = extract_low(w, i + words);

		if (strlen(low) != n || memcmp(low, entry, n) != 0)
			return 0;
		words++;
		entry += n + (blank != NULL);
		k -= n + (blank != NULL);
	}
	return words;
}

static int
match_slowly(const struct extract_words *w, int i, const char *text)
{
	int best = 0;

	while (*text != '\0') {
		size_t k = strcspn(text, "|");
		int n = word_lists_fits(w, i, text, k);

		best = n > best ? n : best;
		text += k + (text[k] == '|');
	}
	return best;
}

int
extract_match(const struct extract_words *w, int i, const char *text)
{
	const struct word_lists_list *l;
	uint32_t at, hash;
	int best = 0;

	if (i < 0 || i >= w->words || *text == '\0')
		return 0;
	l = word_lists_list_of(text);
	if (!l)
		return match_slowly(w, i, text);
	/* The empty form of a word that is too long is in no list. */
	if (w->v[i].low[0] == '\0' || !may_have(l, w->v[i].low))
		return 0;
	hash = w->v[i].hash;
	for (at = hash & l->mask; l->v[at].s; at = (at + 1) & l->mask) {
		int n;

		if (l->v[at].hash != hash || l->v[at].words <= best)
			continue;
		n = word_lists_fits(w, i, l->v[at].s, l->v[at].n);
		best = n > best ? n : best;
	}
	return best;
}

bool
extract_in(const char *low, const char *text)
{
	const struct word_lists_list *l;
	uint32_t at, hash;
	size_t n;

	if (low[0] == '\0')
		return false;
	l = word_lists_list_of(text);
	if (l && !may_have(l, low))
		return false;
	n = strlen(low);
	for (; !l && *text != '\0';) {
		size_t k = strcspn(text, "|");

		if (k == n && memcmp(low, text, n) == 0)
			return true;
		text += k + (text[k] == '|');
	}
	if (!l)
		return false;
	const char *blank = memchr(low, ' ', n);

	hash = extract_hash(low, blank ? (size_t)(blank - low) : n);
	for (at = hash & l->mask; l->v[at].s; at = (at + 1) & l->mask)
		if (l->v[at].hash == hash && l->v[at].n == n &&
			memcmp(l->v[at].s, low, n) == 0)
			return true;
	return false;
}
