/* Behind the ranked part: everything else that is found, newest match first.
 *
 * Facts are read by falling id. An entity stands at the newest of its facts
 * that is found; one that is met at an older fact has been on an earlier page,
 * which its newer facts tell: no page needs to know what came before. */
#include "common/text.h"
#include "memory-db/model/search/search_internal.h"
#include "memory-db/store/facts/labels.h"

/* Ids looked at in one go when every text must be read. */
#define BLOCK 4096

struct tail {
	struct searching *s;
	int which;
	int64_t from;	   /* facts >= from were on earlier pages; 0 */
	struct idmap seen; /* entities met on this page */
	struct buf tokens, type;
	/* Facts of the present block that have a word. */
	struct idmap words;
	bool scan;
};

static int64_t
position(const struct tail *t)
{
	return POSITION_TAIL | searching_how(t->s);
}

/* --- has an earlier page had it ------------------------------------------- */

static int
search_tail_has_word(struct tail *t, const char *s, size_t n)
{
	uint32_t mask = 0;

	if (query_mask(&t->s->terms[t->which], s, n, &t->tokens, &mask) < 0)
		return err_nomem(t->s->e);
	return mask != 0;
}

#define FOUND 2

/* FOUND, 0 or negative. */
static int
search_tail_is_found(void *ctx, const struct fact *f)
{
	struct tail *t = ctx;
	int rc = searching_verify_fact(t->s, f);

	if (rc != 0)
		return rc > 0 ? FOUND : rc;
	if (t->s->terms[t->which].n == 0)
		return 0;
	if (!f->erased)
		rc = search_tail_has_word(t, f->text, f->text_n);
	if (rc != 0)
		return rc > 0 ? FOUND : rc;
	if (f->kind == FACT_EXISTENCE) {
		t->type.len = 0;
		rc = label_text(t->s->st, f->label, &t->type, t->s->e);
		if (rc > 0)
			rc = search_tail_has_word(t,
				t->type.data ? t->type.data : "", t->type.len);
	}
	return rc > 0 ? FOUND : rc;
}

static int
check_newer(void *ctx, const struct search_row *row)
{
	struct tail *t = ctx;
	int rc = search_text(t->s->st, row->fact, search_tail_is_found, t,
		t->s->e);

	/* search_text() says 1 when the callback said 0. */
	return rc == 1 ? 0 : rc;
}

/* --- a fact that is found ------------------------------------------------- */

static int
search_tail_give(struct tail *t, const struct search_row *row)
{
	struct searching *s = t->s;
	int rc;

	if (idmap_get(&s->index, row->entity, NULL) ||
		idmap_get(&t->seen, row->entity, NULL))
		return 0;
	if (idmap_put(&t->seen, row->entity, 1) < 0)
		return err_nomem(s->e);
	rc = searching_passes(s, row->entity);
	if (rc <= 0)
		return rc;
	if (t->from > 0) {
		rc = search_facts_of(s->st, row->entity, t->from, check_newer,
			t, s->e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return searching_give(s, row->entity, 0, position(t), row->fact + 1);
}

static int
tail_row(void *ctx, const struct search_row *row)
{
	struct tail *t = ctx;
	struct searching *s = t->s;
	int rc = 1;

	if (searching_late(s)) {
		s->ret->partial = true;
		return searching_stop(s, position(t), row->fact + 1);
	}
	if (idmap_get(&s->index, row->entity, NULL) ||
		idmap_get(&t->seen, row->entity, NULL))
		return 0;
	if (t->scan ? !idmap_get(&t->words, row->fact, NULL)
		    : (row->name | row->body) == 0)
		rc = searching_verify(s, row->fact);
	return rc > 0 ? search_tail_give(t, row) : rc;
}

/* --- the two ways to find facts ------------------------------------------- */

/* One expression finds both: rows with a word need no look at their text. */
static int
tail_match(struct tail *t, const struct search_range *range)
{
	const struct query_terms *q = &t->s->terms[t->which];
	AUTO_BUF struct buf text = {0};
	struct search_match match = {.words = q->n > 0 ? q->n : 1,
		.counted = q->n};
	bool has_match = q->substring == SUBSTRING_MATCH;

	if (query_expression(q, 0, q->n, "OR", &text) < 0 ||
		(q->n > 0 && has_match && buf_adds(&text, " OR (") < 0) ||
		(has_match &&
			buf_add(&text, q->match.data, q->match.len) < 0) ||
		(q->n > 0 && has_match && buf_addc(&text, ')') < 0))
		return err_nomem(t->s->e);
	if (text.len == 0)
		return 0;
	match.looked_at = has_match;
	match.text = text.data;
	match.n = text.len;
	return search_match(t->s->st, range, &match, tail_row, t, t->s->e);
}

static int
note_words(void *ctx, const struct search_row *row)
{
	struct tail *t = ctx;

	return idmap_put(&t->words, row->fact, 1) < 0 ? err_nomem(t->s->e) : 0;
}

/* Every text is read, block by block; words come from the index. */
static int
tail_scan(struct tail *t, const struct search_range *range)
{
	const struct query_terms *q = &t->s->terms[t->which];
	AUTO_BUF struct buf text = {0};
	struct search_match match = {.words = 1};
	struct search_range block = *range;
	int rc = 0;

	if (query_expression(q, 0, q->n, "OR", &text) < 0)
		return err_nomem(t->s->e);
	match.text = text.data;
	match.n = text.len;
	for (; block.hi >= range->lo; block.hi = block.lo - 1) {
		block.lo = block.hi - BLOCK + 1;
		if (block.lo < range->lo)
			block.lo = range->lo;
		idmap_done(&t->words);
		if (text.len > 0)
			rc = search_match(t->s->st, &block, &match, note_words,
				t, t->s->e);
		if (rc != 0)
			return rc;
		rc = search_facts(t->s->st, &block, tail_row, t, t->s->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
tail_each(struct tail *t, int64_t b)
{
	struct searching *s = t->s;

	for (int k = 0; k < 2; k++) {
		struct search_range range = s->range[k];
		int rc;

		/* A position in the second namespace: the first is done. */
		if (!s->has_terms[k] || s->is_few[k] ||
			(k == 0 && b > 0 && s->has_terms[1] &&
				fact_namespace(b) == s->range[1].ns))
			continue;
		t->from = 0;
		if (b > 0 && fact_namespace(b) == range.ns) {
			t->from = b;
			range.hi = b - 1 < range.hi ? b - 1 : range.hi;
		}
		t->which = k;
		t->scan = s->terms[k].substring == SUBSTRING_SCAN;
		rc = t->scan ? tail_scan(t, &range) : tail_match(t, &range);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
search_tail(struct searching *s, int64_t b)
{
	struct tail t = {.s = s, .from = b};
	int rc = tail_each(&t, b);

	idmap_done(&t.seen);
	idmap_done(&t.words);
	buf_done(&t.tokens);
	buf_done(&t.type);
	return rc;
}
