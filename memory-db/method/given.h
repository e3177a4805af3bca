/* Receipts of what an agent was given, of which nobody is told: what it says next
 * is held against them (model/useful). */
#ifndef METHOD_GIVEN_H
#define METHOD_GIVEN_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/beside/receipts.h"

/* Facts of one receipt: what comes first in a reply is looked at first. */
#define GIVEN_MAX 60

/* Who is given a receipt: an agent that reads what is there now. */
bool given_is_wanted(const struct call *c, const struct scope *s);
/* question[0..n): what it asked with; a secret in it is masked. */
int given_receipt(struct call *c, enum receipt_kind kind, const char *question,
	size_t n, const struct scope *s, const struct encode_given *given,
	struct err *e) MUST_CHECK;

#endif
