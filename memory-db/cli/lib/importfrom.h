/* import --scan and import --from: a memory that begins with what lies on the
 * disk. */
#ifndef CLI_LIB_IMPORTFROM_H
#define CLI_LIB_IMPORTFROM_H

#include "memory-db/cli/lib/cli.h"

/* Counts what is there; asks no service. */
int importfrom_scan(const struct cli *c) MUST_CHECK;
/* What to take. */
struct importfrom_wish {
	const char *kind; /* or "all" */
	const char *path; /* another place than usual, or NULL */
	bool is_fresh;	  /* as if nothing had been told before */
	bool keeps_secrets;
};
/* Takes it onto the branch of the command line or "import-KIND". A text that
 * holds a secret is stored with a marker in its place. Exit codes. */
int importfrom_run(struct cli *c, const struct importfrom_wish *wish)
	MUST_CHECK;

#endif
