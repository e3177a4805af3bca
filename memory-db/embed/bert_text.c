/* What BertNormalizer and BertPreTokenizer of github.com/huggingface/tokenizers
 * do, code point by code point:
 *
 *   clean_text		control, format, private and unassigned characters and
 *			U+FFFD go, all white space separates
 *   handle_chinese_chars  each Han character is a word
 *   strip_accents	canonical decomposition, then marks (Mn) go
 *   lowercase		simple lower case
 *
 * then words end at white space, and each punctuation character is one. */
#include "memory-db/embed/bert_text.h"

#include <stdint.h>
#include <utf8proc.h>

#include "common/utf8.h"

/* Code points that one decomposes to at most. */
#define DECOMPOSE_MAX 18

enum bert_class { BERT_LETTER, BERT_SPACE, BERT_ALONE, BERT_DROP };

struct bert_text_words {
	const struct bert_rules *rules;
	char s[BERT_WORD_BYTES];
	size_t n, chars;
	bert_word_fn fn;
	void *ctx;
};

static int
end_word(struct bert_text_words *w)
{
	struct bert_word word = {.s = w->s, .n = w->n, .chars = w->chars};

	if (w->chars == 0)
		return 0;
	w->n = w->chars = 0;
	return w->fn(w->ctx, &word);
}

static void
add_letter(struct bert_text_words *w, uint32_t cp)
{
	if (w->chars < BERT_WORD_CHARS)
		w->n += utf8_encode(cp, w->s + w->n);
	w->chars++;
}

static int
add_alone(struct bert_text_words *w, uint32_t cp)
{
	int rc = end_word(w);

	if (rc != 0)
		return rc;
	add_letter(w, cp);
	return end_word(w);
}

/* The ranges that the reference calls Chinese: Han, not kana, not Hangul. */
static bool
is_han(uint32_t cp)
{
	return (cp >= 0x4e00 && cp <= 0x9fff) ||
	       (cp >= 0x3400 && cp <= 0x4dbf) ||
	       (cp >= 0x20000 && cp <= 0x2a6df) ||
	       (cp >= 0x2a700 && cp <= 0x2b81f) ||
	       (cp >= 0x2b920 && cp <= 0x2ceaf) ||
	       (cp >= 0xf900 && cp <= 0xfaff) ||
	       (cp >= 0x2f800 && cp <= 0x2fa1f);
}

static enum bert_class
bert_text_class_of(const struct bert_text_words *w, uint32_t cp,
	utf8proc_category_t category)
{
	bool clean = w->rules->clean_text;

	switch (category) {
	case UTF8PROC_CATEGORY_CC:
		if (cp == '\t' || cp == '\n' || cp == '\r')
			return BERT_SPACE;
		if (clean)
			return BERT_DROP;
		return cp == 0x0b || cp == 0x0c || cp == 0x85 ? BERT_SPACE
							      : BERT_LETTER;
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CS:
		return clean ? BERT_DROP : BERT_LETTER;
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return BERT_SPACE;
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
		return BERT_ALONE;
	default:
		break;
	}
	/* Signs that ASCII counts as punctuation: $ + < = > ^ ` | ~ */
	if (cp > 0x20 && cp < 0x7f && category >= UTF8PROC_CATEGORY_SM &&
		category <= UTF8PROC_CATEGORY_SO)
		return BERT_ALONE;
	return clean && cp == 0xfffd ? BERT_DROP : BERT_LETTER;
}

/* Past decomposition: lower case, and what it is now. */
static int
bert_text_add_part(struct bert_text_words *w, uint32_t cp)
{
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);

	if (w->rules->strip_accents && category == UTF8PROC_CATEGORY_MN)
		return 0;
	if (w->rules->lowercase)
		cp = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
	switch (bert_text_class_of(w, cp, category)) {
	case BERT_SPACE:
		return end_word(w);
	case BERT_ALONE:
		return add_alone(w, cp);
	case BERT_LETTER:
	case BERT_DROP:
		add_letter(w, cp);
	}
	return 0;
}

static int
add_decomposed(struct bert_text_words *w, uint32_t cp)
{
	utf8proc_int32_t to[DECOMPOSE_MAX];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, to,
		DECOMPOSE_MAX, UTF8PROC_DECOMPOSE, &boundary);

	if (n < 1 || n > DECOMPOSE_MAX)
		return bert_text_add_part(w, cp);
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		int rc = bert_text_add_part(w, (uint32_t)to[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
bert_text_add_code_point(struct bert_text_words *w, uint32_t cp)
{
	bool alone = w->rules->handle_chinese_chars && is_han(cp);
	int rc;

	switch (bert_text_class_of(w, cp,
		utf8proc_category((utf8proc_int32_t)cp))) {
	case BERT_SPACE:
		return end_word(w);
	case BERT_DROP:
		return 0;
	case BERT_ALONE:
	case BERT_LETTER:
		break;
	}
	rc = alone ? end_word(w) : 0;
	if (rc != 0)
		return rc;
	rc = w->rules->strip_accents ? add_decomposed(w, cp)
				     : bert_text_add_part(w, cp);
	return rc == 0 && alone ? end_word(w) : rc;
}

/* Most of most texts. */
static int
add_ascii(struct bert_text_words *w, unsigned char c)
{
	if (c == ' ')
		return end_word(w);
	if (c >= 'A' && c <= 'Z' && w->rules->lowercase)
		c = (unsigned char)(c | 0x20);
	else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
		return bert_text_add_code_point(w, c);
	add_letter(w, c);
	return 0;
}

int
bert_words(const struct bert_rules *rules, const char *s, size_t n,
	bert_word_fn fn, void *ctx)
{
	struct bert_text_words w;
	size_t i = 0;
	int rc = 0;

	w.rules = rules;
	w.n = w.chars = 0;
	w.fn = fn;
	w.ctx = ctx;
	while (i < n) {
		uint32_t cp;
		size_t len = utf8_decode(s + i, n - i, &cp);

		if ((unsigned char)s[i] < 0x80)
			rc = add_ascii(&w, (unsigned char)s[i]);
		else if (len > 0)
			rc = bert_text_add_code_point(&w, cp);
		if (rc != 0)
			return rc;
		/* A byte that is no text is dropped, as U+FFFD would be. */
		i += len > 0 ? len : 1;
	}
	return end_word(&w);
}
