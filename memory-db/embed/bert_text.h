/* Text as BERT's uncased models see it: cleaned, without accents, in lower
 * case, split into words. Pure. */
#ifndef EMBED_BERT_TEXT_H
#define EMBED_BERT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* Characters of a word that are kept. One with more is handed on with what was
 * kept and its true number: models call it unknown. */
#define BERT_WORD_CHARS 256
#define BERT_WORD_BYTES (4 * BERT_WORD_CHARS)

struct bert_rules {
	bool clean_text, handle_chinese_chars, strip_accents, lowercase;
};

struct bert_word {
	const char *s; /* valid until the function returns */
	size_t n, chars;
};
/* Non-zero stops; bert_words returns it, or 0. */
typedef int (*bert_word_fn)(void *ctx, const struct bert_word *w);

int bert_words(const struct bert_rules *rules, const char *s, size_t n,
	bert_word_fn fn, void *ctx) MUST_CHECK;

#endif
