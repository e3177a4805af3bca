/* import --scan and import --from: a memory that begins with what lies on the
 * disk. */
#ifndef CLI_LIB_IMPORTFROM_H
#define CLI_LIB_IMPORTFROM_H

#include "memory-db/cli/lib/cli.h"

/* Counts what is there; asks no service. */
int importfrom_scan(const struct cli *c) MUST_CHECK;
/* Takes one source (path: another place, or NULL), onto the branch of the
 * command line or "import-KIND". Exit codes. */
int importfrom_run(struct cli *c, const char *kind, const char *path,
	bool is_fresh) MUST_CHECK;

#endif
