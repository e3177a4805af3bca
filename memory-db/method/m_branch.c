/* memory_branch: create, list and discard branches.
 *
 * A branch is a name and a point of its parent (the fork); nothing is copied.
 * Where the fork lies decides what the branch sees for ever: without `as_of`
 * it is the newest change, so a branch that is created after change 7 sees 7
 * and never 8 of its parent. A branch with children is not discarded: they
 * read through it. A leased branch ends with the connection that made it. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/model/scope/branch_lease.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/log/branch.h"

/* --- rows ----------------------------------------------------------------- */
struct m_branch_rows {
	struct store *st;
	json_t *list;
	const char *only; /* describe: this one */
	struct err *e;
};

static int
set_parent(struct store *st, int64_t parent, json_t *row, struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int rc = lens_branch_name(st, parent, &name, e);

	if (rc == 1)
		rc = member_set_text(row, "parent", name.data, name.len, e);
	return rc < 0 ? rc : 0;
}

static int
m_branch_set_numbers(struct m_branch_rows *x, const struct branch_row *b,
	json_t *row)
{
	int64_t newest, at, upto;
	int rc = member_set_int(row, "fork", b->fork, x->e);

	if (rc != 0)
		return rc;
	if (b->state == BRANCH_LEASED)
		rc = member_set_bool(row, "leased", true, x->e);
	if (rc != 0)
		return rc;
	rc = branch_newest(x->st, b->ns, b->id, &newest, x->e);
	if (rc != 0)
		return rc;
	if (newest > 0)
		rc = member_set_int(row, "last_change", newest, x->e);
	if (rc != 0)
		return rc;
	rc = branch_merged(x->st, b->id, &at, &upto, x->e);
	if (rc == 1) {
		rc = member_set_int(row, "merged", at, x->e);
		if (rc != 0)
			return rc;
		rc = member_set_bool(row, "unmerged_changes", newest > upto,
			x->e);
	} else if (rc == 0) {
		rc = member_set_bool(row, "unmerged_changes", newest > 0, x->e);
	}
	return rc;
}

static int
add_branch(void *ctx, const struct branch_row *b)
{
	struct m_branch_rows *x = ctx;
	json_t *row;
	int rc;

	if (x->only && strcmp(x->only, b->name) != 0)
		return 0;
	row = json_pack("{s:s}", "name", b->name);
	if (jx_add(x->list, row) != 0)
		return err_nomem(x->e);
	rc = set_parent(x->st, b->parent, row, x->e);
	if (rc != 0)
		return rc;
	rc = m_branch_set_numbers(x, b, row);
	if (rc != 0)
		return rc;
	if (b->about)
		rc = member_set_text(row, "about", b->about, strlen(b->about),
			x->e);
	return rc;
}

/* What is half done is told: merges, undos, reverts, forgettings in slices. */
static int
m_branch_add_runs(struct store *st, int64_t ns, json_t *reply,
	json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *j = reply, *runs = json_array();
	int rc = !j || !runs ? err_nomem(e) : sliced_run_list(st, ns, runs, e);

	if (rc != 0)
		return rc;
	if (json_array_size(runs) > 0 &&
		json_object_set(j, "unfinished", runs) != 0)
		rc = err_nomem(e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(j);
	return rc;
}

static int
list_branches(struct call *c, const char *only, json_t **ret_result,
	struct err *e)
{
	AUTO_JSON json_t *list = json_array();
	struct m_branch_rows x = {c->st, list, only, e};
	struct scope s;
	int rc = scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	if (!list)
		return err_nomem(e);
	if (s.ns[0] != 0)
		rc = branch_each(c->st, s.ns[0], add_branch, &x, e);
	if (rc != 0)
		return rc;
	if (only && json_array_size(list) == 0)
		return err_param(e, MDB_E_NOT_FOUND, "name",
			"no branch '%s'; action:\"list\" shows them", only);
	return m_branch_add_runs(c->st, s.ns[0],
		json_pack("{s:O}", "branches", list), ret_result, e);
}

/* --- create and discard --------------------------------------------------- */
static int
m_branch_check_name(struct write *w, const char *name, struct err *e)
{
	int64_t id;
	int rc;

	if (!name || name[0] == '\0' || strchr(name, '#') != NULL)
		return err_param(e, MDB_E_INVALID, "name",
			"give the branch a name, without '#'");
	if (strcmp(name, "main") == 0)
		return err_param(e, MDB_E_EXISTS, "name",
			"'main' is there already; choose another name");
	rc = inbox_check(w->ctx, name, true, e);
	if (rc != 0)
		return rc;
	rc = lens_branch(w->st, w->ns, name, &id, NULL);
	if (rc == 0)
		return err_param(e, MDB_E_EXISTS, "name",
			"branch '%s' exists already", name);
	return rc == MDB_E_NOT_FOUND ? 0 : rc;
}

/* The fork: a past point of the parent, or its newest change. */
static int
find_fork(struct call *c, int64_t parent, int64_t own, int64_t *ret_fork,
	struct err *e)
{
	const json_t *at = json_object_get(c->params, "at");
	struct context ctx = *c->ctx;
	struct lens lens;
	struct scope s;
	int64_t point;
	int rc = !at ? 0 : scope_point(c->st, c->ctx, at, true, &point, e);

	if (rc != 0) {
		err_prefix(e, "at");
		return rc;
	}
	ctx.as_of = at;
	ctx.branch = "main";
	rc = scope_read(c->st, &ctx, 0, &s, e);
	if (rc != 0)
		return rc;
	rc = lens_make(c->st, parent, STORE_OPEN_END, &lens, e);
	if (rc != 0)
		return rc;
	if (lens.n > LIMIT_LENS_DEPTH)
		return err_set(e, MDB_E_LIMIT,
			"branches nest at most %d deep; merge or fork from "
			"main",
			LIMIT_LENS_DEPTH);
	/* From now: the change that creates the branch says nothing else, and
	 * a parent that did not move since is told by it. */
	*ret_fork = at ? s.change : own;
	return 0;
}

/* The branch ends with the connection that made it. */
static int
m_branch_add_lease(struct call *c, int64_t branch, struct err *e)
{
	struct effect *x = effects_add(&c->effects, EFFECT_LEASE, e);

	if (!x)
		return MDB_E_NOMEM;
	x->branch = branch;
	return 0;
}

static int
m_branch_create_branch(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"name", "about", NULL};
	const char *name, *from = jx_text(c->params, "from_branch");
	AUTO_WRITE struct write w = {0};
	AUTO_GUARD struct guard guard = {0};
	int64_t parent, fork = 0, id = 0;
	bool is_lease = json_is_true(json_object_get(c->params, "lease"));
	int rc = guard_params(&guard, c, kept, e);

	name = jx_text(c->params, "name");
	if (rc != 0)
		return rc;
	rc = write_begin_on(&w, c, CHANGE_BRANCH, STORE_MAIN, 0, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = m_branch_check_name(&w, name, e);
	if (rc != 0)
		return rc;
	rc = lens_branch(w.st, w.ns, from != NULL ? from : "main", &parent, e);
	if (rc != 0)
		return rc;
	rc = inbox_refuse(w.st, parent, "from_branch", e);
	if (rc != 0)
		return rc;
	rc = find_fork(c, parent, w.replay ? w.change_id : change_id(w.change),
		&fork, e);
	if (rc != 0)
		return rc;
	rc = lens_apply(w.st, &w.scope.lens, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = branch_create(w.st, w.ns, name,
			jx_text(c->params, "about"), parent, fork, &id, e);
	if (rc != 0)
		return rc;
	if (!w.replay)
		rc = change_branch(w.change, BRANCH_OP_CREATE, id, fork, e);
	if (rc != 0)
		return rc;
	if (is_lease && id != 0)
		rc = branch_set_state(w.st, id, BRANCH_LEASED, e);
	if (rc != 0)
		return rc;
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	if (is_lease && id != 0)
		rc = m_branch_add_lease(c, id, e);
	if (rc != 0)
		return rc;
	rc = reply_change(&w,
		json_pack("{s:s,s:s,s:I}", "name", name, "parent",
			from != NULL ? from : "main", "fork", (json_int_t)fork),
		ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}

static int
find_child(void *ctx, const struct branch_row *b)
{
	return b->parent == *(int64_t *)ctx;
}

static int
discard(struct write *w, const char *name, struct err *e)
{
	int64_t id = 0;
	int rc = lens_branch(w->st, w->ns, name, &id, e);

	if (rc != 0)
		return rc;
	rc = inbox_refuse(w->st, id, "name", e);
	if (rc != 0)
		return rc;
	rc = branch_each(w->st, w->ns, find_child, &id, e);
	if (rc == 1)
		return err_param(e, MDB_E_CONFLICT, "name",
			"other branches were forked from '%s'; discard them "
			"first",
			name);
	if (rc != 0)
		return rc;
	rc = branch_set_state(w->st, id, BRANCH_DISCARDED, e);
	if (rc != 0)
		return rc;
	return change_branch(w->change, BRANCH_OP_DISCARD, id, 0, e);
}

static int
discard_branch(struct call *c, json_t **ret_result, struct err *e)
{
	const char *name = jx_text(c->params, "name");
	AUTO_WRITE struct write w = {0};
	int rc = write_begin_on(&w, c, CHANGE_BRANCH, STORE_MAIN, 0, e);

	if (rc != 0)
		return rc;
	if (!name || strcmp(name, "main") == 0)
		return err_param(e, MDB_E_INVALID, "name",
			"name the branch to discard; main stays");
	if (!w.replay)
		rc = discard(&w, name, e);
	if (rc != 0)
		return rc;
	rc = write_end(&w, e);
	if (rc != 0)
		return rc;
	return reply_change(&w, json_pack("{s:s}", "discarded", name),
		ret_result, e);
}

/* The service itself discards a leased branch by its id: its owner is gone.
 * Anybody else does so in the namespace of the call alone. */
static int
end_lease(struct call *c, int64_t id, json_t **ret_result, struct err *e)
{
	struct scope s = {.n = 0};
	int64_t change;
	int rc = c->ctx->is_service ? 0 : scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	if (c->ctx->is_service || s.ns[0] != 0)
		rc = branch_lease_discard(c->st, id, s.ns[0], &change, e);
	if (rc == 0)
		return err_param(e, MDB_E_NOT_FOUND, "id",
			"no leased branch has this id");
	if (rc < 0)
		return rc;
	*ret_result = json_pack("{s:I}", "change", (json_int_t)change);
	return !*ret_result ? err_nomem(e) : 0;
}

int
m_memory_branch(struct call *c, json_t **ret_result, struct err *e)
{
	const char *action = jx_text(c->params, "action");
	const char *name = jx_text(c->params, "name");
	const json_t *id = json_object_get(c->params, "id");

	if (strcmp(action, "create") == 0)
		return m_branch_create_branch(c, ret_result, e);
	if (strcmp(action, "discard") == 0 && json_is_integer(id))
		return end_lease(c, (int64_t)json_integer_value(id), ret_result,
			e);
	if (strcmp(action, "discard") == 0)
		return discard_branch(c, ret_result, e);
	if (strcmp(action, "describe") == 0 && !name)
		return err_param(e, MDB_E_INVALID, "name",
			"name the branch to describe");
	return list_branches(c, strcmp(action, "list") == 0 ? NULL : name,
		ret_result, e);
}
