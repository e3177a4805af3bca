/* What every method has to do with review: before it runs, and in its reply. */
#ifndef METHOD_REVIEW_GATE_H
#define METHOD_REVIEW_GATE_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

/* Refuses an agent what cannot wait for review where main is protected: files
 * of the workspace, and what is the operator's (it would reach past main).
 * Facts need no gate: they go to the inbox (model/scope/inbox.h). */
int review_gate(struct call *c, struct err *e) MUST_CHECK;
/* Adds to the reply of a write that it is staged, and what happens next; and once
 * which earlier changes of the session were rejected or expired, and why. */
int review_tell(struct call *c, json_t **result, struct err *e) MUST_CHECK;

#endif
