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
#include "common/text_class.h"
#include "common/utf8.h"

/* Code points that one folds or decomposes to at most. */
#define DECOMPOSE_MAX 18

/* --- the scan ------------------------------------------------------------- */

struct text_words_scan {
	struct buf piece;
	enum text_class open; /* class of the piece begun, or TEXT_CLASS_NONE */
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
	static const enum text_kind kinds[] = {[TEXT_CLASS_WORD] = TEXT_WORD,
		[TEXT_CLASS_CJK] = TEXT_CJK,
		[TEXT_CLASS_SIGN] = TEXT_SIGN};
	struct text_piece p;

	if (sc->open == TEXT_CLASS_NONE || sc->piece.len == 0) {
		sc->open = TEXT_CLASS_NONE;
		return 0;
	}
	p = (struct text_piece){.kind = kinds[sc->open],
		.s = sc->piece.data,
		.n = sc->piece.len,
		.at_start = sc->begin == 0,
		.at_end = at == sc->n};
	sc->open = TEXT_CLASS_NONE;
	return sc->fn(sc->ctx, &p);
}

/* Adds to the piece of class c, which begins at byte `at` if it is new. */
static int
extend(struct text_words_scan *sc, enum text_class c, size_t at, const char *s,
	size_t n)
{
	if (sc->open != c || c == TEXT_CLASS_SIGN) {
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
			     : text_class_of(c) != TEXT_CLASS_WORD)
			continue;
		rc = extend(sc, TEXT_CLASS_WORD, at, s, utf8_encode(c, s));
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
add_folded(struct text_words_scan *sc, size_t at, uint32_t cp)
{
	enum text_class c;
	char s[4];

	if (cp < 0x80) {
		s[0] = (char)cp;
		return extend(sc, TEXT_CLASS_WORD, at, s, 1);
	}
	c = text_class_of(cp);
	switch (c) {
	case TEXT_CLASS_NONE:
		sc->dropped = SIZE_MAX;
		return flush(sc, at);
	case TEXT_CLASS_DROP:
		if (sc->open == TEXT_CLASS_NONE && sc->dropped == SIZE_MAX)
			sc->dropped = at;
		return 0;
	case TEXT_CLASS_WORD:
		return text_words_add_word(sc, at, cp);
	case TEXT_CLASS_CJK:
	case TEXT_CLASS_SIGN:
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

	if (sc->open != TEXT_CLASS_WORD) {
		rc = extend(sc, TEXT_CLASS_WORD, i, "", 0);
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

/* A run of ASCII letters and digits, a sign of ASCII, or a code point at byte
 * `at`: *ret_end is the byte behind it. */
static int
scan_next(struct text_words_scan *sc, const char *s, size_t at, size_t *ret_end)
{
	unsigned char c = (unsigned char)s[at];
	uint32_t cp;
	size_t len;

	if (c < 0x80 && ascii_word[c])
		return add_ascii_run(sc, s, at, ret_end);
	*ret_end = at + 1;
	if (c < 0x80) {
		sc->dropped = SIZE_MAX;
		return flush(sc, at);
	}
	len = utf8_decode(s + at, sc->n - at, &cp);
	if (len == 0) /* not valid: separates */
		return flush(sc, at);
	*ret_end = at + len;
	return text_words_add_code_point(sc, at, cp);
}

static int
scan_all(struct text_words_scan *sc, const char *s)
{
	for (size_t i = 0; i < sc->n;) {
		int rc = scan_next(sc, s, i, &i);

		if (rc != 0)
			return rc;
	}
	return flush(sc, sc->n);
}

int
text_pieces(const char *s, size_t n, text_piece_fn fn, void *ctx)
{
	struct text_words_scan sc = {.n = n,
		.dropped = SIZE_MAX,
		.fn = fn,
		.ctx = ctx};
	int rc = scan_all(&sc, s);

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

/* The tokens; of a row that has a word too long for one also the mark of that. */
static int
text_words_add_all(struct text_words_tokens *t, const char *s, size_t n,
	bool is_row)
{
	int rc = text_pieces(s, n, text_words_add_piece, t);

	if (rc != 0 || !is_row || !t->has_long)
		return rc;
	return text_words_add_token(t, TEXT_LONG, strlen(TEXT_LONG));
}

static int
text_words_make_tokens(const char *s, size_t n, const char *stem, bool is_row,
	struct buf *out)
{
	struct text_words_tokens t = {.stem = stem ? stem : "", .out = out};
	size_t before = out->len;
	int rc = text_words_add_all(&t, s, n, is_row);

	buf_done(&t.word);
	if (rc < 0) {
		out->len = before;
		return rc;
	}
	/* The last separator is not wanted. */
	if (out->len > before)
		out->len--;
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
