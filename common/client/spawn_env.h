/* The environment of a service that a client starts. */
#ifndef COMMON_CLIENT_SPAWN_ENV_H
#define COMMON_CLIENT_SPAWN_ENV_H

#include "common/cleanup.h"
#include "common/err.h"

/* New array (free), NULL-terminated, of borrowed entries of `environ`: the
 * few that the service needs. 0 or MDB_E_NOMEM. */
int spawn_env(const char ***ret_new, struct err *e) MUST_CHECK;

/* The same from within, for a service that a client of an older version
 * started: takes all else out of this process's environment, and overwrites
 * it, so that /proc does not show it. What says where its files are stays. */
void spawn_env_clear(void);

#endif
