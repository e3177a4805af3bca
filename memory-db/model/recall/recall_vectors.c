/* Nearness of meaning as a part of recall: the facts whose vectors are nearest
 * to that of the question become candidates, and every candidate gets its
 * cosine.
 *
 * Filters and the lens come before every bound: of the nearest, those that
 * pass are taken until there are enough; when too few of those looked at pass,
 * all that pass are found first and only these are compared.
 *
 * Of the oldest facts of a large memory no vector lies in memory
 * (vectors_memory.c): these become candidates by their words alone, and then
 * their vectors are read from the file. */
#include <math.h>
#include <string.h>

#include "memory-db/model/recall/recall_internal.h"

/* Nearest facts that become candidates, and how many are looked at for them
 * before it is found out which pass at all. */
#define WANTED 64
#define LOOKED 400
/* Best candidates whose cosine is taken from the stored numbers: in memory they
 * are rounded to 8 bits. */
#define EXACT 64
/* Share of the question's weight below which its words are as good as not
 * there: misspelled, or others. */
#define NO_WORDS 0.1

/* --- the question --------------------------------------------------------- */
/* Hashed letters know no meaning, only what looks alike. */
static bool
knows_meaning(const struct recalling *r)
{
	return strcmp(embed_provider(vectors_memory_embedder(r->meaning)),
		       "hash") != 0;
}

/* Has the text index found more than nothing? */
static bool
recall_vectors_has_words(const struct recalling *r, int which)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->c[i].which == which && r->c[i].guess >= NO_WORDS)
			return true;
	return false;
}

/* Hashed letters beside words that are found add little: what is quickly had
 * will do. */
static bool
adds_little(const struct recalling *r, int which)
{
	return !knows_meaning(r) && recall_vectors_has_words(r, which);
}

static double
weight(const struct recalling *r)
{
	return knows_meaning(r) ? r->w.meaning : r->w.letters;
}

static int
find_vector(struct recalling *r)
{
	const struct recall_request *q = r->request;
	struct vectors_memory *m = vectors_memory_of(r->st);
	int k = 0;

	if (!m || vectors_memory_is_empty(m))
		return 0;
	r->meaning = m;
	if (weight(r) > 0 && q->question && q->question->v) {
		r->vector = *q->question;
	} else if (weight(r) > 0) {
		k = vectors_memory_question(m, q->query, q->query_n, &r->vector,
			r->e);
		r->is_own = true;
	}
	if (!r->vector.v)
		r->meaning = NULL;
	return k;
}

void
recall_vectors_done(struct recalling *r)
{
	if (r->is_own)
		question_done(&r->vector);
}

/* --- candidates ----------------------------------------------------------- */
struct recall_vectors_nearest {
	struct recalling *r;
	int which, added;
	int64_t *ids; /* owned; that pass, by id */
	size_t n, cap;
};

static int
note_passing(void *ctx, const struct recall_row *row)
{
	struct recall_vectors_nearest *x = ctx;
	int k = recall_row_passes(x->r, row);

	if (k != 1)
		return k < 0 ? k : recall_is_late(x->r);
	if (x->n == x->cap) {
		size_t cap = x->cap > 0 ? 2 * x->cap : 1024;
		int64_t *v = reallocarray(x->ids, cap, sizeof(*v));

		if (!v)
			return err_nomem(x->r->e);
		x->ids = v;
		x->cap = cap;
	}
	x->ids[x->n++] = row->id;
	return recall_is_late(x->r);
}

static int
recall_vectors_look_at(struct recall_vectors_nearest *x,
	const struct scan_hit *hits, int64_t n, bool checked)
{
	struct recalling *r = x->r;

	for (int64_t i = 0; i < n && x->added < WANTED; i++) {
		struct recall_row row;
		int k = 1;

		if (hits[i].score <= 0 || recall_is_late(r))
			break;
		if (!checked)
			k = recall_head(r->st, hits[i].id, &row, r->e);
		if (k == 1 && !checked)
			k = recall_row_passes(r, &row);
		if (k == 1)
			k = recall_add(r, x->which, hits[i].id, 0, NULL);
		if (k < 0)
			return k;
		x->added += k;
	}
	return 0;
}

static int
recall_vectors_by_id(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Where few facts pass the filter only their vectors are looked at. */
static int
nearest_of_few(struct recall_vectors_nearest *x, struct recall_few *few,
	struct scan_hit *hits)
{
	struct recalling *r = x->r;
	size_t to = 0;
	int64_t n;

	qsort(few->facts, few->n, sizeof(*few->facts), recall_vectors_by_id);
	for (size_t i = 0; i < few->n; i++)
		if (i == 0 || few->facts[i] != few->facts[i - 1])
			few->facts[to++] = few->facts[i];
	few->n = to;
	n = vectors_memory_nearest(r->meaning, r->request->ns[x->which],
		&r->vector, few->facts, few->n, hits, WANTED);
	return n < 0 ? err_nomem(r->e)
		     : recall_vectors_look_at(x, hits, n, true);
}

static int
nearest_of(struct recalling *r, int which, struct scan_hit *hits)
{
	struct recall_vectors_nearest x = {.r = r, .which = which};
	int64_t ns = r->request->ns[which], n;
	int k;

	if (r->few[which].facts)
		return nearest_of_few(&x, &r->few[which], hits);
	n = vectors_memory_nearest(r->meaning, ns, &r->vector, NULL, 0, hits,
		LOOKED);
	k = n < 0 ? err_nomem(r->e)
		  : recall_vectors_look_at(&x, hits, n, false);
	if (k != 0 || adds_little(r, which) || x.added == WANTED ||
		n < LOOKED || hits[n - 1].score <= 0 || recall_is_late(r))
		return k;
	x.added = 0;
	k = vector_facts(r->st, ns, r->request->source, note_passing, &x, r->e);
	if (k >= 0) {
		n = vectors_memory_nearest(r->meaning, ns, &r->vector, x.ids,
			x.n, hits, WANTED);
		k = n < 0 ? err_nomem(r->e)
			  : recall_vectors_look_at(&x, hits, n, true);
	}
	free(x.ids);
	return k < 0 ? k : 0;
}

int
recall_vectors_nearest(struct recalling *r)
{
	AUTO_FREE struct scan_hit *hits = NULL;
	int k = find_vector(r);

	if (k != 0 || !r->meaning)
		return k;
	hits = calloc(LOOKED, sizeof(*hits));
	if (!hits)
		return err_nomem(r->e);
	for (int i = 0; k == 0 && i < 2; i++)
		if (r->request->ns[i] != 0)
			k = nearest_of(r, i, hits);
	return k;
}

/* --- cosines -------------------------------------------------------------- */
static int
exact(struct recalling *r, int64_t fact, float *v, double *ret)
{
	size_t dims = r->vector.dims;
	int k = vector_get(r->st, vectors_memory_model(r->meaning).id, fact, v,
		dims, r->e);

	if (k == MDB_E_CORRUPT)
		return 0; /* verify tells */
	if (k == 1) {
		*ret = 0;
		for (size_t i = 0; i < dims; i++)
			*ret += (double)v[i] * (double)r->vector.v[i];
	}
	return k < 0 ? k : 0;
}

/* hits: the candidates that have a vector, best first. */
static int
set_nearness(struct recalling *r, int which, const struct scan_hit *hits,
	int64_t n)
{
	int exact_n = adds_little(r, which) ? 0 : EXACT;
	AUTO_FREE float *v = calloc(r->vector.dims, sizeof(*v));
	int k = v != NULL ? 0 : err_nomem(r->e);

	for (int64_t i = 0; k == 0 && i < n; i++) {
		double cosine = fmin(hits[i].score, 1);
		int32_t at;

		if (i < exact_n)
			k = exact(r, hits[i].id, v, &cosine);
		if (k == 0 && idmap_get(&r->index, hits[i].id, &at))
			r->c[at].nearness = fmax(cosine, 0);
		/* An estimate makes no answer relevant. */
		if (i < exact_n || !hits[i].is_rough)
			r->nearest = fmax(r->nearest, cosine);
	}
	return k;
}

static int
hits_by_id(const void *a, const void *b)
{
	const struct scan_hit *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

struct unseen { /* a candidate without a vector in memory */
	int32_t at;
	double guess;
};

static int
unseen_by_guess(const void *a, const void *b)
{
	const struct unseen *x = a, *y = b;

	return x->guess > y->guess ? -1 : x->guess < y->guess;
}

/* ids without those that are among the hits, as candidates: how many. */
static size_t
find_unseen(const struct recalling *r, const int64_t *ids, size_t n,
	struct scan_hit *hits, size_t hits_n, struct unseen *ret)
{
	size_t at = 0, found = 0;

	qsort(hits, hits_n, sizeof(*hits), hits_by_id);
	for (size_t i = 0; i < n; i++) {
		int32_t c;

		while (at < hits_n && hits[at].id < ids[i])
			at++;
		if ((at < hits_n && hits[at].id == ids[i]) ||
			!idmap_get(&r->index, ids[i], &c))
			continue;
		ret[found++] = (struct unseen){c, r->c[c].guess};
	}
	return found;
}

/* Of candidates whose vectors are in the file only, those that the words like
 * best. Sorts the hits by id. */
static int
nearness_from_file(struct recalling *r, int which, const int64_t *ids, size_t n,
	struct scan_hit *hits, size_t hits_n)
{
	AUTO_FREE struct unseen *unseen = NULL;
	AUTO_FREE float *v = NULL;
	size_t found;

	if (vectors_memory_left_out(r->meaning) == 0 || adds_little(r, which))
		return 0;
	unseen = calloc(n + 1, sizeof(*unseen));
	v = calloc(r->vector.dims, sizeof(*v));
	if (!unseen || !v)
		return err_nomem(r->e);
	found = find_unseen(r, ids, n, hits, hits_n, unseen);
	qsort(unseen, found, sizeof(*unseen), unseen_by_guess);
	for (size_t i = 0; i < found && i < EXACT; i++) {
		struct recall_candidate *c = &r->c[unseen[i].at];
		double cosine = 0;
		int rc = exact(r, c->fact, v, &cosine);

		if (rc != 0)
			return rc;
		c->nearness = fmax(cosine, 0);
		r->nearest = fmax(r->nearest, cosine);
	}
	return 0;
}

static int
meanings_of(struct recalling *r, int which, int64_t *ids, struct scan_hit *hits)
{
	size_t n = 0;
	int64_t found;
	int rc;

	for (size_t i = 0; i < r->n; i++)
		if (r->c[i].which == which && !r->c[i].has_nearness) {
			r->c[i].has_nearness = true;
			ids[n++] = r->c[i].fact;
		}
	if (n == 0)
		return 0;
	qsort(ids, n, sizeof(*ids), recall_vectors_by_id);
	found = vectors_memory_nearest(r->meaning, r->request->ns[which],
		&r->vector, ids, n, hits, n);
	if (found < 0)
		return err_nomem(r->e);
	rc = set_nearness(r, which, hits, found);
	if (rc != 0)
		return rc;
	return nearness_from_file(r, which, ids, n, hits, (size_t)found);
}

int
recall_vectors_scores(struct recalling *r)
{
	AUTO_FREE int64_t *ids = NULL;
	AUTO_FREE struct scan_hit *hits = NULL;
	int k = 0;

	if (r->meaning) {
		ids = calloc(r->n + 1, sizeof(*ids));
		hits = calloc(r->n + 1, sizeof(*hits));
		if (!ids || !hits)
			return err_nomem(r->e);
	}
	for (int i = 0; k == 0 && r->meaning && i < 2; i++)
		if (r->request->ns[i] != 0)
			k = meanings_of(r, i, ids, hits);
	return k;
}

/* Does the likeness of letters count for a text? In a short one the words say it
 * all. Where the words of the question are found nowhere, letters are all there
 * is. Not more for longer texts: letters of all kinds are in them. */
static double
share_of_letters(const struct recalling *r, const struct recall_candidate *c,
	bool by_words)
{
	if (!knows_meaning(r) && by_words)
		return c->f->words >= r->w.letters_from;
	return 1;
}

void
recall_vectors_features(struct recalling *r)
{
	double covered = 0;

	if (!r->meaning)
		return;
	for (size_t i = 0; i < r->n; i++)
		covered = fmax(covered,
			recall_covered(r, r->c[i].which,
				r->c[i].found &
					~query_near_words(
						&r->terms[r->c[i].which])));
	for (size_t i = 0; i < r->n; i++) {
		struct recall_candidate *c = &r->c[i];

		c->parts[PART_MEANING] =
			(float)(weight(r) * c->nearness *
				share_of_letters(r, c, covered >= NO_WORDS));
	}
	if (!knows_meaning(r))
		r->nearest = 0;
}
