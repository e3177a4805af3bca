/* The shapes of the reference memory server: field names and texts of
 * its nine tools. Schemas and descriptions stand in their records. In the default profile the same
 * shapes carry a little more; in compat they are exact. */
#ifndef MCP_SERVER_MCP_COMPAT_H
#define MCP_SERVER_MCP_COMPAT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/contract/tools.h"
#include "mcp-server/mcp/graph_text.h"

/* structuredContent of one of the nine. args: what was sent; reply: what
 * memory-db (or graph_read) answered. Returns new or NULL: no memory. */
json_t *compat_shape(const struct tool *t, bool compat, const json_t *args,
	json_t *reply) MUST_CHECK;

/* The compact JSON of a graph in compat, with the bytes of memory-db. 0 or
 * MDB_E_NOMEM. */
int compat_write_graph(const struct graph_text *graph, struct buf *out)
	MUST_CHECK;

/* JSON.stringify(value, null, 2). 0 or MDB_E_NOMEM. */
int compat_pretty(const json_t *value, struct buf *out) MUST_CHECK;
/* The same of compact JSON, as jx_dump writes it, and as a JSON string with its
 * quotes. 0, MDB_E_NOMEM, or MDB_E_LIMIT: it takes more than `room` bytes, and
 * nothing was appended. */
int compat_quote_pretty(const struct buf *plain, size_t room, struct buf *out)
	MUST_CHECK;

#endif
