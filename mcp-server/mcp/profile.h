/* Which tools are shown and how the nine of the reference server behave. */
#ifndef MCP_SERVER_MCP_PROFILE_H
#define MCP_SERVER_MCP_PROFILE_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/contract/tools.h"

struct profile {
	unsigned set; /* enum tool_profile, or-ed */
	bool compat;  /* the nine behave as the reference does */
	bool history; /* as_of and branch are parameters */
};

/* "default,history" -> *ret. An unknown name is an error that lists the known
 * ones. 0 or MDB_E_INVALID. */
int profile_read(const char *text, struct profile *ret, struct err *e)
	MUST_CHECK;

/* Does this profile show the tool? */
bool profile_has(const struct profile *p, const struct tool *t);

#endif
