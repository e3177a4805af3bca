/* Going on after trouble with the file (store/engine/trouble.h), without a restart.
 *
 * All threads use their connections between work_enter and work_leave. When
 * locks failed, the first that enters later closes all of them at once, since
 * SQLite keeps what it knows of locks for the whole process, and opens them
 * anew.
 *
 * After a COMMIT that failed nobody knows whether the group is in the log: a
 * crash might bring it back. The next COMMIT that succeeds takes the same place
 * there, so that it is gone for good; until then the outcome is unknown. */
#ifndef WORK_RECOVER_H
#define WORK_RECOVER_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/work/internal.h"

/* 0 or MDB_E_NOMEM. */
int gate_init(struct work *w) MUST_CHECK;
void gate_done(struct work *w);

/* Afterwards the store of the thread may still be NULL: it could not be
 * opened. */
void work_enter(struct work *w);
void work_leave(struct work *w);
/* For a store that is NULL. */
int work_no_store(struct err *e);

/* By the writer, entered. Before a group: 0, or it is refused. is_repair: all
 * of it mends damage, which does not wait for the damage to be gone. */
int recover_before(struct work *w, bool is_repair, struct err *e) MUST_CHECK;
/* Whether the last COMMIT is one that failed; tries to make an end of it. */
bool recover_settle(struct work *w);
/* The outcome that nobody knows. */
int recover_unknown(struct err *e);
/* One step in idle time. Milliseconds until the next; -1: nothing to do. */
int recover_idle(struct work *w);

#endif
