/* The inner entry of libmemory-client: parameters and replies as json_t. */
#include "common/jx.h"
#include "common/client/memory_client_int.h"

void
mc_json_use(memory_client *c)
{
	c->gives_json = true;
}

int
mc_json_submit(memory_client *c, const char *method, const json_t *params,
	const char *key, int timeout_ms, bool wants_text,
	unsigned long long *ret_ticket)
{
	const struct mc_params p = {.json = params};
	struct mc_call *call;
	int rc = mc_call_new(c, method, &p, key, timeout_ms, &call);

	if (rc != MEMORY_OK)
		return rc;
	call->wants_text = wants_text;
	*ret_ticket = call->ticket;
	return MEMORY_OK;
}

int
mc_json_receive(memory_client *c, int timeout_ms,
	unsigned long long *ret_ticket, json_t **ret_reply,
	struct buf *ret_text)
{
	struct mc_call *call;
	int rc = mc_receive(c, timeout_ms, &call);

	*ret_ticket = 0;
	*ret_reply = NULL;
	*ret_text = (struct buf){0};
	if (rc != MEMORY_OK)
		return rc;
	*ret_ticket = call->ticket;
	*ret_text = call->body;
	call->body = (struct buf){0};
	return mc_call_take(c, call, NULL, ret_reply);
}

int
mc_json_next_event(memory_client *c, int timeout_ms, json_t **ret_event)
{
	*ret_event = NULL;
	return mc_next_event(c, timeout_ms, NULL, ret_event);
}
