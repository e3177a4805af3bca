/* What a row of a text index holds, in parts of bounded work.
 *
 * A row of many words goes in and out in several statements with the same
 * rowid, each with other words. FTS5 keeps a list of rows for each word, so
 * that comes to the same as one statement. The parts follow from the text
 * alone: what was put in as parts is taken out as the same parts. */
#ifndef STORE_INDEX_TEXT_PARTS_H
#define STORE_INDEX_TEXT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

enum text_ix { TEXT_IX_LIVE, TEXT_IX_PAST, TEXT_IX_BRANCH };

struct text_parts {
	int64_t fact;	       /* whose they are; 0: nobody's */
	struct buf name, body; /* tokens, separated by spaces; of a long body
				   each of them once */
	int n;		       /* parts: at least one */
};

/* The parts of a raw text. ret is used again, or zeroed at first. */
int text_parts_make(struct text_parts *ret, int64_t fact, const char *stem,
	const char *name, size_t name_n, const char *body, size_t body_n,
	struct err *e) MUST_CHECK;
void text_parts_done(struct text_parts *p);
#define AUTO_PARTS __attribute__((cleanup(text_parts_done)))

/* One part: where it lies in name and body. */
struct text_part {
	const char *name, *body;
	size_t name_n, body_n;
};
void text_part_get(const struct text_parts *p, int which,
	struct text_part *ret);

/* Puts parts from..to-1 into a row, or takes them out (writer). */
int text_parts_put(struct store *st, enum text_ix ix, int64_t row,
	int64_t branch, const struct text_parts *p, int from, int to,
	struct err *e) MUST_CHECK;
int text_parts_take(struct store *st, enum text_ix ix, int64_t row,
	int64_t branch, const struct text_parts *p, int from, int to,
	struct err *e) MUST_CHECK;

#endif
