/* Secrets are kept out of the memory: what a call would store is looked
 * through before anything of it is written.
 *
 * By the policy of the service (--secrets) such a text is refused, or a marker
 * is stored in its place. allow_secret:true of a call stores it. No error, log
 * or receipt holds the secret. */
#ifndef METHOD_GUARD_H
#define METHOD_GUARD_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/call.h"

struct guard {
	struct call *c;
	json_t *given;	/* the parameters as they came */
	json_t *own;	/* a copy with markers; owned */
	json_t *marked; /* [{param, rule}]; owned. NULL: none */
};

/* Refuses the call when one of its parameters (NULL-terminated) holds a
 * secret; or marks it in a copy, which is c->params until guard_done. The
 * parameters themselves stay, as the call may run again. */
int guard_params(struct guard *g, struct call *c, const char *const *keys,
	struct err *e) MUST_CHECK;
void guard_done(struct guard *g);
#define AUTO_GUARD __attribute__((cleanup(guard_done)))

/* Refuses an entry of a list, by the same rules; marks nothing. path:
 * "entities[2]". */
int guard_entry(const struct context *ctx, const json_t *list, size_t i,
	const char *path, struct err *e) MUST_CHECK;

/* Adds `marked` to the result of a call when something was. rc: how the call
 * went so far, given back; on failure the result stays as it is. */
int guard_reply(int rc, const struct guard *g, json_t **result, struct err *e)
	MUST_CHECK;

#endif
