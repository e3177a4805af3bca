/* The shapes of the reference memory server: field names, texts, schemas of
 * its nine tools. No other file knows them. In the default profile the same
 * shapes carry a little more; in compat they are exact. */
#ifndef MCP_SERVER_MCP_COMPAT_H
#define MCP_SERVER_MCP_COMPAT_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* The tool's description where compat behaves in its own way, else NULL. */
const char *compat_description(const char *tool);

/* outputSchema, of the other tools as well. Returns new (null: the tool has
 * none), or NULL: no memory. */
json_t *compat_output_schema(const char *tool, bool compat) MUST_CHECK;

/* structuredContent of one of the nine. args: what was sent; reply: what
 * memory-db (or graph_read) answered. Returns new or NULL: no memory. */
json_t *compat_shape(const char *tool, bool compat, const json_t *args,
	json_t *reply) MUST_CHECK;

/* The text block the reference gives for this structuredContent. 0 or
 * MDB_E_NOMEM. */
int compat_write_text(const char *tool, json_t *structured, struct buf *out)
	MUST_CHECK;

/* JSON.stringify(value, null, 2). 0 or MDB_E_NOMEM. */
int compat_pretty(const json_t *value, struct buf *out) MUST_CHECK;

#endif
