/* The flat scan.
 *
 * A group is three arrays in step: ids (ascending), scales, and the vectors as
 * rows of bytes (scan_row.h says in which forms).
 *
 * A removed vector stays where it is with a negative scale until one in eight
 * of its group is gone; then the group is closed up. So a removal costs a
 * search for the id and, over time, the move of eight vectors. One put between
 * others moves those behind it: 1 ms for each 10 MB. */
#include "memory-db/embed/scan.h"

#include <assert.h>
#include <string.h>

#include "common/err.h"
#include "common/vec.h"
#include "memory-db/embed/embed.h"
#include "memory-db/embed/scan_row.h"

#define REMOVED	 (-1.0f) /* scale of a removed vector */
#define ROWS_MIN 16
/* Growth of a full array: little, as the bound of memory counts rows in use. */
#define GROW_SHARE 8
/* Of the largest group at a time, when the oldest are to go: moving what stays
 * is paid for once for so many. */
#define OLDEST_SHARE 16
#define OLDEST_MIN   64

struct scan_group {
	int64_t group;
	int64_t *ids;
	float *scales;
	unsigned char *rows; /* cap * stride */
	size_t n, cap, removed;
};

struct scan {
	enum scan_form form;
	size_t dims, stride;
	struct scan_group *groups; /* ascending */
	size_t groups_n, groups_cap;
	size_t rows_n; /* of all groups, removed ones among them */
};

/* --- groups --------------------------------------------------------------- */

/* Position of the first group not below; *ret_found: it is this one. */
static size_t
group_place(const struct scan *s, int64_t group, bool *ret_found)
{
	size_t low = 0, high = s->groups_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->groups[mid].group < group)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_found = low < s->groups_n && s->groups[low].group == group;
	return low;
}

static struct scan_group *
group_find(const struct scan *s, int64_t group)
{
	bool found;
	size_t i = group_place(s, group, &found);

	return found ? &s->groups[i] : NULL;
}

static struct scan_group *
group_make(struct scan *s, int64_t group)
{
	bool found;
	size_t i = group_place(s, group, &found);
	struct scan_group *g;

	if (found)
		return &s->groups[i];
	if (vec_room(s->groups, s->groups_n, s->groups_cap) != 0)
		return NULL;
	g = s->groups + i;
	memmove(g + 1, g, (s->groups_n - i) * sizeof(*g));
	s->groups_n++;
	*g = (struct scan_group){.group = group};
	return g;
}

static void
group_done(struct scan_group *g)
{
	free(g->ids);
	free(g->scales);
	free(g->rows);
}

static void
group_drop(struct scan *s, struct scan_group *g)
{
	size_t i = (size_t)(g - s->groups);

	s->rows_n -= g->n;
	group_done(g);
	s->groups_n--;
	memmove(g, g + 1, (s->groups_n - i) * sizeof(*g));
}

/* On failure a group may have larger arrays than it says, never smaller ones. */
static int
group_resize(struct scan_group *g, size_t stride, size_t cap)
{
	void *p;

	if (cap < g->cap)
		g->cap = cap;
	if (!(p = reallocarray(g->ids, cap, sizeof(*g->ids))))
		return MDB_E_NOMEM;
	g->ids = p;
	if (!(p = reallocarray(g->scales, cap, sizeof(*g->scales))))
		return MDB_E_NOMEM;
	g->scales = p;
	if (!(p = reallocarray(g->rows, cap, stride)))
		return MDB_E_NOMEM;
	g->rows = p;
	g->cap = cap;
	return 0;
}

/* Room goes back when less than half of it is used; where that fails it stays. */
static void
group_shrink(struct scan_group *g, size_t stride)
{
	size_t cap = g->n + g->n / 4 + ROWS_MIN;

	if (g->n < g->cap / 2 && cap < g->cap)
		(void)!group_resize(g, stride, cap);
}

/* Position of the first id at or behind `from` that is not below id. Doubles
 * its steps, so that a near one is found soon. */
static size_t
place_from(const struct scan_group *g, size_t from, int64_t id)
{
	size_t low = from, step = 1, high;

	while (step <= g->n - low && g->ids[low + step - 1] < id) {
		low += step;
		step *= 2;
	}
	high = step <= g->n - low ? low + step - 1 : g->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->ids[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Most often behind all others. */
static size_t
scan_place(const struct scan_group *g, int64_t id)
{
	return g->n > 0 && g->ids[g->n - 1] < id ? g->n : place_from(g, 0, id);
}

static void
group_close_up(struct scan *s, struct scan_group *g)
{
	size_t stride = s->stride, to = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (g->scales[i] < 0)
			continue;
		if (to < i) {
			g->ids[to] = g->ids[i];
			g->scales[to] = g->scales[i];
			memcpy(g->rows + to * stride, g->rows + i * stride,
				stride);
		}
		to++;
	}
	s->rows_n -= g->n - to;
	g->n = to;
	g->removed = 0;
	group_shrink(g, stride);
}

/* --- the set -------------------------------------------------------------- */

struct scan *
scan_new(enum scan_form form, size_t dims)
{
	struct scan *s = calloc(1, sizeof(*s));

	assert(dims > 0 && dims <= EMBED_DIMS_MAX);
	if (!s)
		return NULL;
	s->form = form;
	s->dims = dims;
	s->stride = scan_row_bytes(form, dims);
	return s;
}

void
scan_free(struct scan *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->groups_n; i++)
		group_done(&s->groups[i]);
	free(s->groups);
	free(s);
}

/* Opens a gap at i. */
static int
group_insert(struct scan *s, struct scan_group *g, size_t i)
{
	size_t stride = s->stride, behind = g->n - i;
	size_t more = g->cap + g->cap / GROW_SHARE + ROWS_MIN;

	if (g->n == g->cap && group_resize(g, stride, more) < 0)
		return MDB_E_NOMEM;
	memmove(g->ids + i + 1, g->ids + i, behind * sizeof(*g->ids));
	memmove(g->scales + i + 1, g->scales + i, behind * sizeof(*g->scales));
	memmove(g->rows + (i + 1) * stride, g->rows + i * stride,
		behind * stride);
	g->n++;
	s->rows_n++;
	return 0;
}

int
scan_put(struct scan *s, int64_t group, int64_t id, const float *v)
{
	struct scan_group *g = group_make(s, group);
	size_t i;

	if (!g)
		return MDB_E_NOMEM;
	i = scan_place(g, id);
	if (i < g->n && g->ids[i] == id) {
		if (g->scales[i] < 0)
			g->removed--;
	} else if (group_insert(s, g, i) < 0) {
		if (g->n == 0)
			group_drop(s, g);
		return MDB_E_NOMEM;
	}
	g->ids[i] = id;
	g->scales[i] =
		scan_row_pack(s->form, v, s->dims, g->rows + i * s->stride);
	return 0;
}

void
scan_remove(struct scan *s, int64_t group, int64_t id)
{
	struct scan_group *g = group_find(s, group);
	size_t i = g ? scan_place(g, id) : 0;

	if (!g || i == g->n || g->ids[i] != id || g->scales[i] < 0)
		return;
	g->scales[i] = REMOVED;
	g->removed++;
	if (g->removed == g->n)
		group_drop(s, g);
	else if (g->removed > g->n / 8 + 64)
		group_close_up(s, g);
}

void
scan_remove_group(struct scan *s, int64_t group)
{
	struct scan_group *g = group_find(s, group);

	if (g)
		group_drop(s, g);
}

/* --- the oldest ----------------------------------------------------------- */
static struct scan_group *
group_largest(struct scan *s)
{
	struct scan_group *g = NULL;

	for (size_t i = 0; i < s->groups_n; i++)
		if (!g || s->groups[i].n > g->n)
			g = &s->groups[i];
	return g;
}

/* The first n rows are gone. */
static void
group_cut(struct scan *s, struct scan_group *g, size_t n)
{
	size_t left = g->n - n;

	for (size_t i = 0; i < n; i++)
		g->removed -= g->scales[i] < 0;
	memmove(g->ids, g->ids + n, left * sizeof(*g->ids));
	memmove(g->scales, g->scales + n, left * sizeof(*g->scales));
	memmove(g->rows, g->rows + n * s->stride, left * s->stride);
	g->n = left;
	s->rows_n -= n;
	if (g->removed == g->n)
		group_drop(s, g);
	else
		group_shrink(g, s->stride);
}

void
scan_take_oldest(struct scan *s, scan_oldest_fn fn, void *ctx)
{
	struct scan_group *g = group_largest(s);
	float v[EMBED_DIMS_MAX];
	size_t n;

	if (!g)
		return;
	n = g->n / OLDEST_SHARE > OLDEST_MIN ? g->n / OLDEST_SHARE : OLDEST_MIN;
	if (n > g->n)
		n = g->n;
	for (size_t i = 0; i < n; i++) {
		if (g->scales[i] < 0)
			continue;
		scan_row_unpack(s->form, g->rows + i * s->stride, g->scales[i],
			s->dims, v);
		fn(ctx, g->group, g->ids[i], v);
	}
	group_cut(s, g, n);
}

bool
scan_lowest(const struct scan *s, int64_t group, int64_t *ret)
{
	const struct scan_group *g = group_find(s, group);

	if (!g)
		return false;
	*ret = g->ids[0];
	return true;
}

size_t
scan_row_cost(const struct scan *s)
{
	return sizeof(*s->groups->ids) + sizeof(*s->groups->scales) + s->stride;
}

size_t
scan_used_bytes(const struct scan *s)
{
	return s->rows_n * scan_row_cost(s);
}

size_t
scan_count(const struct scan *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->groups_n; i++)
		n += s->groups[i].n - s->groups[i].removed;
	return n;
}

size_t
scan_bytes(const struct scan *s)
{
	size_t n = sizeof(*s) + s->groups_cap * sizeof(*s->groups);

	for (size_t i = 0; i < s->groups_n; i++)
		n += s->groups[i].cap * scan_row_cost(s);
	return n;
}

/* --- the best ------------------------------------------------------------- */

/* A heap with the worst on top, in the caller's array. */
struct best {
	struct scan_hit *hits;
	size_t n, max;
};

static bool
is_worse(const struct scan_hit *a, const struct scan_hit *b)
{
	return a->score < b->score || (a->score == b->score && a->id < b->id);
}

/* Puts h at i or below. */
static void
sift_down(struct scan_hit *hits, size_t n, size_t i, struct scan_hit h)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && is_worse(&hits[child + 1], &hits[child]))
			child++;
		if (!is_worse(&hits[child], &h))
			break;
		hits[i] = hits[child];
		i = child;
	}
	hits[i] = h;
}

static void
sift_up(struct scan_hit *hits, size_t i, struct scan_hit h)
{
	while (i > 0 && is_worse(&h, &hits[(i - 1) / 2])) {
		hits[i] = hits[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	hits[i] = h;
}

static inline void
scan_offer(struct best *b, struct scan_hit h)
{
	if (b->n < b->max)
		sift_up(b->hits, b->n++, h);
	else if (is_worse(&b->hits[0], &h))
		sift_down(b->hits, b->n, 0, h);
}

/* Best first: the worst goes to the end, again and again. */
static void
sort(struct best *b)
{
	for (size_t n = b->n; n > 1; n--) {
		struct scan_hit worst = b->hits[0];

		sift_down(b->hits, n - 1, 0, b->hits[n - 1]);
		b->hits[n - 1] = worst;
	}
}

struct scan_question {
	const struct scan *s;
	const struct scan_group *g;
	struct scan_query query;
	struct best best;
};

/* Removed vectors and those of zeros are never hits. */
static inline void
scan_look_at(struct scan_question *q, size_t i)
{
	const struct scan *s = q->s;
	float scale = q->g->scales[i];

	if (scale <= 0)
		return;
	scan_offer(&q->best, (struct scan_hit){.id = q->g->ids[i],
				     .score = scan_query_score(&q->query,
					     q->g->rows + i * s->stride, scale),
				     .is_rough = s->form == SCAN_SIGNS});
}

static void
look_at_only(struct scan_question *q, const int64_t *only, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at < q->g->n; i++) {
		at = place_from(q->g, at, only[i]);
		if (at < q->g->n && q->g->ids[at] == only[i])
			scan_look_at(q, at);
	}
}

int64_t
scan_best(const struct scan *s, int64_t group, const float *query,
	const int64_t *only, size_t only_n, struct scan_hit *ret, size_t max)
{
	struct scan_question q = {.s = s,
		.g = group_find(s, group),
		.best = {.hits = ret, .max = max}};

	if (!q.g || max == 0)
		return 0;
	if (!scan_query_make(&q.query, s->form, query, s->dims))
		return 0;
	if (only)
		look_at_only(&q, only, only_n);
	else
		for (size_t i = 0; i < q.g->n; i++)
			scan_look_at(&q, i);
	sort(&q.best);
	return (int64_t)q.best.n;
}
