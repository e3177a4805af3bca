/* Raw deflate for short texts, as small as the format allows.
 *
 * zlib looks for the next good match; for a text of 80 bytes that is packed
 * once and kept for years it pays to look at all of them. A short text is
 * written as one block with the fixed codes of deflate, along the cheapest
 * path of literals and matches through the text; from some 300 bytes on zlib's
 * own codes are tried as well, and the shorter result is taken. Either is read
 * by any inflate.
 *
 * Zero bytes at the end are left out, for the block ends with zero bits: who
 * inflates adds two (SQUEEZE_TAIL) behind the data.
 *
 * Example, with "lives in " in the dictionary: "lives in Oslo" is one match of
 * 9 bytes, 4 literals and the end of the block; 3 + 7 + 5 + 13 + 4 * 8 + 7 bits
 * at most. */
#ifndef STORE_ENGINE_SQUEEZE_H
#define STORE_ENGINE_SQUEEZE_H

#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

#define SQUEEZE_TAIL 2

struct squeeze;

/* For one dictionary of at most 32 KB, which is copied. Some 200 KB. */
int squeeze_new(const unsigned char *dictionary, size_t n, struct squeeze **ret)
	MUST_CHECK;
void squeeze_free(struct squeeze *q);

/* QUICK is for a write: it looks at the nearest places only. */
enum squeeze_effort { SQUEEZE_QUICK, SQUEEZE_BEST };

/* Appends the deflated text. 0, or MDB_E_NOMEM. */
int squeeze_text(struct squeeze *q, enum squeeze_effort effort,
	const char *text, size_t n, struct buf *out) MUST_CHECK;

#endif
