/* Searches by substring alone, in order of creation. One index is walked from
 * where the page before ended, so each page costs the same. */
#include <string.h>

#include "memory-db/model/search/search_internal.h"

struct search_listing {
	struct searching *s;
	struct search_row *rows;
	size_t n;
	int64_t from; /* existence facts below were on earlier pages */
	int found;    /* of the entity looked at */
};

/* --- substrings: few facts come into question ----------------------------- */

static int
gather_row(void *ctx, const struct search_row *row)
{
	struct search_listing *l = ctx;

	/* With more of them, looking at the entities one after the other finds
	 * a page of hits sooner. */
	if (l->n == (size_t)l->s->caps->gather_max)
		return 1;
	l->rows[l->n++] = *row;
	return 0;
}

static int
search_listing_by_entity(const void *a, const void *b)
{
	const struct search_row *x = a, *y = b;

	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

struct created {
	int64_t existence, fact, entity;
};

static int
by_creation(const void *a, const void *b)
{
	const struct created *x = a, *y = b;

	if (x->existence != y->existence)
		return x->existence < y->existence ? -1 : 1;
	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

static int
sort_by_creation(struct search_listing *l, struct created *to)
{
	int64_t existence = 0;
	int rc;

	if (l->n > 1)
		qsort(l->rows, l->n, sizeof(*l->rows),
			search_listing_by_entity);
	for (size_t i = 0; i < l->n; i++) {
		const struct search_row *row = &l->rows[i];

		if (i == 0 || row->entity != l->rows[i - 1].entity) {
			existence = 0;
			rc = fact_existence(l->s->st, row->entity, &existence,
				NULL, NULL, l->s->e);
			if (rc < 0)
				return rc;
		}
		to[i] = (struct created){.existence = existence,
			.fact = row->fact,
			.entity = row->entity};
	}
	if (l->n > 1)
		qsort(to, l->n, sizeof(*to), by_creation);
	return 0;
}

/* Looks at the texts from the position on until the page is full. */
static int
give_gathered(struct search_listing *l, const struct created *list)
{
	struct searching *s = l->s;
	int64_t given = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct created *c = &list[i];
		int rc;

		if (c->existence < l->from || c->existence == 0 ||
			c->entity == given)
			continue;
		if (searching_late(s)) {
			s->ret->partial = true;
			return searching_stop(s, searching_how(s),
				c->existence);
		}
		rc = searching_passes(s, c->entity);
		if (rc > 0)
			rc = searching_verify(s, c->fact);
		if (rc > 0) {
			given = c->entity;
			rc = searching_give(s, c->entity, 0, searching_how(s),
				c->existence);
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The index cannot name what may have the substring: each entity is looked at. */
#define LIST_ALL 2

/* 0 or 1 as the others; 2: too many facts, nothing was given. */
static int
gather_substrings(struct search_listing *l, int which)
{
	struct searching *s = l->s;
	const struct query_terms *t = &s->terms[which];
	struct search_match match = {.text = t->match.data,
		.n = t->match.len,
		.words = 1,
		.looked_at = true};
	AUTO_FREE struct created *list = NULL;
	int rc;

	l->n = 0;
	rc = search_match(s->st, &s->range[which], &match, gather_row, l, s->e);
	if (rc != 0)
		return rc < 0 ? rc : LIST_ALL;
	list = calloc(l->n + 1, sizeof(*list));
	if (!list)
		return err_nomem(s->e);
	rc = sort_by_creation(l, list);
	return rc < 0 ? rc : give_gathered(l, list);
}

/* --- substrings: looking at every entity ---------------------------------- */

static int
search_listing_look_fact(void *ctx, const struct fact *f)
{
	struct search_listing *l = ctx;

	l->found = searching_verify_fact(l->s, f);
	return l->found;
}

static int
look_entity(void *ctx, const struct fact *f)
{
	struct search_listing *l = ctx;
	struct searching *s = l->s;
	int64_t entity = f->entity, existence = f->id;
	int rc;

	if (searching_late(s)) {
		s->ret->partial = true;
		return searching_stop(s, searching_how(s), existence);
	}
	rc = searching_passes(s, entity);
	if (rc <= 0)
		return rc;
	rc = search_listing_look_fact(l, f);
	if (rc == 0)
		rc = fact_each(s->st, entity, 1u << FACT_OBSERVATION,
			search_listing_look_fact, l, s->e);
	if (rc <= 0)
		return rc;
	return searching_give(s, entity, 0, searching_how(s), existence);
}

static int
list_substrings(struct search_listing *l, int which)
{
	struct searching *s = l->s;
	int rc = LIST_ALL;

	if (s->query.n > 0 && s->terms[which].substring == SUBSTRING_MATCH)
		rc = gather_substrings(l, which);
	if (rc == LIST_ALL)
		rc = fact_each_entity(s->st, s->range[which].ns, l->from - 1,
			look_entity, l, s->e);
	return rc;
}

static int
list_each_range(struct search_listing *l)
{
	struct searching *s = l->s;
	int64_t b = s->request->b;

	for (int k = 0; k < 2; k++) {
		int64_t ns = s->range[k].ns;
		int rc;

		if (ns == 0 || (k == 0 && b > 0 && s->range[1].ns != 0 &&
				       fact_namespace(b) == s->range[1].ns))
			continue;
		l->from = b > 0 && fact_namespace(b) == ns ? b : 0;
		rc = list_substrings(l, k);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
search_substrings(struct searching *s)
{
	struct search_listing l = {.s = s};
	int rc;

	l.rows = calloc((size_t)s->caps->gather_max, sizeof(*l.rows));
	if (!l.rows)
		return err_nomem(s->e);
	rc = list_each_range(&l);
	free(l.rows);
	return rc;
}
