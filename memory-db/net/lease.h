/* Leased branches: each belongs to the connection that created it and is
 * discarded when that ends. Those of a service that crashed are discarded at
 * the next start (work/writer.c). Loop thread only. */
#ifndef NET_LEASE_H
#define NET_LEASE_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct conn;
struct request;

/* Before a request for a lease is queued: MDB_E_LIMIT when its connection has
 * enough of them. */
int lease_check(const struct request *r, struct err *e) MUST_CHECK;
/* The request has created one: its connection has it now, or, when that is
 * gone, it is discarded. */
void lease_take(struct request *r, int64_t branch);
/* The connection ends. */
void lease_drop_all(struct conn *c);

#endif
