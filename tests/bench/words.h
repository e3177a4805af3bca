/* Deterministic text for benchmarks: words with a Zipf distribution, documents
 * made of them, and query classes. No outside data. */
#ifndef TESTS_BENCH_WORDS_H
#define TESTS_BENCH_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WORDS_N	  50000 /* vocabulary */
#define WORD_SIZE 16

struct words;

/* New; NULL: no memory. */
struct words *words_new(void);
void words_free(struct words *w);

/* splitmix64: the next number of the sequence in *state. */
uint64_t words_random(uint64_t *state);

/* The word of a rank (0 is the most frequent), at most WORD_SIZE - 1 bytes. */
void words_word(uint32_t rank, char ret[WORD_SIZE]);

/* Some Zipf words with spaces between, about `bytes` long and always shorter
 * than n. Returns the length. */
size_t words_text(const struct words *w, uint64_t *state, size_t bytes,
	char *ret, size_t n);

/* A query of a class: rare, mid, common (a word of more than half of the
 * documents), sentence (12 words), absent, substring (3 characters).
 * Query k of a class is always the same. 0, -1: no such class. */
int words_query(const struct words *w, const char *class, uint32_t k, char *ret,
	size_t n);

#endif
