/* Erasing from the text indexes and from the vocabulary; a part of erasing a
 * fact (store/check/erase.h). */
#ifndef STORE_INDEX_ERASE_WORDS_H
#define STORE_INDEX_ERASE_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

struct words_erasure {
	struct store *st;
	int64_t words;	   /* that went out of the vocabulary */
	int64_t now_bytes; /* of texts whose rows and words go at once */
	struct buf texts;  /* raw, each with its NUL: their words may go */
};

/* Takes the fact's rows out of the indexes of the past and of branches and
 * keeps its text for erase_words. Beyond a bound of bytes both wait, and the
 * text is kept in the file until they are done (text_wait.h). */
int erase_index(struct words_erasure *x, int64_t fact, struct err *e)
	MUST_CHECK;
/* Drops the words of the texts that no fact has any more. */
int erase_words(struct words_erasure *x, struct err *e) MUST_CHECK;
/* The same for a stretch of a text that waited. */
int erase_words_of(struct store *st, const char *s, size_t n, struct err *e)
	MUST_CHECK;
/* Gives back what was kept to be quicker with the next stretch. */
void erase_words_free(struct store *st);

#endif
