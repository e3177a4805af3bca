/* A graph as memory-db wrote it: pages of text, and in them the places of the
 * entities and relations. No values are built of them; what is passed on are
 * bytes. */
#ifndef MCP_SERVER_MCP_GRAPH_TEXT_H
#define MCP_SERVER_MCP_GRAPH_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/jx_scan.h"

/* An entity or a relation. */
struct graph_item {
	int64_t id; /* 0: it has none */
	struct jx_slice text, name;
	int64_t omitted; /* observations that are not in it */
	size_t bytes;	 /* of text in an answer of compat, at least */
	size_t at;	 /* keeps the order of those without an id */
};

struct graph_items {
	struct graph_item *v;
	size_t n, cap;
};

struct graph_text {
	struct buf *pages; /* owned; items point into them */
	size_t pages_n, pages_cap;
	struct graph_items entities, relations;
	bool is_cut; /* there is more than this */
	char *next;  /* owned; the cursor behind it, if there is one */
};
void graph_text_done(struct graph_text *g);

/* Whether an item is taken. *io_rc: a failure ends the page. */
typedef bool (
	*graph_item_fn)(void *ctx, const struct graph_item *item, int *io_rc);

/* Takes a page, whose memory moves here, and in it the items that are wanted;
 * wanted NULL: all. *ret_next: its cursor with quotes, p NULL: none. 0,
 * MDB_E_NOMEM, or MDB_E_PROTOCOL: that is no page of a graph. */
int graph_text_add(struct graph_text *g, struct buf *page,
	graph_item_fn wants_entity, graph_item_fn wants_relation, void *ctx,
	struct jx_slice *ret_next) MUST_CHECK;

/* The cursor of a page that was not gone through yet, as its last member:
 * `,"next":"c1.2.3"}`. False: it has none, or has it elsewhere. */
bool graph_text_ends_with(const struct buf *page, struct jx_slice *ret_next)
	MUST_CHECK;

/* Sorts by id, which follows creation. Of those with the same id one stays. */
void graph_items_sort(struct graph_items *items);

/* The value of a slice; NULL: no memory (or it is none). */
json_t *graph_text_value(struct jx_slice slice) MUST_CHECK;

/* {entities, relations, next?} with the values; NULL: no memory. */
json_t *graph_text_json(const struct graph_text *g) MUST_CHECK;

#endif
