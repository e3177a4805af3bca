/* list_staged and review_staged: what waits for the operator, and the decision
 * (model/review). An agent sees its own session alone, whatever became of it;
 * the operator sees all that wait. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/retry.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/review/review.h"
#include "memory-db/model/review/review_run.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/staged.h"

#define ROWS_DEFAULT 50

/* --- list_staged ---------------------------------------------------------- */
static int
m_review_state(const char *name)
{
	for (int i = 0; i < STAGED_STATES; i++)
		if (strcmp(name, staged_state_name(i)) == 0)
			return i;
	return STAGED_ANY;
}

/* The label of a session; -2: nobody wrote under it. */
static int
m_review_session(struct call *c, const char *session, int64_t *ret,
	struct err *e)
{
	int rc;

	*ret = 0;
	if (!session)
		return 0;
	rc = label_find(c->st, session, ret, e);
	if (rc == 0)
		*ret = -2;
	return rc < 0 ? rc : 0;
}

/* An agent is told of its own session, whatever became of it; all others, by
 * default, of what waits. */
static int
m_review_query(struct call *c, struct review_query *q, struct err *e)
{
	const char *session = jx_text(c->params, "session_id");
	const char *state = jx_text(c->params, "state");
	const json_t *limit = json_object_get(c->params, "limit");
	int rc = encode_budget(c->params, &q->max_bytes, e);

	if (rc != 0)
		return rc;
	q->session = STAGED_ANY;
	if (c->ctx->is_agent || session)
		rc = m_review_session(c,
			c->ctx->is_agent ? c->ctx->session : session,
			&q->session, e);
	if (rc != 0)
		return rc;
	if (state)
		q->state = m_review_state(state);
	else if (c->ctx->is_agent)
		q->state = STAGED_ANY;
	else
		q->state = STAGED_WAITING;
	q->change = json_integer_value(json_object_get(c->params, "change"));
	q->after = json_integer_value(json_object_get(c->params, "after"));
	q->limit = limit ? json_integer_value(limit) : ROWS_DEFAULT;
	return 0;
}

static int
m_review_waiting(struct call *c, const struct review_query *q, json_t *o,
	struct err *e)
{
	AUTO_JSON json_t *sum = json_object();
	struct staged_sum s = {0, 0, 0, 0};
	int rc = !sum ? err_nomem(e)
		      : staged_sum(c->st, q->ns, q->session, &s, e);

	if (rc)
		return rc;
	rc = member_set_int(sum, "changes", s.changes, e);
	if (rc)
		return rc;
	rc = member_set_int(sum, "bytes", s.bytes, e);
	if (rc)
		return rc;
	if (s.changes > 0)
		rc = member_set_time(sum, "oldest", s.oldest, e);
	if (rc)
		return rc;
	return member_set_new(o, "waiting", json_incref(sum), e);
}

int
m_list_staged(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_JSON json_t *o = json_object();
	AUTO_JSON json_t *rows = NULL;
	struct review_query q = {.ns = 0};
	int64_t next = 0;
	struct scope s;
	int rc = !o ? err_nomem(e) : scope_read(c->st, c->ctx, 0, &s, e);

	if (rc != 0)
		return rc;
	rc = m_review_query(c, &q, e);
	if (rc != 0)
		return rc;
	q.ns = s.ns[0] != 0 ? s.ns[0] : -1; /* none of that name: no rows */
	rc = review_list(c->st, c->ctx, &q, &rows, &next, e);
	if (rc != 0)
		return rc;
	if (q.change != 0 && json_array_size(rows) == 0)
		return err_param(e, MDB_E_NOT_FOUND, "change",
			"no staged change %lld here; list_staged without it "
			"shows them (`state`: all for those decided)",
			(long long)q.change);
	rc = member_set_new(o, "staged", take_ptr(rows), e);
	if (rc)
		return rc;
	rc = m_review_waiting(c, &q, o, e);
	if (rc)
		return rc;
	if (next != 0)
		rc = member_set_int(o, "next", next, e);
	if (rc != 0)
		return rc;
	*ret_result = take_ptr(o);
	return 0;
}

/* --- review_staged -------------------------------------------------------- */
static int
m_review_selection(struct call *c, struct review_selection *s, struct err *e)
{
	const char *session = jx_text(c->params, "session_id");
	const char *conflicts = jx_text(c->params, "on_conflict");
	int n;

	s->changes = json_object_get(c->params, "changes");
	s->upto = json_integer_value(json_object_get(c->params, "upto"));
	s->approve = strcmp(jx_text(c->params, "do"), "approve") == 0;
	s->wins = conflicts && strcmp(conflicts, "staged") == 0;
	s->note = jx_text(c->params, "note");
	if (c->ctx->actor)
		s->by = c->ctx->actor;
	else if (c->ctx->client)
		s->by = c->ctx->client;
	else
		s->by = "operator";
	s->session = STAGED_ANY;
	n = (s->changes != NULL) + (session != NULL) +
	    json_is_true(json_object_get(c->params, "all"));
	if (n != 1)
		return err_set(e, MDB_E_INVALID,
			"say which changes: `changes`, `session_id`, or "
			"all:true");
	if (!s->approve && !s->note)
		return err_param(e, MDB_E_INVALID, "note",
			"say why in `note`: the agent whose change is rejected "
			"reads it");
	return session ? m_review_session(c, session, &s->session, e) : 0;
}

static int
m_review_where(struct call *c, int64_t *ret_ns, struct err *e)
{
	struct context ctx = *c->ctx;
	struct scope s;
	int rc;

	ctx.branch = "main";
	rc = scope_read(c->st, &ctx, 0, &s, e);
	*ret_ns = s.ns[0];
	if (rc)
		return rc;
	if (s.ns[0] == 0)
		return err_param(e, MDB_E_NOT_FOUND, "namespace",
			"no namespace '%s'", ctx.namespace_);
	return rc;
}

int
m_review_staged(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"note", NULL};
	AUTO_GUARD struct guard guard = {0};
	struct review_selection s = {.approve = false};
	int64_t ns = 0;
	int rc;

	if (c->ctx->is_agent)
		return err_set(e, MDB_E_DENIED,
			"an agent cannot decide what it or others wrote; the "
			"operator does (memoryctl review)");
	c->dry_run = json_is_true(json_object_get(c->params, "dry_run"));
	rc = guard_params(&guard, c, kept, e);
	if (rc != 0)
		return rc;
	rc = m_review_selection(c, &s, e);
	if (rc != 0)
		return rc;
	rc = m_review_where(c, &ns, e);
	if (rc != 0)
		return rc;
	rc = retry_seen(c, e);
	if (rc < 0)
		return rc;
	rc = rc == 1 ? review_run_again(c, ns, &s, ret_result, e)
		     : review_run(c, ns, &s, ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}
