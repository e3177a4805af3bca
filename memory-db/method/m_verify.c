#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/transfer/verify.h"

int
m_verify(struct call *c, json_t **ret_result, struct err *e)
{
	const char *cursor = NULL, *head = NULL;
	int rc = jx_string(c->params, "cursor", JX_OPTIONAL, &cursor, NULL, e);

	if (rc >= 0)
		rc = jx_string(c->params, "head", JX_OPTIONAL, &head, NULL, e);
	return rc < 0 ? rc : verify_page(c->st, cursor, head, ret_result, e);
}
