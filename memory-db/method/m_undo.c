/* memory_undo: which changes are meant, and what is told. What an undo does
 * stands in model/time/undo.h.
 *
 * A call selects changes by their ids, a session, a time, or a run. Whatever
 * was named and cannot be undone is told, so that nobody believes it gone.
 * What an agent staged has not reached main: its undo only stops the waiting
 * (model/review). */
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/review/review.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/model/time/undo.h"
#include "memory-db/model/time/undo_slice.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/base.h"

static int64_t
m_undo_int_of(const json_t *o, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(o, key));
}

static bool
m_undo_is_true(const struct call *c, const char *key)
{
	return json_is_true(json_object_get(c->params, key));
}

struct select {
	struct undo *u;
	int64_t branch, since, until, other_ns, of_branches;
	int64_t other_branch; /* one that changes are on; -1: none */
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
		s->other_branch = c->branch;
		return 0;
	}
	if (c->kind == CHANGE_BRANCH) { /* holds no facts */
		s->of_branches++;
		return 0;
	}
	return !idset_put(&s->u->changes, c->id) ? err_nomem(s->e) : 0;
}

/* Points in time of since and until as change ids: (since, until]. */
static int
read_range(struct call *c, struct select *s, struct err *e)
{
	struct context ctx = *c->ctx;
	struct scope scope;
	const json_t *since = json_object_get(c->params, "since");
	const json_t *until = json_object_get(c->params, "until");
	int rc = 0;

	s->since = 0;
	s->until = INT64_MAX;
	ctx.branch = "main";
	if (since && !json_is_null(since)) {
		rc = scope_point(c->st, &ctx, since, false, &s->since, e);
		if (rc != 0)
			err_prefix(e, "since");
		else if (json_is_integer(since))
			s->since--; /* this change is the first */
	}
	if (rc != 0)
		return rc;
	if (until && !json_is_null(until)) {
		ctx.as_of = until;
		rc = scope_read(c->st, &ctx, 0, &scope, e);
		s->until = scope.change;
	}
	return rc;
}

/* Why nothing was selected. */
static int
nothing(const struct select *s, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int rc = s->other_branch < 0 || s->other_ns > 0
			 ? 0
			 : lens_branch_name(s->u->w->st, s->other_branch, &name,
				   e);

	if (rc < 0)
		return rc;
	if (!buf_str(&name))
		return err_nomem(e);
	if (s->u->w->is_staged && s->other_branch == STORE_MAIN)
		return err_param(e, MDB_E_DENIED, "change",
			"this namespace protects main: an agent undoes what "
			"it staged itself (list_staged), nothing of main; "
			"write what is right instead, it waits for review");
	/* A discarded one is called "name#id". */
	if (name.len > 0)
		return err_param(e, MDB_E_NOT_FOUND, "branch",
			strchr(name.data, '#') != NULL
				? "these changes were on a branch that was "
				  "discarded; nothing is left of them"
				: "these changes are on branch '%s'; pass it "
				  "as `branch`",
			name.data);
	if (s->other_ns > 0)
		return err_set(e, MDB_E_NOT_FOUND,
			"these changes are in another namespace; pass it as "
			"`namespace`");
	if (s->of_branches > 0)
		return err_set(e, MDB_E_NOT_FOUND,
			"these changes made or discarded a branch; "
			"memory_branch discards one");
	return err_set(e, MDB_E_NOT_FOUND, "no change matches");
}

/* Nothing that was listed is passed over in silence. */
static int
some_elsewhere(const struct select *s, struct err *e)
{
	int rc;

	if (s->other_ns == 0 && s->other_branch < 0 && s->of_branches == 0)
		return 0;
	rc = nothing(s, e);
	if (s->u->changes.n > 0)
		err_prefix(e, "nothing was undone, as not all of `changes` are "
			      "of one branch and namespace");
	return rc;
}

static int
select_listed(struct select *s, struct write *w, const json_t *p, struct err *e)
{
	const json_t *list = json_object_get(p, "changes"), *id;
	size_t i;
	int r = 1;

	if (json_object_get(p, "change") != NULL)
		r = log_get_unfolded(w->st, w->ns, m_undo_int_of(p, "change"),
			select_change, s, e);
	json_array_foreach(list, i, id)
		if (r == 1)
			r = log_get_unfolded(w->st, w->ns,
				(int64_t)json_integer_value(id), select_change,
				s, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_param(e, MDB_E_NOT_FOUND, "change",
			"no such change; memory_history lists them");
	return some_elsewhere(s, e);
}

/* All that a run did so far; it does not go on. */
static int
select_run(struct select *s, const char *run, struct err *e)
{
	struct store *st = s->u->w->st;
	AUTO_IDSET struct idset all = {0};
	int rc = sliced_run_changes(st, run, s->u->w->ns, &all, e);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < all.cap; i++) {
		if (all.slots[i].id == 0)
			continue;
		rc = log_get_unfolded(st, s->u->w->ns, all.slots[i].id,
			select_change, s, e);
		if (rc < 0)
			return rc;
	}
	return sliced_run_close(st, run, e);
}

static int
select_changes(struct call *c, struct undo *u, struct err *e)
{
	struct write *w = u->w;
	struct select s = {.u = u,
		.branch = w->branch,
		.other_branch = -1,
		.e = e};
	const json_t *p = c->params;
	const char *session = jx_text(p, "session");
	bool listed = json_object_get(p, "change") != NULL ||
		      json_object_get(p, "changes") != NULL;
	const char *run = jx_text(p, "run");
	bool ranged = session != NULL || json_object_get(p, "since") != NULL;
	int64_t label = 0;
	int r;

	if (listed + ranged + (run != NULL) != 1)
		return err_set(e, MDB_E_INVALID,
			"say what to undo: change, changes, session, run, or "
			"since (with until)");
	r = read_range(c, &s, e);
	if (r != 0)
		return r;
	if (run)
		r = select_run(&s, run, e);
	if (r != 0)
		return r;
	if (listed)
		r = select_listed(&s, w, p, e);
	if (r != 0)
		return r;
	if (session) {
		r = label_find(w->st, session, &label, e);
		if (r == 0)
			return err_param(e, MDB_E_NOT_FOUND, "session",
				"no session '%s'; list_sessions (memoryctl "
				"sessions) shows them",
				session);
		r = r < 0 ? r : 0;
	}
	if (r != 0)
		return r;
	if (ranged) {
		r = log_newest(w->st, w->ns, label, INT64_MAX, select_change,
			&s, e);
		r = r < 0 ? r : 0;
	}
	/* A run may have found nothing to do so far. */
	return r == 0 && u->changes.n == 0 && (!run || s.other_branch >= 0)
		       ? nothing(&s, e)
		       : r;
}

/* "41, 43, 50" of at most 20 ids. */
static int
m_undo_refuse(struct undo *u, struct err *e)
{
	AUTO_FREE int64_t *v = undo_blockers(u);
	AUTO_BUF struct buf ids = {0};

	for (size_t i = 0; v != NULL && i < u->blockers.n && i < 20; i++)
		if (buf_addf(&ids, "%s%lld", i > 0 ? ", " : "",
			    (long long)v[i]) != 0)
			return err_nomem(e);
	if (!v || !buf_str(&ids))
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
	AUTO_FREE int64_t *v = undo_blockers(u);
	json_t *list = json_array();

	if (jx_set(j, "blockers", list) != 0 || !v)
		return err_nomem(e);
	for (size_t i = 0; i < u->blockers.n; i++)
		if (jx_add(list, json_integer(v[i])) != 0)
			return err_nomem(e);
	return 0;
}

/* Approvals that were undone: what they had taken waits for review again. */
static int
set_returned(struct call *c, struct undo *u, json_t *j, struct err *e)
{
	int64_t n = 0;
	int rc;

	if (u->w->replay || u->w->branch != STORE_MAIN)
		return 0;
	rc = review_return(c, u->w->ns, &u->changes, &n, e);
	if (rc || n == 0)
		return rc;
	if (jx_set(j, "returned", json_integer(n)) != 0 ||
		jx_set(j, "note",
			json_string("these were approvals: the staged changes "
				    "wait for review again")) != 0)
		return err_nomem(e);
	return 0;
}

static int
undo_reply(struct call *c, struct undo *u, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *removed = NULL, *restored = NULL, *j = NULL;
	int rc = undo_list(u, true, &removed, e);

	if (rc != 0)
		return rc;
	rc = undo_list(u, false, &restored, e);
	if (rc != 0)
		return rc;
	j = json_pack("{s:I,s:I,s:I,s:I,s:O,s:O}", "undone",
		(json_int_t)(u->total > 0 ? u->total : (int64_t)u->changes.n),
		"removed", (json_int_t)u->hidden, "restored",
		(json_int_t)u->shown, "attributes", (json_int_t)u->attributes,
		"removed_facts", removed, "restored_facts", restored);
	if (!j)
		return err_nomem(e);
	rc = set_blockers(u, j, e);
	if (rc != 0)
		return rc;
	rc = set_returned(c, u, j, e);
	if (rc != 0)
		return rc;
	if (c->dry_run && jx_set(j, "dry_run", json_true()) != 0)
		return err_nomem(e);
	return reply_effect(u->w, take_ptr(j), ret_result, e);
}

static enum undo_policy
policy_of(const char *name)
{
	if (!name || strcmp(name, "refuse") == 0)
		return UNDO_REFUSE;
	return strcmp(name, "skip") == 0 ? UNDO_SKIP : UNDO_CASCADE;
}

/* run: of which it is a slice; NULL: it is all. */
static int
m_undo_undo(struct call *c, struct undo *u, struct sliced_run *run,
	struct err *e)
{
	int rc = run ? undo_slice_plan(u, run, e) : undo_plan(u, e);

	if (rc != 0)
		return rc;
	if (u->blockers.n > 0 && u->policy == UNDO_REFUSE && !c->dry_run)
		return m_undo_refuse(u, e);
	return run ? undo_slice_apply(u, run, e) : undo_apply(u, e);
}

static int
undo_part(struct call *c, struct undo *u, const char *target,
	json_t **ret_result, struct err *e)
{
	AUTO_RUN struct sliced_run run = {0};
	int64_t left = 0;
	int rc = sliced_run_begin(&run, u->w, TOOL_NAME(memory_undo), target,
		u->w->branch, e);

	if (rc != 0)
		return rc;
	sliced_run_room(&run, c->params, LIMIT_RUN_FACTS);
	if (run.is_new)
		rc = select_changes(c, u, e);
	if (rc != 0)
		return rc;
	rc = undo_slice_begin(u, &run, e);
	if (rc == 0)
		rc = m_undo_undo(c, u, &run, e);
	if (rc == MDB_E_CONFLICT && !run.is_new)
		err_prefix(e, "%s is half done (undo it with `run`, or go on)",
			run.id);
	if (rc != 0)
		return rc;
	rc = write_end(u->w, e);
	if (rc != 0)
		return rc;
	rc = undo_slice_end(u, &run, &left, e);
	if (rc != 0)
		return rc;
	rc = sliced_run_end(&run, u->w->change_id, left, e);
	if (rc != 0)
		return rc;
	rc = undo_reply(c, u, ret_result, e);
	if (rc != 0)
		return rc;
	return sliced_run_reply(&run, *ret_result, e);
}

/* What the call selects, on which branch: the same call again goes on. */
static int
m_undo_make_target(struct call *c, struct buf *ret, struct err *e)
{
	static const char *const keys[] = {"change", "changes", "session",
		"run", "since", "until"};
	AUTO_JSON json_t *target = json_pack("{s:s}", "branch", c->ctx->branch);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		json_t *v = json_object_get(c->params, keys[i]);

		if (!target || (v && json_object_set(target, keys[i], v) != 0))
			return err_nomem(e);
	}
	return jx_dump(target, ret) != 0 || !buf_str(ret) ? err_nomem(e) : 0;
}

/* What an agent staged main never had: it only stops to wait. 1 done; 0: what
 * was named is something else, which is undone as ever. */
static int
undo_staged(struct call *c, json_t **ret_result, struct err *e)
{
	json_t *one = json_object_get(c->params, "change");
	AUTO_JSON json_t *ids = json_array();
	const char *policy = jx_text(c->params, "on_conflict");
	int64_t label = 0, n = 0;
	bool is_guarded = false;
	struct scope s;
	json_t *many = json_object_get(c->params, "changes");
	int rc = !ids || (many && json_array_extend(ids, many) != 0)
			 ? err_nomem(e)
			 : scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	if (one && json_array_append(ids, one) != 0)
		return err_nomem(e);
	if (strcmp(c->ctx->branch, "main") == 0)
		rc = inbox_guards(c->st, c->ctx, s.ns[0], &is_guarded, e);
	if (rc != 0 || !is_guarded)
		return rc;
	if (c->ctx->session)
		rc = label_find(c->st, c->ctx->session, &label, e);
	if (rc >= 0)
		rc = review_withdraw(c, s.ns[0], label, ids,
			policy && strcmp(policy, "cascade") == 0, &n, e);
	c->dry_run = m_undo_is_true(c, "dry_run");
	if (rc != 0 || n == 0)
		return rc;
	*ret_result = json_pack("{s:I,s:I,s:I,s:I,s:[],s:[],s:[],s:s}",
		"undone", (json_int_t)n, "removed", 0, "restored", 0,
		"attributes", 0, "removed_facts", "restored_facts", "blockers",
		"note",
		"these changes had not been approved yet and are withdrawn");
	return *ret_result ? 1 : err_nomem(e);
}

int
m_memory_undo(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_WRITE struct write w = {0};
	struct undo u AUTO_UNDO = {.w = &w,
		.policy = policy_of(jx_text(c->params, "on_conflict"))};
	AUTO_BUF struct buf target = {0};
	int64_t one = json_object_get(c->params, "change") != NULL
			      ? m_undo_int_of(c->params, "change")
			      : 0;
	bool sliced = m_undo_is_true(c, "sliced");
	int rc = c->ctx->is_agent && !c->within ? undo_staged(c, ret_result, e)
						: 0;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = write_begin_about(&w, c, CHANGE_UNDO, one, e);

	c->dry_run = m_undo_is_true(c, "dry_run");
	if (rc != 0)
		return rc;
	if (sliced)
		rc = m_undo_make_target(c, &target, e);
	if (rc != 0)
		return rc;
	if (sliced && !w.replay)
		return undo_part(c, &u, target.data, ret_result, e);
	if (!w.replay)
		rc = select_changes(c, &u, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = m_undo_undo(c, &u, NULL, e);
	if (rc != 0)
		return rc;
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	rc = undo_reply(c, &u, ret_result, e);
	return rc == 0 && sliced ? sliced_run_reply_again(c->st, w.ns,
					   TOOL_NAME(memory_undo), target.data,
					   *ret_result, e)
				 : rc;
}
