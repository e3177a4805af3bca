/* Writes of agents to a protected main: which of them are staged, the bounds
 * of the queue, the row that says that a change waits (store/log/staged.h). */
#ifndef MODEL_WRITE_WRITE_STAGE_H
#define MODEL_WRITE_WRITE_STAGE_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* Of a write to main: w->branch becomes the inbox where main is closed to the
 * caller. */
int write_stage_branch(struct write *w, struct err *e) MUST_CHECK;
/* Before the change begins, w->branch is set: whether it is staged. Refuses
 * what would reach a main that is closed to the caller, whichever way it
 * came. */
int write_stage_begin(struct write *w, enum change_kind kind, struct err *e)
	MUST_CHECK;
/* After it is sealed: it waits from now on. MDB_E_LIMIT: the queue is full. */
int write_stage_end(struct write *w, struct err *e) MUST_CHECK;

#endif
