/* Makes sure that a memory-db of our version runs, without holding up the
 * loop: a short-lived child process does the waiting. */
#ifndef MCP_SERVER_MCP_SERVICE_H
#define MCP_SERVER_MCP_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"

struct service_options {
	const char *socket;   /* NULL: the search order */
	const char *database; /* absolute or NULL */
};

struct service_check {
	pid_t pid; /* 0: none runs */
	int fd;	   /* readable when the child has an answer */
};

/* Starts a check. The child spawns memory-db when nobody listens; when the
 * one that listens was spawned by an older version, it is asked to retire
 * first. 0 or MDB_E_STORE / MDB_E_NOMEM. */
int service_check_start(struct service_check *c,
	const struct service_options *o, struct err *e) MUST_CHECK;

/* Call when fd is readable: the answer of the child, which is reaped. 0: a
 * service listens; negative: *e says why not. */
int service_check_finish(struct service_check *c, struct err *e) MUST_CHECK;

/* Lets go of a running check (the child ends by itself). */
void service_check_drop(struct service_check *c);

#endif
