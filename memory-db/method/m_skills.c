/* save_skill, load_skill, list_skills; run_skill goes the way of
 * execute_code. */
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/model/write/skill.h"
#include "memory-db/store/facts/labels.h"

static const char *
m_skills_text_of(const struct call *c, const char *key)
{
	return jx_text(c->params, key);
}

/* --- save_skill ----------------------------------------------------------- */
/* The entity as create_entities would be given it. */
static json_t *
entity_of(const struct call *c)
{
	return json_pack("{s:s,s:s,s:s,s:[O],s:{s:O,s:O*}}", "name",
		m_skills_text_of(c, "name"), "entityType", SKILL_TYPE, "tier",
		"procedural", "observations",
		json_object_get(c->params, "description"), "metadata", "code",
		json_object_get(c->params, "code"), "params",
		json_object_get(c->params, "params"));
}

/* An entity that is something else keeps its name. */
static int
check_type(struct write *w, const char *name, bool *ret_exists, struct err *e)
{
	int64_t entity, type = 0, skill = 0;
	int r = write_find_entity(w, name, &entity, e);

	*ret_exists = r == 1;
	if (r == 1)
		r = fact_existence(w->st, entity, NULL, &type, NULL, e);
	if (r >= 0)
		r = label_find(w->st, SKILL_TYPE, &skill, e);
	if (r < 0)
		return r;
	if (*ret_exists && type != skill)
		return err_param(e, MDB_E_EXISTS, "name",
			"'%s' exists and is no skill; choose another name",
			name);
	return 0;
}

int
m_save_skill(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"name", "code", "description",
		"params", NULL};
	struct guard guard AUTO_GUARD = {0};
	json_t *entry AUTO_JSON = NULL;
	struct write w AUTO_WRITE = {0};
	int64_t entity, version;
	bool exists = false;
	const char *name;
	int r = guard_params(&guard, c, kept, e);

	name = m_skills_text_of(c, "name");
	if (r == 0 && (entry = entity_of(c)) == NULL)
		r = err_nomem(e);
	if (r == 0)
		r = write_begin(&w, c, CHANGE_UPDATE, e);
	if (r == 0 && !w.replay)
		r = check_type(&w, name, &exists, e);
	w.saves_skill = true;
	if (r == 0 && !w.replay)
		r = write_entity(&w, entry, CREATE_REPLACE, "skill", e);
	if (r == 0)
		r = write_note(&w, name, e);
	if (r == 0)
		r = write_end(&w, e);
	if (r == 0)
		r = write_need_entity(&w, name, "name", &entity, e);
	if (r == 0)
		r = write_version(&w, entity, &version, e);
	if (r != 0)
		return r;
	r = reply_change(&w,
		json_pack("{s:s,s:s,s:I}", "name", name, "action",
			w.change_id == 0 ? "unchanged"
			: exists	 ? "updated"
					 : "created",
			"version", (json_int_t)version),
		ret_result, e);
	return guard_reply(r, &guard, ret_result, e);
}

/* --- reading -------------------------------------------------------------- */
int
m_load_skill(struct call *c, json_t **ret_result, struct err *e)
{
	return skill_load(c->st, c->ctx, m_skills_text_of(c, "name"),
		(int64_t)json_integer_value(
			json_object_get(c->params, "version")),
		NULL, ret_result, e);
}

/* One row of the search, as the list shows it. */
static int
m_skills_add_row(struct call *c, const json_t *found, json_t *skills,
	struct err *e)
{
	json_t *row AUTO_JSON = json_pack("{s:O,s:O*,s:O*,s:O*,s:O*}", "name",
		json_object_get(found, "name"), "namespace",
		json_object_get(found, "namespace"), "from",
		json_object_get(found, "from"), "description",
		json_array_get(json_object_get(found, "observations"), 0),
		"version", json_object_get(found, "version"));
	int r = row == NULL ? err_nomem(e) : 0;

	if (r == 0)
		r = skill_figures(c->st,
			(int64_t)json_integer_value(
				json_object_get(found, "id")),
			row, e);
	if (r == 0 && jx_add(skills, take_ptr(row)) != 0)
		r = err_nomem(e);
	return r;
}

/* A search among the entities of the type; its word finds all of them. */
int
m_list_skills(struct call *c, json_t **ret_result, struct err *e)
{
	const char *query = m_skills_text_of(c, "query");
	json_t *params AUTO_JSON = json_pack("{s:s,s:[s],s:[s,s,s,s],s:I,s:O*}",
		"query", query != NULL && *query != '\0' ? query : SKILL_TYPE,
		"types", SKILL_TYPE, "fields", "id", "name", "observations",
		"version", "limit", (json_int_t)50, "cursor",
		json_object_get(c->params, "cursor"));
	json_t *limit = json_object_get(c->params, "limit");
	json_t *found AUTO_JSON = NULL, *skills AUTO_JSON = json_array(), *row;
	struct call search = *c;
	size_t i;
	int r = 0;

	if (params == NULL || skills == NULL ||
		(limit != NULL && json_object_set(params, "limit", limit) != 0))
		return err_nomem(e);
	search.params = params;
	r = m_search_nodes(&search, &found, e);
	json_array_foreach(json_object_get(found, "results"), i, row)
		if (r == 0)
			r = m_skills_add_row(c, row, skills, e);
	if (r != 0)
		return r;
	*ret_result = json_pack("{s:O,s:O*,s:O*}", "skills", skills, "count",
		json_object_get(found, "count"), "next",
		json_object_get(found, "next"));
	return *ret_result == NULL ? err_nomem(e) : 0;
}
