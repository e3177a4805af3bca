/* Shares: a fact stands beside others. What was said before and after it in the
 * same session, how well the session fits as a whole, and what is known of
 * entities related to its own. Only the scores of words are shared, and only
 * of the best. */
#include <math.h>
#include <string.h>

#include "memory-db/model/recall/recall_internal.h"
#include "memory-db/store/facts/facts.h"

/* Candidates that share with their neighbours. */
#define SHARING 100
/* Neighbours without a word of the question that are read, beside as many as
 * rows are wanted: the others get too small a share to matter. */
#define SILENT 60
/* Entities whose relations are followed, relations of each, facts taken along
 * of each entity found. */
#define HOP_ENTITIES  12
#define HOP2_ENTITIES 24
#define HOP_RELATIONS 16
#define HOP_FACTS     6

struct order {
	size_t at;
	double base;
	int64_t fact;
};

static int
recall_spread_best_first(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->base != y->base)
		return x->base > y->base ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

/* --- neighbours ----------------------------------------------------------- */

/* A neighbour that is no candidate yet. */
struct silent {
	int64_t fact;
	int which;
	double part;
	uint32_t found;
};
struct sharing {
	struct recalling *r;
	struct silent v[4 * SHARING];
	int n;
	struct idmap index; /* fact -> silent */
};

/* An echo: a reply has the words of its question, and they count for it
 * already. */
static double
without_echo(const struct recalling *r, const struct recall_candidate *c,
	double part, uint32_t found)
{
	double all = recall_covered(r, c->which, found);

	return all > 0 ? part * (1 - r->w.echo *
						recall_covered(r, c->which,
							found & c->found) /
						all)
		       : part;
}

static int
recall_spread_share(struct sharing *s, int which, int64_t fact, double part,
	uint32_t found, bool behind)
{
	struct recalling *r = s->r;
	int32_t at;

	if (part <= 0)
		return 0;
	if (idmap_get(&r->index, fact, &at)) {
		r->c[at].parts[PART_NEAR] +=
			(float)(behind ? without_echo(r, &r->c[at], part, found)
				       : part);
		r->c[at].around |= found;
		return 0;
	}
	if (!idmap_get(&s->index, fact, &at)) {
		at = s->n++;
		if (idmap_put(&s->index, fact, at) < 0)
			return err_nomem(r->e);
		s->v[at] = (struct silent){.fact = fact, .which = which};
	}
	s->v[at].part += part;
	s->v[at].found |= found;
	return 0;
}

static int
largest_first(const void *a, const void *b)
{
	const struct silent *x = a, *y = b;

	if (x->part != y->part)
		return x->part > y->part ? -1 : 1;
	return x->fact > y->fact ? -1 : x->fact < y->fact;
}

/* The neighbours with the largest shares become candidates. */
static int
add_silent(struct sharing *s)
{
	int wanted = recall_share(s->r, SILENT + s->r->request->limit), k = 0;

	qsort(s->v, (size_t)s->n, sizeof(s->v[0]), largest_first);
	for (int i = 0; k >= 0 && i < s->n && i < wanted; i++) {
		struct recall_candidate *c = NULL;

		k = recall_add(s->r, s->v[i].which, s->v[i].fact, 0, &c);
		if (k == 1) {
			c->parts[PART_NEAR] = (float)s->v[i].part;
			c->around = s->v[i].found;
		}
	}
	return k < 0 ? k : 0;
}

static int
share_with_neighbours(struct sharing *s, size_t at)
{
	struct recalling *r = s->r;
	const struct recall_fact *f = r->c[at].f;
	double base = r->c[at].base;
	uint32_t found = r->c[at].found;
	int which = r->c[at].which, n = 0, k;
	int64_t facts[2];

	k = recall_neighbours(r->st, f->id, f->source, true, 2, facts, &n,
		r->e);
	if (k)
		return k;
	if (n > 0)
		k = recall_spread_share(s, which, facts[0],
			base * (r->w.prev + (f->is_question ? r->w.answer : 0)),
			found, true);
	if (k)
		return k;
	if (n > 1)
		k = recall_spread_share(s, which, facts[1], base * r->w.prev2,
			found, true);
	if (k)
		return k;
	k = recall_neighbours(r->st, f->id, f->source, false,
		r->w.next2 > 0 ? 2 : 1, facts, &n, r->e);
	if (k)
		return k;
	if (n > 0)
		k = recall_spread_share(s, which, facts[0], base * r->w.next,
			found, false);
	if (k)
		return k;
	if (n > 1)
		k = recall_spread_share(s, which, facts[1], base * r->w.next2,
			found, false);
	return k;
}

/* --- sessions ------------------------------------------------------------- */

struct recall_spread_session {
	double best[3];
	uint32_t found;
	int which;
};

static void
add_to_session(struct recall_spread_session *s, double base)
{
	for (int i = 0; i < 3; i++)
		if (base > s->best[i]) {
			double pushed = s->best[i];

			s->best[i] = base;
			base = pushed;
		}
}

static int
sessions_make(struct recalling *r, struct recall_spread_session *v,
	struct idmap *index, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		int64_t source = r->c[i].f->source;
		int32_t at;

		if (source == 0)
			continue;
		if (!idmap_get(index, source, &at)) {
			at = (int32_t)n++;
			if (idmap_put(index, source, at) < 0)
				return err_nomem(r->e);
		}
		add_to_session(&v[at], r->c[i].base);
		v[at].found |= r->c[i].found;
		v[at].which = r->c[i].which;
	}
	*ret_n = n;
	return 0;
}

static int
share_in_sessions(struct recalling *r)
{
	struct recall_spread_session *v AUTO_FREE =
		calloc(r->n + 1, sizeof(*v));
	struct idmap index = {0};
	double most = 0;
	size_t n = 0;
	int k = v ? sessions_make(r, v, &index, &n) : err_nomem(r->e);

	for (size_t i = 0; k == 0 && i < n; i++)
		most = fmax(most, v[i].best[0] + v[i].best[1] + v[i].best[2]);
	for (size_t i = 0; k == 0 && most > 0 && i < r->n; i++) {
		int32_t at;

		if (idmap_get(&index, r->c[i].f->source, &at))
			r->c[i].parts[PART_SESSION] =
				(float)(r->w.session *
						(v[at].best[0] + v[at].best[1] +
							v[at].best[2]) /
						most +
					r->w.topic * recall_covered(r,
							     v[at].which,
							     v[at].found));
	}
	idmap_done(&index);
	return k;
}

/* --- relations ------------------------------------------------------------ */

struct hop {
	int64_t entity;
	int which;
	double score;
};
struct hopping {
	struct recalling *r;
	const struct hop *from;
	double weight;
	struct hop *to; /* found; HOP2_ENTITIES at most */
	int to_n, left;
};

/* A relation holds when it is valid at the time asked, or now. */
static bool
relation_holds(const struct recalling *r, const struct fact *f)
{
	int64_t at = r->request->valid_at != FACT_NO_TIME ? r->request->valid_at
							  : r->request->now;

	return (f->valid_from == FACT_NO_TIME || f->valid_from <= at) &&
	       (f->valid_to == FACT_NO_TIME || f->valid_to > at);
}

static int
reach(struct hopping *h, int64_t entity, double part)
{
	struct recalling *r = h->r;
	int64_t facts[HOP_FACTS];
	int n = 0, k;

	if (entity == h->from->entity || part <= 0)
		return 0;
	if (h->to && h->to_n < HOP2_ENTITIES)
		h->to[h->to_n++] =
			(struct hop){entity, h->from->which, h->from->score};
	k = recall_newest_of(r->st, entity, INT64_MAX, HOP_FACTS, facts, &n,
		r->e);
	for (int i = 0; k >= 0 && i < n; i++) {
		struct recall_candidate *c = NULL;

		k = recall_add(r, h->from->which, facts[i], 0, &c);
		if (k == 1 && c->parts[PART_RELATION] < part)
			c->parts[PART_RELATION] = (float)part;
	}
	return k < 0 ? k : 0;
}

static int
hop_out(void *ctx, const struct fact *f)
{
	struct hopping *h = ctx;
	double weight = f->weight < 0 ? 1 : f->weight;

	if (--h->left < 0)
		return 1;
	if (!relation_holds(h->r, f))
		return 0;
	return reach(h, f->peer == h->from->entity ? f->entity : f->peer,
		h->weight * weight * h->from->score);
}

static int
recall_spread_follow(struct hopping *h)
{
	struct recalling *r = h->r;
	int k;

	h->left = HOP_RELATIONS;
	k = fact_each(r->st, h->from->entity, 1u << FACT_RELATION, hop_out, h,
		r->e);
	if (k >= 0)
		k = fact_each_incoming(r->st, h->from->entity, hop_out, h,
			r->e);
	return k < 0 ? k : 0;
}

/* Entities to begin with: those of the best facts, and those named. */
static int
starts(const struct recalling *r, const struct order *order, size_t n,
	struct hop *v)
{
	int found = 0;

	for (int i = 0; i < r->named_n && found < HOP_ENTITIES / 2; i++)
		v[found++] = (struct hop){r->named[i], 0, r->named_guess[i]};
	for (size_t i = 0; i < n && found < HOP_ENTITIES; i++) {
		const struct recall_candidate *c = &r->c[order[i].at];
		int k;

		for (k = 0; k < found && v[k].entity != c->f->entity; k++)
			;
		if (k == found && c->base > 0)
			v[found++] =
				(struct hop){c->f->entity, c->which, c->base};
	}
	return found;
}

static int
share_by_relations(struct recalling *r, const struct order *order, size_t n)
{
	struct hop first[HOP_ENTITIES], second[HOP2_ENTITIES];
	struct hopping h = {.r = r, .weight = r->w.hop, .to = second};
	int first_n = starts(r, order, n, first), k = 0;

	for (int i = 0; k == 0 && i < first_n; i++) {
		h.from = &first[i];
		k = recall_spread_follow(&h);
	}
	h.to = NULL;
	h.weight = r->w.hop2;
	for (int i = 0; k == 0 && r->w.hop2 > 0 && i < h.to_n; i++) {
		h.from = &second[i];
		k = recall_spread_follow(&h);
	}
	return k;
}

static int
share_with_all(struct recalling *r, const struct order *order, size_t n)
{
	AUTO_FREE struct sharing *s = calloc(1, sizeof(*s));
	size_t sharing = (size_t)recall_share(r, SHARING);
	int k = 0;

	if (!s)
		return err_nomem(r->e);
	s->r = r;
	for (size_t i = 0; k == 0 && i < n && i < sharing; i++)
		if (r->c[order[i].at].f->source != 0 && order[i].base > 0 &&
			!recall_is_late(r))
			k = share_with_neighbours(s, order[i].at);
	if (k == 0)
		k = add_silent(s);
	idmap_done(&s->index);
	return k;
}

int
recall_spread(struct recalling *r)
{
	size_t n = r->n;
	AUTO_FREE struct order *v = calloc(n + 1, sizeof(*v));
	int k = 0;

	if (!v)
		return err_nomem(r->e);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct order){i, r->c[i].base, r->c[i].fact};
	qsort(v, n, sizeof(*v), recall_spread_best_first);
	k = share_with_all(r, v, n);
	if (k)
		return k;
	if (r->w.hop > 0 && !r->late)
		k = share_by_relations(r, v, n);
	if (k)
		return k;
	if (r->w.session > 0)
		k = share_in_sessions(r);
	return k;
}
