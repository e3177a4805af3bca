/* A sentence as words. Pure.
 *
 * A short form is two words: "I'm" is I, am; "don't" is do, not. Each word
 * knows where it stands, so that a part of the sentence can be given back as it
 * was written. */
#ifndef MODEL_EXTRACT_WORDS_H
#define MODEL_EXTRACT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SENTENCE_WORDS 80  /* a longer one is nothing that a person says */
#define SENTENCE_BYTES 900 /* the same */
#define WORD_BYTES     28

enum word_flag {
	W_CAPITAL = 1 << 0, /* begins with one */
	W_NUMBER = 1 << 1,  /* holds a digit */
	W_COMMA = 1 << 2,   /* a comma stands before it */
	W_BREAK = 1 << 3,   /* ; : ( ) or a dash before it */
	W_QUOTED = 1 << 4,  /* within quotation marks */
	W_PART = 1 << 5,    /* the second half of a short form */
	W_PLUS = 1 << 6	    /* "+", "&": stands for and */
};

struct extract_word {
	const char *s; /* as written */
	size_t n;
	char low[WORD_BYTES]; /* in lower case; "" when it is longer */
	uint32_t hash;	      /* of low */
	unsigned flags;
};

struct extract_words {
	char text[SENTENCE_BYTES + 1];
	size_t n;
	struct extract_word v[SENTENCE_WORDS];
	int words;
	bool is_question; /* ends with ? */
	bool is_loud;	  /* ends with ! */
};

/* False: it is too long, or no text. */
bool extract_words_read(const char *s, size_t n, struct extract_words *ret);

/* The word i in lower case; "" where there is none. */
const char *extract_low(const struct extract_words *w, int i);
bool extract_is(const struct extract_words *w, int i, const char *low);
/* --- lists of words (word_lists.c) -------------------------------------------- */
/* Lists are texts of the program, never changed or freed: each is sorted out when
 * it is first used. */
/* Is it in the list "a|b c|d", whose entries may have several words? The words
 * of the longest entry that fits, 0: none. */
int extract_match(const struct extract_words *w, int i, const char *list);
/* Is a single word in such a list? */
bool extract_in(const char *low, const char *list);

uint32_t extract_hash(const char *low, size_t n);

#endif
