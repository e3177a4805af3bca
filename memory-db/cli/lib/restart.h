/* A service that a client started, begun anew with other settings. */
#ifndef CLI_LIB_RESTART_H
#define CLI_LIB_RESTART_H

#include "memory-db/cli/lib/cli.h"

/* Who listens now, and whether a client started it. */
struct running {
	bool is_there, is_spawned;
	long pid; /* as the kernel says */
};

/* Looks without starting one. An exit code after a printed error when somebody
 * listens who cannot be asked. */
int restart_look(struct cli *c, struct running *ret) MUST_CHECK;
/* Ends a spawned one cleanly and waits until it is gone; the next call of this
 * command starts another. */
int restart_end(struct cli *c, const struct running *r) MUST_CHECK;
/* The same of whatever serves this file, if anything does; one that an operator
 * started is his to end: CLI_PROBLEM. */
int restart_end_of(struct cli *c, const char *database) MUST_CHECK;

#endif
