/* A word as a person would type it into a shell. */
#ifndef CLI_LIB_SHELLWORD_H
#define CLI_LIB_SHELLWORD_H

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends the word, in quotes where it needs them: `it's` as 'it'\''s'. 0 or
 * MDB_E_NOMEM. */
int shellword_add(struct buf *out, const char *word) MUST_CHECK;

#endif
