/* How many facts an agent's session may hide without being asked back: an agent
 * that is led astray shall not make a memory forget at one stroke. Of each ten
 * seconds the state (table meta) has how many facts which session hid, so that a
 * rollback takes it back and a restart does not forget it. */
#ifndef MODEL_WRITE_HIDING_BUDGET_H
#define MODEL_WRITE_HIDING_BUDGET_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

struct store;

/* A change of this caller hides n facts: 0, or MDB_E_LIMIT when that is too much
 * for a minute and was not confirmed. Nothing is asked of who is no agent. */
int hiding_budget_check(struct store *st, const struct context *ctx, int64_t n,
	struct err *e) MUST_CHECK;

#endif
