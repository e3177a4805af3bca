/* Carries out, in the writer's thread, the effects of a group that was committed
 * (model/scope/effects.h) and that come before its replies go out. Those of the
 * loop stay in the jobs. */
#ifndef WORK_AFTER_COMMIT_H
#define WORK_AFTER_COMMIT_H

#include "memory-db/work/internal.h"

/* The jobs from first up to (not including) end. */
void after_commit(struct work *w, struct job *first, struct job *end);

#endif
