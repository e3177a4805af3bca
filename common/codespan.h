/* Where in the code a fact was read: a path in the project, lines, a hash of
 * what stood there, and the commit. A person or a model writes it short:
 *
 *   "src/pool.c:10-14"   ->   {"path": "src/pool.c", "lines": "10-14"}
 *
 * The pure part, shared by who stores it (memory-db, which reads no file of its
 * users) and by who looks at the files (common/client/codetree.h). */
#ifndef COMMON_CODESPAN_H
#define COMMON_CODESPAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"

struct codespan {
	char path[LIMIT_CODE_PATH_BYTES + 1];	/* relative, without ".." */
	int64_t first, last;			/* lines from 1; 0: the file */
	char hash[LIMIT_CODE_HASH_BYTES + 1];	/* "": not known */
	char commit[LIMIT_CODE_HASH_BYTES + 1]; /* "": not known */
	char project[LIMIT_LABEL_BYTES + 1];	/* whose tree, when that is not
						the namespace; "": it is */
};

/* A text "PATH", "PATH:LINE" or "PATH:FIRST-LAST", or an object {path, lines?,
 * hash?, commit?, project?}. `param` names it in errors. An absolute path is
 * taken as it is when may_be_absolute: the caller makes it relative. */
int codespan_read(const json_t *source, const char *param, bool may_be_absolute,
	struct codespan *ret, struct err *e) MUST_CHECK;
/* The object form, new; NULL: no memory. */
json_t *codespan_json(const struct codespan *s) MUST_CHECK;
/* Whether a member `source` of stored metadata is one of these, and not
 * somebody's own. */
bool codespan_is(const json_t *source);
/* "src/pool.c:10-14", cut to fit. */
#define CODESPAN_TEXT_SIZE (LIMIT_CODE_PATH_BYTES + 52)
void codespan_text(const struct codespan *s, char out[CODESPAN_TEXT_SIZE]);

#endif
