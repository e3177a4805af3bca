/* What hooks and commands add to facts that were read in code: whether the code
 * still says so (common/client/codetree.h). */
#ifndef CLI_LIB_HOOKCODE_H
#define CLI_LIB_HOOKCODE_H

#include <jansson.h>

#include "common/buf.h"
#include "common/client/codetree.h"
#include "memory-db/cli/lib/cli.h"

/* The files of the working directory's project. NULL: no memory, or none. */
struct codetree *hookcode_tree(const struct cli *c) MUST_CHECK;

/* Appends `before` and "src/pool.c:10-14: stale" for a row of recall that was
 * read in code, nothing for another one. *io_tree is made when it is needed. */
int hookcode_row(const struct cli *c, struct codetree **io_tree,
	const json_t *row, const char *before, struct buf *out) MUST_CHECK;
/* The same of a stored source of a fact that lies in namespace_ (NULL: that of
 * the command). What is no place in code gives nothing. */
int hookcode_source(const struct cli *c, struct codetree **io_tree,
	const char *namespace_, const json_t *source, const char *before,
	struct buf *out) MUST_CHECK;
/* Adds `state` beside each source that an entity's facts have, for --json. 0 or
 * MDB_E_NOMEM. */
int hookcode_entity(const struct cli *c, struct codetree **io_tree,
	json_t *entity) MUST_CHECK;
/* Appends the context of a reply with such marks. */
int hookcode_context(const struct cli *c, struct codetree **io_tree,
	const json_t *reply, struct buf *out) MUST_CHECK;

static inline void
hookcode_free(struct codetree **t)
{
	codetree_free(*t);
}
#define AUTO_CODETREE __attribute__((cleanup(hookcode_free)))

#endif
