#include "memory-db/method/retry.h"

#include "memory-db/store/log/change.h"

int
retry_seen(struct call *c, struct err *e)
{
	int64_t change;
	int r = c->ctx->key == NULL
			? 0
			: request_seen(c->st, c->ctx->key, &change, e);

	c->is_retry = r == 1;
	return r;
}

int
retry_remember(struct call *c, int64_t change, struct err *e)
{
	return c->ctx->key == NULL
		       ? 0
		       : request_remember(c->st, c->ctx->key, change, e);
}
