/* A search without words: everything that passes the filters, newest first.
 *
 * A position is an existence fact, below which the next page begins. So the
 * place of an entity does not depend on how it was found, and each page may
 * take the way that costs least:
 *
 *   tag "open", which 12 entities have     the index of tags names them; they
 *                                          are put in order and looked at
 *   type "plan"                            the text index has the words of the
 *                                          type in the existence fact itself,
 *                                          so its matches come in the order
 *                                          wanted: the newest are looked at
 *   type "note", in a memory whose texts   more matches than entities: the
 *   say "note" all the time                entities are walked
 *
 * Each way gives too much, and searching_passes decides. */
#include <stdlib.h>

#include "common/vec.h"
#include "memory-db/model/search/filter_entities.h"
#include "memory-db/model/search/search_internal.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/index/filter_index.h"

/* Matches read at once: a page of a few rows reads few, and one that must look
 * far reads four times as many each time. */
#define BATCH	  128
#define BATCH_MAX 8192

/* A way that leads nowhere: the next one goes on. */
#define ANOTHER_WAY 2

struct everything {
	struct searching *s;
	const struct search_range *whole;
	struct search_range range; /* hi: what is above it was looked at */
	char stem[NAMESPACE_STEM_SIZE];
	/* Existence facts in question, and some others. */
	struct search_row *rows; /* owned */
	size_t n, cap, most;
};

/* --- one row, and some ------------------------------------------------------ */

/* A row of any of the ways. What passes must stand at this fact: others have the
 * words of the type in a text, and an entity that was erased stands nowhere. */
static int
list_row(void *ctx, const struct search_row *row)
{
	struct searching *s = ctx;
	int64_t existence = 0;
	int rc;

	if (searching_late(s)) {
		s->ret->partial = true;
		return searching_stop(s, 0, row->fact + 1);
	}
	rc = searching_passes(s, row->entity);
	if (rc <= 0)
		return rc;
	rc = fact_existence(s->st, row->entity, &existence, NULL, NULL, s->e);
	if (rc <= 0 || existence != row->fact)
		return rc < 0 ? rc : 0;
	return searching_give(s, row->entity, 0, 0, row->fact + 1);
}

static int
list_rows(struct everything *x)
{
	for (size_t i = 0; i < x->n; i++) {
		int rc = list_row(x->s, &x->rows[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- tags and tiers: an index names few entities -------------------------- */

static int
everything_newest_first(const void *a, const void *b)
{
	const struct search_row *x = a, *y = b;

	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

/* Where an entity stands, unless an earlier page had it. */
static int
take_entity(struct everything *x, int64_t entity)
{
	struct search_row row = {.entity = entity};
	int rc = fact_existence(x->s->st, entity, &row.fact, NULL, NULL,
		x->s->e);

	if (rc <= 0 || row.fact < x->range.lo || row.fact > x->range.hi)
		return rc < 0 ? rc : 0;
	if (vec_room(x->rows, x->n, x->cap) != 0)
		return err_nomem(x->s->e);
	x->rows[x->n++] = row;
	return 0;
}

static int
list_ids(struct everything *x, const struct filter_ids *ids)
{
	x->n = 0;
	for (size_t i = 0; i < ids->n; i++) {
		int rc = take_entity(x, ids->v[i]);

		if (rc != 0)
			return rc;
	}
	if (x->n > 1)
		qsort(x->rows, x->n, sizeof(*x->rows), everything_newest_first);
	return list_rows(x);
}

static int
list_few(struct everything *x)
{
	const struct search_request *q = x->s->request;
	const struct entity_filter filter = {.types_n = -1,
		.tiers = q->tiers,
		.tags = q->tags};
	struct filter_ids ids = {.most = FEW_LOOKED};
	/* A tag may be younger than the entity: of all pages the whole. */
	int rc = filter_entities(x->s->st, x->whole, x->stem, &filter, &ids,
		x->s->e);

	if (rc >= 0)
		rc = rc == 1 ? list_ids(x, &ids) : ANOTHER_WAY;
	filter_ids_done(&ids);
	return rc;
}

/* --- types: the text index has their words -------------------------------- */

static int
take_match(void *ctx, const struct search_row *row)
{
	struct everything *x = ctx;

	if (x->n == x->most)
		return 1;
	if (vec_room(x->rows, x->n, x->cap) != 0)
		return err_nomem(x->s->e);
	x->rows[x->n++] = *row;
	return 0;
}

/* The matches of the range, newest first, `most` of them. 1: the page is full;
 * 0: go on below x->range.hi, or nothing is there when *ret_all. */
static int
list_batch(struct everything *x, const struct search_match *match,
	bool *ret_all)
{
	int rc;

	x->n = 0;
	rc = search_match(x->s->st, &x->range, match, take_match, x, x->s->e);
	if (rc < 0)
		return rc;
	*ret_all = rc == 0;
	if (x->n > 0)
		x->range.hi = x->rows[x->n - 1].fact - 1;
	return list_rows(x);
}

/* Matches that may be looked at in all: as many as there are entities, since
 * one of these costs as much. */
static int
may_look_at(struct everything *x, int64_t looked)
{
	int64_t entities = 0;
	int rc;

	if (looked < FEW_LOOKED)
		return 1;
	rc = filter_index_existences(x->s->st, &x->range, &entities, x->s->e);
	return rc < 0 ? rc : looked < entities;
}

static int
list_matches(struct everything *x, const struct search_match *match)
{
	int64_t looked = 0;
	bool is_all = false;

	for (x->most = BATCH;; x->most *= x->most < BATCH_MAX ? 4 : 1) {
		int rc = list_batch(x, match, &is_all);

		if (rc != 0 || is_all)
			return rc;
		looked += (int64_t)x->n;
		rc = may_look_at(x, looked);
		if (rc <= 0)
			return rc < 0 ? rc : ANOTHER_WAY;
	}
}

static int
list_typed(struct everything *x)
{
	const struct search_request *q = x->s->request;
	struct search_match match = {.words = 1};
	AUTO_BUF struct buf text = {0};
	int rc = filter_types_expression(x->s->st, x->stem, q->types,
		q->types_n, &text, x->s->e);

	if (rc <= 0)
		return rc < 0 ? rc : ANOTHER_WAY;
	match.text = text.data;
	match.n = text.len;
	return list_matches(x, &match);
}

/* --- one namespace, then the other ---------------------------------------- */

static int
list_namespace(struct everything *x)
{
	const struct search_request *q = x->s->request;
	int rc = namespace_stem(x->s->st, x->range.ns, x->stem, x->s->e);

	if (rc < 0)
		return rc;
	rc = list_few(x);
	if (rc != ANOTHER_WAY)
		return rc;
	rc = q->types_n > 0 ? list_typed(x) : ANOTHER_WAY;
	if (rc != ANOTHER_WAY)
		return rc;
	return search_entities(x->s->st, &x->range, list_row, x->s, x->s->e);
}

int
search_everything(struct searching *s)
{
	int64_t b = s->request->b;

	/* Types that the memory has never heard of. */
	if (s->request->types_n == 0)
		return 0;
	for (int k = 0; k < 2; k++) {
		struct everything x = {.s = s,
			.whole = &s->range[k],
			.range = s->range[k]};
		int rc;

		if (x.range.ns == 0 ||
			(k == 0 && b > 0 && s->range[1].ns != 0 &&
				fact_namespace(b) == s->range[1].ns))
			continue;
		if (b > 0 && fact_namespace(b) == x.range.ns && b <= x.range.hi)
			x.range.hi = b - 1;
		rc = list_namespace(&x);
		free(x.rows);
		if (rc != 0)
			return rc;
	}
	return 0;
}
