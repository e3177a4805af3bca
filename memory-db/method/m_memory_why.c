/* memory_why. */
#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/recall/receipt.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/beside/receipts.h"

int
m_memory_why(struct call *c, json_t **ret_result, struct err *e)
{
	const char *id = jx_text(c->params, "receipt");
	struct scope s;
	int rc = scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	/* The operator may look at what any project was given. */
	rc = receipt_json(c->st, c->ctx->is_agent ? &s : NULL, id, ret_result,
		e);
	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "receipt",
			"no receipt '%.40s'; the newest %d are kept", id,
			RECEIPTS_KEPT);
	return rc < 0 ? rc : 0;
}
