/* The answer of one of the nine in compat, as large as clients take it. */
#ifndef MCP_SERVER_MCP_COMPAT_ANSWER_H
#define MCP_SERVER_MCP_COMPAT_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/contract/tools.h"

/* Appends the text block of this structuredContent, of which `plain` is the
 * compact JSON, as a JSON string (structured may be NULL for a graph).
 * *ret_alone: the text goes without structuredContent, because both would pass
 * LIMIT_MCP_ANSWER_BYTES. 0, MDB_E_LIMIT (even the text alone is too large) or
 * MDB_E_NOMEM. */
int compat_answer(const struct tool *t, json_t *structured,
	const struct buf *plain, struct buf *out, bool *ret_alone) MUST_CHECK;

#endif
