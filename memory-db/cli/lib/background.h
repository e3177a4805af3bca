/* What the service does for itself, as a table. */
#ifndef CLI_LIB_BACKGROUND_H
#define CLI_LIB_BACKGROUND_H

#include "memory-db/cli/lib/cli.h"

/* One row a task; below it what the tasks that failed last said. tasks: the
 * member `background` of a status; NULL (of an older service) prints nothing. An
 * exit code. */
int background_print(const struct cli *c, const json_t *tasks);

#endif
