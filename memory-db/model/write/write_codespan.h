/* The code that a fact was read in (common/codespan.h), as it is given to
 * observations: `source`. It is a member of the fact's metadata, so that it is
 * carried, merged, exported and undone with the fact. Nobody here opens the
 * file: a service of another user could not, and should not. */
#ifndef MODEL_WRITE_WRITE_CODESPAN_H
#define MODEL_WRITE_WRITE_CODESPAN_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* Whether the member `source` of j, if it has one, can be stored. path: of j,
 * for error texts ("": none). */
int write_codespan_check(const json_t *j, const char *path, struct err *e)
	MUST_CHECK;
/* Gives the fact the `source` of j; where j has none it keeps what it has. */
int write_codespan(struct write *w, int64_t entity, int64_t fact,
	const json_t *j, const char *path, struct err *e) MUST_CHECK;

#endif
