/* What differs between two states, entity by entity. */
#ifndef CLI_LIB_CHANGES_H
#define CLI_LIB_CHANGES_H

#include "memory-db/cli/lib/cli.h"

/* Prints a page of memory_diff; for struct pages. ctx: NULL, or an object
 * whose members are the names of the only entities to show. An exit code. */
int changes_page(struct cli *c, json_t *reply, void *ctx);

#endif
