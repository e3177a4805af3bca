/* What the installed MCP clients of this user say about the memory. */
#ifndef CLI_LIB_AGENTS_H
#define CLI_LIB_AGENTS_H

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends the namespace that the entry of memory-mcp names which Claude Code
 * would use in the working directory (the project's before the user's); "" in
 * the buffer when there is no entry or it names none. What cannot be read is
 * none. 0 or MDB_E_NOMEM; the buffer is NUL-terminated. */
int agents_namespace(struct buf *out) MUST_CHECK;

#endif
