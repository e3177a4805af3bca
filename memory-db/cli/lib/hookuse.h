/* Of what use facts were that the hooks showed, and that the agent asked for. */
#ifndef CLI_LIB_HOOKUSE_H
#define CLI_LIB_HOOKUSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "memory-db/cli/lib/hookwork.h"

/* These facts of a reply (with its `receipt`) were put before the agent: what is
 * said next tells of what use they were. Borrows both; facts: an array of ids. */
int hookuse_await(struct hookwork *w, const json_t *reply, const json_t *facts)
	MUST_CHECK;
/* Appends what the assistant said in these turns. Not 0: no memory. */
int hookuse_answers(const json_t *turns, struct buf *out) MUST_CHECK;
/* Has what was shown since the last answer judged. answer: what was said; NULL:
 * nothing yet. */
void hookuse_judge(struct hookwork *w, const char *answer);

/* Has what a sub-agent asked for judged by its own answer. agent: {asked, answer,
 * calls}. False: there is nothing of it, or no service answered. */
bool hookuse_agent(struct hookwork *w, const json_t *agent);
/* The same of all whose lines stand in the transcript; those without an answer
 * yet wait. */
void hookuse_agents(struct hookwork *w);

#endif
