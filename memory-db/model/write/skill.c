/* Skills as entities: loading one to run it, and what a saved one must have.
 *
 * For example save_skill {"name":"weekly report","code":"..."} makes the
 * entity "weekly report" of the type skill. Its code is the member `code` of
 * the entity's metadata. execute_code may then run it by its name, in the
 * version of now or in an older one: the lens is set to that version while
 * it is read. */
#include "memory-db/model/write/skill.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/base.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/beside/skill_runs.h"

int
skill_figures(struct store *st, int64_t entity, json_t *o, struct err *e)
{
	struct run_sum sum;
	int rc = skill_run_get(st, entity, &sum, e);

	if (rc != 0)
		return rc;
	rc = member_set_int(o, "runs", sum.runs, e);
	if (rc != 0 || sum.runs == 0)
		return rc;
	rc = member_set_real(o, "success_rate",
		(double)(sum.ok * 1000 / sum.runs) / 1000, e);
	if (rc != 0)
		return rc;
	rc = member_set_real(o, "mean_ms", (double)(sum.us / sum.runs) / 1000,
		e);
	if (rc != 0)
		return rc;
	return member_set_time(o, "last_run", sum.last_at, e);
}

/* --- what runs ------------------------------------------------------------ */
/* Named state: the newest change from before the mark. */
#define OLDER_THAN_MARK META_SKILLS

int
skill_open(struct store *st, struct err *e)
{
	AUTO_BUF struct buf have = {0};
	char text[24];
	int64_t newest;
	int rc = meta_get(st, OLDER_THAN_MARK, &have, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = lens_newest(st, &newest, e);
	if (rc != 0)
		return rc;
	snprintf(text, sizeof(text), "%lld", (long long)newest);
	return meta_set(st, OLDER_THAN_MARK, text, strlen(text), e);
}

int
skill_is_saved(struct store *st, const struct fact *f, struct err *e)
{
	AUTO_BUF struct buf have = {0};
	int64_t upto = 0, first = 0;
	int rc;

	if (f->method == METHOD_SCRIPT)
		return 1;
	if (f->method != METHOD_MANUAL)
		return 0;
	rc = meta_get(st, OLDER_THAN_MARK, &have, e);
	if (rc == 0) /* no service that knows the mark has written here */
		return 1;
	if (rc != 1 || !buf_str(&have) ||
		text_int(have.data, 0, INT64_MAX, &upto) != 0)
		return rc < 0 ? rc : 0;
	rc = upto > 0 ? log_first_shown(st, f->id, &first, e) : 0;
	return rc == 1 ? first <= upto : rc;
}

struct saved {
	struct store *st;
	struct origin origin;
	bool is_saved;
	struct err *e;
};

static int
skill_look_at(void *ctx, const struct fact *f)
{
	struct saved *s = ctx;
	int rc = provenance_origin(s->st, f->id, &s->origin, s->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = skill_is_saved(s->st, f, s->e);
	s->is_saved = rc == 1;
	return rc < 0 ? rc : 0;
}

/* Who saved it, and whether it may run. */
static int
set_saved(struct store *st, int64_t entity, json_t *skill, struct err *e)
{
	struct saved s = {.st = st, .e = e};
	json_t *by = json_object();
	int rc = jx_set(skill, "saved_by", by) != 0 ? err_nomem(e) : 0;

	if (rc != 0)
		return rc;
	rc = fact_each(st, entity, 1u << FACT_METADATA, skill_look_at, &s, e);
	if (rc != 0)
		return rc;
	rc = member_set_time(by, "at", s.origin.at, e);
	if (rc != 0)
		return rc;
	rc = member_set_label(st, by, "session", s.origin.session, e);
	if (rc != 0)
		return rc;
	rc = member_set_label(st, by, "client", s.origin.client, e);
	if (rc != 0)
		return rc;
	rc = member_set_label(st, by, "actor", s.origin.actor, e);
	if (rc != 0)
		return rc;
	if (!s.is_saved)
		return member_set_bool(skill, "runnable", false, e);
	return 0;
}

/* --- reading -------------------------------------------------------------- */
/* From the entity as it is stored. */
static int
shape(const json_t *entity, const char *name, json_t **ret, struct err *e)
{
	json_t *metadata = json_object_get(entity, "metadata");
	json_t *code = json_object_get(metadata, "code");
	json_t *params = json_object_get(metadata, "params");
	const char *type = jx_text(entity, "type");

	if (!type || strcmp(type, SKILL_TYPE) != 0 || !json_is_string(code))
		return err_param(e, MDB_E_NOT_FOUND, "name",
			"'%s' is no skill but an entity of the type '%s'; "
			"list_skills names the skills",
			name, type != NULL ? type : "?");
	*ret = json_pack("{s:O,s:O,s:O*,s:O,s:O*,s:O}", "name",
		json_object_get(entity, "name"), "namespace",
		json_object_get(entity, "namespace"), "description",
		json_array_get(json_object_get(entity, "observations"), 0),
		"code", code, "params", params, "version",
		json_object_get(entity, "version"));
	return !*ret ? err_nomem(e) : 0;
}

/* The lens as it was when the entity got to that version. */
static int
go_to_version(struct store *st, const struct scope *s, int64_t entity,
	const char *name, int64_t version, struct err *e)
{
	struct lens then;
	int64_t change;
	int rc = log_base_version(st, entity, version, &change, e);

	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "version",
			"'%s' has no version %lld; memory_history names those "
			"it has",
			name, (long long)version);
	if (rc == 1)
		rc = lens_make(st, s->lens.level[0].branch, change, &then, e);
	if (rc != 0)
		return rc;
	then.is_code = s->lens.is_code;
	return lens_apply(st, &then, e);
}

static int
read_skill(struct store *st, int64_t entity, const char *name, json_t **ret,
	struct err *e)
{
	const struct encode_options o = {
		.members = MEMBER_NAME | MEMBER_TYPE | MEMBER_OBSERVATIONS |
			   MEMBER_VERSION | MEMBER_METADATA | MEMBER_NAMESPACE};
	AUTO_JSON json_t *stored = NULL, *skill = NULL;
	int rc = encode_entity(st, entity, &o, &stored, NULL, e);

	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "name",
			"'%s' was deleted then", name);
	if (rc < 0)
		return rc;
	rc = shape(stored, name, &skill, e);
	if (rc != 0)
		return rc;
	rc = set_saved(st, entity, skill, e);
	if (rc != 0)
		return rc;
	rc = skill_figures(st, entity, skill, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(skill);
	return 0;
}

int
skill_load(struct store *st, const struct context *ctx, const char *name,
	int64_t version, int64_t *ret_entity, json_t **ret, struct err *e)
{
	struct scope s;
	int64_t entity = 0;
	int r = scope_read(st, ctx, 0, &s, e);

	if (r != 0)
		return r;
	r = scope_entity(st, &s, name, strlen(name), &entity, e);
	if (r == 0)
		return err_param(e, MDB_E_NOT_FOUND, "name",
			"no skill '%s'; list_skills names them", name);
	if (r < 0)
		return r;
	r = version > 0 ? go_to_version(st, &s, entity, name, version, e) : 0;
	if (r != 0)
		return r;
	r = read_skill(st, entity, name, ret, e);
	if (r != 0)
		return r;
	if (version > 0)
		r = lens_apply(st, &s.lens, e);
	if (r != 0)
		return r;
	if (ret_entity != NULL)
		*ret_entity = entity;
	return 0;
}
