/* WordPiece: texts to numbers of tokens, as a tokenizer.json of
 * github.com/huggingface/tokenizers says. */
#ifndef EMBED_WORDPIECE_H
#define EMBED_WORDPIECE_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/embed/bert_text.h"

struct vocabulary;

/* Above it a token's number is refused. */
#define WORDPIECE_ID_MAX 0xffffff

struct wordpiece {
	struct bert_rules rules;
	struct vocabulary *whole; /* owned: tokens that begin a word */
	struct vocabulary *rest;  /* owned: without their prefix */
	size_t tokens;		  /* of the vocabulary */
	uint32_t highest;	  /* number of a token */
	int64_t unknown;	  /* its number, or -1 */
	size_t word_chars;	  /* longer words are unknown */
	size_t median_chars;	  /* of a token, with its prefix */
};

/* Takes the text of a tokenizer.json apart. MDB_E_INVALID: what in it we do
 * not read; MDB_E_NOMEM. */
int wordpiece_open(const char *json, size_t n, struct wordpiece *ret,
	struct err *e) MUST_CHECK;
void wordpiece_done(struct wordpiece *w);

/* Numbers of the first tokens of s, at most max; what is unknown gives none.
 * Needs no memory. Any thread. */
size_t wordpiece_ids(const struct wordpiece *w, const char *s, size_t n,
	uint32_t *ids, size_t max);

/* --- vocabulary.c: texts to numbers --------------------------------------- */

struct vocabulary *vocabulary_new(void) MUST_CHECK;
void vocabulary_free(struct vocabulary *v);
/* 0 or MDB_E_NOMEM. text: not there yet, at most 255 bytes. */
int vocabulary_add(struct vocabulary *v, const char *text, size_t n,
	uint32_t id) MUST_CHECK;
/* Of the texts that s begins with and that end at a character, the longest:
 * its length and number, or 0. */
size_t vocabulary_longest(const struct vocabulary *v, const char *s, size_t n,
	uint32_t *ret_id);

#endif
