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

/* structuredContent of one of the nine. args: what was sent; reply: what
 * memory-db (or graph_read) answered. Returns new or NULL: no memory. */
json_t *compat_shape(const struct tool *t, bool compat, const json_t *args,
	json_t *reply) MUST_CHECK;

/* The text block the reference gives for this structuredContent. 0 or
 * MDB_E_NOMEM. */
int compat_write_text(const struct tool *t, json_t *structured, struct buf *out)
	MUST_CHECK;

/* JSON.stringify(value, null, 2). 0 or MDB_E_NOMEM. */
int compat_pretty(const json_t *value, struct buf *out) MUST_CHECK;

#endif
