/* The request/response envelope of the socket protocol (see PROTOCOL.md). */
#ifndef COMMON_CONTRACT_RPC_H
#define COMMON_CONTRACT_RPC_H

#include <jansson.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

#define RPC_PROTOCOL 1 /* version spoken; peers one apart are compatible */

struct rpc_request {
	json_t *id; /* owned; NULL: reply in order of arrival */
	char method[64];
	json_t *params; /* owned; an object, empty when absent */
};

/* Takes apart a parsed request (borrows msg). 0, MDB_E_PROTOCOL when it has
 * no method, or params is no object; MDB_E_INVALID for a member that a request
 * does not have. ret->id is set whenever it could be read, also with an
 * error. Free with rpc_request_done in any case. */
int rpc_request_read(const json_t *msg, struct rpc_request *ret, struct err *e)
	MUST_CHECK;
void rpc_request_done(struct rpc_request *r);

/* Appends {"id":..,"success":true, <text>, <members of result>}\n. id may be
 * NULL. text: members written already, may be empty. result: an object,
 * borrowed; a member named id or success is not allowed. 0 or MDB_E_NOMEM. */
int rpc_reply(struct buf *out, const json_t *id, const struct buf *text,
	const json_t *result) MUST_CHECK;

/* Appends {"id":..,"success":false,"error":..,"code":..,"param":..,
 * "retry_after_ms":..}\n; works without memory for short ids. */
int rpc_error(struct buf *out, const json_t *id, const struct err *e)
	MUST_CHECK;

#endif
