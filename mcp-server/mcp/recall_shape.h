/* What recall answers an agent: lines, not rows. */
#ifndef MCP_SERVER_MCP_RECALL_SHAPE_H
#define MCP_SERVER_MCP_RECALL_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* {results:[line], relevant, note?, omitted?, partial?, receipt?} of memory-db's
 * reply; with the receipt only for agents that have memory_why. new, or NULL. */
json_t *recall_shape(json_t *reply, bool with_receipt);
/* The same as text. 0 or MDB_E_NOMEM. */
int recall_write_text(const json_t *shape, struct buf *out) MUST_CHECK;

#endif
