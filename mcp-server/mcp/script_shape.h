/* What an agent gets to see of a script that ran. memory-db answers with the
 * same members whatever happened; an agent pays for each byte. */
#ifndef MCP_SERVER_MCP_SCRIPT_SHAPE_H
#define MCP_SERVER_MCP_SCRIPT_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/cleanup.h"

/* structuredContent: outcome and result; what else only when it says
 * something. Returns new or NULL: no memory. */
json_t *script_shape(json_t *reply) MUST_CHECK;

/* Whether the script did not end well: isError. */
bool script_failed(const json_t *reply);

#endif
