/* save_skill, load_skill, list_skills. A skill is an entity with a type of its
 * own whose observation is the program, so it has history, tags and undo like
 * everything else. run_skill goes the way of execute_code. */
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
m_skills_entity_of(const struct call *c)
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
	int rc = write_find_entity(w, name, &entity, e);

	*ret_exists = rc == 1;
	if (rc == 1)
		rc = fact_existence(w->st, entity, NULL, &type, NULL, e);
	if (rc >= 0)
		rc = label_find(w->st, SKILL_TYPE, &skill, e);
	if (rc < 0)
		return rc;
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
	AUTO_GUARD struct guard guard = {0};
	AUTO_JSON json_t *entry = NULL;
	AUTO_WRITE struct write w = {0};
	int64_t entity, version;
	bool exists = false;
	const char *name;
	int rc = guard_params(&guard, c, kept, e);

	if (rc != 0)
		return rc;
	name = m_skills_text_of(c, "name");
	entry = m_skills_entity_of(c);
	if (!entry)
		return err_nomem(e);
	rc = write_begin(&w, c, CHANGE_UPDATE, e);
	if (rc != 0)
		return rc;
	w.saves_skill = true;
	if (!w.replay)
		rc = check_type(&w, name, &exists, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = write_entity(&w, entry, CREATE_REPLACE, "skill", e);
	if (rc != 0)
		return rc;
	rc = write_note(&w, name, e);
	if (rc != 0)
		return rc;
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	rc = write_need_entity(&w, name, "name", &entity, e);
	if (rc != 0)
		return rc;
	rc = write_version(&w, entity, &version, e);
	if (rc != 0)
		return rc;
	rc = reply_change(&w,
		json_pack("{s:s,s:s,s:I}", "name", name, "action",
			reply_saved(w.change_id != 0, exists), "version",
			(json_int_t)version),
		ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
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
	int rc;

	if (!row)
		return err_nomem(e);
	rc = skill_figures(c->st,
		(int64_t)json_integer_value(json_object_get(found, "id")), row,
		e);
	if (rc != 0)
		return rc;
	if (jx_add(skills, take_ptr(row)) != 0)
		rc = err_nomem(e);
	return rc;
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
	int rc = 0;

	if (!params || !skills ||
		(limit && json_object_set(params, "limit", limit) != 0))
		return err_nomem(e);
	search.params = params;
	rc = m_search_nodes(&search, &found, e);
	if (rc != 0)
		return rc;
	json_array_foreach(json_object_get(found, "results"), i, row) {
		rc = m_skills_add_row(c, row, skills, e);
		if (rc != 0)
			return rc;
	}
	*ret_result = json_pack("{s:O,s:O*,s:O*}", "skills", skills, "count",
		json_object_get(found, "count"), "next",
		json_object_get(found, "next"));
	return !*ret_result ? err_nomem(e) : 0;
}
