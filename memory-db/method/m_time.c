/* memory_diff and memory_revert.
 *
 * Both compare two lenses: a branch at a point in time, or a version of one
 * entity. Revert writes what makes today say what the older lens says, as a
 * new change; so it can be taken back as well. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/read/diff.h"
#include "memory-db/model/time/revert.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/base.h"

static int64_t
m_time_int_of(const json_t *o, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(o, key));
}

static bool
m_time_is_true(const struct call *c, const char *key)
{
	return json_is_true(json_object_get(c->params, key));
}

/* --- memory_revert -------------------------------------------------------- */
static int
find_version(struct write *w, int64_t entity, int64_t version,
	struct lens *ret_then, struct err *e)
{
	int64_t change, newest = 0;
	int rc = log_base_version(w->st, entity, version, &change, e);

	if (rc == 0) {
		rc = write_version(w, entity, &newest, e);
		return rc != 0 ? rc
			       : err_param(e, MDB_E_NOT_FOUND, "version",
					 "no version %lld; it has 1 to %lld",
					 (long long)version, (long long)newest);
	}
	return rc == 1 ? lens_make(w->st, w->branch, change, ret_then, e) : rc;
}

/* The name may be that of an entity deleted since. In a retry it is the one
 * before the change, which may have taken the name back. */
static int
any_entity(struct write *w, const char *name, int64_t *ret_entity,
	struct err *e)
{
	bool is_retry = w->replay && w->change_id != 0;
	struct lens before;
	int rc = 0, found = 0;

	if (is_retry)
		rc = lens_make(w->st, w->branch, w->change_id - 1, &before, e);
	if (rc != 0)
		return rc;
	if (is_retry)
		rc = lens_apply(w->st, &before, e);
	if (rc != 0)
		return rc;
	rc = found =
		entity_find(w->st, w->ns, name, strlen(name), ret_entity, e);
	if (rc < 0)
		return rc;
	if (is_retry)
		rc = lens_apply(w->st, &w->scope.lens, e);
	if (rc < 0 || found == 1)
		return rc < 0 ? rc : 0;
	return write_need_entity(w, name, "name", ret_entity, e);
}

static int
revert_reply(struct call *c, struct write *w, int64_t entity,
	const struct revert_result *out, json_t **ret_result, struct err *e)
{
	int64_t version;
	int rc = write_version(w, entity, &version, e);

	if (rc != 0)
		return rc;
	return reply_effect(w,
		json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:b}", "name",
			jx_text(c->params, "name"), "version",
			(json_int_t)version, "removed", (json_int_t)out->hidden,
			"restored", (json_int_t)out->shown, "attributes",
			(json_int_t)out->attributes, "skipped",
			(json_int_t)out->skipped, "dry_run", c->dry_run),
		ret_result, e);
}

/* A slice; the same call again goes on. */
static int
revert_part(struct call *c, struct write *w, int64_t entity,
	const struct lens *then, const char *target, json_t **ret_result,
	struct err *e)
{
	struct revert_result out = {0};
	AUTO_RUN struct sliced_run run = {0};
	int rc = sliced_run_begin(&run, w, TOOL_NAME(memory_revert), target,
		w->branch, e);

	sliced_run_room(&run, c->params, LIMIT_RUN_FACTS);

	if (rc != 0)
		return rc;
	rc = revert_slice(w, entity, then, run.room, &out, e);
	if (rc != 0)
		return rc;
	rc = write_end(w, e);
	if (rc != 0)
		return rc;
	out.hidden = sliced_run_total(&run, "removed", out.hidden);
	out.shown = sliced_run_total(&run, "restored", out.shown);
	out.attributes = sliced_run_total(&run, "attributes", out.attributes);
	rc = sliced_run_end(&run, w->change_id, out.left, e);
	if (rc != 0)
		return rc;
	rc = revert_reply(c, w, entity, &out, ret_result, e);
	if (rc != 0)
		return rc;
	return sliced_run_reply(&run, *ret_result, e);
}

int
m_memory_revert(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	int64_t entity = 0, version = m_time_int_of(c->params, "version");
	bool sliced = m_time_is_true(c, "sliced");
	struct revert_result out = {0};
	AUTO_WRITE struct write w = {0};
	struct lens then;
	char target[80] = "";
	int rc = write_begin(&w, c, CHANGE_REVERT, e);

	c->dry_run = m_time_is_true(c, "dry_run");
	if (rc != 0)
		return rc;
	rc = any_entity(&w, name, &entity, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = find_version(&w, entity, version, &then, e);
	if (rc != 0)
		return rc;
	rc = write_note(&w, name, e);
	if (rc != 0)
		return rc;
	snprintf(target, sizeof(target), "%lld/%lld/%lld", (long long)w.branch,
		(long long)entity, (long long)version);
	if (sliced && !w.replay)
		return revert_part(c, &w, entity, &then, target, ret_result, e);
	if (!w.replay)
		rc = revert_entity(&w, entity, &then, &out, e);
	if (rc != 0)
		return rc;
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	rc = revert_reply(c, &w, entity, &out, ret_result, e);
	return rc == 0 && sliced ? sliced_run_reply_again(c->st, w.ns,
					   TOOL_NAME(memory_revert), target,
					   *ret_result, e)
				 : rc;
}

/* --- memory_diff ---------------------------------------------------------- */
/* One side: branch, and a time, a change or a version of the entity; without
 * any, the state at which the first page began. */
static int
m_time_read_point(struct call *c, const char *branch, const char *point,
	int64_t version, int64_t pinned, int64_t entity, struct lens *ret,
	struct err *e)
{
	struct context ctx = *c->ctx;
	struct scope s;
	int64_t change;
	int rc;

	if (branch)
		ctx.branch = branch;
	ctx.as_of = json_object_get(c->params, point);
	rc = scope_read(c->st, &ctx, !ctx.as_of ? pinned : 0, &s, e);
	if (rc != 0)
		return rc;
	*ret = s.lens;
	if (version == 0)
		return 0;
	if (entity == 0)
		return err_set(e, MDB_E_INVALID,
			"versions belong to an entity: give its name");
	rc = log_base_version(c->st, entity, version, &change, e);
	if (rc == 0)
		return err_set(e, MDB_E_NOT_FOUND, "no version %lld of it",
			(long long)version);
	if (rc < 0)
		return rc;
	rc = lens_make(c->st, s.lens.level[0].branch, change, ret, e);
	ret->is_code = s.lens.is_code;
	return rc;
}

static int
diff_sides(struct call *c, struct diff *d, int64_t pinned, int64_t entity,
	struct err *e)
{
	const char *from = jx_text(c->params, "from_branch");
	const char *to = jx_text(c->params, "to_branch");
	bool start = json_object_get(c->params, "from") == NULL &&
		     json_object_get(c->params, "from_version") == NULL &&
		     !from && !to;
	int rc = m_time_read_point(c, from, "from",
		m_time_int_of(c->params, "from_version"), pinned, entity,
		&d->from, e);

	if (rc != 0)
		return rc;
	if (start) /* from nothing */
		rc = lens_make(c->st, d->from.level[0].branch, 0, &d->from, e);
	if (rc != 0)
		return rc;
	return m_time_read_point(c, to, "to",
		m_time_int_of(c->params, "to_version"), pinned, entity, &d->to,
		e);
}

static int
diff_reply(struct diff *d, const char *next, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *j = json_pack("{s:O}", "entities", d->entities);

	if (!j || (next && jx_set(j, "next", json_string(next)) != 0))
		return err_nomem(e);
	if (d->text &&
		jx_set(j, "text",
			json_stringn(d->lines.data != NULL ? d->lines.data : "",
				d->lines.len)) != 0)
		return err_nomem(e);
	*ret_result = take_ptr(j);
	return 0;
}

int
m_memory_diff(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	const char *cursor = jx_text(c->params, "cursor");
	struct diff d AUTO_DIFF = {.st = c->st,
		.text = m_time_is_true(c, "text"),
		.max_bytes = LIMIT_REPLY_BYTES - 4096};
	int64_t entity = 0, after = 0, pinned = 0, unused, max = 0;
	char next[CURSOR_SIZE];
	struct scope s;
	int rc = diff_init(&d) != 0 ? err_nomem(e) : 0;

	if (rc != 0)
		return rc;
	if (cursor)
		rc = cursor_parse(cursor, &pinned, &after, &unused, e);
	if (rc != 0)
		return rc;
	if (jx_int(c->params, "max_bytes", JX_OPTIONAL, 0, INT64_MAX, &max,
		    e) == 0)
		d.max_bytes = (size_t)max;
	rc = scope_read(c->st, c->ctx, pinned, &s, e);
	if (rc != 0)
		return rc;
	d.ns = s.ns[0];
	rc = name ? entity_find_ever(c->st, d.ns, name, strlen(name), &entity,
			    e)
		  : 1;
	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "name", "no entity '%s'",
			name);
	if (rc < 0)
		return rc;
	rc = diff_sides(c, &d, s.change, entity, e);
	if (rc != 0)
		return rc;
	rc = name ? diff_entity(&d, entity, e) : diff_all(&d, &after, e);
	if (rc != 0 && rc != 2)
		return rc;
	cursor_format(next, s.change, after, 0);
	return diff_reply(&d, rc == 2 ? next : NULL, ret_result, e);
}
