/* Of what use facts were that the hooks showed. */
#ifndef CLI_LIB_HOOKUSE_H
#define CLI_LIB_HOOKUSE_H

#include <jansson.h>
#include <stdint.h>

#include "common/buf.h"
#include "memory-db/cli/lib/hookwork.h"

/* A line of a context text, behind its "- #ID": the next answer is looked at for
 * its fact. */
void hookuse_await_line(struct hookwork *w, int64_t id, const char *line);
/* Appends what the assistant said in these turns. Not 0: no memory. */
int hookuse_answers(const json_t *turns, struct buf *out) MUST_CHECK;
/* Judges what was shown since the last answer, and puts it into the ledger.
 * NULL: there is no answer yet. */
void hookuse_judge(struct hookwork *w, const char *answer);

#endif
