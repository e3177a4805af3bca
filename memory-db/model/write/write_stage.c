/* Writes of agents to a protected main: which are staged, and the bounds of
 * the queue that they wait in.
 *
 * For example an agent of session s1 adds a fact while main is protected.
 * Its change went to the inbox of s1 (model/scope/inbox.h); here the row
 * that says "change 12 waits" is written in the same transaction. When the
 * changes that wait would be too many, or too large, the write is refused
 * and says so. */
#include "memory-db/model/write/write_stage.h"

#include <assert.h>

#include "common/limits.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/model/write/write_policy.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/staged.h"

/* Bytes that a fact costs beside its text. */
#define FACT_BYTES 64

int
write_stage_branch(struct write *w, struct err *e)
{
	bool is_guarded = false;
	int rc = inbox_guards(w->st, w->ctx, w->ns, &is_guarded, e);

	return rc == 0 && is_guarded
		       ? inbox_open(w->st, w->ctx, w->ns, &w->branch, e)
		       : rc;
}

int
write_stage_begin(struct write *w, enum change_kind kind, struct err *e)
{
	struct context ctx = *w->ctx;
	bool is_guarded = false;
	int rc;

	if (!w->ctx->is_agent)
		return 0;
	if (w->branch != STORE_MAIN)
		return inbox_is(w->st, w->branch, &w->is_staged, e);
	/* A branch that is made or discarded changes nothing on main. */
	if (kind == CHANGE_BRANCH)
		return 0;
	ctx.review_pass = REVIEW_PASS_ASK;
	rc = inbox_guards(w->st, &ctx, w->ns, &is_guarded, e);
	w->is_policed = is_guarded && kind != CHANGE_FORGET &&
			w->ctx->review_pass == REVIEW_PASS_MAIN;
	if (rc != 0 || !is_guarded || w->is_policed)
		return rc;
	return err_set(e, MDB_E_DENIED,
		"this namespace protects main, and this cannot wait for "
		"review; the operator can do it (memoryctl)");
}

/* --- the bounds ----------------------------------------------------------- */
static int
queue_full(const char *whose, const struct staged_sum *s, struct err *e)
{
	return err_set(e, MDB_E_LIMIT,
		"nothing was stored: %lld changes (%lld KB) %s wait for "
		"review, and no more may wait; ask the operator to decide "
		"(memoryctl review list), then write again",
		(long long)s->changes, (long long)(s->bytes / 1024), whose);
}

static bool
is_above(const struct staged_sum *s, int64_t changes, int64_t bytes)
{
	return s->changes > changes || s->bytes > bytes;
}

/* Above the bound of all, each session may still have its even share: who
 * fills the queue keeps nobody else out. The row of this change is counted. */
static int
check_bounds(struct write *w, int64_t session, struct err *e)
{
	struct staged_sum own, all;
	int64_t sessions;
	int rc = staged_sum(w->st, w->ns, session, &own, e);

	if (rc != 0)
		return rc;
	rc = staged_sum(w->st, w->ns, STAGED_ANY, &all, e);
	if (rc != 0)
		return rc;
	if (is_above(&own, LIMIT_STAGED_SESSION, LIMIT_STAGED_SESSION_BYTES))
		return queue_full("of this session", &own, e);
	sessions = all.sessions;
	assert(sessions > 0);
	if (sessions > LIMIT_STAGED_SESSIONS && own.changes == 1)
		return err_set(e, MDB_E_LIMIT,
			"nothing was stored: changes of %d sessions wait for "
			"review, and no more sessions may; ask the operator to "
			"decide (memoryctl review list)",
			LIMIT_STAGED_SESSIONS);
	if (is_above(&all, LIMIT_STAGED, LIMIT_STAGED_BYTES) &&
		is_above(&own, LIMIT_STAGED / sessions,
			LIMIT_STAGED_BYTES / sessions))
		return queue_full("of all agents", &all, e);
	return 0;
}

/* The policy decides about what was tried: 1 it runs again, elsewhere. */
static int
other_pass(struct write *w, struct err *e)
{
	bool on_main = w->ctx->review_pass == REVIEW_PASS_MAIN;
	enum review_do todo;
	size_t rule = 0;
	int rc = write_policy(w, &todo, &rule, e);

	if (rc != 0)
		return rc;
	w->note->rule = on_main ? (int64_t)rule : 0;
	w->note->other_pass =
		on_main ? todo != REVIEW_APPLY
			: todo == REVIEW_APPLY &&
				  w->ctx->review_pass == REVIEW_PASS_ASK;
	return w->note->other_pass;
}

int
write_stage_end(struct write *w, struct err *e)
{
	struct staged s = {.change = w->change_id,
		.ns = w->ns,
		.branch = w->branch,
		.shown = w->branch,
		.at = w->at,
		.facts = (int64_t)w->entries_n,
		.bytes = w->bytes + FACT_BYTES * (int64_t)w->entries_n};
	int rc;

	/* What waits never stands on main, and what stands there never waits. */
	assert(!w->is_staged || (w->branch != STORE_MAIN && !w->is_policed));
	if (!(w->is_staged || w->is_policed) || w->change_id == 0)
		return 0;
	rc = other_pass(w, e);
	if (rc == 1)
		return err_set(e, MDB_E_CONFLICT,
			"the policy decides otherwise there");
	if (rc != 0 || w->is_policed)
		return rc;
	rc = label_intern(w->st, w->ctx->session, &s.session, e);
	if (rc != 0)
		return rc;
	rc = staged_put(w->st, &s, e);
	if (rc != 0)
		return rc;
	rc = check_bounds(w, s.session, e);
	if (rc != 0)
		return rc;
	w->note->is_staged = true;
	return 0;
}
