/* repair: facts that verify said can be mended. */
#include "common/jx.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/check/repair.h"

/* {fact, was:["weight", "confidence"]}: numbers that were -0.0. */
static int
add_mended(json_t *list, int64_t fact, const struct minus_zero *m)
{
	json_t *o AUTO_JSON =
		json_pack("{s:I,s:[]}", "fact", (json_int_t)fact, "unset");
	json_t *unset = json_object_get(o, "unset");

	if (!o || (m->weight && jx_add(unset, json_string("weight")) != 0) ||
		(m->confidence &&
			jx_add(unset, json_string("confidence")) != 0))
		return MDB_E_NOMEM;
	return jx_add(list, take_ptr(o));
}

int
m_repair(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *result = json_pack("{s:[]}", "repaired");
	json_t *facts = NULL, *id;
	bool dry_run = false;
	size_t i;
	int rc = !result ? err_nomem(e)
			 : jx_array(c->params, "facts", JX_REQUIRED, &facts, e);

	if (rc != 0)
		return rc;
	rc = jx_bool(c->params, "dry_run", JX_OPTIONAL, &dry_run, e);
	if (rc < 0)
		return rc;
	json_array_foreach(facts, i, id) {
		struct minus_zero m;

		rc = repair_fact(c->st, json_integer_value(id), dry_run, &m, e);
		if (rc == 1 && add_mended(json_object_get(result, "repaired"),
				       json_integer_value(id), &m) != 0)
			rc = err_nomem(e);
		if (rc < 0)
			return rc;
	}
	if (!effects_add(&c->effects, EFFECT_KEPT, e))
		return MDB_E_NOMEM;
	*ret_result = take_ptr(result);
	return 0;
}
