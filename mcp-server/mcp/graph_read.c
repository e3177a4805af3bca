/* Page after page over the same relay. A cursor pins the state at which the
 * reading began, so the whole is one moment's graph.
 *
 * While a page is gone through, memory-db makes the next one: its cursor stands
 * at the end of the page and is asked for first.
 *
 * A search has two steps, since its pages share their room among the hits and
 * cut what is large: first the names of all hits, then those entities by
 * open_nodes, some at a time, which leaves nothing out. */
#include "mcp-server/mcp/graph_read.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"

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
	bool is_ahead; /* it is for the page behind the one that came last */
	struct graph_text graph; /* owned */
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
	graph_text_done(&g->graph);
	json_decref(g->seen);
	free(g);
}

/* Whether a relation did not stand on an earlier page. The pages of the whole
 * graph have each once. */
static bool
graph_read_wants_relation(void *ctx, const struct graph_item *r, int *io_rc)
{
	struct graph_read *g = ctx;
	char key[24];

	if (g->tool->compat.whole != WHOLE_PAGES && r->id != 0) {
		snprintf(key, sizeof(key), "%lld", (long long)r->id);
		if (json_object_get(g->seen, key))
			return false;
		*io_rc = jx_set(g->seen, key, json_true());
		if (*io_rc)
			return false;
	}
	g->bytes += r->bytes;
	return true;
}

/* Whether an entity is one of those that the search found, not one of the same
 * name in the other namespace. Without a search all are. */
static bool
graph_read_is_hit(const struct graph_read *g, const struct graph_item *entity,
	int *io_rc)
{
	AUTO_JSON json_t *name = NULL;
	json_t *ids, *id;
	size_t i;

	if (!g->names)
		return true;
	if (!entity->name.p)
		return false;
	name = graph_text_value(entity->name);
	if (!name) {
		*io_rc = MDB_E_NOMEM;
		return false;
	}
	ids = json_object_get(g->names, json_string_value(name));
	json_array_foreach(ids, i, id)
		if (json_integer_value(id) == entity->id)
			return true;
	return false;
}

static bool
graph_read_wants_entity(void *ctx, const struct graph_item *entity, int *io_rc)
{
	struct graph_read *g = ctx;

	if (!graph_read_is_hit(g, entity, io_rc))
		return false;
	g->bytes += entity->bytes;
	return true;
}

/* Pages bring relations in the order of their entities, and open_nodes
 * entities in the order of the names; those of a search are in order. */
static void
order_all(struct graph_read *g)
{
	graph_items_sort(&g->graph.relations);
	if (g->tool->compat.whole == WHOLE_NAMES && !g->names)
		graph_items_sort(&g->graph.entities);
}

static void graph_read_hits_done(void *ctx, int rc, json_t *reply,
	const struct err *e);
static void graph_read_page_done(void *ctx, int rc, struct buf *page,
	const struct err *e);

static int
graph_read_next_page(struct graph_read *g)
{
	json_t *params = jx_copy(g->params);

	if (!params)
		return MDB_E_NOMEM;
	g->call = g->finding ? relay_call(g->relay, g->tool->name, params,
				       false, graph_read_hits_done, g)
			     : relay_call_text(g->relay, g->tool->name, params,
				       graph_read_page_done, g);
	return g->call ? 0 : MDB_E_NOMEM;
}

/* The page that was asked for ahead is not wanted. */
static void
graph_read_turn_back(struct graph_read *g)
{
	if (g->is_ahead && g->call) {
		relay_cancel(g->call);
		g->call = NULL;
	}
	g->is_ahead = false;
}

/* Asks for the page behind this one, if it says that there is one. */
static int
graph_read_go_ahead(struct graph_read *g, const struct buf *page)
{
	struct jx_slice next;

	if (g->bytes > g->max_bytes || !graph_text_ends_with(page, &next))
		return 0;
	if (jx_set(g->params, "cursor", graph_text_value(next)))
		return MDB_E_NOMEM;
	if (graph_read_next_page(g))
		return MDB_E_NOMEM;
	g->is_ahead = true;
	relay_send_now(g->call);
	return 0;
}

/* Ends the read with an error: no memory, or what came is no page. */
static void
graph_read_fail(struct graph_read *g, int rc)
{
	struct err e = {0};

	graph_read_turn_back(g);
	if (rc == MDB_E_NOMEM)
		err_nomem(&e);
	else
		err_set(&e, rc,
			"memory-db sent a page of the graph that cannot be "
			"read; are memory-mcp and memory-db of one version?");
	g->fn(g->ctx, rc, NULL, &e);
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

/* What follows a page that was taken in: the next one, the next entities of a
 * search, or nothing (*ret_done). */
static int
graph_read_go_on(struct graph_read *g, json_t *next_new, bool *ret_done)
{
	AUTO_JSON json_t *next = next_new;
	bool full = g->bytes > g->max_bytes;

	*ret_done = false;
	if (next && !full && g->is_ahead)
		return json_equal(next, json_object_get(g->params, "cursor"))
			       ? 0
			       : MDB_E_PROTOCOL;
	graph_read_turn_back(g);
	if (next && !full)
		return jx_set(g->params, "cursor", json_incref(next))
			       ? MDB_E_NOMEM
			       : graph_read_next_page(g);
	if (!full && g->finding)
		begin_opening(g);
	if (!full && g->names)
		return open_hits(g, ret_done);
	*ret_done = true;
	/* Full, with more to open? */
	g->graph.is_cut = next || g->at || g->finding;
	if (!next)
		return 0;
	g->graph.next = strdup(json_string_value(next));
	return g->graph.next ? 0 : MDB_E_NOMEM;
}

static void
graph_read_finish(struct graph_read *g)
{
	order_all(g);
	g->fn(g->ctx, 0, &g->graph, NULL);
}

static int
graph_read_take_hits(struct graph_read *g, json_t *reply, bool *ret_done)
{
	json_t *next = json_object_get(reply, "next");
	int rc = add_hits(g, reply);

	if (rc != 0)
		return rc;
	return graph_read_go_on(g,
		json_is_string(next) ? json_incref(next) : NULL, ret_done);
}

static void
graph_read_hits_done(void *ctx, int rc, json_t *reply, const struct err *e)
{
	struct graph_read *g = ctx;
	bool done = false;

	g->call = NULL;
	if (rc) {
		g->fn(g->ctx, rc, NULL, e);
		return;
	}
	rc = graph_read_take_hits(g, reply, &done);
	if (rc)
		graph_read_fail(g, rc);
	else if (done)
		graph_read_finish(g);
}

/* Adds a page and asks for the next one. *ret_done: there is none. */
static int
graph_read_take(struct graph_read *g, struct buf *page, bool *ret_done)
{
	struct jx_slice next;
	json_t *cursor = NULL;
	int rc = graph_text_add(&g->graph, page, graph_read_wants_entity,
		graph_read_wants_relation, g, &next);

	if (rc != 0)
		return rc;
	if (next.p && !(cursor = graph_text_value(next)))
		return MDB_E_NOMEM;
	return graph_read_go_on(g, cursor, ret_done);
}

static void
graph_read_page_done(void *ctx, int rc, struct buf *page, const struct err *e)
{
	struct graph_read *g = ctx;
	bool done = false;

	g->call = NULL;
	if (rc) {
		g->fn(g->ctx, rc, NULL, e);
		return;
	}
	g->is_ahead = false;
	rc = graph_read_go_ahead(g, page);
	if (rc == 0)
		rc = graph_read_take(g, page, &done);
	if (rc)
		graph_read_fail(g, rc);
	else if (done)
		graph_read_finish(g);
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
	g->seen = json_object();
	if (!g->params || !g->seen ||
		(tool->compat.whole == WHOLE_SEARCH && begin_finding(g)) ||
		graph_read_next_page(g)) {
		graph_read_free(g);
		return NULL;
	}
	return g;
}
