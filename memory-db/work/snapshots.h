/* Copies of the database, made one at a time by a thread of their own: a copy
 * of some GB takes seconds, for which no reader of others may be away. */
#ifndef WORK_SNAPSHOTS_H
#define WORK_SNAPSHOTS_H

#include "memory-db/work/internal.h"

/* By the loop. Empties the list; a thread that cannot be had answers it. */
void snapshots_push(struct work *w, struct job_list *l);
/* Ends the thread: the copy under way is cancelled, as are those that wait. */
void snapshots_stop(struct work *w);

#endif
