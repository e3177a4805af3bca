#include "memory-db/method/retry.h"

#include "memory-db/store/log/change.h"

int
retry_seen(struct call *c, struct err *e)
{
	int64_t change;
	int rc =
		!c->ctx->key ? 0 : request_seen(c->st, c->ctx->key, &change, e);

	c->is_retry = rc == 1;
	return rc;
}

int
retry_remember(struct call *c, int64_t change, struct err *e)
{
	return !c->ctx->key ? 0
			    : request_remember(c->st, c->ctx->key, change, e);
}
