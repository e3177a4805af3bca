/* The task that keeps the queue of review from rotting. */
#ifndef WORK_BACKGROUND_REVIEW_TASK_H
#define WORK_BACKGROUND_REVIEW_TASK_H

#include "memory-db/work/background/background.h"

extern const struct background_task review_task;

#endif
