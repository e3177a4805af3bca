/* save_implementation_plan, get_implementation_plan, update_plan_step.
 * model/plan/plan.h says how a plan is stored as facts.
 *
 * Two agents may work on one plan. A save and an update say which version they
 * have seen, and are refused when the plan has moved on; the reply to each
 * write has the plan as it is afterwards, so that an agent needs no read in
 * between. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/plan/plan.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/facts/labels.h"

#define LIMIT_DEFAULT 20

/* --- save_implementation_plan ---------------------------------------------- */
/* The name of the plan: its own, or its title. */
static const char *
m_plans_name(const struct call *c)
{
	const char *name = jx_text(c->params, "name");

	return name ? name : jx_text(c->params, "title");
}

static int
m_plans_make(struct write *w, const char *name, int64_t *ret_entity,
	struct err *e)
{
	struct fact defaults = write_fact(0, FACT_OBSERVATION);
	int rc = write_entity_twin(w, name, CREATE_MERGE, "plan", e);

	if (rc == MDB_E_EXISTS)
		snprintf(e->param, sizeof(e->param), "name");
	if (rc != 0)
		return rc;
	rc = write_entity_new(w, name, PLAN_TYPE, &defaults, ret_entity, e);
	if (rc != 0)
		return rc;
	return write_attr(w, *ret_entity, ATTR_TIER,
		write_entity_tier("procedural"), e);
}

/* Of a plan that is saved anew the caller must have seen the newest version, if
 * it says which one it saw; 0: it says that there is none. */
static int
m_plans_check_version(struct write *w, int64_t entity, const char *name,
	const json_t *expected, struct err *e)
{
	int64_t version = 0;
	int rc = entity != 0 ? write_version(w, entity, &version, e) : 0;

	if (rc != 0 || !expected || json_integer_value(expected) == version)
		return rc;
	return err_param(e, MDB_E_CONFLICT, "expected_version",
		"the plan '%s' is at version %lld, not %lld: %s. Look at it "
		"(get_implementation_plan), then save it over that version",
		name, (long long)version,
		(long long)json_integer_value(expected),
		version == 0 ? "there is none" : "somebody has changed it");
}

static int
m_plans_save(struct write *w, const json_t *params, const char *name,
	bool *ret_exists, json_t **ret_removed, struct err *e)
{
	int64_t entity = 0;
	int rc = write_find_entity(w, name, &entity, e);

	*ret_exists = rc == 1;
	if (rc == 1)
		rc = plan_check_type(w->st, entity, name, e);
	if (rc == MDB_E_NOT_FOUND)
		return err_param(e, MDB_E_EXISTS, "name",
			"'%s' exists and is no plan; choose another `name`",
			name);
	if (rc < 0)
		return rc;
	rc = m_plans_check_version(w, *ret_exists ? entity : 0, name,
		json_object_get(params, "expected_version"), e);
	if (rc)
		return rc;
	if (!*ret_exists)
		rc = m_plans_make(w, name, &entity, e);
	if (rc)
		return rc;
	return plan_save(w, entity, params, ret_removed, e);
}

/* What both writes tell of the plan as it is now: added to `reply`. */
static int
m_plans_tell(struct write *w, const char *name, json_t *reply, struct err *e)
{
	AUTO_PLAN struct plan plan = {0};
	int64_t entity, version;
	int rc = write_need_entity(w, name, "name", &entity, e);

	if (rc)
		return rc;
	rc = plan_read(w->st, entity, &plan, e);
	if (rc)
		return rc;
	rc = write_version(w, entity, &version, e);
	if (rc)
		return rc;
	rc = member_set_text(reply, "name", name, strlen(name), e);
	if (rc)
		return rc;
	rc = member_set_int(reply, "entity_id", entity, e);
	if (rc)
		return rc;
	rc = member_set_int(reply, "version", version, e);
	if (rc)
		return rc;
	return plan_set_outlook(&plan, reply, e);
}

/* Ends a write of a plan, which was there before or not; what is told of it is
 * added to `reply`. */
static int
m_plans_end(struct write *w, const char *name, bool existed, json_t *reply,
	struct err *e)
{
	int rc = write_note(w, name, e);

	if (rc)
		return rc;
	rc = write_end(w, e);
	if (rc)
		return rc;
	rc = m_plans_tell(w, name, reply, e);
	if (rc)
		return rc;
	return member_set_new(reply, "action",
		json_string(reply_saved(w->entries_n > 0, existed)), e);
}

int
m_save_implementation_plan(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"title", "name", "goal", "steps",
		"acceptance", "notes", NULL};
	AUTO_JSON json_t *removed = NULL, *reply = json_object();
	AUTO_GUARD struct guard guard = {0};
	AUTO_WRITE struct write w = {0};
	bool exists = false;
	const char *name;
	int rc = !reply ? err_nomem(e) : guard_params(&guard, c, kept, e);

	if (rc != 0)
		return rc;
	name = m_plans_name(c);
	rc = write_begin(&w, c, CHANGE_UPDATE, e);
	if (rc)
		return rc;
	if (!w.replay)
		rc = m_plans_save(&w, c->params, name, &exists, &removed, e);
	if (rc)
		return rc;
	rc = m_plans_end(&w, name, exists, reply, e);
	if (rc)
		return rc;
	if (json_array_size(removed) > 0 &&
		json_object_set(reply, "removed", removed) != 0)
		return err_nomem(e);
	rc = reply_change(&w, take_ptr(reply), ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}

/* --- update_plan_step ------------------------------------------------------ */
static int
m_plans_check_update(const json_t *params, struct err *e)
{
	static const char *const members[] = {"state", "text", "note",
		"evidence", "acceptance", "fact"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_object_get(params, members[i]))
			return 0;
	return err_param(e, MDB_E_INVALID, "state",
		"nothing to update: give `state` (todo, doing, blocked, done, "
		"dropped), `note`, `evidence`, `text` or `acceptance`");
}

static int
m_plans_update(struct write *w, const struct call *c, const char *name,
	json_t *reply, struct err *e)
{
	enum plan_state was = PLAN_TODO;
	int64_t entity, number = 0;
	int rc = write_need_entity(w, name, "name", &entity, e);

	if (rc)
		return rc;
	rc = plan_check_type(w->st, entity, name, e);
	if (rc)
		return rc;
	rc = plan_update(w, entity, c->params, &was, &number, e);
	if (rc)
		return rc;
	rc = member_set_int(reply, "step", number, e);
	if (rc)
		return rc;
	if (jx_set(reply, "was", json_string(plan_state_name(was))))
		rc = err_nomem(e);
	return rc;
}

int
m_update_plan_step(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"text", "note", "evidence",
		"acceptance", NULL};
	const char *name = jx_text(c->params, "name");
	AUTO_JSON json_t *reply = json_object();
	AUTO_GUARD struct guard guard = {0};
	AUTO_WRITE struct write w = {0};
	int rc = !reply ? err_nomem(e) : m_plans_check_update(c->params, e);

	if (rc)
		return rc;
	rc = guard_params(&guard, c, kept, e);
	if (rc)
		return rc;
	rc = write_begin(&w, c, CHANGE_UPDATE, e);
	if (rc)
		return rc;
	if (!w.replay)
		rc = m_plans_update(&w, c, name, reply, e);
	if (rc)
		return rc;
	/* A retry does not know any more what stood there. */
	if (w.replay && json_object_set(reply, "step",
				json_object_get(c->params, "step")) != 0)
		return err_nomem(e);
	rc = m_plans_end(&w, name, true, reply, e);
	if (rc)
		return rc;
	rc = reply_change(&w, take_ptr(reply), ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}

/* --- get_implementation_plan: one ------------------------------------------ */
static int
m_plans_set_head(const struct plan *p, json_t *o, struct err *e)
{
	static const char *const members[] = {"title", "goal", "acceptance",
		"notes"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *v = json_object_get(p->head, members[i]);

		if (v && json_object_set(o, members[i], v) != 0)
			return err_nomem(e);
	}
	return p->is_contested ? member_set_bool(o, "contested", true, e) : 0;
}

static int
m_plans_set_steps(struct store *st, const struct plan *p, json_t *o,
	struct err *e)
{
	json_t *steps = json_array();
	int rc = jx_set(o, "steps", steps) != 0 ? err_nomem(e) : 0;

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < p->n; i++) {
		json_t *j = NULL;

		rc = plan_step_json(st, &p->steps[i], &j, e);
		if (rc != 0)
			return rc;
		if (jx_add(steps, j) != 0)
			return err_nomem(e);
	}
	if (p->others > 0)
		rc = member_set_int(o, "other_observations", p->others, e);
	return rc;
}

/* Where it lies, when that is the user's memory. */
static int
m_plans_set_place(struct store *st, const struct scope *s, int64_t entity,
	json_t *o, struct err *e)
{
	AUTO_BUF struct buf first = {0}, name = {0};
	struct entity_times times;
	int64_t ns = 0;
	int rc = entity_times(st, entity, &times, e);

	if (rc != 0)
		return rc;
	rc = member_set_int(o, "version", times.version, e);
	if (rc != 0)
		return rc;
	rc = entity_first_name(st, entity, &ns, &first, e);
	if (rc < 0 || ns == s->ns[0])
		return rc < 0 ? rc : 0;
	rc = namespace_name(st, ns, &name, e);
	return rc == 1 ? member_set_text(o, "namespace", name.data, name.len, e)
		       : rc;
}

static int
m_plans_one(struct call *c, const char *name, json_t **ret_result,
	struct err *e)
{
	AUTO_JSON json_t *o = json_pack("{s:s}", "name", name);
	AUTO_PLAN struct plan plan = {0};
	struct scope s;
	int64_t entity = 0;
	int rc = scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	rc = scope_entity(c->st, &s, name, strlen(name), &entity, e);
	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "name",
			"no plan '%s'; get_implementation_plan without `name` "
			"lists those that are open",
			name);
	if (rc > 0)
		rc = plan_check_type(c->st, entity, name, e);
	if (rc != 0)
		return rc;
	rc = plan_read(c->st, entity, &plan, e);
	if (rc != 0)
		return rc;
	if (!o)
		return err_nomem(e);
	rc = m_plans_set_place(c->st, &s, entity, o, e);
	if (rc != 0)
		return rc;
	rc = m_plans_set_head(&plan, o, e);
	if (rc != 0)
		return rc;
	rc = plan_set_outlook(&plan, o, e);
	if (rc != 0)
		return rc;
	rc = m_plans_set_steps(c->st, &plan, o, e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(o);
	return 0;
}

/* --- get_implementation_plan: the list ------------------------------------- */
static int
m_plans_row(struct call *c, const json_t *found, json_t *plans, struct err *e)
{
	json_t *row = json_pack("{s:O,s:O*,s:O*,s:O}", "name",
		json_object_get(found, "name"), "namespace",
		json_object_get(found, "namespace"), "from",
		json_object_get(found, "from"), "version",
		json_object_get(found, "version"));
	AUTO_PLAN struct plan plan = {0};
	int rc;

	if (jx_add(plans, row) != 0)
		return err_nomem(e);
	rc = plan_read(c->st, json_integer_value(json_object_get(found, "id")),
		&plan, e);
	if (rc)
		return rc;
	rc = m_plans_set_head(&plan, row, e);
	if (rc)
		return rc;
	return plan_set_outlook(&plan, row, e);
}

/* A search: open ones are found by the tag of their open steps, so that the many
 * that are done cost nothing. */
static json_t *
m_plans_search(const struct call *c)
{
	const char *state = jx_text(c->params, "state");
	json_t *limit = json_object_get(c->params, "limit");
	AUTO_JSON json_t *q = json_pack("{s:s,s:[s],s:[s,s,s],s:O*}", "query",
		"", "types", PLAN_TYPE, "fields", "id", "name", "version",
		"cursor", json_object_get(c->params, "cursor"));

	if (!q || jx_set(q, "limit",
			  limit ? json_incref(limit)
				: json_integer(LIMIT_DEFAULT)) != 0)
		return NULL;
	if ((!state || strcmp(state, "open") == 0) &&
		jx_set(q, "tags", json_pack("[s]", PLAN_OPEN_TAG)) != 0)
		return NULL;
	return take_ptr(q);
}

static int
m_plans_list(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *params = m_plans_search(c), *found = NULL;
	AUTO_JSON json_t *plans = json_array();
	struct call search = *c;
	json_t *row;
	size_t i;
	int rc;

	if (!params || !plans)
		return err_nomem(e);
	search.params = params;
	rc = m_search_nodes(&search, &found, e);
	if (rc != 0)
		return rc;
	json_array_foreach(json_object_get(found, "results"), i, row) {
		rc = m_plans_row(c, row, plans, e);
		if (rc != 0)
			return rc;
	}
	*ret_result = json_pack("{s:O,s:O*,s:O*,s:O*}", "plans", plans, "count",
		json_object_get(found, "count"), "next",
		json_object_get(found, "next"), "partial",
		json_object_get(found, "partial"));
	return !*ret_result ? err_nomem(e) : 0;
}

int
m_get_implementation_plan(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");

	return name ? m_plans_one(c, name, ret_result, e)
		    : m_plans_list(c, ret_result, e);
}
