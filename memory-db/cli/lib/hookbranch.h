/* A branch of memory for a worktree of the code. */
#ifndef CLI_LIB_HOOKBRANCH_H
#define CLI_LIB_HOOKBRANCH_H

#include <stdbool.h>

#include "memory-db/cli/lib/hookwork.h"

/* Makes it; or discards it, unless something on it is not merged. */
void hookbranch_worktree(struct hookwork *w, bool is_removed);

#endif
