/* The answer of one of the nine in compat, as large as clients take it. */
#ifndef MCP_SERVER_MCP_COMPAT_ANSWER_H
#define MCP_SERVER_MCP_COMPAT_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/contract/tools.h"

/* Gives the text block for this structuredContent, of which `plain` is the
 * compact JSON (structured may be NULL for the three that read). *ret_alone: the text goes without structuredContent, because
 * both would pass LIMIT_MCP_ANSWER_BYTES. *ret_text is `plain` itself, or what
 * was appended to `space`. 0, MDB_E_LIMIT (even the text alone is too large)
 * or MDB_E_NOMEM. */
int compat_answer(const struct tool *t, json_t *structured,
	const struct buf *plain, struct buf *space, const struct buf **ret_text,
	bool *ret_alone) MUST_CHECK;

/* Bytes that an entity or a relation, as memory-db gives it, takes at least as
 * text in an answer. */
size_t compat_entity_bytes(json_t *entity);
size_t compat_relation_bytes(json_t *relation);

#endif
