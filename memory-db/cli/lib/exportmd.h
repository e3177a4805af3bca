/* The memory of a namespace as a folder of Markdown, a file an entity, in the
 * form of basic-memory. What that form cannot hold (line ends, validity,
 * metadata, weights) stands behind its line in a comment, from which `import
 * --from basic-memory` takes it: nothing is lost on the way there and back. */
#ifndef CLI_LIB_EXPORTMD_H
#define CLI_LIB_EXPORTMD_H

#include <jansson.h>

#include "common/buf.h"
#include "memory-db/cli/lib/cli.h"

/* Writes into a folder that is not there or empty. An exit code, printed. */
int exportmd_run(struct cli *c, const char *folder);

/* One entity as read_graph has it (name, type, facts, metadata, pin, tier), and
 * its relations: [{from, to, relationType, weight?}]. 0 or MDB_E_NOMEM. */
int exportmd_entity(const json_t *entity, const json_t *relations,
	struct buf *out) MUST_CHECK;

/* What stands in a comment: "<!-- memory {..} -->". */
#define EXPORTMD_MARK "<!-- memory "

#endif
