/* Retries of writes that answer without a change of their own (names of
 * namespaces, slices): a key seen before is not executed again. */
#ifndef METHOD_RETRY_H
#define METHOD_RETRY_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/method/method.h"

/* 1 the key of the call was seen; 0 not, or it has none. */
int retry_seen(struct call *c, struct err *e) MUST_CHECK;
/* Keeps the key; change: the newest it wrote, 0: none. */
int retry_remember(struct call *c, int64_t change, struct err *e) MUST_CHECK;

#endif
