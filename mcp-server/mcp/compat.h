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

/* Whether the tool's structuredContent is a graph, as that of the three that
 * read is. */
bool compat_is_graph(const struct tool *t);

/* The compact JSON of the same for the three tools that read, in compat, written
 * without building it: true; false for the other tools, and nothing was done.
 * *ret_rc: 0 or MDB_E_NOMEM. */
bool compat_write_graph(const struct tool *t, json_t *reply, struct buf *out,
	int *ret_rc);

/* The text block the reference gives for this structuredContent, whose compact
 * JSON is `plain`. 0 or MDB_E_NOMEM. */
int compat_write_text(const struct tool *t, json_t *structured,
	const struct buf *plain, struct buf *out) MUST_CHECK;

/* JSON.stringify(value, null, 2). 0 or MDB_E_NOMEM. */
int compat_pretty(const json_t *value, struct buf *out) MUST_CHECK;
/* The same of compact JSON, as jx_dump writes it. */
int compat_pretty_text(const struct buf *plain, struct buf *out) MUST_CHECK;

#endif
