/* The most frequent words are English, so that texts stem and compress about
 * as real ones do. The others are not stored: three syllables made from a
 * permutation of the rank, and a suffix for varied lengths. */
#include "tests/bench/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const frequent[] = {"the", "of", "to", "and", "a", "in",
	"is", "for", "on", "that", "with", "by", "it", "as", "was", "this",
	"from", "at", "be", "are", "or", "an", "not", "have", "has", "which",
	"will", "can", "uses", "user", "prefers", "project", "file", "code",
	"test", "build", "server", "data", "memory", "write", "read", "change",
	"version", "because", "when", "after", "before", "team", "name", "time",
	"value", "error", "service", "client", "request", "page", "works",
	"fixed", "decided", "should", "needs", "table", "query", "index",
	"release", "branch", "week", "month", "monday", "friday", "november",
	"december", "january", "customer", "design", "report", "meeting",
	"budget", "plan", "weekly", "deploy", "python", "linux", "docker",
	"database", "backup", "restore", "script", "function", "module",
	"library", "review", "merge", "commit", "issue", "ticket", "bug",
	"feature", "cache", "queue", "worker", "thread", "lock", "timeout",
	"retry", "log", "metric", "alert", "dashboard", "window", "screen",
	"button", "form", "email", "phone", "address", "city", "country",
	"street", "office", "kitchen", "garden", "train", "travel", "summer",
	"winter", "morning", "evening", "coffee", "tea", "lunch", "dinner",
	"birthday", "sister", "brother", "mother", "father", "friend", "doctor",
	"school", "teacher", "student", "course", "book", "chapter", "music",
	"guitar", "piano", "film", "photo", "camera", "bicycle", "car",
	"engine", "battery", "energy", "water", "light", "red", "green", "blue",
	"black", "white", "small", "large", "long", "short", "fast", "slow",
	"early", "late", "first", "second", "third", "last", "next", "other",
	"same", "new", "old", "good", "better", "best", "bad", "wrong", "right",
	"always", "never", "often", "sometimes", "usually", "now", "later",
	"today", "yesterday", "tomorrow", "year"};
#define FREQUENT_N (sizeof(frequent) / sizeof(frequent[0]))

struct words {
	double below[WORDS_N]; /* probability of a lower rank */
};

uint64_t
words_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct words *
words_new(void)
{
	struct words *w = malloc(sizeof(*w));
	double sum = 0;

	if (!w)
		return NULL;
	for (int i = 0; i < WORDS_N; i++) {
		w->below[i] = sum;
		sum += 1.0 / (i + 1);
	}
	for (int i = 0; i < WORDS_N; i++)
		w->below[i] /= sum;
	return w;
}

void
words_free(struct words *w)
{
	free(w);
}

void
words_word(uint32_t rank, char ret[WORD_SIZE])
{
	static const char consonants[] = "bdfgklmnprstvw";
	static const char vowels[] = "aeiou";
	static const char *const suffixes[] = {"", "n", "ra", "tel"};
	uint32_t x = (rank * 40503u + 12345u) % 343000u;
	char syllables[7];

	if (rank < FREQUENT_N) {
		snprintf(ret, WORD_SIZE, "%s", frequent[rank]);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		syllables[2 * i] = consonants[x % 70 / 5];
		syllables[2 * i + 1] = vowels[x % 5];
		x /= 70;
	}
	syllables[6] = '\0';
	snprintf(ret, WORD_SIZE, "%s%s", syllables, suffixes[rank % 4]);
}

static uint32_t
zipf(const struct words *w, uint64_t *state)
{
	double u = (double)(words_random(state) >> 11) / 9007199254740992.0;
	uint32_t low = 0, high = WORDS_N;

	while (high - low > 1) {
		uint32_t mid = (low + high) / 2;

		if (w->below[mid] <= u)
			low = mid;
		else
			high = mid;
	}
	return low;
}

size_t
words_text(const struct words *w, uint64_t *state, size_t bytes, char *ret,
	size_t n)
{
	size_t at = 0;

	while (at < bytes && at + WORD_SIZE + 1 < n) {
		char word[WORD_SIZE];
		size_t len;

		words_word(zipf(w, state), word);
		len = strlen(word);
		if (at > 0)
			ret[at++] = ' ';
		memcpy(ret + at, word, len);
		at += len;
	}
	ret[at] = '\0';
	return at;
}

static uint32_t
between(uint64_t *state, uint32_t low, uint32_t high)
{
	return low + (uint32_t)(words_random(state) % (high - low));
}

int
words_query(const struct words *w, const char *class, uint32_t k, char *ret,
	size_t n)
{
	uint64_t state = 77777u + k;
	char a[WORD_SIZE], b[WORD_SIZE];

	if (strcmp(class, "rare") == 0) {
		words_word(between(&state, 5000, 40000), a);
		snprintf(ret, n, "%s", a);
	} else if (strcmp(class, "mid") == 0) {
		words_word(between(&state, 50, 250), a);
		snprintf(ret, n, "%s", a);
	} else if (strcmp(class, "common") == 0) {
		/* Ranks 0 to 2 stand in more than half of the documents. */
		words_word(k % 3, a);
		words_word(between(&state, 0, 20), b);
		if (k % 2)
			snprintf(ret, n, "%s %s", a, b);
		else
			snprintf(ret, n, "%s", a);
	} else if (strcmp(class, "sentence") == 0) {
		size_t at = 0;

		for (int i = 0; i < 12; i++) {
			words_word(zipf(w, &state), a);
			at += (size_t)snprintf(ret + at, n - at, "%s%s",
				i ? " " : "", a);
		}
	} else if (strcmp(class, "absent") == 0) {
		words_word(between(&state, 0, 40000), a);
		snprintf(ret, n, "xy%sxq", a);
	} else if (strcmp(class, "substring") == 0) {
		words_word(between(&state, 100, 20000), a);
		snprintf(ret, n, "%.3s", a + 1);
	} else {
		return -1;
	}
	return 0;
}
