/* Leased branches: for somebody's what-if, gone with him. */
#ifndef MODEL_SCOPE_BRANCH_LEASE_H
#define MODEL_SCOPE_BRANCH_LEASE_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Discards a leased branch, and those forked from it, as a change of its
 * namespace. ns: the branch must lie there; 0: anywhere. 1 done, 0 it is none
 * there (any more). */
int branch_lease_discard(struct store *st, int64_t branch, int64_t ns,
	int64_t *ret_change, struct err *e) MUST_CHECK;
/* At start, inside a group: those that a crash left. */
int branch_lease_discard_all(struct store *st, int64_t *ret_n, struct err *e)
	MUST_CHECK;

#endif
