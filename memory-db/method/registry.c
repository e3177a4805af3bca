/* The table from methods to their handlers, filled in by the linker. */
#include "memory-db/method/handlers.h"
#include "memory-db/method/review_gate.h"

#define TOOL(name, ...)	     [TOOL_##name] = m_##name,
#define LOOP_TOOL(name, ...) [TOOL_##name] = NULL,
static const method_fn handlers[TOOL_MAX] = {
#include "common/contract/tools/all.def"
};

method_fn
method_of(const struct tool *t)
{
	return handlers[t - tools];
}

int
method_run(struct call *c, json_t **ret_result, struct err *e)
{
	int rc = review_gate(c, e);

	if (rc == 0)
		rc = handlers[c->tool - tools](c, ret_result, e);
	if (rc == 0)
		rc = review_tell(c, ret_result, e);
#ifdef MEMORY_TEST_BUILD
	if (rc == 0 && (rc = tool_check_reply(c->tool, *ret_result, e)) != 0) {
		json_decref(*ret_result);
		*ret_result = NULL;
	}
#endif
	return rc;
}
