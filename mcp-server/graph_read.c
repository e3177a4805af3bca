/* Page after page over the same relay. A cursor pins the state at which the
 * reading began, so the whole is one moment's graph. */
#include "mcp-server/graph_read.h"

#include <string.h>

#include "common/jx.h"

struct graph_read {
	struct relay *relay;
	const char *method;
	json_t *params;		/* owned; its cursor moves */
	size_t max_bytes, bytes;
	graph_read_fn fn;
	void *ctx;
	struct relay_call *call; /* under way, or NULL */
	json_t *graph;		/* owned */
	json_t *seen;		/* owned; relations taken, as JSON texts */
};

void
graph_read_free(struct graph_read *g)
{
	if (!g)
		return;
	if (g->call)
		relay_cancel(g->call);
	json_decref(g->params);
	json_decref(g->graph);
	json_decref(g->seen);
	free(g);
}

/* Moves a page's relations, those that stood on an earlier page left out. */
static int
add_relations(struct graph_read *g, json_t *page)
{
	json_t *all = json_object_get(g->graph, "relations");
	json_t *r;
	size_t i;

	json_array_foreach(page, i, r) {
		AUTO_BUF struct buf key = {0};
		const char *text;

		if (jx_dump(r, &key))
			return MDB_E_NOMEM;
		text = buf_str(&key);
		if (!text)
			return MDB_E_NOMEM;
		if (json_object_get(g->seen, text))
			continue;
		if (jx_set(g->seen, text, json_true()) ||
			jx_add(all, json_incref(r)))
			return MDB_E_NOMEM;
	}
	return 0;
}

static int
add_page(struct graph_read *g, json_t *reply)
{
	json_t *page = json_object_get(reply, "results");
	json_t *all = json_object_get(g->graph, "entities");
	json_t *e;
	size_t i;

	if (!page)
		page = json_object_get(reply, "entities");
	json_array_foreach(page, i, e)
		if (jx_add(all, json_incref(e)))
			return MDB_E_NOMEM;
	g->bytes += json_dumpb(page, NULL, 0, JSON_COMPACT);
	page = json_object_get(reply, "relations");
	g->bytes += json_dumpb(page, NULL, 0, JSON_COMPACT);
	return add_relations(g, page);
}

struct entry {
	json_int_t id;
	size_t at;		/* keeps the order of those without an id */
	json_t *value;
};

static int
by_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Sorts a list of the graph by id, which follows creation. Of entries with the
 * same id one stays: a name asked twice, or by an alias as well. */
static int
order(struct graph_read *g, const char *key)
{
	json_t *all = json_object_get(g->graph, key);
	size_t n = json_array_size(all);
	AUTO_FREE struct entry *list = calloc(n + 1, sizeof(*list));
	AUTO_JSON json_t *sorted = json_array();

	if (!list || !sorted)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		list[i].value = json_array_get(all, i);
		list[i].id = json_integer_value(
			json_object_get(list[i].value, "id"));
		list[i].at = i;
	}
	qsort(list, n, sizeof(*list), by_id);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && list[i].id != 0 && list[i].id == list[i - 1].id)
			continue;
		if (jx_add(sorted, json_incref(list[i].value)))
			return MDB_E_NOMEM;
	}
	return jx_set(g->graph, key, json_incref(sorted));
}

/* Pages bring relations in the order of their entities, and open_nodes
 * entities in the order of the names. */
static int
order_all(struct graph_read *g)
{
	if (order(g, "relations"))
		return MDB_E_NOMEM;
	return strcmp(g->method, "open_nodes") == 0 ? order(g, "entities") : 0;
}

static void page_done(void *ctx, int rc, json_t *reply, const struct err *e);

static int
next_page(struct graph_read *g)
{
	json_t *params = json_copy(g->params);

	g->call = params ? relay_call(g->relay, g->method, params, false,
		page_done, g) : NULL;
	return g->call ? 0 : MDB_E_NOMEM;
}

static void
fail_nomem(struct graph_read *g)
{
	struct err e = {0};

	g->fn(g->ctx, err_nomem(&e), NULL, &e);
}

static void
page_done(void *ctx, int rc, json_t *reply, const struct err *e)
{
	struct graph_read *g = ctx;
	json_t *next = json_object_get(reply, "next");

	g->call = NULL;
	if (rc) {
		g->fn(g->ctx, rc, NULL, e);
		return;
	}
	if (add_page(g, reply)) {
		fail_nomem(g);
		return;
	}
	if (next && g->bytes <= g->max_bytes) {
		if (jx_set(g->params, "cursor", json_incref(next)) ||
			next_page(g))
			fail_nomem(g);
		return;
	}
	if ((next && jx_set(g->graph, "next", json_incref(next))) ||
		order_all(g)) {
		fail_nomem(g);
		return;
	}
	g->fn(g->ctx, 0, g->graph, NULL);
}

struct graph_read *
graph_read_start(struct relay *relay, const char *method, json_t *params_new,
	size_t max_bytes, graph_read_fn fn, void *ctx)
{
	struct graph_read *g = calloc(1, sizeof(*g));

	if (!g) {
		json_decref(params_new);
		return NULL;
	}
	g->relay = relay;
	g->method = method;
	g->params = params_new;
	g->max_bytes = max_bytes;
	g->fn = fn;
	g->ctx = ctx;
	g->graph = json_pack("{s:[], s:[]}", "entities", "relations");
	g->seen = json_object();
	if (!g->params || !g->graph || !g->seen || next_page(g)) {
		graph_read_free(g);
		return NULL;
	}
	return g;
}
