/* namespace_settings, set_namespace_settings. */
#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/retry.h"
#include "memory-db/model/order/learn.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/scope/settings.h"

/* What resolutions taught of attributes: a proposal for the operator. */
static int
m_settings_propose(struct call *c, int64_t ns, json_t *result, struct err *e)
{
	struct scope s = {.ns = {ns}, .n = 1, .valid_at = FACT_NO_TIME};
	json_t *learnt = NULL;
	int rc;

	if (ns == 0)
		return 0;
	rc = lens_make(c->st, STORE_MAIN, STORE_OPEN_END, &s.lens, e);
	if (rc)
		return rc;
	rc = lens_apply(c->st, &s.lens, e);
	if (rc)
		return rc;
	fact_home(c->st, ns);
	rc = learn_attributes(c->st, &s, &learnt, e);
	if (rc || !learnt)
		return rc;
	return member_set_new(result, "proposed",
		json_pack("{s:o}", "attributes", learnt), e);
}

static int
m_settings_reply(struct call *c, int64_t ns, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *result = json_object();
	json_t *list = NULL;
	int rc = result ? settings_table(c->st, ns, &list, e) : err_nomem(e);

	if (rc)
		return rc;
	rc = member_set_new(result, "settings", list, e);
	if (rc)
		return rc;
	rc = m_settings_propose(c, ns, result, e);
	if (rc)
		return rc;
	*ret_result = take_ptr(result);
	return 0;
}

int
m_namespace_settings(struct call *c, json_t **ret_result, struct err *e)
{
	struct scope s;
	int rc = scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	return m_settings_reply(c, s.ns[0], ret_result, e);
}

int
m_set_namespace_settings(struct call *c, json_t **ret_result, struct err *e)
{
	int64_t ns, branch;
	int seen = retry_seen(c, e), rc;

	if (seen < 0)
		return seen;
	rc = scope_write(c->st, c->ctx, &ns, &branch, e);
	if (rc != 0)
		return rc;
	if (seen != 0)
		return m_settings_reply(c, ns, ret_result, e);
	rc = settings_set(c->st, ns, json_object_get(c->params, "settings"), e);
	if (rc != 0)
		return rc;
	rc = retry_remember(c, 0, e);
	if (rc < 0)
		return rc;
	return m_settings_reply(c, ns, ret_result, e);
}
