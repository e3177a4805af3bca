/* Starts memory-db for a client that found nobody listening. Used by
 * memory-mcp and memoryctl; the client library itself never spawns. */
#ifndef COMMON_CLIENT_SPAWN_H
#define COMMON_CLIENT_SPAWN_H

#include "common/cleanup.h"
#include "common/err.h"

/* All members may be NULL / 0: the defaults in brackets. Relative paths count
 * from the caller's working directory; memory-db itself runs in "/". */
struct spawn_options {
	const char *program;  /* [MEMORY_DB_PROGRAM, else memory-db beside
				   the running program, else on PATH] */
	const char *socket;   /* [the search order of sock_path()] */
	const char *database; /* [MEMORY_DB_PATH, else memory-db's default] */
	const char *const *args; /* more arguments, NULL-terminated [none] */
	int timeout_ms;		 /* until somebody listens [5000] */
};

/* Returns 0 at once when somebody listens on the socket. Else starts
 * memory-db detached (own session, own parent init, stdio on /dev/null, no
 * other descriptor inherited, default signals, of the environment only what
 * spawn_env.c lists) and waits until it listens.
 * Several callers at a time start one: a lock file beside the socket
 * (`<socket>.spawn`) lets the others wait. An exiting memory-db that says that
 * another instance runs is waited for as well.
 *
 * memory-db gets --spawned --socket P [--database P] --ready-fd N. To N it
 * writes one line: "ready" once it listens, or an error code of err.h, a
 * space and a text ("exists another memory-db serves ..."), and exits.
 *
 * 0; MDB_E_DENIED: the socket belongs to somebody else; MDB_E_NOT_FOUND: no
 * program; MDB_E_TIMEOUT; or the error memory-db gave. Blocks up to
 * timeout_ms; safe in a process with other threads. */
int spawn_service(const struct spawn_options *o, struct err *e) MUST_CHECK;

#endif
