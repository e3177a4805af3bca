/* A text that contains the query has all of its pieces: those inside as they
 * are, the first as the end of a word, the last as the beginning of one, a
 * lone one anywhere in a word. The vocabulary tells which words those are; a
 * match of one word of each piece is a candidate, whose text is looked at. So is
 * a text with a word too long for the vocabulary. */
#include "memory-db/model/search/substring.h"

#include <string.h>

#include "common/text.h"

/* Pieces used; each one more only narrows the candidates. */
#define PIECES_USED 16
/* Bytes of a word looked up: so many trigrams are enough. */
#define PART_MAX 24

struct build {
	struct query_terms *t;
	struct store *st;
	struct err *e;
	int bound;
	int pieces;			      /* with a condition */
	enum { WHOLE_RARE, RARE, ALL } which; /* conditions made */
	struct buf tokens; /* of one piece, separated by spaces */
	struct buf stem;
	int found;
};

static bool
has_token(const struct buf *tokens, const char *s, size_t n)
{
	size_t at = 0;

	while (at < tokens->len) {
		const char *space =
			memchr(tokens->data + at, ' ', tokens->len - at);
		size_t end = (size_t)(space - tokens->data);

		if (end - at == n && memcmp(tokens->data + at, s, n) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

static int
substring_add_token(struct build *b, const char *s, size_t n)
{
	/* Neighbours in the vocabulary often share their stem. */
	if (b->found < 16 && has_token(&b->tokens, s, n))
		return 0;
	b->found++;
	if (buf_add(&b->tokens, s, n) < 0 || buf_addc(&b->tokens, ' ') < 0)
		return MDB_E_NOMEM;
	return 0;
}

static int
substring_add_term(void *ctx, const char *term, size_t n)
{
	struct build *b = ctx;

	if (text_stem(term, n, b->t->stem, &b->stem) < 0 ||
		substring_add_token(b, b->stem.data, b->stem.len) < 0)
		return err_nomem(b->e);
	return 0;
}

/* Appends the tokens collected as a condition. */
static int
add_condition(struct build *b, const char *op, bool is_prefix)
{
	struct buf *out = &b->t->match;
	size_t at = 0;
	int n = 0;

	if ((b->pieces++ > 0 && buf_adds(out, " AND ") < 0) ||
		buf_addc(out, '(') < 0)
		return MDB_E_NOMEM;
	while (at < b->tokens.len) {
		const char *s = b->tokens.data + at;
		const char *space = memchr(s, ' ', b->tokens.len - at);
		size_t len = space ? (size_t)(space - s) : b->tokens.len - at;

		if (buf_addf(out, "%s%s%s\"%.*s\"%s", n ? " " : "", n ? op : "",
			    n ? " " : "", (int)len, s,
			    is_prefix ? " *" : "") < 0)
			return MDB_E_NOMEM;
		n++;
		at += len + 1;
	}
	return buf_addc(out, ')');
}

/* Is a word (not stemmed) known to be common? The two rarest of a query never
 * count as that. */
static bool
is_common(struct build *b, const char *s, size_t n)
{
	const struct query_terms *t = b->t;

	if (text_is_stop(s, n))
		return true;
	if (text_stem(s, n, t->stem, &b->stem) < 0)
		return true; /* only a condition less */
	for (int i = 0; i < t->n; i++)
		if (t->words[i].n == b->stem.len &&
			memcmp(t->tokens.data + t->words[i].at, b->stem.data,
				b->stem.len) == 0)
			return i >= 2 && t->words[i].is_common;
	return false;
}

static int
word_condition(struct build *b, const struct text_piece *p)
{
	enum search_how how = p->at_start ? SEARCH_SUFFIX : SEARCH_PREFIX;
	const char *s = p->s;
	size_t n = p->n;
	int rc;

	if (!p->at_start && !p->at_end && n <= TEXT_WORD_MAX) {
		rc = substring_add_term(b, s, n);
		if (rc < 0)
			return rc;
		return add_condition(b, "OR", false) < 0 ? err_nomem(b->e) : 0;
	}
	if (p->at_start && p->at_end)
		how = SEARCH_INFIX;
	if (n > PART_MAX) {
		how = SEARCH_INFIX;
		n = text_cut(s, PART_MAX);
	}
	rc = search_terms(b->st, how, s, n, b->bound, substring_add_term, b,
		b->e);
	if (rc != 0) /* too many: no condition */
		return rc < 0 ? rc : 0;
	b->t->found += b->found;
	/* Long words are not in the vocabulary: any text with one may have it. */
	if (substring_add_token(b, TEXT_LONG, strlen(TEXT_LONG)) < 0)
		return err_nomem(b->e);
	return add_condition(b, "OR", false) < 0 ? err_nomem(b->e) : 0;
}

/* Runs are indexed as bigrams; the last character stands alone as well where
 * the run of the text ends with that of the query. */
static int
run_condition(struct build *b, const struct text_piece *p)
{
	size_t last;
	bool is_one;

	if (text_tokens(p->s, p->n, "", &b->tokens) < 0)
		return err_nomem(b->e);
	is_one = memchr(b->tokens.data, ' ', b->tokens.len) == NULL;
	if (p->at_end && !is_one) {
		for (last = b->tokens.len; b->tokens.data[last - 1] != ' ';)
			last--;
		b->tokens.len = last - 1;
	}
	if (add_condition(b, "AND",
		    p->kind == TEXT_CJK && p->at_end && is_one) < 0)
		return err_nomem(b->e);
	return 0;
}

static int
piece_condition(void *ctx, const struct text_piece *p)
{
	struct build *b = ctx;

	if (b->pieces >= PIECES_USED)
		return 1;
	b->tokens.len = 0;
	b->found = 0;
	if (b->which == WHOLE_RARE &&
		(p->kind != TEXT_WORD || p->at_start || p->at_end))
		return 0;
	if (b->which != ALL && p->kind == TEXT_WORD && is_common(b, p->s, p->n))
		return 0;
	return p->kind == TEXT_WORD ? word_condition(b, p)
				    : run_condition(b, p);
}

int
substring_init(struct query_terms *t, const struct query *q, struct store *st,
	int bound, struct err *e)
{
	struct build b = {.t = t, .st = st, .bound = bound, .e = e};
	int rc;

	/* Two rare words are condition enough, and where there are others,
	 * common words are none: FTS5 would walk through all their matches. */
	for (b.which = WHOLE_RARE;; b.which++) {
		b.pieces = 0;
		t->match.len = 0;
		t->found = 0;
		rc = text_pieces(q->text, q->n, piece_condition, &b);
		if (rc < 0 || b.which == ALL ||
			b.pieces >= (b.which == RARE ? 1 : 2))
			break;
	}
	buf_done(&b.tokens);
	buf_done(&b.stem);
	if (rc < 0)
		return rc == MDB_E_NOMEM ? err_nomem(e) : rc;
	t->substring = b.pieces == 0 ? SUBSTRING_SCAN : SUBSTRING_MATCH;
	return 0;
}
