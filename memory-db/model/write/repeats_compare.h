/* Whether two texts say the same, or nearly so. Pure.
 *
 * The same: they differ in case, white space and punctuation only. Nearly: the
 * words that carry meaning are the same, in the same order, but for a few that
 * one of them has more. What differs in a number, a name, a date or a negation
 * is another fact, whatever else it shares. */
#ifndef MODEL_WRITE_REPEATS_COMPARE_H
#define MODEL_WRITE_REPEATS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

#define ALIKE_WORDS 96 /* longer texts are like no other */

enum alike { ALIKE_NOT, ALIKE_NEARLY, ALIKE_SAME };

struct repeats_word {
	uint64_t folded; /* hash of the folded word */
	uint64_t stem;	 /* hash of its stem */
	uint64_t exact;	 /* of the word as written; 0: case is nothing */
	bool stop;	 /* says nothing of its own */
	bool maybe_name; /* the first one, with a capital */
	bool hard;	 /* number, name, date, negation */
};

struct repeats_text {
	size_t n;
	bool too_long;
	struct repeats_word words[ALIKE_WORDS];
};

/* Hashes that tell most pairs apart without reading the words. */
struct repeats_sketch {
	uint64_t same; /* equal for texts that are ALIKE_SAME */
	uint64_t bag;  /* a bit for each stem */
};

/* The next word from *at on, without the punctuation around it; false at the
 * end. *ret is within s. */
bool repeats_next_word(const char *s, size_t n, size_t *at, const char **ret,
	size_t *ret_n);

/* 0 or MDB_E_NOMEM. */
int repeats_read(const char *s, size_t n, struct repeats_text *ret) MUST_CHECK;
void repeats_sketch(const struct repeats_text *t, struct repeats_sketch *ret);

/* False when the two cannot be alike. */
bool repeats_maybe(const struct repeats_sketch *a,
	const struct repeats_sketch *b);
enum alike repeats_compare(const struct repeats_text *a,
	const struct repeats_text *b);

/* How far the words of a text are those that are wanted, 0 to 1: for finding what
 * is meant. A part of it counts as near. */
double repeats_share(const struct repeats_text *wanted,
	const struct repeats_text *text);

#endif
