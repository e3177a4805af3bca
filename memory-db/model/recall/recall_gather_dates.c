/* Facts of the days that a question names become candidates by the index of
 * dates: their words alone may not bring them, and a question of nothing but a
 * date has none. */
#include <string.h>

#include "memory-db/model/search/filter_entities.h"
#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/index/filter_index.h"

#define DAY_MS	  INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
/* Facts of these days that are looked at: 8 us each at first, then one. */
#define LOOKED 600
/* The best of them by their words; all where the question has one word at most
 * beside the date. */
#define KEEP 100
/* Days behind: "yesterday" is said on the day after. Not behind long spans. */
#define AFTER 7
#define LONG  31

struct dated {
	int64_t fact;
	double weight;
};
struct dating {
	struct recalling *r;
	int which, n;
	struct dated v[LOOKED];
};

static int
recall_gather_dates_heaviest_first(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

/* Is it visible, an observation of these days, and does it pass? Then it is
 * noted. */
static int
recall_gather_dates_look_at(struct dating *x, int64_t fact, int64_t from,
	int64_t to)
{
	struct recalling *r = x->r;
	const struct recall_fact *f;
	struct recall_row row;
	int k = recall_head(r->st, fact, &row, r->e);

	if (k == 1)
		k = row.kind == FACT_OBSERVATION && row.at >= from &&
		    row.at <= to;
	if (k == 1)
		k = recall_row_passes(r, &row);
	if (k == 1)
		k = recall_fact(r->st, fact, r->terms[x->which].stem, &f, r->e);
	if (k != 1)
		return k;
	x->v[x->n++] = (struct dated){fact,
		recall_covered(r, x->which,
			recall_words_in(r, x->which, f->tokens,
				(size_t)f->words + f->speaker_words))};
	return 0;
}

static int
look_at_span(struct dating *x, const struct recall_span *s)
{
	struct recalling *r = x->r;
	const struct search_range *range = &r->range[x->which];
	struct filter_ids ids = {.most = LOOKED - x->n, .e = r->e};
	int64_t zone = r->minutes * MINUTE_MS;
	int64_t after =
		r->question.others > 0 && s->to - s->from <= LONG ? AFTER : 0;
	int64_t from = s->from * DAY_MS - zone;
	int64_t to = (s->to + after + 1) * DAY_MS - zone - 1;
	int k = filter_index_of_time(r->st, from, to, filter_ids_add, &ids,
		r->e);

	for (size_t i = 0; k >= 0 && i < ids.n && !recall_is_late(r); i++)
		if (ids.v[i] >= range->lo && ids.v[i] <= range->hi)
			k = recall_gather_dates_look_at(x, ids.v[i], from, to);
	filter_ids_done(&ids);
	return k < 0 ? k : 0;
}

static int
add_best(struct dating *x)
{
	struct recalling *r = x->r;
	bool all = r->question.others <= 1;
	int keep = all && r->request->limit > KEEP ? r->request->limit : KEEP;
	int k = 0;

	if (x->n > 1)
		qsort(x->v, (size_t)x->n, sizeof(x->v[0]),
			recall_gather_dates_heaviest_first);
	for (int i = 0; k >= 0 && i < x->n && i < keep; i++)
		if (all || x->v[i].weight > 0)
			k = recall_add(r, x->which, x->v[i].fact,
				x->v[i].weight, NULL);
	return k < 0 ? k : 0;
}

int
recall_gather_dates(struct recalling *r, int which)
{
	const struct recall_dates *d = &r->question.dates;
	AUTO_FREE struct dating *x = NULL;
	int k = 0;

	if (d->spans_n == 0)
		return 0;
	x = calloc(1, sizeof(*x));
	if (!x)
		return err_nomem(r->e);
	x->r = r;
	x->which = which;
	for (int i = 0; k == 0 && i < d->spans_n && x->n < LOOKED; i++)
		k = look_at_span(x, &d->spans[i]);
	return k == 0 ? add_best(x) : k;
}
