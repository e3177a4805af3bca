/* The short way of a search whose filters few entities pass: an index names
 * them, and their facts are looked at. So all of them are ranked, and nothing
 * lies behind.
 *
 * Later writes may make them many, or few. A later page goes the way of the
 * first, which its position tells. */
#include <stdlib.h>

#include "common/text.h"
#include "memory-db/model/search/filter_entities.h"
#include "memory-db/model/search/search_internal.h"
#include "memory-db/store/facts/labels.h"

/* Texts looked at, at most: some 4 us each. */
#define FEW_FACTS 1500
/* A later page may look at so many times more rows of an index. */
#define LATER 8

struct search_filtered_found {
	struct search_row row;
	unsigned flags;
};
struct search_filtered_look {
	struct searching *s;
	int which;
	struct search_filtered_found *v; /* owned */
	int n, looked;
	struct buf tokens, type;
};

static int
search_filtered_words_of(struct search_filtered_look *l, const char *text,
	size_t n, uint32_t *ret)
{
	*ret = 0;
	return query_mask(&l->s->terms[l->which], text, n, &l->tokens, ret) < 0
		       ? err_nomem(l->s->e)
		       : 0;
}

static int
search_filtered_look_at(void *ctx, const struct fact *f)
{
	struct search_filtered_look *l = ctx;
	struct search_row row = {.fact = f->id, .entity = f->entity};
	int flags, rc;

	if (l->looked++ == FEW_FACTS)
		return 1;
	if (f->erased)
		return 0;
	flags = searching_verify_fact(l->s, f);
	if (flags < 0)
		return flags;
	rc = search_filtered_words_of(l, f->text, f->text_n,
		f->kind == FACT_EXISTENCE ? &row.name : &row.body);
	if (rc != 0)
		return rc;
	if (f->kind == FACT_EXISTENCE) {
		l->type.len = 0;
		rc = label_text(l->s->st, f->label, &l->type, l->s->e);
		if (rc >= 0)
			rc = search_filtered_words_of(l,
				l->type.data ? l->type.data : "", l->type.len,
				&row.body);
	}
	if (rc != 0)
		return rc;
	if ((row.name | row.body | (unsigned)flags) != 0)
		l->v[l->n++] =
			(struct search_filtered_found){row, (unsigned)flags};
	return rc;
}

/* 1: all were looked at; 0: they have too many facts. */
static int
search_filtered_look_at_all(struct search_filtered_look *l,
	const struct filter_ids *ids)
{
	struct searching *s = l->s;
	int rc;

	for (size_t i = 0; i < ids->n; i++) {
		rc = searching_passes(s, ids->v[i]);
		if (rc > 0)
			rc = fact_each(s->st, ids->v[i],
				1u << FACT_EXISTENCE | 1u << FACT_OBSERVATION,
				search_filtered_look_at, l, s->e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	for (int i = 0; i < l->n; i++) {
		rc = searching_found(s, l->which, &l->v[i].row, l->v[i].flags);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 1;
}

int
search_filtered(struct searching *s, int which)
{
	const struct search_request *q = s->request;
	const struct entity_filter filter = {.types = q->types,
		.types_n = q->types_n,
		.tiers = q->tiers,
		.tags = q->tags};
	bool later = q->a != 0 || q->b != 0;
	struct filter_ids ids = {.most = FEW_LOOKED * (later ? LATER : 1)};
	struct search_filtered_look l = {.s = s, .which = which};
	int rc;

	if ((q->types_n < 0 && q->tiers == 0 && !q->tags) ||
		(later && !(q->a & POSITION_FEW(which))))
		return 0;
	rc = filter_entities(s->st, &s->range[which], s->terms[which].stem,
		&filter, &ids, s->e);
	if (rc == 1) {
		l.v = calloc(FEW_FACTS, sizeof(*l.v));
		rc = l.v ? search_filtered_look_at_all(&l, &ids)
			 : err_nomem(s->e);
	}
	filter_ids_done(&ids);
	free(l.v);
	buf_done(&l.tokens);
	buf_done(&l.type);
	s->is_few[which] = rc == 1;
	if (rc == 1) /* nothing is left to be refined */
		s->terms[which].rare = s->terms[which].n;
	return rc;
}
