/* memory_diff, memory_revert, memory_undo. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/diff.h"
#include "memory-db/model/revert.h"
#include "memory-db/model/undo.h"
#include "memory-db/store/log.h"
#include "memory-db/store/names.h"

static int64_t
int_of(const json_t *o, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(o, key));
}

static bool
is_true(const struct call *c, const char *key)
{
	return json_is_true(json_object_get(c->params, key));
}

/* --- memory_revert
 * ------------------------------------------------------------------- */
static int
revert(struct write *w, int64_t entity, int64_t version,
	struct revert_result *out, struct err *e)
{
	struct lens then;
	int64_t change, newest = 0;
	int r = entity_version(w->st, entity, version, &change, e);

	if (r == 0) {
		r = write_version(w, entity, &newest, e);
		return r != 0 ? r
			      : err_param(e, MDB_E_NOT_FOUND, "version",
					"no version %lld; it has 1 to %lld",
					(long long)version, (long long)newest);
	}
	if (r == 1)
		r = lens_make(w->st, w->branch, change, &then, e);
	return r == 0 ? revert_entity(w, entity, &then, out, e) : r;
}

/* The name may be that of an entity deleted since. */
static int
any_entity(
	struct write *w, const char *name, int64_t *ret_entity, struct err *e)
{
	int r = entity_find(w->st, w->ns, name, strlen(name), ret_entity, e);

	return r == 0  ? write_need_entity(w, name, "name", ret_entity, e)
	       : r < 0 ? r
		       : 0;
}

int
m_memory_revert(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	struct revert_result out = {0};
	struct write w AUTO_WRITE = {0};
	int64_t entity = 0, version;
	int r = write_begin(&w, c, CHANGE_REVERT, e);

	c->dry_run = is_true(c, "dry_run");
	if (r == 0)
		r = any_entity(&w, name, &entity, e);
	if (r == 0 && !w.replay)
		r = revert(&w, entity, int_of(c->params, "version"), &out, e);
	if (r == 0)
		r = write_note(&w, name, e);
	if (r == 0)
		r = write_end(&w, e);
	if (r == 0)
		r = write_version(&w, entity, &version, e);
	if (r != 0)
		return r;
	return reply_change(&w,
		json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:b}", "name", name,
			"version", (json_int_t)version, "removed",
			(json_int_t)out.hidden, "restored",
			(json_int_t)out.shown, "attributes",
			(json_int_t)out.attributes, "skipped",
			(json_int_t)out.skipped, "dry_run", c->dry_run),
		ret_result, e);
}

/* --- memory_undo
 * -------------------------------------------------------------------------- */
struct select {
	struct undo *u;
	int64_t branch, since, until, other_branch, other_ns, of_branches;
	struct err *e;
};

static int
select_change(void *ctx, const struct log_change *c)
{
	struct select *s = ctx;

	if (c->id <= s->since)
		return 1;
	if (c->id > s->until)
		return 0;
	if (c->ns != s->u->w->ns) {
		s->other_ns++;
		return 0;
	}
	if (c->branch != s->branch) {
		s->other_branch++;
		return 0;
	}
	if (c->kind == CHANGE_BRANCH) { /* holds no facts */
		s->of_branches++;
		return 0;
	}
	return idset_put(&s->u->changes, c->id) == NULL ? err_nomem(s->e) : 0;
}

/* Points in time of since and until as change ids: (since, until]. */
static int
read_range(struct call *c, struct select *s, struct err *e)
{
	struct context ctx = *c->ctx;
	struct scope scope;
	const json_t *since = json_object_get(c->params, "since");
	const json_t *until = json_object_get(c->params, "until");
	int r = 0;

	s->since = 0;
	s->until = INT64_MAX;
	ctx.branch = "main";
	if (since != NULL && !json_is_null(since)) {
		r = scope_point(c->st, &ctx, since, false, &s->since, e);
		if (r != 0)
			err_prefix(e, "since");
		else if (json_is_integer(since))
			s->since--; /* this change is the first */
	}
	if (r == 0 && until != NULL && !json_is_null(until)) {
		ctx.as_of = until;
		r = scope_read(c->st, &ctx, 0, &scope, e);
		s->until = scope.change;
	}
	return r;
}

static int
select_listed(struct select *s, struct write *w, const json_t *p, struct err *e)
{
	const json_t *list = json_object_get(p, "changes"), *id;
	size_t i;
	int r = 1;

	if (json_object_get(p, "change") != NULL)
		r = log_get(w->st, int_of(p, "change"), select_change, s, e);
	json_array_foreach(list, i, id) if (r == 1) r = log_get(
		w->st, (int64_t)json_integer_value(id), select_change, s, e);
	return r < 0	? r
	       : r == 0 ? err_param(e, MDB_E_NOT_FOUND, "change",
				  "no such change; memory_history lists them")
			: 0;
}

static int
select_changes(struct call *c, struct undo *u, struct err *e)
{
	struct write *w = u->w;
	struct select s = {.u = u, .branch = w->branch, .e = e};
	const json_t *p = c->params;
	const char *session = jx_text(p, "session");
	bool listed = json_object_get(p, "change") != NULL ||
		      json_object_get(p, "changes") != NULL;
	bool ranged = session != NULL || json_object_get(p, "since") != NULL;
	int64_t label = 0;
	int r;

	if (listed == ranged)
		return err_set(e, MDB_E_INVALID,
			"say what to undo: change, changes, session, or since "
			"(with until)");
	r = read_range(c, &s, e);
	if (r == 0 && listed)
		r = select_listed(&s, w, p, e);
	if (r == 0 && session != NULL) {
		r = label_find(w->st, session, &label, e);
		if (r == 0)
			return err_param(e, MDB_E_NOT_FOUND, "session",
				"no session '%s'; list_sessions (memoryctl "
				"sessions) shows them",
				session);
		r = r < 0 ? r : 0;
	}
	if (r == 0 && ranged) {
		r = log_newest(
			w->st, w->ns, label, INT64_MAX, select_change, &s, e);
		r = r < 0 ? r : 0;
	}
	if (r == 0 && u->changes.n == 0)
		return err_set(e, MDB_E_NOT_FOUND,
			s.other_ns > 0
				? "these changes are in another namespace; "
				  "pass it as `namespace`"
			: s.other_branch > 0
				? "these changes are on another branch; pass "
				  "it as `branch`"
			: s.of_branches > 0
				? "these changes made or discarded a branch; "
				  "memory_branch discards one"
				: "no change matches");
	return r;
}

/* "41, 43, 50" of at most 20 ids. */
static int
refuse(struct undo *u, struct err *e)
{
	struct buf ids AUTO_BUF = {0};
	int n = 0;

	for (size_t i = 0; i < u->blockers.cap && n < 20; i++)
		if (u->blockers.slots[i].id != 0 &&
			buf_addf(&ids, "%s%lld", n++ > 0 ? ", " : "",
				(long long)u->blockers.slots[i].id) != 0)
			return err_nomem(e);
	if (buf_str(&ids) == NULL)
		return err_nomem(e);
	return err_set(e, MDB_E_CONFLICT,
		"%zu later changes build on it: %s%s. Undo them too with "
		"on_conflict:\"cascade\", or leave what they touched with "
		"on_conflict:\"skip\"; dry_run shows what would happen",
		u->blockers.n, ids.data, u->blockers.n > 20 ? ", ..." : "");
}

static int
set_blockers(struct undo *u, json_t *j, struct err *e)
{
	json_t *list = json_array();

	if (jx_set(j, "blockers", list) != 0)
		return err_nomem(e);
	for (size_t i = 0; i < u->blockers.cap; i++)
		if (u->blockers.slots[i].id != 0 &&
			jx_add(list, json_integer(u->blockers.slots[i].id)) !=
				0)
			return err_nomem(e);
	return 0;
}

static int
undo_reply(struct call *c, struct undo *u, json_t **ret_result, struct err *e)
{
	json_t *removed = NULL, *restored = NULL;
	json_t *j AUTO_JSON = NULL;
	int r = undo_list(u, true, &removed, e);

	if (r == 0)
		r = undo_list(u, false, &restored, e);
	if (r == 0)
		j = json_pack("{s:I,s:I,s:I,s:I,s:o,s:o}", "undone",
			(json_int_t)u->changes.n, "removed",
			(json_int_t)u->hidden, "restored", (json_int_t)u->shown,
			"attributes", (json_int_t)u->attributes,
			"removed_facts", removed, "restored_facts", restored);
	else
		json_decref(removed);
	if (r == 0 && j == NULL)
		r = err_nomem(e);
	if (r == 0)
		r = set_blockers(u, j, e);
	if (r == 0 && c->dry_run && jx_set(j, "dry_run", json_true()) != 0)
		r = err_nomem(e);
	return r == 0 ? reply_change(u->w, take_ptr(j), ret_result, e) : r;
}

static enum undo_policy
policy_of(const char *name)
{
	if (name == NULL || strcmp(name, "refuse") == 0)
		return UNDO_REFUSE;
	return strcmp(name, "skip") == 0 ? UNDO_SKIP : UNDO_CASCADE;
}

int
m_memory_undo(struct call *c, json_t **ret_result, struct err *e)
{
	struct write w AUTO_WRITE = {0};
	struct undo u AUTO_UNDO = {.w = &w,
		.policy = policy_of(jx_text(c->params, "on_conflict"))};
	int64_t one = json_object_get(c->params, "change") != NULL
			      ? int_of(c->params, "change")
			      : 0;
	int r = write_begin_about(&w, c, CHANGE_UNDO, one, e);

	c->dry_run = is_true(c, "dry_run");
	if (r == 0 && !w.replay)
		r = select_changes(c, &u, e);
	if (r == 0 && !w.replay)
		r = undo_plan(&u, e);
	if (r == 0 && u.blockers.n > 0 && u.policy == UNDO_REFUSE &&
		!c->dry_run)
		return refuse(&u, e);
	if (r == 0 && !w.replay)
		r = undo_apply(&u, e);
	if (r == 0)
		r = write_end(&w, e);
	return r == 0 ? undo_reply(c, &u, ret_result, e) : r;
}

/* --- memory_diff
 * ------------------------------------------------------------------------------
 */
/* One side: branch, and a time, a change or a version of the entity; without
 * any, the state at which the first page began. */
static int
read_point(struct call *c, const char *branch, const char *point,
	int64_t version, int64_t pinned, int64_t entity, struct lens *ret,
	struct err *e)
{
	struct context ctx = *c->ctx;
	struct scope s;
	int64_t change;
	int r;

	if (branch != NULL)
		ctx.branch = branch;
	ctx.as_of = json_object_get(c->params, point);
	r = scope_read(c->st, &ctx, ctx.as_of == NULL ? pinned : 0, &s, e);
	if (r != 0)
		return r;
	*ret = s.lens;
	if (version == 0)
		return 0;
	if (entity == 0)
		return err_set(e, MDB_E_INVALID,
			"versions belong to an entity: give its name");
	r = entity_version(c->st, entity, version, &change, e);
	if (r == 0)
		return err_set(e, MDB_E_NOT_FOUND, "no version %lld of it",
			(long long)version);
	return r < 0 ? r
		     : lens_make(c->st, s.lens.level[0].branch, change, ret, e);
}

static int
diff_sides(struct call *c, struct diff *d, int64_t pinned, int64_t entity,
	struct err *e)
{
	const char *from = jx_text(c->params, "from_branch");
	const char *to = jx_text(c->params, "to_branch");
	bool start = json_object_get(c->params, "from") == NULL &&
		     json_object_get(c->params, "from_version") == NULL &&
		     from == NULL && to == NULL;
	int r = read_point(c, from, "from", int_of(c->params, "from_version"),
		pinned, entity, &d->from, e);

	if (r == 0 && start) /* from nothing */
		r = lens_make(c->st, d->from.level[0].branch, 0, &d->from, e);
	if (r != 0)
		return r;
	return read_point(c, to, "to", int_of(c->params, "to_version"), pinned,
		entity, &d->to, e);
}

static int
diff_reply(struct diff *d, const char *next, json_t **ret_result, struct err *e)
{
	json_t *j AUTO_JSON = json_pack("{s:O}", "entities", d->entities);

	if (j == NULL ||
		(next != NULL && jx_set(j, "next", json_string(next)) != 0))
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
		.text = is_true(c, "text"),
		.max_bytes = LIMIT_REPLY_BYTES - 4096};
	int64_t entity = 0, after = 0, pinned = 0, unused, max = 0;
	char next[CURSOR_SIZE];
	struct scope s;
	int r = diff_init(&d) != 0 ? err_nomem(e) : 0;

	if (r == 0 && cursor != NULL)
		r = cursor_parse(cursor, &pinned, &after, &unused, e);
	if (r == 0 && jx_int(c->params, "max_bytes", JX_OPTIONAL, 0, INT64_MAX,
			      &max, e) == 0)
		d.max_bytes = (size_t)max;
	if (r == 0)
		r = scope_read(c->st, c->ctx, pinned, &s, e);
	if (r == 0)
		d.ns = s.ns[0];
	if (r == 0 && name != NULL) {
		r = entity_find_ever(
			c->st, d.ns, name, strlen(name), &entity, e);
		if (r == 0)
			return err_param(e, MDB_E_NOT_FOUND, "name",
				"no entity '%s'", name);
		r = r < 0 ? r : 0;
	}
	if (r == 0)
		r = diff_sides(c, &d, s.change, entity, e);
	if (r == 0)
		r = name != NULL ? diff_entity(&d, entity, e)
				 : diff_all(&d, &after, e);
	if (r != 0 && r != 2)
		return r;
	cursor_format(next, s.change, after, 0);
	return diff_reply(&d, r == 2 ? next : NULL, ret_result, e);
}
