/* resume and since_last: where a client was, and what happened since.
 *
 * Nothing of its own is stored for this. The last session of the same client
 * is found in the log; what others did after its last change, plans, notes,
 * conflicts and recall give lines, and carry_text.h makes one text of them in
 * a budget of tokens.
 *
 *   codex was here in session s1 until change 40
 *   cursor wrote changes 41 to 44
 *   codex comes back: "last session: ..", "since then: 41 .. 44" */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/resume_lines.h"
#include "memory-db/method/within.h"
#include "memory-db/model/carry/carry_text.h"
#include "memory-db/model/carry/decision.h"
#include "memory-db/model/carry/handoff.h"
#include "memory-db/model/carry/last_session.h"
#include "memory-db/model/context/context_internal.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/beside/receipts.h"
#include "memory-db/store/facts/labels.h"

#define BUDGET_DEFAULT 800
/* Changes looked at: those since, and of the last session. */
#define SINCE_CHANGES 200
#define LAST_CHANGES  20
/* Of the history that is read for them: so many times the bytes of the budget,
 * but not less than HISTORY_BYTES. */
#define TOKEN_BYTES   4
#define HISTORY_TIMES 8
#define HISTORY_BYTES 8192
/* What there was before, when a client is here for the first time. */
#define FIRST_CHANGES 20

static void
resume_done(struct resume *r)
{
	carry_text_done(&r->text);
	json_decref(r->by);
	json_decref(r->receipt);
}
#define AUTO_RESUME __attribute__((cleanup(resume_done)))

/* --- changes --------------------------------------------------------------- */
/* Notes of handoff have a section of their own. */
static bool
resume_is_note(const json_t *op)
{
	const char *name = jx_text(op, "entity"), *text = jx_text(op, "text");
	const char *type = jx_text(op, "entityType");

	if (type && strcmp(type, HANDOFF_TYPE) == 0)
		return true;
	return name && text && strncmp(name, "handoff ", 8) == 0 &&
	       strncmp(text, "Handoff", 7) == 0;
}

/* 'added "likes tea" (instead of "likes coffee")'; nothing for a mark. */
static int
resume_op(const char *verb, const json_t *op, struct buf *out)
{
	const char *to = jx_text(op, "to");

	if (json_object_get(op, "of") || json_object_get(op, "metadata") ||
		resume_is_note(op))
		return 0;
	if (jx_text(op, "relationType"))
		return buf_addf(out, " %s relation", verb) != 0 ||
		       resume_quote(out, " ", jx_text(op, "relationType")) ||
		       resume_quote(out, " to ", to ? to : "?");
	if (jx_text(op, "entityType"))
		return buf_addf(out, " %s as", verb) != 0 ||
		       resume_quote(out, " ", jx_text(op, "entityType"));
	if (!jx_text(op, "text"))
		return 0;
	return buf_addf(out, " %s", verb) != 0 ||
	       resume_quote(out, " ", jx_text(op, "text")) ||
	       resume_quote(out, " instead of ", jx_text(op, "replaces"));
}

/* '- 2026-11-29 "ada": added "likes tea", by "cursor"'. */
static int
resume_change_line(struct resume *r, enum carry_section section,
	const json_t *change, const json_t *op, const char *verb)
{
	AUTO_BUF struct buf line = {0}, what = {0};
	const char *text = jx_text(op, "text");

	if (resume_op(verb, op, &what) != 0)
		return err_nomem(r->e);
	/* What was replaced stands beside what replaced it. */
	if (what.len == 0 || jx_text(op, "replaced_by"))
		return 0;
	if (text && strcmp(verb, "added") == 0 &&
		is_decision(text, strlen(text)))
		section = CARRY_DECISIONS;
	return resume_line(r, section,
		buf_addf(&line, "- %.10s", jx_text(change, "at")) != 0 ||
			resume_quote(&line, " ", jx_text(op, "entity")) ||
			buf_addc(&line, ':') != 0 ||
			buf_add(&line, what.data, what.len) != 0 ||
			resume_by(r, change, &line),
		&line);
}

static int
resume_change(struct resume *r, enum carry_section section,
	const json_t *change)
{
	static const char *const lists[][2] = {{"added", "added"},
		{"removed", "removed"}};
	const json_t *op;
	size_t i;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		json_array_foreach(json_object_get(change, lists[k][0]), i,
			op) {
			int rc = resume_change_line(r, section, change, op,
				lists[k][1]);

			if (rc != 0)
				return rc;
		}
	return 0;
}

/* Counts a change for the list of who wrote. */
static int
resume_count(struct resume *r, const json_t *change)
{
	const char *client = jx_text(change, "client");
	const char *session = jx_text(change, "session");
	AUTO_BUF struct buf key = {0};
	json_t *row, *n;

	if (!r->by)
		return 0;
	if (buf_addf(&key, "%s\n%s", client ? client : "",
		    session ? session : "") != 0 ||
		!buf_str(&key))
		return err_nomem(r->e);
	row = json_object_get(r->by, key.data);
	if (!row) {
		row = json_pack("{s:s*,s:s*,s:i}", "client", client, "session",
			session, "changes", 0);
		if (jx_set(r->by, key.data, row) != 0)
			return err_nomem(r->e);
	}
	n = json_object_get(row, "changes");
	json_integer_set(n, json_integer_value(n) + 1);
	return 0;
}

/* Only the newest of it, some times what the budget holds: lines that nobody
 * will see cost as much as those that are told. Who counts changes (by) needs
 * them all. */
static int
resume_history(struct resume *r, json_t *params_new, json_t **ret)
{
	AUTO_JSON json_t *params = params_new;
	size_t most = r->budget * TOKEN_BYTES * HISTORY_TIMES;

	if (most < HISTORY_BYTES)
		most = HISTORY_BYTES;
	if (!params || (!r->by && most < LIMIT_REPLY_BYTES &&
			       jx_set(params, "max_bytes",
				       json_integer((json_int_t)most)) != 0))
		return err_nomem(r->e);
	return within_run(r->c, m_memory_history, params, ret, r->e);
}

/* Since the given point, the last session of its own, or the newest ones. */
static json_t *
since_params(const struct resume *r)
{
	const json_t *since = json_object_get(r->c->params, "since");

	if (since)
		return json_pack("{s:i,s:O}", "limit", SINCE_CHANGES, "since",
			since);
	if (r->has_last)
		return json_pack("{s:i,s:I}", "limit", SINCE_CHANGES, "since",
			(json_int_t)r->last.change + 1);
	return json_pack("{s:i}", "limit", FIRST_CHANGES);
}

/* What others did after the last session. */
static int
resume_since(struct resume *r)
{
	const char *own = r->c->ctx->session;
	AUTO_JSON json_t *found = NULL;
	const json_t *change;
	size_t i;
	int rc = resume_history(r, since_params(r), &found);

	if (rc != 0)
		return rc;
	r->is_more = json_object_get(found, "next") != NULL;
	json_array_foreach(json_object_get(found, "changes"), i, change) {
		const char *session = jx_text(change, "session");

		if (own && session && strcmp(own, session) == 0)
			continue;
		rc = resume_count(r, change);
		if (rc != 0)
			return rc;
		rc = resume_change(r, CARRY_SINCE, change);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- the last session ------------------------------------------------------ */
static int
resume_label(struct resume *r, const char *before, int64_t label,
	struct buf *line)
{
	AUTO_BUF struct buf text = {0};
	int rc = label == 0 ? 0 : label_text(r->c->st, label, &text, r->e);

	if (rc == 1 && (buf_adds(line, before) != 0 ||
			       context_quote(line, text.data, text.len) != 0))
		return err_nomem(r->e);
	return rc < 0 ? rc : 0;
}

static int
resume_last(struct resume *r)
{
	AUTO_BUF struct buf line = {0}, session = {0};
	AUTO_JSON json_t *found = NULL;
	char at[CLOCK_TEXT_SIZE];
	const json_t *change;
	size_t i;
	int rc;

	if (!r->has_last)
		return 0;
	clock_format(r->last.at, at);
	if (buf_addf(&line, "- ended %.10s %.5s UTC", at, at + 11) != 0)
		return err_nomem(r->e);
	rc = resume_label(r, ", ", r->last.client, &line);
	if (rc != 0)
		return rc;
	rc = resume_label(r, ", session ", r->last.session, &line);
	if (rc != 0)
		return rc;
	rc = carry_text_add(&r->text, CARRY_LAST, &line, r->e);
	if (rc != 0)
		return rc;
	rc = label_text(r->c->st, r->last.session, &session, r->e);
	if (rc < 0)
		return rc;
	rc = resume_history(r,
		json_pack("{s:i,s:s%}", "limit", LAST_CHANGES, "session",
			session.data ? session.data : "", session.len),
		&found);
	if (rc != 0)
		return rc;
	json_array_foreach(json_object_get(found, "changes"), i, change) {
		/* After a `since` that lies before it, it is told there. */
		if (json_object_get(r->c->params, "since"))
			break;
		rc = resume_change(r, CARRY_LAST, change);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- the replies ----------------------------------------------------------- */
static int
resume_begin(struct call *c, const char *about, struct resume *r, struct err *e)
{
	const json_t *budget = json_object_get(c->params, "budget");
	int rc = scope_read(c->st, c->ctx, 0, &r->scope, e);

	r->c = c;
	r->e = e;
	r->budget =
		budget ? (size_t)json_integer_value(budget) : BUDGET_DEFAULT;
	if (rc < 0)
		return rc;
	receipt_make_id(r->nonce);
	r->text.about = about;
	r->text.nonce = r->nonce + 5;
	rc = last_session(c->st, c->ctx, &r->scope, &r->last, e);
	if (rc < 0)
		return rc;
	r->has_last = rc == 1;
	return 0;
}

/* The point from which on changes are told. */
static int
resume_set_since(struct resume *r, json_t *o)
{
	AUTO_JSON json_t *since = json_object();
	int rc;

	if (!r->has_last)
		return 0;
	if (!since)
		return err_nomem(r->e);
	rc = member_set_int(since, "change", r->last.change, r->e);
	if (rc != 0)
		return rc;
	rc = member_set_time(since, "at", r->last.at, r->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(r->c->st, since, "session", r->last.session,
		r->e);
	if (rc != 0)
		return rc;
	rc = member_set_label(r->c->st, since, "client", r->last.client, r->e);
	if (rc != 0)
		return rc;
	return json_object_set(o, "since", since) != 0 ? err_nomem(r->e) : 0;
}

static int
resume_reply(struct resume *r, json_t **ret_result)
{
	AUTO_JSON json_t *o = json_object();
	int rc = !o ? err_nomem(r->e)
		    : carry_text_pack(&r->text, r->budget, r->e);

	if (rc != 0)
		return rc;
	rc = carry_text_tell(&r->text, o, r->e);
	if (rc != 0)
		return rc;
	rc = resume_set_since(r, o);
	if (rc != 0)
		return rc;
	if ((r->is_more && jx_set(o, "more", json_true()) != 0) ||
		(r->receipt && json_object_set(o, "receipt", r->receipt) != 0))
		return err_nomem(r->e);
	*ret_result = take_ptr(o);
	return 0;
}

int
m_resume(struct call *c, json_t **ret_result, struct err *e)
{
	static int (*const sources[])(struct resume *) = {resume_last,
		resume_since, resume_plans, resume_handoffs, resume_review,
		resume_conflicts, resume_relevant};
	AUTO_RESUME struct resume r = {0};
	int rc = resume_begin(c, "Where you were.", &r, e);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		rc = sources[i](&r);
		if (rc != 0)
			return rc;
	}
	return resume_reply(&r, ret_result);
}

int
m_since_last(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_RESUME struct resume r = {.by = json_object()};
	AUTO_JSON json_t *by = json_array();
	const char *key;
	json_t *row;
	int rc;

	if (!r.by || !by)
		return err_nomem(e);
	rc = resume_begin(c, "What changed meanwhile.", &r, e);
	if (rc != 0)
		return rc;
	rc = resume_since(&r);
	if (rc != 0)
		return rc;
	rc = resume_reply(&r, ret_result);
	if (rc != 0)
		return rc;
	json_object_foreach(r.by, key, row)
		if (json_array_append(by, row) != 0)
			return err_nomem(e);
	return json_object_set(*ret_result, "by", by) != 0 ? err_nomem(e) : 0;
}
