/* The table from methods to their handlers, filled in by the linker. */
#include "common/jx.h"
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

#ifdef MEMORY_TEST_BUILD
/* The result, with the members that were written as text. */
static int
method_check_reply(const struct call *c, const json_t *result, struct err *e)
{
	AUTO_BUF struct buf whole = {0};
	AUTO_JSON json_t *all = NULL;
	json_t *rest = (json_t *)(uintptr_t)result;

	if (!c->text || c->text->len == 0)
		return tool_check_reply(c->tool, result, e);
	if (buf_addc(&whole, '{') != 0 ||
		buf_add(&whole, c->text->data, c->text->len) != 0 ||
		buf_addc(&whole, '}') != 0)
		return err_nomem(e);
	all = jx_parse(whole.data, whole.len, e);
	if (!all)
		return e->code;
	if (json_object_update_missing(all, rest) != 0)
		return err_nomem(e);
	return tool_check_reply(c->tool, all, e);
}
#endif

int
method_run(struct call *c, json_t **ret_result, struct err *e)
{
	int rc = review_gate(c, e);

	if (rc != 0)
		return rc;
	rc = handlers[c->tool - tools](c, ret_result, e);
	if (rc != 0 || c->has_more) /* a part has no reply */
		return rc;
	rc = review_tell(c, ret_result, e);
	if (rc != 0)
		return rc;
#ifdef MEMORY_TEST_BUILD
	rc = method_check_reply(c, *ret_result, e);
	if (rc != 0) {
		json_decref(*ret_result);
		*ret_result = NULL;
	}
#endif
	return rc;
}
