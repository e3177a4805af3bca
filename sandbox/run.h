/* One script in one jail: the clock, the descriptor, the signals. */
#ifndef SANDBOX_RUN_H
#define SANDBOX_RUN_H

#include "sandbox/outcome.h"
#include "sandbox/pool.h"

/* Runs the job with these limits (settled). Fills usage, value, texts and the
 * rest of *ret, whose limits are set. 0 or MDB_E_NOMEM. */
int run_job(struct pool *pool, const struct sandbox_method *methods,
	const struct sandbox_job *job, struct sandbox_outcome *ret,
	struct err *e) MUST_CHECK;

#endif
