/* Page after page over the same relay. A cursor pins the state at which the
 * reading began, so the whole is one moment's graph.
 *
 * A search has two steps, since its pages share their room among the hits and
 * cut what is large: first the names of all hits, then those entities by
 * open_nodes, some at a time, which leaves nothing out. */
#include "mcp-server/mcp/graph_read.h"

#include <string.h>

#include "common/jx.h"
#include "mcp-server/mcp/compat_answer.h"

/* Names of one open_nodes of a search: a request of 1 MiB at most. */
#define OPEN_NAMES 1000

struct graph_read {
	struct relay *relay;
	const struct tool *tool; /* the method that is called */
	json_t *params;		 /* owned; its cursor moves */
	bool finding;		 /* the first step of a search */
	json_t *names; /* owned; of the hits, each once, ids as values */
	void *at;      /* names: iterator at those not yet opened */
	size_t max_bytes, bytes;
	graph_read_fn fn;
	void *ctx;
	struct relay_call *call; /* under way, or NULL */
	json_t *graph;		 /* owned */
	json_t *seen;		 /* owned; relations taken, by id */
};

void
graph_read_free(struct graph_read *g)
{
	if (!g)
		return;
	if (g->call)
		relay_cancel(g->call);
	json_decref(g->params);
	json_decref(g->names);
	json_decref(g->graph);
	json_decref(g->seen);
	free(g);
}

/* What tells relations apart; of those of memory-db the id. */
static const char *
graph_read_key(const json_t *relation, struct buf *space)
{
	const json_t *id = json_object_get(relation, "id");

	if (jx_dump(json_is_integer(id) ? id : relation, space))
		return NULL;
	return buf_str(space);
}

/* Moves a page's relations, those that stood on an earlier page left out. The
 * pages of the whole graph have each once. */
static int
add_relations(struct graph_read *g, json_t *page)
{
	json_t *all = json_object_get(g->graph, "relations");
	bool may_repeat = g->tool->compat.whole != WHOLE_PAGES;
	json_t *r;
	size_t i;

	json_array_foreach(page, i, r) {
		AUTO_BUF struct buf space = {0};
		const char *key = may_repeat ? graph_read_key(r, &space) : NULL;

		if (may_repeat && !key)
			return MDB_E_NOMEM;
		if (key && json_object_get(g->seen, key))
			continue;
		if ((key && jx_set(g->seen, key, json_true())) ||
			jx_add(all, json_incref(r)))
			return MDB_E_NOMEM;
		g->bytes += compat_relation_bytes(r);
	}
	return 0;
}

/* Not one of the same name in the other namespace, which the search did not
 * find. */
static bool
graph_read_is_wanted(const struct graph_read *g, json_t *entity)
{
	const char *name = json_string_value(json_object_get(entity, "name"));
	json_t *ids = g->names && name ? json_object_get(g->names, name) : NULL;
	json_t *id;
	size_t i;

	if (!g->names)
		return true;
	json_array_foreach(ids, i, id)
		if (json_equal(id, json_object_get(entity, "id")))
			return true;
	return false;
}

static int
graph_read_add_page(struct graph_read *g, json_t *reply)
{
	json_t *page = json_object_get(reply, "entities");
	json_t *all = json_object_get(g->graph, "entities");
	json_t *e;
	size_t i;

	json_array_foreach(page, i, e) {
		if (!graph_read_is_wanted(g, e))
			continue;
		if (jx_add(all, json_incref(e)))
			return MDB_E_NOMEM;
		g->bytes += compat_entity_bytes(e);
	}
	return add_relations(g, json_object_get(reply, "relations"));
}

struct graph_read_entry {
	json_int_t id;
	size_t at; /* keeps the order of those without an id */
	json_t *value;
};

static int
graph_read_by_id(const void *a, const void *b)
{
	const struct graph_read_entry *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Sorts a list of the graph by id, which follows creation. Of entries with the
 * same id one stays: a name asked twice, or by an alias as well. */
static int
graph_read_order(struct graph_read *g, const char *key)
{
	json_t *all = json_object_get(g->graph, key);
	size_t n = json_array_size(all);
	AUTO_FREE struct graph_read_entry *list = calloc(n + 1, sizeof(*list));
	AUTO_JSON json_t *sorted = json_array();

	if (!list || !sorted)
		return MDB_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		list[i].value = json_array_get(all, i);
		list[i].id = json_integer_value(
			json_object_get(list[i].value, "id"));
		list[i].at = i;
	}
	qsort(list, n, sizeof(*list), graph_read_by_id);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && list[i].id != 0 && list[i].id == list[i - 1].id)
			continue;
		if (jx_add(sorted, json_incref(list[i].value)))
			return MDB_E_NOMEM;
	}
	return jx_set(g->graph, key, json_incref(sorted));
}

/* Pages bring relations in the order of their entities, and open_nodes
 * entities in the order of the names; those of a search are in order. */
static int
order_all(struct graph_read *g)
{
	if (graph_read_order(g, "relations"))
		return MDB_E_NOMEM;
	return g->tool->compat.whole == WHOLE_NAMES && !g->names
		       ? graph_read_order(g, "entities")
		       : 0;
}

static void page_done(void *ctx, int rc, json_t *reply, const struct err *e);

static int
graph_read_next_page(struct graph_read *g)
{
	json_t *params = jx_copy(g->params);

	g->call = params ? relay_call(g->relay, g->tool->name, params, false,
				   page_done, g)
			 : NULL;
	return g->call ? 0 : MDB_E_NOMEM;
}

static void
fail_nomem(struct graph_read *g)
{
	struct err e = {0};

	g->fn(g->ctx, err_nomem(&e), NULL, &e);
}

/* --- searching ------------------------------------------------------------ */

/* Notes the hits of a page. */
static int
add_hits(struct graph_read *g, json_t *reply)
{
	json_t *hit;
	size_t i;

	json_array_foreach(json_object_get(reply, "results"), i, hit) {
		json_t *name = json_object_get(hit, "name");
		json_t *id = json_object_get(hit, "id");
		json_t *ids;

		if (!json_is_string(name) || !id)
			continue;
		ids = json_object_get(g->names, json_string_value(name));
		if (!ids) {
			ids = json_array();
			if (jx_set(g->names, json_string_value(name), ids))
				return MDB_E_NOMEM;
			g->bytes += json_string_length(name);
		}
		if (jx_add(ids, json_incref(id)))
			return MDB_E_NOMEM;
	}
	return 0;
}

/* Opens the next of the hits; without any left *ret_done is true. */
static int
open_hits(struct graph_read *g, bool *ret_done)
{
	json_t *names = json_array();

	*ret_done = !g->at;
	if (!names || jx_set(g->params, "names", names))
		return MDB_E_NOMEM;
	json_object_del(g->params, "cursor");
	while (g->at && json_array_size(names) < OPEN_NAMES) {
		if (jx_add(names, json_string(json_object_iter_key(g->at))))
			return MDB_E_NOMEM;
		g->at = json_object_iter_next(g->names, g->at);
	}
	return *ret_done ? 0 : graph_read_next_page(g);
}

/* From names to entities. */
static void
begin_opening(struct graph_read *g)
{
	static const char *const search_only[] = {"query", "mode", "limit",
		"fields", "cursor", "relations"};

	for (size_t i = 0; i < ARRAY_LEN(search_only); i++)
		json_object_del(g->params, search_only[i]);
	g->finding = false;
	g->bytes = 0;
	g->tool = TOOL_OF(open_nodes);
	g->at = json_object_iter(g->names);
}

static int
begin_finding(struct graph_read *g)
{
	g->finding = true;
	g->names = json_object();
	return g->names && !jx_set(g->params, "relations", json_false()) &&
			       !jx_set(g->params, "fields",
				       json_pack("[ss]", "id", "name"))
		       ? 0
		       : MDB_E_NOMEM;
}

/* --- pages ---------------------------------------------------------------- */

/* Takes a page in and asks for what follows. *ret_done: nothing does. */
static int
take_page(struct graph_read *g, json_t *reply, bool *ret_done)
{
	json_t *next = json_object_get(reply, "next");
	bool full;

	*ret_done = false;
	if (g->finding ? add_hits(g, reply) : graph_read_add_page(g, reply))
		return MDB_E_NOMEM;
	full = g->bytes > g->max_bytes;
	if (next && !full)
		return jx_set(g->params, "cursor", json_incref(next))
			       ? MDB_E_NOMEM
			       : graph_read_next_page(g);
	if (!full && g->finding)
		begin_opening(g);
	if (!full && g->names)
		return open_hits(g, ret_done);
	*ret_done = true;
	if (!next && (g->at || g->finding)) /* full, with more to open */
		next = json_true();
	return next ? jx_set(g->graph, "next", json_incref(next)) : 0;
}

static void
page_done(void *ctx, int rc, json_t *reply, const struct err *e)
{
	struct graph_read *g = ctx;
	bool done = false;

	g->call = NULL;
	if (rc)
		g->fn(g->ctx, rc, NULL, e);
	else if (take_page(g, reply, &done) || (done && order_all(g)))
		fail_nomem(g);
	else if (done)
		g->fn(g->ctx, 0, g->graph, NULL);
}

struct graph_read *
graph_read_start(struct relay *relay, const struct tool *tool,
	json_t *params_new, size_t max_bytes, graph_read_fn fn, void *ctx)
{
	struct graph_read *g = calloc(1, sizeof(*g));

	if (!g) {
		json_decref(params_new);
		return NULL;
	}
	g->relay = relay;
	g->tool = tool;
	g->params = params_new;
	g->max_bytes = max_bytes;
	g->fn = fn;
	g->ctx = ctx;
	g->graph = json_pack("{s:[], s:[]}", "entities", "relations");
	g->seen = json_object();
	if (!g->params || !g->graph || !g->seen ||
		(tool->compat.whole == WHOLE_SEARCH && begin_finding(g)) ||
		graph_read_next_page(g)) {
		graph_read_free(g);
		return NULL;
	}
	return g;
}
