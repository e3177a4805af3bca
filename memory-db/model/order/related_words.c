/* Words that facts of two entities share, and names of one in facts of the
 * other. Candidates come from recall, which takes the rarest words of a text;
 * how rare a word is here follows from how many of the candidates have it. */
#include <math.h>
#include <string.h>

#include "common/text.h"
#include "memory-db/model/order/related_internal.h"
#include "memory-db/model/recall/recall_candidates.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/index/recall.h"

#define CANDIDATES 200
/* Facts of the start that are read, the newest. */
#define OWN_FACTS 12
/* Shorter words and names say little. */
#define WORD_LEAST 3

#define LIKELY_WORDS 0.6 /* of two words that nobody else has */
#define LIKELY_NAME  0.5

struct related_texts {
	struct relating *x;
	char stem[NAMESPACE_STEM_SIZE];
	struct buf own;	   /* texts of the start */
	struct buf folded; /* the same, to find names in */
	struct buf name;   /* of the start, folded */
	struct buf space;
	uint64_t found; /* words of the start in the text that is read */
};

static void
related_texts_done(struct related_texts *t)
{
	buf_done(&t->own);
	buf_done(&t->folded);
	buf_done(&t->name);
	buf_done(&t->space);
}
#define AUTO_TEXTS __attribute__((cleanup(related_texts_done)))

/* --- words ----------------------------------------------------------------- */
/* The stem of a piece in t->space; 0: it says nothing. */
static int
related_stem(struct related_texts *t, const struct text_piece *p)
{
	if (p->kind == TEXT_SIGN || p->n < WORD_LEAST || p->n > TEXT_WORD_MAX ||
		text_is_stop(p->s, p->n))
		return 0;
	return text_stem(p->s, p->n, t->stem, &t->space) != 0 ||
			       !buf_str(&t->space)
		       ? err_nomem(t->x->e)
		       : 1;
}

static size_t
related_word_place(const struct related *r, const char *word)
{
	size_t i = 0;

	while (i < r->words_n && strcmp(r->words[i].word, word) != 0)
		i++;
	return i;
}

static int
related_own_word(void *ctx, const struct text_piece *p)
{
	struct related_texts *t = ctx;
	struct related *r = t->x->ret;
	int rc = related_stem(t, p);

	if (rc != 1 || r->words_n == RELATED_WORDS_MAX)
		return rc < 0 ? rc : 0;
	if (related_word_place(r, t->space.data) < r->words_n)
		return 0;
	r->words[r->words_n].word = strdup(t->space.data);
	if (!r->words[r->words_n].word)
		return err_nomem(t->x->e);
	r->words_n++;
	return 0;
}

static int
related_other_word(void *ctx, const struct text_piece *p)
{
	struct related_texts *t = ctx;
	int rc = related_stem(t, p);
	size_t at;

	if (rc != 1)
		return rc;
	at = related_word_place(t->x->ret, t->space.data);
	if (at < t->x->ret->words_n)
		t->found |= UINT64_C(1) << at;
	return 0;
}

/* --- the start ------------------------------------------------------------- */
static int
related_read_own(struct related_texts *t)
{
	const struct related_request *q = t->x->request;
	int64_t facts[OWN_FACTS];
	int n = 0, rc = 0;

	if (q->entity != 0)
		rc = recall_newest_of(t->x->st, q->entity, INT64_MAX, OWN_FACTS,
			facts, &n, t->x->e);
	else if (buf_add(&t->own, q->text, q->text_n) != 0)
		rc = err_nomem(t->x->e);
	if (rc < 0)
		return rc;
	for (int i = 0; i < n; i++) {
		struct recall_row row;

		rc = recall_row(t->x->st, facts[i], &row, t->x->e);
		if (rc < 0)
			return rc;
		if (rc == 1 && (buf_add(&t->own, row.text, row.text_n) != 0 ||
				       buf_addc(&t->own, '\n') != 0))
			return err_nomem(t->x->e);
	}
	if (!buf_str(&t->own) ||
		text_fold(t->own.data, t->own.len, &t->folded) != 0 ||
		!buf_str(&t->folded) ||
		text_fold(q->name, strlen(q->name), &t->name) != 0 ||
		!buf_str(&t->name))
		return err_nomem(t->x->e);
	rc = text_pieces(t->own.data, t->own.len, related_own_word, t);
	return rc == MDB_E_NOMEM ? err_nomem(t->x->e) : rc;
}

/* --- candidates ------------------------------------------------------------ */
/* A name in a text, not as a part of a longer word; both folded. */
static bool
related_is_named(const struct buf *text, const char *name, size_t n)
{
	const char *at = text->data, *end = text->data + text->len;

	if (n < WORD_LEAST)
		return false;
	while ((at = memmem(at, (size_t)(end - at), name, n)) != NULL) {
		bool starts =
			at == text->data ||
			!((at[-1] | 0x20) >= 'a' && (at[-1] | 0x20) <= 'z');
		bool ends = at + n == end ||
			    !((at[n] | 0x20) >= 'a' && (at[n] | 0x20) <= 'z');

		if (starts && ends)
			return true;
		at++;
	}
	return false;
}

/* Does a fact of the other name the start, or a fact of the start the other? */
static int
related_look_for_names(struct related_texts *t, struct related_row *row,
	const struct recall_row *fact, const char *other, size_t other_n)
{
	AUTO_BUF struct buf text = {0}, name = {0};
	struct related_why why = {.kind = RELATED_NAMES};
	bool is_told = row->kinds & 1u << RELATED_NAMES;

	if (is_told || !(t->x->request->kinds & 1u << RELATED_NAMES))
		return 0;
	if (text_fold(fact->text, fact->text_n, &text) != 0 ||
		!buf_str(&text) || text_fold(other, other_n, &name) != 0 ||
		!buf_str(&name))
		return err_nomem(t->x->e);
	why.is_incoming = related_is_named(&text, t->name.data, t->name.len);
	if (why.is_incoming ||
		related_is_named(&t->folded, name.data, name.len))
		related_add(row, LIKELY_NAME, &why);
	return 0;
}

static int
related_look_at(struct related_texts *t, int64_t id)
{
	AUTO_BUF struct buf name = {0};
	struct relating *x = t->x;
	struct recall_entity entity;
	struct related_row *row;
	struct recall_row fact;
	int rc = recall_row(x->st, id, &fact, x->e), failed = 0;

	if (rc != 1 || fact.entity == x->request->entity)
		return rc < 0 ? rc : 0;
	t->found = 0;
	rc = text_pieces(fact.text, fact.text_n, related_other_word, t);
	if (rc != 0)
		return err_nomem(x->e);
	row = related_row_of(x, fact.entity, &failed);
	if (!row)
		return failed;
	row->words |= t->found;
	/* The text is good until the next look at a fact, which this is not. */
	rc = recall_entity(x->st, fact.entity, &name, &entity, x->e);
	if (rc == 1 && !buf_str(&name))
		rc = err_nomem(x->e);
	return rc == 1 ? related_look_for_names(t, row, &fact, name.data,
				 name.len)
		       : rc;
}

static int
related_read_candidates(struct related_texts *t)
{
	const struct related_request *q = t->x->request;
	AUTO_BUF struct buf query = {0};
	int64_t facts[CANDIDATES];
	struct recall_request recall;
	int n = 0, rc = 0;

	if (buf_addf(&query, "%s %s", q->name, t->own.data) != 0)
		return err_nomem(t->x->e);
	recall = recall_by_words(query.data,
		text_cut(query.data, query.len < LIMIT_QUERY_BYTES
					     ? query.len
					     : LIMIT_QUERY_BYTES));
	recall.deadline_ns = q->deadline_ns;
	for (int i = 0; i < q->scope->n; i++)
		recall.ns[i] = q->scope->ns[i];
	rc = recall_candidates(t->x->st, &recall, CANDIDATES, facts, &n,
		t->x->e);
	if (rc != 0)
		return rc;
	for (int i = 0; i < n && !related_is_late(t->x); i++) {
		rc = related_look_at(t, facts[i]);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* A word counts less for each of the others that have it. */
static void
related_weigh_words(struct related *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t w = 0; w < r->words_n; w++)
			r->words[w].rows += (int)(r->rows[i].words >> w & 1);
	for (size_t i = 0; i < r->n; i++) {
		struct related_why why = {.kind = RELATED_WORDS};
		double sum = 0;

		for (size_t w = 0; w < r->words_n; w++)
			if (r->rows[i].words >> w & 1)
				sum += 1 / log2(1 + (double)r->words[w].rows);
		if (sum > 0)
			related_add(&r->rows[i],
				LIKELY_WORDS * (sum < 2 ? sum / 2 : 1), &why);
	}
}

int
related_by_words(struct relating *x)
{
	AUTO_TEXTS struct related_texts t = {.x = x};
	const struct scope *s = x->request->scope;
	int rc = s->ns[0] == 0 ? 0
			       : namespace_stem(x->st, s->ns[0], t.stem, x->e);

	if (rc >= 0)
		rc = related_read_own(&t);
	if (rc)
		return rc;
	rc = related_read_candidates(&t);
	if (rc)
		return rc;
	if (x->request->kinds & 1u << RELATED_WORDS)
		related_weigh_words(x->ret);
	return rc;
}
