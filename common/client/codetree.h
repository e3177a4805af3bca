/* The files of a project beside facts that were read in them: which still say
 * what they said. It runs where the user's files may be read (memory-mcp,
 * memoryctl), never in memory-db.
 *
 *   stored with the fact    src/pool.c:10-14, hash of these five lines
 *   the file today          the same five lines at 40-44     fresh, 40-44
 *                           line 12 says something else      stale
 *                           there is no src/pool.c           stale
 *   another project         is not that tree                 unknown
 *   a link, a fifo, 1 GB    is not read                      unknown
 *
 * Nothing outside of the project is opened, no link is followed, nothing waits,
 * and a reply has a budget of bytes and of time: what is left is unknown. */
#ifndef COMMON_CLIENT_CODETREE_H
#define COMMON_CLIENT_CODETREE_H

#include <jansson.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/codespan.h"

enum codetree_state {
	CODETREE_UNKNOWN,
	CODETREE_FRESH,
	CODETREE_STALE,
	CODETREE_MOVED /* fresh, in a file of another name (codemoved.h) */
};
/* "unknown", "fresh", "stale", "moved" */
const char *codetree_word(enum codetree_state s);

struct codetree;

/* The project in which `folder` (absolute) lies. database: whose list of
 * projects says which name it has (project_map.h); NULL: the default one. No
 * file is read yet. NULL: no memory. */
struct codetree *codetree_new(const char *folder, const char *database)
	MUST_CHECK;
void codetree_free(struct codetree *t);

/* The budget of another reply begins. */
void codetree_begin(struct codetree *t);

/* Completes what is about to be stored: a path from the top, the hash of its
 * lines, the commit, and the project when namespace_ is not that of the tree.
 * What cannot be read stays without a hash. 0; MDB_E_INVALID: the path leads out
 * of the project; MDB_E_NOMEM. */
int codetree_take(struct codetree *t, const char *namespace_,
	struct codespan *io, const char *param, struct err *e) MUST_CHECK;

/* How a stored one stands. namespace_: in which the fact lies. *io gets the
 * lines, and the path, where it stands now, when it is fresh or moved. */
enum codetree_state codetree_look(struct codetree *t, const char *namespace_,
	struct codespan *io);

/* "src/pool.c:10-14: stale" appended to out; source: a stored object. 0 or
 * MDB_E_NOMEM. */
int codetree_tell(struct codetree *t, const char *namespace_,
	const json_t *source, struct buf *out) MUST_CHECK;

/* The context of a reply of assemble_context, with a mark at each fact that was
 * read in code: "#7 (2026-11-29, src/pool.c:10-14: stale) ..". Appended to out;
 * the context as it is where no fact was. 0 or MDB_E_NOMEM. */
int codetree_context(struct codetree *t, const char *namespace_,
	const json_t *reply, struct buf *out) MUST_CHECK;

#endif
