/* What only scripts have: the message of their change, skills they run, files
 * they write.
 *
 * A script reads and writes on a private view; its writes are done by the
 * writer afterwards. So a file that a script read must still have the same
 * content when its changes are committed. The script notes the id of the
 * content, and the commit compares:
 *
 *   script   reads `counter` (content 12), writes "8"
 *   another  writes `counter`: content 13
 *   commit   12 is not 13: a conflict, and nothing of the script is kept */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/script/script_int.h"
#include "memory-db/model/write/skill.h"
#include "memory-db/store/beside/files.h"
#include "memory-db/store/beside/skill_runs.h"

const struct script_own script_own[] = {
	{"commit", "message",
		"Says what the script's change is about (its message). What "
		"was written is committed at the good end, all of it or "
		"nothing."},
	{"skill_begin", "name version", ""},
	{"skill_end", "run ok", ""},
	{NULL, NULL, NULL},
};

/* --- commit --------------------------------------------------------------- */
static int
commit(struct script *s, const json_t *params, json_t **ret, struct err *e)
{
	json_t *message = json_object_get(params, "message");

	if (!message || json_is_null(message))
		message = NULL;
	else if (!json_is_string(message) ||
		 json_string_length(message) > LIMIT_MESSAGE_BYTES)
		return err_param(e, MDB_E_INVALID, "message",
			"message: must be a string of at most %d bytes",
			LIMIT_MESSAGE_BYTES);
	json_decref(s->message);
	s->message = json_incref(message);
	*ret = json_true();
	return 0;
}

/* --- skills --------------------------------------------------------------- */
static int
check_skill(const json_t *skill, const char *name, struct err *e)
{
	if (json_is_false(json_object_get(skill, "runnable")))
		return err_param(e, MDB_E_DENIED, "name",
			"'%s' was not saved by save_skill, and so does not "
			"run; load_skill shows its code: read it, and save it "
			"with save_skill when it is right",
			name);
	if (json_string_length(json_object_get(skill, "code")) >
		LIMIT_SKILL_BYTES)
		return err_param(e, MDB_E_LIMIT, "name",
			"the code of '%s' has more than %d bytes, the most a "
			"skill may have",
			name, LIMIT_SKILL_BYTES);
	return 0;
}

/* For the reply: which one ran. */
static int
tell_skill(const json_t *skill, json_t **ret, struct err *e)
{
	*ret = json_pack("{s:O,s:O,s:O,s:O}", "name",
		json_object_get(skill, "name"), "namespace",
		json_object_get(skill, "namespace"), "version",
		json_object_get(skill, "version"), "saved_by",
		json_object_get(skill, "saved_by"));
	return !*ret ? err_nomem(e) : 0;
}

static int
skill_begin(struct script *s, const json_t *params, json_t **ret, struct err *e)
{
	const char *name = jx_text(params, "name");
	struct script_skill *run;
	int64_t entity, version = 0;
	int rc;

	if (!name)
		return err_param(e, MDB_E_INVALID, "name",
			"run_skill(name, params): name must be a string");
	rc = script_check(s->ctx, TOOL_OF(run_skill), e);
	if (rc != 0)
		return rc;
	rc = jx_int(params, "version", JX_OPTIONAL, 1, INT64_MAX, &version, e);
	if (rc < 0)
		return rc;
	rc = script_begin(s, e);
	if (rc != 0)
		return rc;
	rc = skill_load(s->st, s->ctx, name, version, &entity, ret, e);
	if (rc != 0)
		return rc;
	rc = check_skill(*ret, name, e);
	if (rc != 0)
		return rc;
	if (!s->skill)
		rc = tell_skill(*ret, &s->skill, e);
	if (rc != 0)
		return rc;
	if (!idset_put(&s->bound, entity))
		return err_nomem(e);
	if (!s->skills)
		s->skills = calloc(LIMIT_SCRIPT_CALLS, sizeof(*s->skills));
	if (!s->skills ||
		jx_set(*ret, "run", json_integer((json_int_t)s->skills_n)) != 0)
		return err_nomem(e);
	if (s->skills_n == LIMIT_SCRIPT_CALLS)
		return err_set(e, MDB_E_LIMIT, "too many skills were run");
	run = &s->skills[s->skills_n++];
	*run = (struct script_skill){entity, clock_mono_ns(), 0, false, false};
	return 0;
}

static int
skill_end(struct script *s, const json_t *params, json_t **ret, struct err *e)
{
	json_int_t i = json_integer_value(json_object_get(params, "run"));

	if (i < 0 || (size_t)i >= s->skills_n || s->skills[i].has_ended)
		return err_set(e, MDB_E_INVALID, "no such run");
	s->skills[i].has_ended = true;
	s->skills[i].ok = json_is_true(json_object_get(params, "ok"));
	s->skills[i].us = (clock_mono_ns() - s->skills[i].start_ns) / 1000;
	*ret = json_true();
	return 0;
}

void
script_count_skills(const struct script *s)
{
	for (size_t i = 0; i < s->skills_n; i++) {
		const struct script_skill *run = &s->skills[i];
		int64_t us = run->has_ended
				     ? run->us
				     : (clock_mono_ns() - run->start_ns) / 1000;

		/* What the script itself made has no number yet. */
		if (run->entity <= s->highest)
			skill_run_note(store_database(s->st), run->entity,
				run->has_ended && run->ok, us);
	}
}

int
script_own_call(struct script *s, const char *name, const json_t *params,
	json_t **ret_result, struct err *e)
{
	static int (*const functions[])(struct script *, const json_t *,
		json_t **, struct err *) = {commit, skill_begin, skill_end};

	for (size_t i = 0; script_own[i].name != NULL; i++) {
		int rc;

		if (strcmp(script_own[i].name, name) != 0)
			continue;
		*ret_result = NULL;
		rc = functions[i](s, params, ret_result, e);
		if (rc != 0) {
			json_decref(*ret_result);
			*ret_result = NULL;
		}
		return rc;
	}
	return 1;
}

/* --- files ---------------------------------------------------------------- */
/* Which content a file has; 0: it is not there. */
static int
content_id(struct store *st, const struct context *ctx, const char *name,
	int64_t *ret, struct err *e)
{
	struct file f = {0};
	int64_t ns, branch;
	int rc = scope_write(st, ctx, &ns, &branch, e);

	if (rc != 0)
		return rc;
	rc = file_get(st, ns, name, &f, NULL, e);
	*ret = f.id;
	return rc < 0 ? rc : 0;
}

static bool
is_file(const json_t *f, const char *name, bool user)
{
	return json_is_true(json_object_get(f, "user")) == user &&
	       strcmp(jx_text(f, "name"), name) == 0;
}

int
script_note_file(struct script *s, const struct call *c, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	bool user = c->ctx->user_scope;
	json_t *f;
	int64_t id;
	size_t i;
	int rc;

	if (!s->files)
		s->files = json_array();
	if (!s->files)
		return err_nomem(e);
	json_array_foreach(s->files, i, f)
		if (is_file(f, name, user))
			return 0;
	rc = content_id(s->st, c->ctx, name, &id, e);
	if (rc != 0)
		return rc;
	if (jx_add(s->files, json_pack("{s:s,s:b,s:I}", "name", name, "user",
				     user, "id", (json_int_t)id)) != 0)
		rc = err_nomem(e);
	return rc;
}

int
script_add_files(struct script *s, json_t *changes, struct err *e)
{
	struct context ctx = *s->ctx;
	json_t *f;
	size_t i;

	json_array_foreach(s->files, i, f) {
		const char *name = jx_text(f, "name");
		int64_t id, was = (int64_t)json_integer_value(
				    json_object_get(f, "id"));
		const char *action = was == 0 ? "created" : "written";
		int rc;

		ctx.user_scope = json_is_true(json_object_get(f, "user"));
		rc = content_id(s->st, &ctx, name, &id, e);
		if (rc != 0)
			return rc;
		if (id == was)
			continue;
		if (jx_add(changes,
			    json_pack("{s:s,s:s}", "file", name, "action",
				    id == 0 ? "deleted" : action)) != 0)
			return err_nomem(e);
	}
	return 0;
}

int
script_files_changed(struct store *st, const struct context *ctx,
	const json_t *files, struct err *e)
{
	struct context where = *ctx;
	json_t *f;
	size_t i;

	json_array_foreach(files, i, f) {
		const char *name = jx_text(f, "name");
		int64_t id;
		int rc;

		where.user_scope = json_is_true(json_object_get(f, "user"));
		rc = content_id(st, &where, name, &id, e);
		if (rc != 0)
			return rc;
		if (id == (int64_t)json_integer_value(json_object_get(f, "id")))
			continue;
		err_set(e, MDB_E_CONFLICT,
			"the file '%s' of the workspace was written by "
			"somebody else meanwhile",
			name);
		return 1;
	}
	return 0;
}
