/* Jails that wait ready, and the thread that keeps them: it starts and reaps
 * all of them, because a jail dies with the thread that started it. */
#ifndef SANDBOX_POOL_H
#define SANDBOX_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "sandbox/launch.h"

struct pool;

struct pool_options {
	int program;	    /* descriptor, taken; < 0: there is none */
	const char *reason; /* then: why, borrowed */
	uid_t uid;
	int size;
	struct buf *setup; /* the SETUP frame, taken (emptied) */
};

/* 0, MDB_E_NOMEM or MDB_E_INTERNAL. */
int pool_open(const struct pool_options *o, struct pool **ret, struct err *e)
	MUST_CHECK;
void pool_close(struct pool *p);

/* A jail that waits for its script, waiting at most timeout_ms for one.
 * MDB_E_SANDBOX: none can be had, *e says why; MDB_E_BUSY: none in time. */
int pool_take(struct pool *p, int timeout_ms, struct jail *ret, struct err *e)
	MUST_CHECK;

/* Gives a jail back to be killed and reaped, soon and elsewhere; JAIL_NONE
 * when that is done already. Once for each pool_take: starts the next. */
void pool_retire(struct pool *p, struct jail *j);

struct pool_status {
	bool is_settled; /* the self test has ended */
	bool is_available;
	char reason[400];
	uint32_t in_place, refused;
	int waiting;
	int64_t started, misses; /* misses: had to wait for one */
};
void pool_status(struct pool *p, struct pool_status *ret);

#endif
