/* The texts that are kept, and the order of their entities; graph_keep.h has the
 * idea. What changed is found out in graph_keep_follow.c. */
#include "memory-db/model/read/graph_keep_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/vec.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/facts/facts.h"

/* --- memory --------------------------------------------------------------- */
int
graph_keep_new(struct graph_keep **ret)
{
	struct graph_keep *k = calloc(1, sizeof(*k));

	if (!k)
		return MDB_E_NOMEM;
	if (pthread_mutex_init(&k->lock, NULL) != 0) {
		free(k);
		return MDB_E_NOMEM;
	}
	*ret = k;
	return 0;
}

void
graph_keep_drop_item(struct graph_keep *k, struct graph_kept_graph *g,
	struct graph_list_item *x)
{
	if (!x->kept)
		return;
	assert(g->bytes >= x->kept->bytes && k->bytes >= g->bytes);
	k->bytes -= x->kept->bytes;
	g->bytes -= x->kept->bytes;
	free(x->kept);
	x->kept = NULL;
}

void
graph_keep_drop(struct graph_keep *k, struct graph_kept_graph *g)
{
	for (size_t i = 0; i < ARRAY_LEN(g->lists); i++) {
		struct graph_list *l = &g->lists[i];

		for (size_t n = 0; n < l->n; n++)
			graph_keep_drop_item(k, g, &l->v[n]);
		free(l->v);
		*l = (struct graph_list){0};
	}
	g->turn = ++k->turns;
}

/* The place becomes free. */
static void
graph_keep_leave(struct graph_keep *k, struct graph_kept_graph *g)
{
	graph_keep_drop(k, g);
	buf_done(&g->key);
}

void
graph_keep_clear(struct graph_keep *k)
{
	pthread_mutex_lock(&k->lock);
	k->cleared++;
	for (size_t i = 0; i < GRAPH_KEEP_GRAPHS; i++)
		graph_keep_leave(k, &k->v[i]);
	pthread_mutex_unlock(&k->lock);
}

uint64_t
graph_keep_seen(struct graph_keep *k)
{
	uint64_t seen;

	pthread_mutex_lock(&k->lock);
	seen = k->cleared;
	pthread_mutex_unlock(&k->lock);
	return seen;
}

void
graph_keep_free(struct graph_keep *k)
{
	if (!k)
		return;
	graph_keep_clear(k);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

bool
graph_keep_rest(struct graph_keep *k, int64_t ns)
{
	int64_t now = clock_mono_ns();
	bool more = false;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < GRAPH_KEEP_GRAPHS; i++) {
		struct graph_kept_graph *g = &k->v[i];

		if (g->key.len > 0 && now - g->used_ns >= ns)
			graph_keep_leave(k, g);
		more = more || g->key.len > 0;
	}
	pthread_mutex_unlock(&k->lock);
	return more;
}

/* --- graphs --------------------------------------------------------------- */
static int
graph_keep_key_text(struct buf *key, const char *text)
{
	return text ? buf_addc(key, '=') || buf_add(key, text, strlen(text) + 1)
		    : buf_addc(key, '-');
}

/* By the texts, not by their labels: a session has none before its first
 * write. */
static int
graph_keep_key(const struct context *ctx, const struct scope *s,
	struct buf *key)
{
	return buf_addf(key, "%lld,%lld,%d,", (long long)s->ns[0],
		       (long long)s->ns[1], s->n) ||
			       graph_keep_key_text(key, s->reader.namespace_) ||
			       graph_keep_key_text(key, ctx->session) ||
			       graph_keep_key_text(key, ctx->client)
		       ? MDB_E_NOMEM
		       : 0;
}

static bool
graph_keep_is(const struct graph_kept_graph *g, const struct buf *key)
{
	return g->key.len == key->len &&
	       memcmp(g->key.data, key->data, key->len) == 0;
}

/* The graph of the key, or in its place an empty one: the free one, or the one
 * that was read longest ago. Takes the key. */
static struct graph_kept_graph *
graph_keep_find(struct graph_keep *k, struct buf *key, const struct scope *s)
{
	struct graph_kept_graph *oldest = &k->v[0];

	for (size_t i = 0; i < GRAPH_KEEP_GRAPHS; i++) {
		if (graph_keep_is(&k->v[i], key))
			return &k->v[i];
		if (k->v[i].key.len == 0 ||
			(oldest->key.len > 0 &&
				k->v[i].used_ns < oldest->used_ns))
			oldest = &k->v[i];
	}
	graph_keep_leave(k, oldest);
	oldest->key = *key;
	*key = (struct buf){0};
	oldest->ns[0] = s->ns[0];
	oldest->ns[1] = s->ns[1];
	oldest->change = 0;
	return oldest;
}

/* --- views ---------------------------------------------------------------- */
int
graph_view_begin(struct graph_view *v, struct graph_keep *k, uint64_t seen,
	struct store *st, const struct context *ctx, const struct scope *s,
	int64_t due, struct err *e)
{
	AUTO_BUF struct buf key = {0};
	struct graph_kept_graph *g;
	int rc = 0;

	*v = (struct graph_view){0};
	if (!k || !s->lens.now || s->valid_at != FACT_NO_TIME ||
		graph_keep_key(ctx, s, &key))
		return 0;
	pthread_mutex_lock(&k->lock);
	if (k->cleared != seen) {
		pthread_mutex_unlock(&k->lock);
		return 0;
	}
	g = graph_keep_find(k, &key, s);
	/* A snapshot that is older than what is kept goes without. */
	if (s->change >= g->change) {
		rc = graph_keep_move_on(k, g, st, s->change, due, e);
		g->used_ns = clock_mono_ns();
		if (rc == 0)
			*v = (struct graph_view){.keep = k,
				.graph = (size_t)(g - k->v),
				.turn = g->turn};
	}
	pthread_mutex_unlock(&k->lock);
	return rc == MDB_E_NOMEM ? 0 : rc;
}

/* The graph of a view, with the lock held; NULL, without it: it is not the one
 * that was begun with any more. */
static struct graph_kept_graph *
graph_view_lock(struct graph_view *v)
{
	struct graph_kept_graph *g;

	if (!v->keep)
		return NULL;
	g = &v->keep->v[v->graph];
	pthread_mutex_lock(&v->keep->lock);
	if (g->turn == v->turn)
		return g;
	pthread_mutex_unlock(&v->keep->lock);
	v->keep = NULL;
	return NULL;
}

enum graph_next
graph_view_next(struct graph_view *v, int which, int64_t after,
	int64_t *ret_existence, int64_t *ret_entity)
{
	struct graph_kept_graph *g = graph_view_lock(v);
	enum graph_next found = GRAPH_NEXT_UNKNOWN;
	const struct graph_list *l;
	size_t at = v->at[which];

	if (!g)
		return GRAPH_NEXT_UNKNOWN;
	l = &g->lists[which];
	if (at == 0 || at >= l->n || l->v[at - 1].existence != after)
		at = graph_list_behind(l, after);
	if (at < l->n) {
		*ret_existence = l->v[at].existence;
		*ret_entity = l->v[at].entity;
		v->at[which] = at + 1;
		found = GRAPH_NEXT_ENTITY;
	} else if (l->is_complete) {
		found = GRAPH_NEXT_END;
	}
	pthread_mutex_unlock(&v->keep->lock);
	return found;
}

void
graph_view_order(struct graph_view *v, int which, int64_t after,
	const int64_t *existence, const int64_t *entity, int n, bool is_end)
{
	struct graph_kept_graph *g = graph_view_lock(v);
	struct graph_list *l;
	int i = 0;

	if (!g)
		return;
	l = &g->lists[which];
	/* It goes on from where it ended; a read that begins in the middle
	 * leaves no gap. */
	if (!l->is_complete && l->upto == after) {
		for (; i < n; i++) {
			if (l->n >= GRAPH_KEEP_ENTITIES ||
				vec_room(l->v, l->n, l->cap))
				break;
			assert(existence[i] > l->upto); /* it is searched by
							   halves */
			l->v[l->n++] = (struct graph_list_item){existence[i],
				entity[i], NULL};
			l->upto = existence[i];
		}
		l->is_complete = is_end && i == n;
	}
	pthread_mutex_unlock(&v->keep->lock);
}

/* --- texts ---------------------------------------------------------------- */
static struct graph_list_item *
graph_list_find(struct graph_list *l, size_t guess, int64_t existence)
{
	size_t at = guess;

	if (at == 0 || at > l->n || l->v[at - 1].existence != existence)
		at = graph_list_behind(l, existence);
	return at > 0 && l->v[at - 1].existence == existence ? &l->v[at - 1]
							     : NULL;
}

int
graph_view_take(struct graph_view *v, int which, int64_t existence,
	graph_keep_fn fn, void *ctx)
{
	struct graph_kept_graph *g = graph_view_lock(v);
	struct graph_list_item *x;
	int rc = 0;

	if (!g)
		return 0;
	x = graph_list_find(&g->lists[which], v->at[which], existence);
	if (x && x->kept) {
		const struct graph_kept *kept = x->kept;
		struct graph_keep_item item =
			{(const char *)&kept->rows[kept->rows_n], kept->text_n,
				kept->rows, kept->rows_n};

		rc = fn(ctx, &item);
	}
	pthread_mutex_unlock(&v->keep->lock);
	return rc;
}

/* A block with the entity and its relations; NULL: no memory. */
static struct graph_kept *
graph_kept_new(const struct graph_keep_item *item, const char *relations)
{
	size_t rows = item->rows_n * sizeof(*item->rows), texts = 0, bytes;
	struct graph_kept *x;
	char *text;

	for (size_t i = 0; i < item->rows_n; i++)
		texts += item->rows[i].n;
	bytes = sizeof(*x) + rows + item->text_n + texts;
	x = malloc(bytes);
	if (!x)
		return NULL;
	*x = (struct graph_kept){item->text_n, item->rows_n, bytes};
	if (rows > 0)
		memcpy(x->rows, item->rows, rows);
	text = (char *)&x->rows[item->rows_n];
	memcpy(text, item->text, item->text_n);
	if (texts > 0)
		memcpy(text + item->text_n, relations, texts);
	return x;
}

/* Room for more, where another graph may have to go. */
static bool
graph_keep_room(struct graph_keep *k, const struct graph_kept_graph *g,
	size_t bytes)
{
	while (k->bytes + bytes > GRAPH_KEEP_BYTES) {
		struct graph_kept_graph *oldest = NULL;

		for (size_t i = 0; i < GRAPH_KEEP_GRAPHS; i++)
			if (&k->v[i] != g && k->v[i].bytes > 0 &&
				(!oldest || k->v[i].used_ns < oldest->used_ns))
				oldest = &k->v[i];
		if (!oldest)
			return false;
		graph_keep_leave(k, oldest);
	}
	return true;
}

void
graph_view_put(struct graph_view *v, int which, int64_t existence,
	const struct graph_keep_item *item, const char *relations)
{
	struct graph_kept *kept =
		v->keep ? graph_kept_new(item, relations) : NULL;
	struct graph_kept_graph *g = kept ? graph_view_lock(v) : NULL;
	struct graph_list_item *x;

	if (!g) {
		free(kept);
		return;
	}
	x = graph_list_find(&g->lists[which], v->at[which], existence);
	if (x && !x->kept && graph_keep_room(v->keep, g, kept->bytes)) {
		x->kept = kept;
		g->bytes += kept->bytes;
		v->keep->bytes += kept->bytes;
		kept = NULL;
	}
	pthread_mutex_unlock(&v->keep->lock);
	free(kept);
}
