/* The change of an agent, as the policy of its namespace sees it. */
#ifndef MODEL_WRITE_WRITE_POLICY_H
#define MODEL_WRITE_WRITE_POLICY_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/review_policy.h"
#include "memory-db/model/write/write.h"

/* What the policy says of w, which is sealed. MDB_E_DENIED: refused, with the
 * rule and why. *ret_rule: which rule decided; 0: none. */
int write_policy(struct write *w, enum review_do *ret, size_t *ret_rule,
	struct err *e) MUST_CHECK;

#endif
