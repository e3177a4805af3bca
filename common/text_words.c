/* The one tokeniser of index and query.
 *
 * Each code point is folded, then classified, by itself alone; letters are
 * decomposed and their marks dropped. A piece is a maximal run of one class
 * (one code point for signs). Dropped code points neither end a piece nor
 * stand in it, but a piece touches the end of the text across them: cut
 * between a letter and its mark, both halves still count as cut. */
#include "common/text.h"

#include <string.h>
#include <utf8proc.h>

#include "common/err.h"
#include "common/utf8.h"

/* Code points that one folds or decomposes to at most. */
#define DECOMPOSE_MAX 18

enum char_class { CC_NONE, CC_DROP, CC_WORD, CC_CJK, CC_SIGN };

/* Scripts written without spaces; sorted. Marks in them carry vowels and
 * tones, so they stay. */
static const struct {
	uint32_t first, last;
} unspaced[] = {
	{0x0e01, 0x0e5b}, /* Thai */
	{0x0e80, 0x0eff}, /* Lao */
	{0x1000, 0x109f}, /* Myanmar */
	{0x1100, 0x11ff}, /* Hangul Jamo */
	{0x1780, 0x17ff}, /* Khmer */
	{0x2e80, 0x2fdf}, /* Han radicals */
	{0x3005, 0x3007}, /* iteration marks, zero */
	{0x3021, 0x3029}, {0x3031, 0x3035}, {0x3038, 0x303c}, {0x3041, 0x3096},
	{0x309d, 0x309f},		    /* Hiragana */
	{0x30a1, 0x30fa}, {0x30fc, 0x30ff}, /* Katakana */
	{0x3105, 0x312f},		    /* Bopomofo */
	{0x3131, 0x318e},		    /* Hangul letters */
	{0x31a0, 0x31bf}, {0x31f0, 0x31ff}, {0x3400, 0x4dbf},
	{0x4e00, 0x9fff},		    /* Han */
	{0xa960, 0xa97f},		    /* Jamo */
	{0xa9e0, 0xa9ff}, {0xaa60, 0xaa7f}, /* Myanmar */
	{0xac00, 0xd7ff},		    /* Hangul syllables, Jamo */
	{0xf900, 0xfaff},		    /* Han, compatibility */
	{0xff66, 0xffdc},		    /* halfwidth kana and Hangul */
	{0x1aff0, 0x1b16f},		    /* kana */
	{0x20000, 0x3ffff},		    /* Han */
};

static bool
is_unspaced(uint32_t cp)
{
	size_t low = 0, high = ARRAY_LEN(unspaced);

	if (cp < unspaced[0].first)
		return false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cp > unspaced[mid].last)
			low = mid + 1;
		else if (cp < unspaced[mid].first)
			high = mid;
		else
			return true;
	}
	return false;
}

/* Vowel signs and viramas of Indic scripts are part of the word; accents,
 * points and keycaps are not. */
static enum char_class
mark_class(const utf8proc_property_t *p)
{
	if (p->category == UTF8PROC_CATEGORY_ME)
		return CC_DROP;
	return p->combining_class == 0 || p->combining_class == 9 ? CC_WORD
								  : CC_DROP;
}

/* cp > 0x7f */
static enum char_class
text_words_class_of(uint32_t cp)
{
	const utf8proc_property_t *p =
		utf8proc_get_property((utf8proc_int32_t)cp);

	if (p->ignorable)
		return CC_DROP;
	switch ((utf8proc_category_t)p->category) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return is_unspaced(cp) ? CC_CJK : CC_WORD;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return is_unspaced(cp) ? CC_CJK : mark_class(p);
	case UTF8PROC_CATEGORY_SO:
		return is_unspaced(cp) ? CC_CJK : CC_SIGN;
	case UTF8PROC_CATEGORY_SM:
	case UTF8PROC_CATEGORY_SC:
	case UTF8PROC_CATEGORY_SK:
	/* Not assigned yet, or by somebody else: most likely new emoji. */
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CO:
		return CC_SIGN;
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
		break;
	}
	return CC_NONE;
}

/* --- the scan ------------------------------------------------------------- */

struct text_words_scan {
	struct buf piece;
	enum char_class open; /* class of the piece begun, or CC_NONE */
	size_t begin;	      /* where it begins in the text */
	size_t dropped;	      /* first of the code points just dropped before
				   a piece, or SIZE_MAX */
	size_t n;	      /* length of the text */
	text_piece_fn fn;
	void *ctx;
};

/* Ends the piece begun, if any, before byte `at` of the text. */
static int
flush(struct text_words_scan *sc, size_t at)
{
	static const enum text_kind kinds[] = {[CC_WORD] = TEXT_WORD,
		[CC_CJK] = TEXT_CJK,
		[CC_SIGN] = TEXT_SIGN};
	struct text_piece p;

	if (sc->open == CC_NONE || sc->piece.len == 0) {
		sc->open = CC_NONE;
		return 0;
	}
	p = (struct text_piece){.kind = kinds[sc->open],
		.s = sc->piece.data,
		.n = sc->piece.len,
		.at_start = sc->begin == 0,
		.at_end = at == sc->n};
	sc->open = CC_NONE;
	return sc->fn(sc->ctx, &p);
}

/* Adds to the piece of class c, which begins at byte `at` if it is new. */
static int
extend(struct text_words_scan *sc, enum char_class c, size_t at, const char *s,
	size_t n)
{
	if (sc->open != c || c == CC_SIGN) {
		int rc = flush(sc, at);
		if (rc != 0)
			return rc;
		sc->open = c;
		sc->begin = sc->dropped < at ? sc->dropped : at;
		sc->dropped = SIZE_MAX;
		sc->piece.len = 0;
	}
	return buf_add(&sc->piece, s, n);
}

/* A letter, digit or mark: decomposed, marks dropped. */
static int
text_words_add_word(struct text_words_scan *sc, size_t at, uint32_t cp)
{
	utf8proc_int32_t to[DECOMPOSE_MAX];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, to,
		DECOMPOSE_MAX, UTF8PROC_DECOMPOSE, &boundary);

	if (n < 0 || n > DECOMPOSE_MAX) {
		n = 1;
		to[0] = (utf8proc_int32_t)cp;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		uint32_t c = (uint32_t)to[i];
		char s[4];
		int rc;

		/* Nothing may get in at which FTS5 would split. */
		if (c < 0x80 ? !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			     : text_words_class_of(c) != CC_WORD)
			continue;
		rc = extend(sc, CC_WORD, at, s, utf8_encode(c, s));
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
add_folded(struct text_words_scan *sc, size_t at, uint32_t cp)
{
	enum char_class c;
	char s[4];

	if (cp < 0x80) {
		s[0] = (char)cp;
		return extend(sc, CC_WORD, at, s, 1);
	}
	c = text_words_class_of(cp);
	switch (c) {
	case CC_NONE:
		sc->dropped = SIZE_MAX;
		return flush(sc, at);
	case CC_DROP:
		if (sc->open == CC_NONE && sc->dropped == SIZE_MAX)
			sc->dropped = at;
		return 0;
	case CC_WORD:
		return text_words_add_word(sc, at, cp);
	case CC_CJK:
	case CC_SIGN:
		break;
	}
	return extend(sc, c, at, s, utf8_encode(cp, s));
}

/* One code point above ASCII at byte `at`. */
static int
text_words_add_code_point(struct text_words_scan *sc, size_t at, uint32_t cp)
{
	utf8proc_int32_t to[DECOMPOSE_MAX];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, to,
		DECOMPOSE_MAX, UTF8PROC_CASEFOLD, &boundary);

	if (n == 1)
		return add_folded(sc, at, (uint32_t)to[0]);
	if (n < 0 || n > DECOMPOSE_MAX)
		return add_folded(sc, at, cp);
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		int rc = add_folded(sc, at, (uint32_t)to[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Folded letter or digit, or 0. */
static const char ascii_word[128] = {['0'] = '0',
	['1'] = '1',
	['2'] = '2',
	['3'] = '3',
	['4'] = '4',
	['5'] = '5',
	['6'] = '6',
	['7'] = '7',
	['8'] = '8',
	['9'] = '9',
	['A'] = 'a',
	['B'] = 'b',
	['C'] = 'c',
	['D'] = 'd',
	['E'] = 'e',
	['F'] = 'f',
	['G'] = 'g',
	['H'] = 'h',
	['I'] = 'i',
	['J'] = 'j',
	['K'] = 'k',
	['L'] = 'l',
	['M'] = 'm',
	['N'] = 'n',
	['O'] = 'o',
	['P'] = 'p',
	['Q'] = 'q',
	['R'] = 'r',
	['S'] = 's',
	['T'] = 't',
	['U'] = 'u',
	['V'] = 'v',
	['W'] = 'w',
	['X'] = 'x',
	['Y'] = 'y',
	['Z'] = 'z',
	['a'] = 'a',
	['b'] = 'b',
	['c'] = 'c',
	['d'] = 'd',
	['e'] = 'e',
	['f'] = 'f',
	['g'] = 'g',
	['h'] = 'h',
	['i'] = 'i',
	['j'] = 'j',
	['k'] = 'k',
	['l'] = 'l',
	['m'] = 'm',
	['n'] = 'n',
	['o'] = 'o',
	['p'] = 'p',
	['q'] = 'q',
	['r'] = 'r',
	['s'] = 's',
	['t'] = 't',
	['u'] = 'u',
	['v'] = 'v',
	['w'] = 'w',
	['x'] = 'x',
	['y'] = 'y',
	['z'] = 'z'};

/* A run of ASCII letters and digits at byte i, most of all texts: *ret_end is
 * the byte behind it. */
static int
add_ascii_run(struct text_words_scan *sc, const char *s, size_t i,
	size_t *ret_end)
{
	size_t k = i;
	char *to;
	int rc;

	if (sc->open != CC_WORD) {
		rc = extend(sc, CC_WORD, i, "", 0);
		if (rc != 0)
			return rc;
	}
	while (k < sc->n && (unsigned char)s[k] < 0x80 &&
		ascii_word[(unsigned char)s[k]])
		k++;
	if (buf_reserve(&sc->piece, k - i) < 0)
		return MDB_E_NOMEM;
	to = sc->piece.data + sc->piece.len;
	for (size_t j = i; j < k; j++)
		*to++ = ascii_word[(unsigned char)s[j]];
	sc->piece.len += k - i;
	*ret_end = k;
	return 0;
}

int
text_pieces(const char *s, size_t n, text_piece_fn fn, void *ctx)
{
	struct text_words_scan sc = {.n = n,
		.dropped = SIZE_MAX,
		.fn = fn,
		.ctx = ctx};
	size_t i = 0;
	int rc = 0;

	while (i < n && rc == 0) {
		unsigned char c = (unsigned char)s[i];
		uint32_t cp;
		size_t len;

		if (c < 0x80) {
			if (ascii_word[c]) {
				rc = add_ascii_run(&sc, s, i, &i);
				continue;
			}
			sc.dropped = SIZE_MAX;
			rc = flush(&sc, i++);
			continue;
		}
		len = utf8_decode(s + i, n - i, &cp);
		if (len == 0) /* not valid: separates */
			rc = flush(&sc, i++);
		else
			rc = text_words_add_code_point(&sc, i, cp);
		i += len;
	}
	if (rc == 0)
		rc = flush(&sc, n);
	buf_done(&sc.piece);
	return rc;
}

/* --- index tokens --------------------------------------------------------- */

struct text_words_tokens {
	const char *stem;
	struct buf *out;
	struct buf word; /* the stem of the present word */
	bool has_long;
};

static int
text_words_add_token(struct text_words_tokens *t, const char *s, size_t n)
{
	if (buf_reserve(t->out, n + 1) < 0)
		return MDB_E_NOMEM;
	memcpy(t->out->data + t->out->len, s, n);
	t->out->data[t->out->len + n] = ' ';
	t->out->len += n + 1;
	return 0;
}

/* Any part of up to half a chunk stands whole in some chunk. */
static int
add_chunks(struct text_words_tokens *t, const char *s, size_t n)
{
	size_t begin = 0;

	for (size_t at = 0;; at += TEXT_WORD_MAX / 2) {
		size_t end;

		begin = utf8_cut(s, at);
		end = n - at <= TEXT_WORD_MAX ? n
					      : utf8_cut(s, at + TEXT_WORD_MAX);
		if (text_words_add_token(t, s + begin, end - begin) < 0)
			return MDB_E_NOMEM;
		if (end == n)
			return 0;
	}
}

static int
add_bigrams(struct text_words_tokens *t, const char *s, size_t n)
{
	size_t i = 0, len;
	uint32_t cp;

	while (i < n) {
		len = utf8_decode(s + i, n - i, &cp);
		/* of the next one; 0 at the end */
		if (text_words_add_token(t, s + i,
			    len + utf8_decode(s + i + len, n - i - len, &cp)) <
			0)
			return MDB_E_NOMEM;
		i += len;
	}
	return 0;
}

static int
text_words_add_piece(void *ctx, const struct text_piece *p)
{
	struct text_words_tokens *t = ctx;

	switch (p->kind) {
	case TEXT_CJK:
		return add_bigrams(t, p->s, p->n);
	case TEXT_SIGN:
		return text_words_add_token(t, p->s, p->n);
	case TEXT_WORD:
		break;
	}
	if (p->n > TEXT_WORD_MAX) {
		t->has_long = true;
		return add_chunks(t, p->s, p->n);
	}
	if (*t->stem == '\0')
		return text_words_add_token(t, p->s, p->n);
	if (text_stem(p->s, p->n, t->stem, &t->word) < 0)
		return MDB_E_NOMEM;
	return text_words_add_token(t, t->word.data, t->word.len);
}

static int
text_words_make_tokens(const char *s, size_t n, const char *stem, bool is_row,
	struct buf *out)
{
	struct text_words_tokens t = {.stem = stem ? stem : "", .out = out};
	size_t before = out->len;
	int rc = text_pieces(s, n, text_words_add_piece, &t);

	if (rc == 0 && is_row && t.has_long)
		rc = text_words_add_token(&t, TEXT_LONG, strlen(TEXT_LONG));
	buf_done(&t.word);
	/* The last separator is not wanted. */
	if (rc == 0 && out->len > before)
		out->len--;
	else if (rc < 0)
		out->len = before;
	return rc;
}

int
text_tokens(const char *s, size_t n, const char *stem, struct buf *out)
{
	return text_words_make_tokens(s, n, stem, false, out);
}

int
text_row_tokens(const char *s, size_t n, const char *stem, struct buf *out)
{
	return text_words_make_tokens(s, n, stem, true, out);
}
