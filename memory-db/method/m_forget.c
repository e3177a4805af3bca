/* forget: hard erasure of an entity or of one of its texts
 * (model/time/forget.h).
 *
 * A large entity is erased in slices. After the last slice the entity has no
 * name any more, so the run is found by its id: the target of the run is the
 * number of the entity. What is asked for at once ends a run that was begun in
 * slices. */
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/forget_reply.h"
#include "memory-db/method/handlers.h"
#include "memory-db/model/time/forget.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/facts/labels.h"

static int
m_forget_find(struct write *w, const char *name, int64_t *ret_entity,
	struct err *e)
{
	int rc = entity_find_ever(w->st, w->ns, name, strlen(name), ret_entity,
		e);

	/* Also one that was deleted long ago, or is on a branch only. */
	if (rc == 0)
		return write_need_entity(w, name, "name", ret_entity, e);
	if (rc < 0)
		return rc;
	return 0;
}

#define TARGET_SIZE 24

static void
m_forget_make_target(int64_t entity, char ret[TARGET_SIZE])
{
	snprintf(ret, TARGET_SIZE, "%lld", (long long)entity);
}

static int
forget_part(struct call *c, struct write *w, const char *name,
	json_t **ret_result, struct err *e)
{
	struct forget_result out = {0};
	AUTO_RUN struct sliced_run run = {0};
	char target[TARGET_SIZE];
	int64_t entity;
	int rc = m_forget_find(w, name, &entity, e);

	if (rc != 0)
		return rc;
	m_forget_make_target(entity, target);
	rc = sliced_run_begin(&run, w, TOOL_NAME(forget), target, STORE_MAIN,
		e);
	sliced_run_room(&run, c->params, LIMIT_RUN_ERASED);
	if (rc != 0)
		return rc;
	rc = forget_slice(w, entity, (size_t)run.room, &out, e);
	if (rc != 0)
		return rc;
	rc = write_end(w, e);
	if (rc != 0)
		return rc;
	out.facts = sliced_run_total(&run, "facts", out.facts);
	out.messages = sliced_run_total(&run, "messages", out.messages);
	out.notes = sliced_run_total(&run, "notes", out.notes);
	out.words = sliced_run_total(&run, "words", out.words);
	rc = sliced_run_end(&run, w->change_id, out.left, e);
	if (rc != 0)
		return rc;
	rc = forget_reply(c, w, &out, ret_result, e);
	if (rc != 0)
		return rc;
	return sliced_run_reply(&run, *ret_result, e);
}

/* Slices that others began have nothing left to do, and no name to be called
 * by. */
static int
end_slices(struct write *w, int64_t entity, struct err *e)
{
	AUTO_RUN struct sliced_run run = {0};
	char target[TARGET_SIZE];
	int rc;

	m_forget_make_target(entity, target);
	rc = sliced_run_find(&run, w->st, w->ns, TOOL_NAME(forget), target, e);
	return rc == 1 ? sliced_run_end(&run, w->change_id, 0, e) : rc;
}

static int
forget(struct write *w, const char *name, const json_t *observation,
	struct forget_result *out, struct err *e)
{
	int64_t entity;
	int rc = m_forget_find(w, name, &entity, e);

	if (rc != 0)
		return rc;
	rc = forget_apply(w, entity, json_string_value(observation),
		json_string_length(observation), out, e);
	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "observation",
			"'%s' never had an observation that reads exactly so",
			name);
	rc = rc < 0 ? rc : write_end(w, e);
	return rc == 0 && !observation ? end_slices(w, entity, e) : rc;
}

/* The reply to a retry of a slice: after the last one the name is gone. */
static int
set_done(struct write *w, const char *name, json_t *reply, struct err *e)
{
	int64_t entity;
	int rc = !w->replay ? 0
			    : entity_find_ever(w->st, w->ns, name, strlen(name),
				      &entity, e);

	if (rc < 0)
		return rc;
	return jx_set(reply, "done", json_boolean(rc == 0)) != 0 ? err_nomem(e)
								 : 0;
}

int
m_forget(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	const json_t *observation = json_object_get(c->params, "observation");
	bool sliced = json_is_true(json_object_get(c->params, "sliced"));
	struct forget_result out = {0};
	AUTO_WRITE struct write w = {0};
	int rc;

	if (!json_is_true(json_object_get(c->params, "confirm")))
		return err_param(e, MDB_E_INVALID, "confirm",
			"this erases for good, every version on every branch, "
			"and cannot be undone; pass confirm:true. To hide it "
			"and keep the history use delete_entities "
			"or delete_observations");
	rc = write_begin_on(&w, c, CHANGE_FORGET, STORE_MAIN, 0, e);
	if (rc != 0)
		return rc;
	if (!w.replay && sliced && !observation)
		return forget_part(c, &w, name, ret_result, e);
	if (!w.replay)
		rc = forget(&w, name, observation, &out, e);
	if (rc != 0)
		return rc;
	rc = forget_reply(c, &w, &out, ret_result, e);
	return rc == 0 && sliced ? set_done(&w, name, *ret_result, e) : rc;
}
