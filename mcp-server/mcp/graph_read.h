/* Reads a graph through its pages until it is whole or a bound is passed. */
#ifndef MCP_SERVER_MCP_GRAPH_READ_H
#define MCP_SERVER_MCP_GRAPH_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/contract/tools.h"
#include "common/err.h"
#include "mcp-server/mcp/graph_text.h"
#include "mcp-server/mcp/relay.h"

struct graph_read;

/* rc 0: graph, borrowed, in order of creation, no relation twice; is_cut: the
 * bound was passed. Negative: *e. The graph_read is still to be freed. */
typedef void (*graph_read_fn)(void *ctx, int rc, const struct graph_text *graph,
	const struct err *e);

/* tool: read_graph, search_nodes or open_nodes. Takes params_new. Stops
 * after the page that passes max_bytes (of text in an answer of
 * compat). NULL: no memory. */
struct graph_read *graph_read_start(struct relay *relay,
	const struct tool *tool, json_t *params_new, size_t max_bytes,
	graph_read_fn fn, void *ctx) MUST_CHECK;

/* Ends a read under way without its callback. */
void graph_read_free(struct graph_read *g);

#endif
