/* What a chat model may add to the facts of a conversation. Pure: the model is asked
 * by the caller.
 *
 * The model is shown the lines that people said, each with a number, and answers
 * facts with the number of their line. Nothing of the answer is trusted: a fact is
 * kept when the words of its value, all of its names and numbers, and most of its
 * verb stand in the line that it names; when it is about the one who said the line,
 * about the project, or about somebody whom the lines name; when it denies what the
 * line denies, and nothing else. So whatever a conversation talks the model into
 * saying, no fact comes from it that nobody said.
 *
 *   3  ada: We moved to Rome in May        line 3, ada, "moved to", "Rome"   kept
 *                                          line 3, ada, "lives in", "Rome"   refused
 *                                          line 3, ada, "moved to", "Oslo"   refused
 *
 * Orders to the assistant are never taken from a model. */
#ifndef MODEL_EXTRACT_MODEL_FACTS_H
#define MODEL_EXTRACT_MODEL_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/extract/extract.h"

struct model_line;

struct model_lines {
	struct model_line *v; /* owned */
	size_t n, cap;
	struct buf text; /* what is sent: "1\tada: ..\n"; secrets are marked */
	bool is_cut;	 /* the text was longer than what is sent at once */
};

/* 0 or MDB_E_NOMEM. The caller's to end also then. */
int model_lines_read(const struct extract_request *q, struct model_lines *ret,
	struct err *e) MUST_CHECK;
void model_lines_done(struct model_lines *l);
#define AUTO_MODEL_LINES __attribute__((cleanup(model_lines_done)))

/* What the model is told to do with them. */
const char *model_orders(void);

/* Adds to x what stands the test and is not there yet. *ret_refused counts the rest
 * but for what x has. MDB_E_INVALID: the answer is not of the form that was asked
 * for; MDB_E_NOMEM. */
int model_facts(const struct extract_request *q, const struct model_lines *l,
	const char *answer, size_t n, struct extraction *x, size_t *ret_added,
	size_t *ret_refused, struct err *e) MUST_CHECK;

#endif
