/* UTF-8, case folding, words, strict numbers, similar names. Pure. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Valid UTF-8 (no surrogates, no overlong forms, <= U+10FFFF), no NUL. */
bool text_is_utf8(const char *s, size_t n);

/* Largest k <= n that does not cut a UTF-8 sequence of s (s valid). */
size_t text_cut(const char *s, size_t n);
/* Appends s (valid), at most so many bytes of it, whole characters. 0 or
 * MDB_E_NOMEM. */
int text_add_cut(struct buf *out, const char *s, size_t most) MUST_CHECK;

/* Characters that change how others are shown or hide text: controls (C0, DEL,
 * C1), line and paragraph separators, directions and isolates, invisible ones,
 * private and unassigned ones. Joiners and the soft hyphen are none: emoji,
 * Indic and Arabic text need them. The one table for whatever a person or a
 * model reads: terminals, logs, errors of others, contexts. */
bool text_is_dangerous(uint32_t cp);

/* Full Unicode case folding (CaseFolding.txt C + F, by utf8proc), code point
 * by code point and without normalisation, so that `a contains b` implies
 * `fold(a) contains fold(b)`. Appends to out. s must be valid UTF-8.
 * 0 or MDB_E_NOMEM. */
int text_fold(const char *s, size_t n, struct buf *out) MUST_CHECK;

/* A decimal integer in full, no spaces: 0 or MDB_E_INVALID. */
int text_int(const char *s, int64_t min, int64_t max, int64_t *ret) MUST_CHECK;

/* The value of a hexadecimal digit, or -1. */
int text_hex_digit(char c);

/* -1, 0, 1 as the version a is older than, as old as, newer than b: "1.10.0"
 * is newer than "1.9". What is no number counts as 0, a suffix not at all. */
int text_version_order(const char *a, const char *b);

/* Edit distance in code units, at most `limit` + 1 (early stop). */
unsigned text_distance(const char *a, const char *b, unsigned limit);

/* The entry of a NULL-terminated list that is nearest to s, or NULL when none
 * is near enough to be a slip of the pen, and none is part of s or the other
 * way round. */
const char *text_nearest(const char *s, const char *const *list);

/* --- words: the one tokeniser of index and query --------------------------
 * Folded text is split into pieces by the class of each code point:
 *   WORD  letters, digits and marks; diacritics are dropped from the index
 *         form after canonical decomposition (vowel signs of Indic scripts
 *         stay)
 *   CJK   Han, kana, Hangul, Thai, Lao, Khmer, Myanmar: runs are indexed as
 *         character bigrams plus the last character alone, so that each
 *         character begins exactly one token
 *   SIGN  emoji and other symbols (category So, Sk, Sm, Sc above ASCII, and
 *         code points not assigned yet): each alone; variation selectors and
 *         joiners dropped
 * everything else separates. The class depends on the code point alone, so a
 * substring of a text has the same pieces except at its two ends. */
enum text_kind { TEXT_WORD, TEXT_CJK, TEXT_SIGN };

struct text_piece {
	enum text_kind kind;
	const char *s; /* folded, decomposed, without marks; borrowed
				   from the scan, valid until the next call */
	size_t n;
	bool at_start; /* touches the first byte of the text: a
				   longer text may go on before it */
	bool at_end;   /* touches the last byte */
};

/* Return non-zero from the callback to stop; text_pieces returns that value,
 * 0, or MDB_E_NOMEM. s is raw text (valid UTF-8), folded here. */
typedef int (*text_piece_fn)(void *ctx, const struct text_piece *p);
int text_pieces(const char *s, size_t n, text_piece_fn fn, void *ctx)
	MUST_CHECK;

/* Words longer than this (bytes, folded) are indexed as overlapping chunks of
 * this length with half its stride. */
#define TEXT_WORD_MAX 64

/* Index tokens of a text for a full-text table with FTS5's plain `ascii`
 * tokenizer: stemmed words, bigrams and signs, separated by spaces, appended
 * to out. stem: language of Snowball ("english") or "" for none. Thread-safe:
 * stemmers are per thread. 0 or MDB_E_NOMEM. Changing the result for any
 * input means raising TEXT_TOKENIZER_VERSION. */
#define TEXT_TOKENIZER_VERSION 2
int text_tokens(const char *s, size_t n, const char *stem, struct buf *out)
	MUST_CHECK;

/* The same for a row of an index: with TEXT_LONG as one more token where a word
 * is longer than TEXT_WORD_MAX. Such words are not in the vocabulary, so this
 * tells a substring search which texts it must look into. No text has this
 * token: the byte is not UTF-8. */
#define TEXT_LONG "\xff"
int text_row_tokens(const char *s, size_t n, const char *stem, struct buf *out)
	MUST_CHECK;

/* True for "" and for the languages of Snowball. */
bool text_stem_known(const char *stem);

/* Stems one folded word into out (cleared first): words of letters only and of
 * at most TEXT_WORD_MAX bytes, all else is copied; so is everything when the
 * language is "" or unknown. 0 or MDB_E_NOMEM. */
int text_stem(const char *word, size_t n, const char *stem, struct buf *out)
	MUST_CHECK;

/* English stop words ("the", "of", "what", ...; about 150), folded. */
bool text_is_stop(const char *word, size_t n);

#endif
