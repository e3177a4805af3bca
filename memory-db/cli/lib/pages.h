/* Reads that answer page by page. */
#ifndef CLI_LIB_PAGES_H
#define CLI_LIB_PAGES_H

#include "memory-db/cli/lib/cli.h"

struct pages {
	const char *method;
	const char *list; /* member of the reply that holds the rows */
	int with_as_of;	  /* CLI_AS_OF or CLI_NOW */
	int64_t limit;	  /* rows at most; 0: all, and no `limit` sent */
	/* Gets each reply; returns an exit code, other than CLI_OK to stop. */
	int (*page)(struct cli *c, json_t *reply, void *ctx);
	void *ctx;
	/* results */
	int64_t rows;
	bool has_more; /* stopped at the limit */
};

/* Calls the method until there is no next page or the limit is reached.
 * params_new: taken; NULL counts as a text that was no UTF-8. An exit code. */
int pages_read(struct cli *c, struct pages *p, json_t *params_new) MUST_CHECK;

#endif
