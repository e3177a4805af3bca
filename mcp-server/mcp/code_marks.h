/* Facts that were read in code: what a write says of it is completed from the
 * file, and what a read gives is marked as fresh, stale or unknown, never left
 * out. It happens here because memory-mcp runs in the project as its user;
 * memory-db reads no file of theirs.
 *
 *   add_observations {"source": "src/pool.c:10-14", ..}
 *     -> {"path": "src/pool.c", "lines": "10-14", "hash": .., "commit": ..}
 *   recall
 *     -> - pool: takes 8 threads (noted 2026-11-29; src/pool.c:10-14: stale) */
#ifndef MCP_SERVER_MCP_CODE_MARKS_H
#define MCP_SERVER_MCP_CODE_MARKS_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/client/codetree.h"
#include "common/contract/tools.h"
#include "common/err.h"

struct code_marks {
	struct codetree *tree;	/* borrowed; NULL: no folder, all is unknown */
	const char *namespace_; /* of the session; borrowed */
};

/* Completes each `source` that the arguments of a write have. */
int code_marks_take(const struct code_marks *m, const struct tool *t,
	json_t *args, struct err *e) MUST_CHECK;
/* Marks the rows of a reply. 0 or MDB_E_NOMEM. */
int code_marks_tell(const struct code_marks *m, const struct tool *t,
	json_t *reply) MUST_CHECK;

#endif
