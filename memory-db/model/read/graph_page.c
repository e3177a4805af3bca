/* Pages of the graph. */
#include "memory-db/model/read/graph_page.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"

/* Room for the frame of the reply: names of members, id, cursor. */
#define FRAME_BYTES 512

int
graph_page_init(struct graph_page *p, struct store *st,
	const struct scope *scope, const json_t *params, struct err *e)
{
	int r;

	memset(p, 0, sizeof(*p));
	p->st = st;
	p->scope = scope;
	r = encode_budget(params, &p->max_bytes, e);
	if (r < 0)
		return r;
	p->with_relations =
		!json_is_false(json_object_get(params, "relations"));
	p->encode.members = encode_members(json_object_get(params, "fields"));
	p->encode.home_ns = scope->ns[0];
	p->encode.reader = scope;
	p->encode.valid_at = scope->valid_at;
	p->entities = json_array();
	p->relations = json_array();
	p->bytes = FRAME_BYTES;
	return p->entities == NULL || p->relations == NULL ? err_nomem(e) : 0;
}

void
graph_page_done(struct graph_page *p)
{
	json_decref(p->entities);
	json_decref(p->relations);
	p->entities = p->relations = NULL;
}

int
graph_page_entity(struct graph_page *p, int64_t entity, struct err *e)
{
	bool first = json_array_size(p->entities) == 0;
	json_t *j = NULL;
	size_t bytes = 0;
	int r;

	/* A page never passes its bound; an entity that would is left for the
	 * next page, where it is first and is cut. */
	p->encode.max_bytes = p->max_bytes > FRAME_BYTES * 2
				      ? p->max_bytes - FRAME_BYTES
				      : FRAME_BYTES;
	r = encode_entity(p->st, entity, &p->encode, &j, &bytes, e);
	if (r != 1)
		return r;
	if (!first && p->bytes + bytes + 1 > p->max_bytes) {
		json_decref(j);
		return 2;
	}
	p->bytes += bytes + 1;
	return jx_add(p->entities, j) != 0 ? err_nomem(e) : 1;
}

struct graph_page_ids {
	int64_t *v;
	size_t n, cap;
};

static int
graph_page_collect(void *ctx, const struct fact *f)
{
	struct graph_page_ids *x = ctx;
	int64_t *p = x->v;

	if (x->n == x->cap) {
		x->cap = x->cap == 0 ? 32 : x->cap * 2;
		p = realloc(x->v, x->cap * sizeof(*p));
		if (p == NULL)
			return MDB_E_NOMEM;
		x->v = p;
	}
	x->v[x->n++] = f->id;
	return 0;
}

static int
graph_page_ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Outgoing and incoming ones, sorted. */
static int
relation_ids(struct graph_page *p, int64_t entity, struct graph_page_ids *x,
	struct err *e)
{
	int r = fact_each(p->st, entity, 1u << FACT_RELATION,
		graph_page_collect, x, e);

	if (r == 0)
		r = fact_each_incoming(p->st, entity, graph_page_collect, x, e);
	if (r == MDB_E_NOMEM)
		return err_nomem(e);
	if (r == 0 && x->n > 0)
		qsort(x->v, x->n, sizeof(*x->v), graph_page_ascending);
	return r;
}

struct adding {
	struct graph_page *p;
	int64_t entity, existence;
	bool only_earlier, full;
	struct err *e;
};

static int
add_relation(void *ctx, const struct fact *f)
{
	struct adding *x = ctx;
	struct graph_page *p = x->p;
	int64_t other = f->entity == x->entity ? f->peer : f->entity, at = 0;
	json_t *j = NULL;
	size_t bytes;
	int r = fact_existence(p->st, other, &at, NULL, NULL, x->e);

	if (r != 1 || (x->only_earlier && at > x->existence))
		return r < 0 ? r : 0;
	r = encode_relation(p->st, f, &j, x->e);
	if (r != 1)
		return r;
	bytes = encode_size(j) + 1;
	x->full = p->bytes + bytes > p->max_bytes && p->bytes > FRAME_BYTES;
	if (x->full) {
		json_decref(j);
		return 0;
	}
	p->bytes += bytes;
	return jx_add(p->relations, j) != 0 ? err_nomem(x->e) : 0;
}

int
graph_page_relations(struct graph_page *p, int64_t entity, bool only_earlier,
	int64_t *after, struct err *e)
{
	struct adding x = {p, entity, 0, only_earlier, false, e};
	struct graph_page_ids ids = {0};
	int64_t last = *after;
	int r;

	if (!p->with_relations)
		return 0;
	r = fact_existence(p->st, entity, &x.existence, NULL, NULL, e);
	if (r != 1)
		return r;
	r = relation_ids(p, entity, &ids, e);
	for (size_t i = 0; r == 0 && i < ids.n && !x.full; i++) {
		if (ids.v[i] <= last) /* done, or both ends are this one */
			continue;
		r = fact_get(p->st, ids.v[i], add_relation, &x, e);
		r = r < 0 ? r : 0;
		if (r == 0 && !x.full)
			*after = last = ids.v[i];
	}
	free(ids.v);
	if (r != 0)
		return r;
	if (x.full) { /* 1: the entity was given, none of its relations */
		*after = last > 0 ? last : 1;
		return 2;
	}
	*after = 0;
	return 0;
}

static int
graph_page_by_id(const void *a, const void *b)
{
	json_int_t x =
		json_integer_value(json_object_get(*(json_t *const *)a, "id"));
	json_int_t y =
		json_integer_value(json_object_get(*(json_t *const *)b, "id"));

	return x < y ? -1 : x > y;
}

/* In order of creation, each once. */
static int
sort_relations(struct graph_page *p, json_t **ret, struct err *e)
{
	size_t n = json_array_size(p->relations);
	json_t **v AUTO_FREE = calloc(n + 1, sizeof(*v));
	json_t *out AUTO_JSON = json_array();

	if (v == NULL || out == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		v[i] = json_array_get(p->relations, i);
	if (n > 0)
		qsort(v, n, sizeof(*v), graph_page_by_id);
	for (size_t i = 0; i < n; i++)
		if ((i == 0 || graph_page_by_id(&v[i - 1], &v[i]) != 0) &&
			json_array_append(out, v[i]) != 0)
			return err_nomem(e);
	*ret = take_ptr(out);
	return 0;
}

int
graph_page_result(struct graph_page *p, const char *next, json_t **ret_result,
	struct err *e)
{
	json_t *result AUTO_JSON = json_object();
	json_t *relations = NULL;
	int r = sort_relations(p, &relations, e);

	if (r != 0)
		return r;
	if (result == NULL ||
		json_object_set(result, "entities", p->entities) != 0) {
		json_decref(relations);
		return err_nomem(e);
	}
	if (jx_set(result, "relations", relations) != 0 ||
		(next != NULL &&
			jx_set(result, "next", json_string(next)) != 0))
		return err_nomem(e);
	*ret_result = take_ptr(result);
	return 0;
}
