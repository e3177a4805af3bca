/* handoff: leave a note for the next agent, claim one, list them.
 * model/carry/handoff.h says how a note is stored.
 *
 * To claim is a write, so two agents never get the same note. A note that was
 * left by the caller's own client is not offered to it. Which notes are open
 * is found by a tag, so that a thousand claimed notes cost a claim nothing.
 * Where main is protected a claim goes to main all the same: who has a note is
 * nothing that somebody would have to approve. */
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/carry_rows.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/reply.h"
#include "memory-db/method/within.h"
#include "memory-db/model/carry/handoff.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/log.h"

#define LIMIT_DEFAULT 20
/* Pages of notes that are looked at for one to claim. */
#define PAGES_MAX 20
#define PAGE_ROWS 100

enum handoff_do { HANDOFF_LEAVE, HANDOFF_CLAIM, HANDOFF_LIST };

/* --- the list -------------------------------------------------------------- */
struct handoff_list {
	struct call *c;
	json_t *rows;
	const char *state; /* open, claimed, all */
	size_t limit;
	const json_t *namespace_; /* borrowed, or NULL */
	bool is_partial;
	struct err *e;
};

static int
m_handoff_add(void *ctx, const struct handoff *h)
{
	struct handoff_list *l = ctx;
	json_t *row = NULL;
	int rc;

	if (strcmp(l->state, "all") != 0 &&
		strcmp(l->state, jx_text(h->said, "state")) != 0)
		return 0;
	if (json_array_size(l->rows) >= l->limit) {
		l->is_partial = true;
		return 0;
	}
	rc = handoff_tell(l->c->st, h, &row, l->e);
	if (rc != 0)
		return rc;
	if (jx_add(l->rows, row) != 0)
		return err_nomem(l->e);
	if (l->namespace_ && json_object_set(row, "namespace",
				     (json_t *)(uintptr_t)l->namespace_) != 0)
		return err_nomem(l->e);
	return 0;
}

/* A page of entities that are notes; open ones are found by their tag, so that
 * the many that are claimed cost nothing. */
static int
m_handoff_page(struct call *c, bool is_open, const json_t *cursor,
	json_t **ret_found, struct err *e)
{
	AUTO_JSON json_t *q = json_pack("{s:s,s:[s],s:[s,s],s:i,s:O*}", "query",
		"", "types", HANDOFF_TYPE, "fields", "id", "name", "limit",
		PAGE_ROWS, "cursor", (json_t *)(uintptr_t)cursor);

	if (!q || (is_open && jx_set(q, "tags",
				      json_pack("[s]", HANDOFF_OPEN_TAG)) != 0))
		return err_nomem(e);
	return within_run(c, m_search_nodes, q, ret_found, e);
}

/* Calls for the notes of each entity of the pages. as: the lens under which a
 * note is read; NULL: that of the search, with what the caller has staged. */
static int
m_handoff_walk(struct call *c, bool is_open, handoff_fn fn,
	struct handoff_list *l, const struct lens *as, void *ctx, struct err *e)
{
	AUTO_JSON json_t *cursor = NULL;

	for (int page = 0; page < PAGES_MAX; page++) {
		AUTO_JSON json_t *found = NULL;
		const json_t *row;
		size_t i;
		int rc = m_handoff_page(c, is_open, cursor, &found, e);

		if (rc != 0)
			return rc;
		if (as)
			rc = lens_apply(c->st, as, e);
		if (rc != 0)
			return rc;
		json_array_foreach(json_object_get(found, "results"), i, row) {
			if (l)
				l->namespace_ =
					json_object_get(row, "namespace");
			rc = handoff_each(c->st,
				json_integer_value(json_object_get(row, "id")),
				fn, ctx, e);
			if (rc != 0)
				return rc;
		}
		json_decref(cursor);
		cursor = json_incref(json_object_get(found, "next"));
		if (!cursor || (l && l->is_partial))
			return 0;
	}
	return 0;
}

int
handoff_open_rows(struct call *c, size_t limit, json_t **ret_rows,
	struct err *e)
{
	AUTO_JSON json_t *rows = json_array();
	struct handoff_list l = {.c = c,
		.rows = rows,
		.state = "open",
		.limit = limit,
		.e = e};
	int rc =
		!rows ? err_nomem(e)
		      : m_handoff_walk(c, true, m_handoff_add, &l, NULL, &l, e);

	if (rc != 0)
		return rc;
	*ret_rows = take_ptr(rows);
	return 0;
}

static int
m_handoff_list(struct call *c, json_t **ret_result, struct err *e)
{
	const json_t *limit = json_object_get(c->params, "limit");
	const char *state = jx_text(c->params, "state");
	AUTO_JSON json_t *rows = json_array();
	struct handoff_list l = {.c = c,
		.rows = rows,
		.state = state ? state : "open",
		.limit = limit ? (size_t)json_integer_value(limit)
			       : LIMIT_DEFAULT,
		.e = e};
	int rc = !rows ? err_nomem(e)
		       : m_handoff_walk(c, strcmp(l.state, "open") == 0,
				 m_handoff_add, &l, NULL, &l, e);

	if (rc != 0)
		return rc;
	*ret_result = json_pack("{s:O,s:I}", "handoffs", rows, "count",
		(json_int_t)json_array_size(rows));
	if (!*ret_result ||
		(l.is_partial && jx_set(*ret_result, "partial", json_true())))
		return err_nomem(e);
	return 0;
}

/* --- claiming -------------------------------------------------------------- */
struct handoff_choice {
	struct call *c;
	int64_t ns;	/* where the call writes */
	int64_t id;	/* this one; 0: the oldest that is for the caller */
	int64_t change; /* of the one found */
	struct handoff found;
	struct err *e;
};

static int
m_handoff_choose(void *ctx, const struct handoff *h)
{
	struct handoff_choice *x = ctx;
	AUTO_JSON json_t *row = NULL;
	const char *session = x->c->ctx->session;
	const char *by;
	int rc;

	if (!h->is_open || fact_namespace(h->fact) != x->ns)
		return 0;
	if (x->id == h->fact) {
		handoff_done(&x->found);
		x->found = *h;
		json_incref(h->said);
		return 1;
	}
	if (x->id != 0 || !handoff_is_for(h, x->c->ctx->client) ||
		(x->found.said && x->found.fact < h->fact))
		return 0;
	rc = handoff_tell(x->c->st, h, &row, x->e);
	if (rc != 0)
		return rc;
	/* Nobody hands over to himself. */
	by = jx_text(row, "session");
	if (session && by && strcmp(by, session) == 0)
		return 0;
	handoff_done(&x->found);
	x->found = *h;
	json_incref(h->said);
	return 0;
}

static int
m_handoff_gone(const struct handoff_choice *x, struct err *e)
{
	if (x->id == 0)
		return err_param(e, MDB_E_NOT_FOUND, "action",
			"no open note is for you; action list shows all that "
			"are open");
	return err_param(e, MDB_E_CONFLICT, "claim",
		"no open note #%lld: somebody has claimed it, or it was never "
		"left here. handoff without parameters lists open ones (one "
		"of the user's memory is claimed with scope \"user\")",
		(long long)x->id);
}

static int
m_handoff_claim(struct call *c, struct write *w, struct handoff *ret,
	struct err *e)
{
	struct handoff_choice x = {.c = c,
		.ns = w->ns,
		.id = json_integer_value(json_object_get(c->params, "claim")),
		.e = e};
	/* As the branch that is written to has it: a claim goes to main without
	 * review, so nothing that is only staged may come along. */
	int rc = m_handoff_walk(c, true, m_handoff_choose, NULL, &w->scope.lens,
		&x, e);

	if (rc >= 0 && !x.found.said)
		rc = m_handoff_gone(&x, e);
	if (rc >= 0)
		rc = lens_apply(c->st, &w->scope.lens, e);
	if (rc >= 0)
		rc = handoff_claim(w, &x.found, ret, e);
	handoff_done(&x.found);
	return rc;
}

/* --- a retry: what the first try did --------------------------------------- */
struct handoff_replay {
	struct write *w;
	struct handoff *found;
	struct err *e;
};

static int
m_handoff_replayed(void *ctx, const struct handoff *h)
{
	struct handoff_replay *r = ctx;

	handoff_done(r->found);
	*r->found = *h;
	json_incref(h->said);
	return 0;
}

static int
m_handoff_replay_op(void *ctx, const struct log_op *op)
{
	struct handoff_replay *r = ctx;

	return r->found->said ? 0
			      : handoff_each(r->w->st, op->entity,
					m_handoff_replayed, r, r->e);
}

/* --- the method ------------------------------------------------------------ */
static enum handoff_do
m_handoff_what(const json_t *params)
{
	const char *action = jx_text(params, "action");
	bool leaves = action ? strcmp(action, "leave") == 0
			     : jx_text(params, "note") != NULL;
	bool claims = action ? strcmp(action, "claim") == 0
			     : json_object_get(params, "claim") != NULL;

	if (leaves)
		return HANDOFF_LEAVE;
	return claims ? HANDOFF_CLAIM : HANDOFF_LIST;
}

static int
m_handoff_check(const json_t *params, enum handoff_do what, struct err *e)
{
	bool has_note = jx_text(params, "note") != NULL;

	if (what == HANDOFF_LEAVE && !has_note)
		return err_param(e, MDB_E_INVALID, "note",
			"to leave a note say `note`: what is done, what is "
			"left, what the next agent should know");
	if (what != HANDOFF_LEAVE && has_note)
		return err_param(e, MDB_E_INVALID, "note",
			"`note` leaves a note; leave it out to claim or list");
	if (what != HANDOFF_CLAIM && json_object_get(params, "claim"))
		return err_param(e, MDB_E_INVALID, "claim",
			"`claim` is the id of a note to take; leave it out to "
			"leave or list notes");
	return 0;
}

static int
m_handoff_write(struct call *c, struct write *w, enum handoff_do what,
	struct handoff *h, struct err *e)
{
	struct handoff_replay r = {w, h, e};
	int rc = write_begin(w, c,
		what == HANDOFF_LEAVE ? CHANGE_CREATE : CHANGE_UPDATE, e);

	if (rc != 0)
		return rc;
	/* Who has a note is no knowledge that somebody has to approve; and what
	 * waited could be claimed twice. */
	w->is_approved = what == HANDOFF_CLAIM;
	if (!w->replay)
		rc = what == HANDOFF_LEAVE ? handoff_leave(w, c->params, h, e)
					   : m_handoff_claim(c, w, h, e);
	if (rc != 0)
		return rc;
	rc = write_end(w, e);
	if (rc != 0)
		return rc;
	if (w->replay)
		return log_ops(c->st, w->change_id, 0, 0, m_handoff_replay_op,
			&r, e);
	return 0;
}

int
m_handoff(struct call *c, json_t **ret_result, struct err *e)
{
	static const char *const kept[] = {"note", "to", "task", NULL};
	enum handoff_do what = m_handoff_what(c->params);
	AUTO_GUARD struct guard guard = {0};
	AUTO_HANDOFF struct handoff h = {0};
	AUTO_WRITE struct write w = {0};
	AUTO_JSON json_t *row = NULL;
	json_t *result;
	int rc = m_handoff_check(c->params, what, e);

	if (rc != 0)
		return rc;
	if (what == HANDOFF_LIST)
		return m_handoff_list(c, ret_result, e);
	rc = guard_params(&guard, c, kept, e);
	if (rc != 0)
		return rc;
	rc = m_handoff_write(c, &w, what, &h, e);
	if (rc != 0)
		return rc;
	if (!h.said)
		return err_set(e, MDB_E_NOT_FOUND,
			"the note of the first try is not there any more");
	rc = handoff_tell(c->st, &h, &row, e);
	if (rc != 0)
		return rc;
	result = json_pack("{s:s,s:O}", "action",
		what == HANDOFF_LEAVE ? "left" : "claimed", TOOL_NAME(handoff),
		row);
	if (!result)
		return err_nomem(e);
	rc = reply_change(&w, result, ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}
