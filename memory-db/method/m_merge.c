/* memory_merge: what a branch did comes to its parent, as one change or, with
 * `sliced`, in a run of changes. For example, a branch that forked at change 7
 * added two facts: the merge is change 12 of the parent, with the same two. */
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/time/merge.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/log/branch.h"

static int
parent_of(void *ctx, const struct branch_row *b)
{
	*(int64_t *)ctx = b->parent;
	return 0;
}

/* The branch and its parent. */
static int
find_branches(struct call *c, const char *name, int64_t *ret_branch,
	int64_t *ret_parent, struct err *e)
{
	struct context ctx = *c->ctx;
	struct scope s;
	int rc;

	if (strcmp(name, "main") == 0)
		return err_param(e, MDB_E_INVALID, "branch",
			"main has no parent; name the branch to be merged");
	ctx.branch = "main";
	rc = scope_read(c->st, &ctx, 0, &s, e);
	if (rc != 0)
		return rc;
	rc = lens_branch(c->st, s.ns[0], name, ret_branch, e);
	if (rc != 0)
		return rc;
	rc = inbox_refuse(c->st, *ret_branch, "branch", e);
	if (rc != 0)
		return rc;
	rc = branch_get(c->st, *ret_branch, parent_of, ret_parent, e);
	return rc < 0 ? rc : 0;
}

static int
merge_reply(struct call *c, const struct write *w, const struct merge_result *m,
	json_t **ret_result, struct err *e)
{
	json_t *j = json_pack("{s:I,s:I,s:I,s:b,s:O}", "added",
		(json_int_t)m->added, "removed", (json_int_t)m->removed,
		"attributes", (json_int_t)m->attributes, "fast_forward",
		m->fast_forward, "conflicts", m->conflicts);

	if (j && c->dry_run && jx_set(j, "dry_run", json_true()) != 0) {
		json_decref(j);
		j = NULL;
	}
	return reply_effect(w, j, ret_result, e);
}

/* One change, unless a run of slices of it is under way. */
static int
merge_whole(struct write *w, int64_t branch, const char *target,
	struct merge_result *m, struct err *e)
{
	AUTO_RUN struct sliced_run run = {0};
	int rc = sliced_run_find(&run, w->st, w->ns, TOOL_NAME(memory_merge),
		target, e);

	if (rc == 1)
		return err_param(e, MDB_E_CONFLICT, "sliced",
			"%s of this merge is not finished; pass sliced:true "
			"to go on, or take it back with memory_undo and its "
			"`run`",
			run.id);
	if (rc != 0)
		return rc;
	rc = merge_apply(w, branch, m, e);
	if (rc != 0)
		return rc;
	rc = write_end(w, e);
	if (rc != 0)
		return rc;
	return merge_record(w, branch, e);
}

static int
m_merge_part(struct call *c, struct write *w, int64_t branch,
	const char *target, struct merge_result *m, json_t **ret_result,
	struct err *e)
{
	AUTO_RUN struct sliced_run run = {0};
	int rc = sliced_run_begin(&run, w, TOOL_NAME(memory_merge), target,
		branch, e);

	sliced_run_room(&run, c->params, LIMIT_RUN_FACTS);

	if (rc != 0)
		return rc;
	rc = merge_slice(w, branch, &run, m, e);
	if (rc != 0)
		return rc;
	rc = write_end(w, e);
	if (rc != 0)
		return rc;
	rc = merge_record_run(w, branch, &run, m, e);
	if (rc != 0)
		return rc;
	m->added = sliced_run_total(&run, "added", m->added);
	m->removed = sliced_run_total(&run, "removed", m->removed);
	m->attributes = sliced_run_total(&run, "attributes", m->attributes);
	rc = sliced_run_end(&run, w->change_id, m->remaining, e);
	if (rc != 0)
		return rc;
	rc = merge_reply(c, w, m, ret_result, e);
	if (rc != 0)
		return rc;
	return sliced_run_reply(&run, *ret_result, e);
}

/* `target` names the run of slices that this merge may be a part of. */
static int
m_merge_branch(struct call *c, struct write *w, int64_t branch, bool is_sliced,
	struct merge_result *m, json_t **ret_result, struct err *e)
{
	char target[24];
	int rc = 0;

	snprintf(target, sizeof(target), "%lld", (long long)branch);
	if (!w->replay && is_sliced)
		return m_merge_part(c, w, branch, target, m, ret_result, e);
	if (w->replay)
		m->conflicts = json_array();
	else
		rc = merge_whole(w, branch, target, m, e);
	if (rc != 0)
		return rc;
	rc = merge_reply(c, w, m, ret_result, e);
	if (rc != 0 || !is_sliced)
		return rc;
	return sliced_run_reply_again(c->st, w->ns, TOOL_NAME(memory_merge),
		target, *ret_result, e);
}

int
m_memory_merge(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "branch");
	bool is_sliced = json_is_true(json_object_get(c->params, "sliced"));
	struct merge_result m = {0};
	AUTO_WRITE struct write w = {0};
	int64_t branch, parent = STORE_MAIN;
	int rc = find_branches(c, name, &branch, &parent, e);

	c->dry_run = json_is_true(json_object_get(c->params, "dry_run"));
	if (rc != 0)
		return rc;
	rc = write_begin_on(&w, c, CHANGE_MERGE, parent, branch, e);
	if (rc != 0)
		return rc;
	rc = m_merge_branch(c, &w, branch, is_sliced, &m, ret_result, e);
	merge_result_done(&m);
	return rc;
}
