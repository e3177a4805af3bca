/* The end of a script that wrote: on the writer, its writes as one change. */
#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/script/script.h"

static int
set_conflict(json_t *result, const struct err *why)
{
	static const char hint[] =
		"nothing was written; run the script again on the new state";

	if (jx_set(result, "outcome", json_string("conflict")) != 0 ||
		jx_set(result, "message", json_string(why->text)) != 0 ||
		jx_set(result, "hint", json_string(hint)) != 0)
		return MDB_E_NOMEM;
	(void)json_object_del(result, "changes");
	return 0;
}

/* params: {request, pack, outcome}, made by the script thread. */
int
m_execute_code(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *result = json_object_get(c->params, "outcome");
	const json_t *pack = json_object_get(c->params, "pack");
	int64_t change = 0;
	bool conflict = false;
	int rc = script_commit(c, pack, method_run, &change, &conflict, e);

	if (rc != 0)
		return rc;
	if (conflict) {
		c->dry_run = true; /* what was done so far is rolled back */
		if (set_conflict(result, e) != 0)
			return err_nomem(e);
	} else if (change != 0 &&
		   jx_set(result, "change", json_integer(change)) != 0) {
		return err_nomem(e);
	}
	*ret_result = json_incref(result);
	return 0;
}

int
m_run_skill(struct call *c, json_t **ret_result, struct err *e)
{
	return m_execute_code(c, ret_result, e);
}
