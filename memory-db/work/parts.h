/* Writes in parts. A call that stores a great deal would hold the writer for
 * some tenths of a second, and everybody else with it. So it does a part, says
 * that there is more (call.has_more), and comes last in its line of the queue
 * again once that part is committed:
 *
 *   auto_extract_facts, 300 facts   another client
 *   facts 1 to 24, COMMIT
 *                                   create_entities, COMMIT, reply
 *   facts 25 to 48, COMMIT
 *   ...                             ...
 *   facts 289 to 300, COMMIT, reply
 *
 * Only the last part has an answer. What an earlier one stored stays stored when
 * a later one fails, so each part is a change that is right in itself, and all
 * of them are a run (model/time/sliced_run.h), which one undo takes back. What
 * the handler has to know from one part to the next lies in job->progress. */
#ifndef WORK_PARTS_H
#define WORK_PARTS_H

#include <stdbool.h>

#include "memory-db/work/job.h"

struct call;
struct work;

/* Before its handler runs: where it stands. */
void parts_give(struct job *j, struct call *c);
/* A part was done in its savepoint: it has no reply, but is no failure. */
void parts_answer(struct job *j);
/* After the COMMIT: true, the job is queued again and has another owner. */
bool parts_again(struct work *w, struct job *j);

#endif
