/* A query is taken apart: its words, and what a text with all of it must
 * have.
 *
 * For example `green Te` becomes the words "green" and "te" and an
 * expression for the index, "green" AND "te"*: the last word may be
 * unfinished, and so a text that holds the query as a part holds whole words
 * but for the two at the ends. The index only proposes candidates; the text
 * decides. */
#include "memory-db/model/search/query.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "memory-db/model/search/query_spelling.h"
#include "memory-db/model/search/substring.h"
#include "memory-db/store/facts/labels.h"

/* Words looked at; the rarest SEARCH_WORDS of those that occur are used. As many
 * as a query of LIMIT_QUERY_BYTES can have, almost. */
#define WORDS_COUNTED 1400
/* Words that are nowhere weigh as so many at most, or as those that are
 * somewhere, if these are more: a few tell that the question is about something
 * else, many that it is long. */
#define UNKNOWN_MOST 6
/* The share of its weight that a word gets which is spelt almost like one
 * asked for. */
#define NEAR_WEIGHT 0.6

int
query_init(struct query *q, const char *text, size_t n, bool trim,
	struct err *e)
{
	*q = (struct query){0};
	while (trim && n > 0 && isspace((unsigned char)text[0])) {
		text++;
		n--;
	}
	while (trim && n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	q->text = text;
	q->n = n;
	return text_fold(text, n, &q->fold) < 0 ? err_nomem(e) : 0;
}

void
query_done(struct query *q)
{
	buf_done(&q->fold);
}

/* text_fold() of a text in ASCII, most of all. False: it is not. */
static bool
fold_ascii(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x80)
			return false;
		out->data[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	out->len = n;
	return true;
}

int
query_is_in(const struct query *q, const char *s, size_t n, struct buf *tmp)
{
	tmp->len = 0;
	if (q->fold.len == 0)
		return 1;
	if (buf_reserve(tmp, n + 1) < 0)
		return MDB_E_NOMEM;
	if (!fold_ascii(s, n, tmp) && text_fold(s, n, tmp) < 0)
		return MDB_E_NOMEM;
	return tmp->len >= q->fold.len &&
	       memmem(tmp->data, tmp->len, q->fold.data, q->fold.len) != NULL;
}

/* --- words ---------------------------------------------------------------- */

struct collected {
	struct query_word w;
	size_t raw, raw_n; /* the word not stemmed, in raw; 0: no word */
};
struct collect {
	struct query_terms *t;
	struct collected *words; /* owned; WORDS_COUNTED */
	int n;
	struct buf raw;
	bool all; /* stop words too */
	bool english;
	int bound; /* of a word that is not common */
};

static int
query_add_word(struct collect *c, size_t at, size_t n,
	const struct text_piece *p)
{
	const char *tokens = c->t->tokens.data;
	struct collected *x;

	for (int i = 0; i < c->n; i++)
		if (c->words[i].w.n == n &&
			memcmp(tokens + c->words[i].w.at, tokens + at, n) == 0)
			return 0;
	if (c->n == WORDS_COUNTED)
		return 0;
	x = &c->words[c->n++];
	*x = (struct collected){.w = {.at = at, .n = n}, .raw = c->raw.len};
	if (p->kind != TEXT_WORD || p->n > TEXT_WORD_MAX)
		return 0;
	x->raw_n = p->n;
	return buf_add(&c->raw, p->s, p->n);
}

static int
collect_piece(void *ctx, const struct text_piece *p)
{
	struct collect *c = ctx;
	struct buf *tokens = &c->t->tokens;
	size_t at = tokens->len, end;
	int added = 0;

	if (p->kind == TEXT_WORD && !c->all && c->english &&
		text_is_stop(p->s, p->n))
		return 0;
	if (text_tokens(p->s, p->n, c->t->stem, tokens) < 0)
		return MDB_E_NOMEM;
	for (; at < tokens->len; at = end + 1) {
		const char *space =
			memchr(tokens->data + at, ' ', tokens->len - at);

		end = space ? (size_t)(space - tokens->data) : tokens->len;
		/* The last character of a run stands alone in the index only
		 * where a run of a text ends, too. */
		if (p->kind == TEXT_CJK && end == tokens->len && added > 0)
			break;
		added++;
		if (query_add_word(c, at, end - at, p) < 0)
			return MDB_E_NOMEM;
	}
	/* Tokens of pieces do not run into one another. */
	return buf_addc(tokens, ' ');
}

static int
query_count_word(struct collect *c, struct query_word *w, struct store *st,
	const struct search_range *range, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	struct search_match match = {.words = 1, .counted = 1};
	int64_t lowest;
	int rc;

	if (buf_addf(&text, "\"%.*s\"", (int)w->n, c->t->tokens.data + w->at) <
		0)
		return err_nomem(e);
	match.text = text.data;
	match.n = text.len;
	rc = search_count(st, range, &match, c->bound, &w->count, &lowest, e);
	if (rc < 0 || w->count < c->bound)
		return rc;
	w->is_common = true;
	w->count = (int64_t)((double)w->count *
			     (double)(range->hi - range->lo + 1) /
			     (double)(range->hi - lowest + 1));
	return 0;
}

static int
rarest_first(const void *a, const void *b)
{
	const struct query_word *x = &((const struct collected *)a)->w;
	const struct query_word *y = &((const struct collected *)b)->w;

	if (x->is_common != y->is_common)
		return x->is_common ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at; /* as in the query */
}

static int
unknown_words(const struct query_terms *t)
{
	int most = t->n > UNKNOWN_MOST ? t->n : UNKNOWN_MOST;

	return t->unknown < most ? t->unknown : most;
}

int
query_words(const struct query_terms *t)
{
	int n = t->n + unknown_words(t);

	return n > 0 ? n : 1;
}

uint32_t
query_near_words(const struct query_terms *t)
{
	uint32_t mask = 0;

	for (int i = 0; i < t->n; i++)
		mask |= t->words[i].is_near ? UINT32_C(1) << i : 0;
	return mask;
}

static double
weight_of_count(double facts, double count)
{
	return log(1 + (fmax(facts - count, 0) + 0.5) / (count + 0.5));
}

static void
query_weigh(struct query_terms *t, const struct search_range *range)
{
	double facts = (double)(range->hi - range->lo) + 1;
	double unknown = weight_of_count(facts, 0) * unknown_words(t);
	double sum = unknown;

	for (int i = 0; i < t->all; i++) {
		struct query_word *w = &t->words[i];

		w->weight = i < t->n ? weight_of_count(facts, (double)w->count)
				     : unknown / t->unknown;
		sum += i < t->n ? w->weight : 0;
		if (w->is_near)
			w->weight *= NEAR_WEIGHT;
	}
	for (int i = 0; i < t->all; i++)
		t->words[i].weight /= sum;
}

/* The count of a word; one that nothing has is taken for the nearest. */
static int
count_or_spell(struct collect *c, struct collected *x, struct store *st,
	const struct search_range *range, bool near, int *looked, struct err *e)
{
	int r = query_count_word(c, &x->w, st, range, e);

	if (r != 0 || x->w.count != 0 || !near || x->raw_n == 0 ||
		*looked >= QUERY_NEAR_MOST)
		return r;
	r = query_spelling(c->t, st, c->raw.data + x->raw, x->raw_n, &x->w, e);
	*looked += r != QUERY_NEAR_NOT;
	if (r == 1)
		return query_count_word(c, &x->w, st, range, e);
	return r < 0 ? r : 0;
}

/* Words that are nowhere go to the end, in order. Of the first few one that is spelt
 * almost alike is looked for; it takes their place. */
static int
query_drop_unknown(struct collect *c, struct store *st,
	const struct search_range *range, bool near, struct err *e)
{
	struct query_terms *t = c->t;
	int known = 0, looked = 0;

	for (int i = 0; i < c->n; i++) {
		struct collected *x = &c->words[i];
		int r = count_or_spell(c, x, st, range, near, &looked, e);

		if (r < 0)
			return r;
		if (x->w.count > 0) {
			struct collected found = *x;

			memmove(c->words + known + 1, c->words + known,
				(size_t)(i - known) * sizeof(found));
			c->words[known++] = found;
		}
	}
	t->unknown = c->n - known;
	return 0;
}

static int
query_words_of(struct collect *c, struct query_terms *t, const struct query *q,
	struct store *st, const struct search_range *range, bool near,
	struct err *e)
{
	int known, rc;

	/* The stop words are English; without stemming nothing else is known
	 * of the language, and English is the likely one. */
	c->english = t->stem[0] == '\0' || strcmp(t->stem, "english") == 0;
	if (text_pieces(q->text, q->n, collect_piece, c) < 0)
		return err_nomem(e);
	if (c->n == 0) {
		c->all = true;
		if (text_pieces(q->text, q->n, collect_piece, c) < 0)
			return err_nomem(e);
	}
	rc = query_drop_unknown(c, st, range, near, e);
	if (rc < 0)
		return rc;
	known = c->n - t->unknown;
	if (known > 1)
		qsort(c->words, (size_t)known, sizeof(c->words[0]),
			rarest_first);
	t->n = known < SEARCH_WORDS ? known : SEARCH_WORDS;
	for (int i = 0; i < t->n; i++)
		t->words[i] = c->words[i].w;
	t->all = t->n;
	for (int i = known; i < c->n && t->all < SEARCH_WORDS; i++)
		t->words[t->all++] = c->words[i].w;
	query_weigh(t, range);
	return 0;
}

static int
words_init(struct query_terms *t, const struct query *q, struct store *st,
	const struct search_range *range, int bound, bool near, struct err *e)
{
	struct collect c = {.t = t, .bound = bound};
	int rc;

	c.words = calloc(WORDS_COUNTED, sizeof(*c.words));
	rc = c.words ? query_words_of(&c, t, q, st, range, near, e)
		     : err_nomem(e);
	free(c.words);
	buf_done(&c.raw);
	return rc;
}

int
query_terms_init(struct query_terms *t, const struct query *q, struct store *st,
	const struct search_range *range, int common_bound, int terms_bound,
	bool near, struct err *e)
{
	int rc;

	*t = (struct query_terms){0};
	rc = namespace_stem(st, range->ns, t->stem, e);
	if (rc >= 0 && common_bound > 0)
		rc = words_init(t, q, st, range, common_bound, near, e);
	if (rc >= 0 && terms_bound > 0)
		rc = substring_init(t, q, st, terms_bound, e);
	if (rc < 0)
		query_terms_done(t);
	return rc < 0 ? rc : 0;
}

void
query_terms_done(struct query_terms *t)
{
	buf_done(&t->tokens);
	buf_done(&t->match);
}

int
query_expression(const struct query_terms *t, int from, int to, const char *op,
	struct buf *out)
{
	for (int i = from; i < to; i++) {
		const struct query_word *w = &t->words[i];

		if (buf_addf(out, "%s%s%s\"%.*s\"", i > from ? " " : "",
			    i > from ? op : "", i > from ? " " : "", (int)w->n,
			    t->tokens.data + w->at) < 0)
			return MDB_E_NOMEM;
	}
	return 0;
}

int
query_mask(const struct query_terms *t, const char *s, size_t n,
	struct buf *tmp, uint32_t *ret)
{
	uint32_t mask = 0;
	size_t at, end;

	tmp->len = 0;
	if (text_tokens(s, n, t->stem, tmp) < 0)
		return MDB_E_NOMEM;
	for (at = 0; at < tmp->len; at = end + 1) {
		const char *space = memchr(tmp->data + at, ' ', tmp->len - at);

		end = space ? (size_t)(space - tmp->data) : tmp->len;
		for (int i = 0; i < t->n; i++)
			if (t->words[i].n == end - at &&
				memcmp(t->tokens.data + t->words[i].at,
					tmp->data + at, end - at) == 0)
				mask |= UINT32_C(1) << i;
	}
	*ret = mask;
	return 0;
}
