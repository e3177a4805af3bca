/* What the files of the text indexes share, the statements of MOD_TEXT first.
 * Not included above store/. */
#ifndef STORE_INDEX_TEXT_SQL_H
#define STORE_INDEX_TEXT_SQL_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

enum text_statement {
	TEXT_LIVE_DELETE,
	TEXT_LIVE_INSERT,
	TEXT_PAST_INSERT,
	TEXT_PAST_DELETE,
	TEXT_BRANCH_ROW,
	TEXT_BRANCH_INSERT,
	TEXT_BRANCH_DELETE,
	TEXT_COMMAND_LIVE,
	TEXT_COMMAND_PAST,
	TEXT_COMMAND_BRANCH,
	TEXT_COMMAND_TERM,
	TEXT_USERMERGE,
	TEXT_OPEN_FACTS,
	TEXT_PAST_FACTS,
	TEXT_TERM_KNOWN,
	TEXT_BRANCH_FACTS,
	TEXT_LIVE_EMPTY,
	TEXT_PAST_EMPTY,
	TEXT_BRANCH_EMPTY,
	TEXT_TERM_EMPTY,
	TEXT_TERM_DELETE,
	TEXT_VERSION,
	TEXT_SET_VERSION,
	TEXT_STATEMENTS
};

/* Runs a command of FTS5 ("merge", "usermerge") with its number on index 0 to
 * TEXT_INDEXES - 1. */
#define TEXT_INDEXES 4
int text_command(struct store *st, int index, const char *what, int n,
	struct err *e) MUST_CHECK;

/* What the index holds of a fact: name and type, or the text of an
 * observation. The reverse of what change.c queues. */
struct text_indexed {
	struct buf name, body; /* raw; cleared first */
};
int text_indexed_of(struct store *st, int64_t fact, struct text_indexed *ret,
	struct err *e) MUST_CHECK;
void text_indexed_done(struct text_indexed *x);
#define AUTO_INDEXED __attribute__((cleanup(text_indexed_done)))
/* The same of a fact that waits: it may be erased (text_wait.c). */
int text_wait_text(struct store *st, int64_t fact, struct text_indexed *ret,
	struct err *e) MUST_CHECK;

/* Queues the row of ft_branch that belongs to a row of branch_text. */
int text_queue_branch(struct store *st, int64_t row, int64_t branch,
	int64_t fact, const struct text_indexed *text, struct err *e)
	MUST_CHECK;

/* --- the vocabulary (text_terms.c): only on the writer -------------------- */
int text_terms_new(struct store *st, struct err *e) MUST_CHECK;
void text_terms_free(struct store *st);
/* Forgets what the cache knows: words of a group that did not commit. */
void text_terms_clear(struct store *st);
/* Each word of a raw text that the vocabulary does not have is to go there with
 * the next terms_wait_flush(); st->terms_new counts them. */
int text_terms_learn(struct store *st, const char *s, size_t n, struct err *e)
	MUST_CHECK;

/* Calls fn with each entry that a raw text has in the vocabulary: its words, but
 * those longer than TEXT_WORD_MAX. fn returns non-zero to stop. */
int text_terms_each(const char *s, size_t n,
	int (*fn)(void *ctx, const char *word, size_t n), void *ctx) MUST_CHECK;

#endif
