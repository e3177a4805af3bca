/* The tasks of the service. */
#ifndef WORK_BACKGROUND_TASKS_H
#define WORK_BACKGROUND_TASKS_H

#include <stdint.h>

#include "memory-db/store/engine/store.h"
#include "memory-db/work/background/background.h"

/* In the order in which they share a lease. */
extern const struct background_task *const background_tasks[];
extern const size_t background_tasks_n;
/* The tasks of a service that somebody waits for and that ends soon (--no-
 * upkeep). */
extern const struct background_task *const background_needed[];
extern const size_t background_needed_n;
extern const struct background_task curating_task; /* work/curating.c */
extern const struct background_task counting_task; /* work/counting.c */

/* The mode the service is in: what is wrong with the file, or the disk has
 * less than that free. */
enum background_mode background_mode_of(struct database *db,
	int64_t disk_free_bytes);

#endif
