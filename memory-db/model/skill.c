/* Skills as entities. */
#include "memory-db/model/skill.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/model/encode.h"
#include "memory-db/model/members.h"
#include "memory-db/model/scope.h"
#include "memory-db/store/runs.h"

int
skill_figures(struct store *st, int64_t entity, json_t *o, struct err *e)
{
	struct run_sum sum;
	int r = run_get(st, entity, &sum, e);

	if (r == 0)
		r = member_set_int(o, "runs", sum.runs, e);
	if (r != 0 || sum.runs == 0)
		return r;
	r = member_set_real(o, "success_rate",
		(double)(sum.ok * 1000 / sum.runs) / 1000, e);
	if (r == 0)
		r = member_set_real(o, "mean_ms",
			(double)(sum.us / sum.runs) / 1000, e);
	return r == 0 ? member_set_time(o, "last_run", sum.last_at, e) : r;
}

/* From the entity as it is stored. */
static int
shape(const json_t *entity, const char *name, json_t **ret, struct err *e)
{
	json_t *metadata = json_object_get(entity, "metadata");
	json_t *code = json_object_get(metadata, "code");
	json_t *params = json_object_get(metadata, "params");
	const char *type = jx_text(entity, "type");

	if (type == NULL || strcmp(type, SKILL_TYPE) != 0 ||
		!json_is_string(code))
		return err_param(e, MDB_E_NOT_FOUND, "name",
			"'%s' is no skill but an entity of the type '%s'; "
			"list_skills names the skills", name,
			type != NULL ? type : "?");
	*ret = json_pack("{s:O,s:O*,s:O,s:O*,s:O}", "name",
		json_object_get(entity, "name"), "description",
		json_array_get(json_object_get(entity, "observations"), 0),
		"code", code, "params", params, "version",
		json_object_get(entity, "version"));
	return *ret == NULL ? err_nomem(e) : 0;
}

int
skill_load(struct store *st, const struct context *ctx, const char *name,
	int64_t *ret_entity, json_t **ret, struct err *e)
{
	const struct encode_options o = {.members = MEMBER_NAME | MEMBER_TYPE |
			MEMBER_OBSERVATIONS | MEMBER_VERSION | MEMBER_METADATA};
	json_t *stored AUTO_JSON = NULL, *skill AUTO_JSON = NULL;
	struct scope s;
	int64_t entity = 0;
	int r = scope_read(st, ctx, 0, &s, e);

	if (r == 0)
		r = scope_entity(st, &s, name, strlen(name), &entity, e);
	if (r == 1)
		r = encode_entity(st, entity, &o, &stored, NULL, e);
	if (r == 0)
		return err_param(e, MDB_E_NOT_FOUND, "name",
			"no skill '%s'; list_skills names them", name);
	if (r == 1)
		r = shape(stored, name, &skill, e);
	if (r == 0)
		r = skill_figures(st, entity, skill, e);
	if (r != 0)
		return r;
	if (ret_entity != NULL)
		*ret_entity = entity;
	*ret = take_ptr(skill);
	return 0;
}
