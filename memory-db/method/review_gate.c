/* What every method has to do with review, before it runs and in its reply.
 *
 * Before: what has no branch cannot wait in an inbox, so it is refused to
 * agents where main is protected: files, what names facts by ids of any
 * namespace, and what concerns a namespace as a whole. In the reply: an agent
 * learns, with the next thing it writes, which of its changes were not taken
 * and why; each is told once. */
#include "memory-db/method/review_gate.h"

#include "common/buf.h"
#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/log/staged.h"

/* Files have no branch, and so no inbox. */
static int
gate_file(struct call *c, struct err *e)
{
	bool is_guarded = false;
	int64_t ns = 0;
	int rc = namespace_find(c->st,
		c->ctx->user_scope ? "default" : c->ctx->namespace_, &ns, e);

	if (rc == 1)
		rc = inbox_guards(c->st, c->ctx, ns, &is_guarded, e);
	if (rc < 0 || !is_guarded)
		return rc;
	return err_set(e, MDB_E_DENIED,
		"%s: this namespace protects main, and files cannot wait for "
		"review; store the value as an observation, or ask the "
		"operator",
		c->tool->name);
}

static int
operators_alone(struct call *c, const char *where, struct err *e)
{
	return err_set(e, MDB_E_DENIED,
		"%s: %s protects main from agents, and that is the operator's "
		"to do (%s)",
		c->tool->name, where,
		c->tool->command ? c->tool->command : "memoryctl");
}

/* 1: main of the namespace of that name is protected from this caller. */
static int
review_gate_is_protected(struct call *c, const char *name, struct err *e)
{
	bool is_guarded = false;
	int64_t ns = 0;
	int rc = namespace_find(c->st, name, &ns, e);

	if (rc == 1)
		rc = inbox_guards(c->st, c->ctx, ns, &is_guarded, e);
	return rc < 0 ? rc : is_guarded;
}

/* The namespace of the call, and those that the tool takes by name. */
static int
gate_namespaces(struct call *c, struct err *e)
{
	static const char *const named[] = {"from", "to", "alias", "of"};
	int rc = review_gate_is_protected(c,
		c->ctx->user_scope ? "default" : c->ctx->namespace_, e);

	if (rc != 0)
		return rc < 0 ? rc : operators_alone(c, "this namespace", e);
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		const char *name = jx_text(c->params, named[i]);

		if (!name || !*name)
			continue;
		rc = review_gate_is_protected(c, name, e);
		if (rc != 0)
			return rc < 0 ? rc
				      : operators_alone(c, "this namespace", e);
	}
	return 0;
}

/* What names facts by their ids may reach any namespace, and so one that is
 * protected. */
static int
gate_operator(struct call *c, struct err *e)
{
	bool is_any = false;
	int rc;

	if (!(c->tool->flags & TF_EVERYWHERE))
		return gate_namespaces(c, e);
	rc = inbox_any(c->st, &is_any, e);
	if (rc || !is_any)
		return rc;
	return operators_alone(c, "a namespace of this memory", e);
}

int
review_gate(struct call *c, struct err *e)
{
	unsigned flags = c->tool->flags;

	if (!c->ctx->is_agent || !(flags & TF_WRITE))
		return 0;
	if (flags & TF_ADMIN)
		return gate_operator(c, e);
	return c->tool->script.flags & TS_FILE ? gate_file(c, e) : 0;
}

/* --- what the reply says --------------------------------------------------- */
/* Decisions of which a reply tells; the rest is counted. */
#define TOLD 3

struct review_gate_telling {
	struct buf *out;
	int64_t n;
	struct err *e;
};

/* "change 41 was rejected by ada: no source" */
static int
tell_decided(void *ctx, const struct staged *s)
{
	struct review_gate_telling *x = ctx;
	int rc = 0;

	if (s->state != STAGED_REJECTED && s->state != STAGED_EXPIRED)
		return 0;
	if (++x->n > TOLD)
		return 0;
	rc = buf_addf(x->out, "%s change %lld %s",
		x->n == 1 ? " Not taken:" : ";", (long long)s->change,
		s->state == STAGED_EXPIRED ? "expired, nobody decided in time"
					   : "was rejected");
	if (rc)
		return err_nomem(x->e);
	if (s->state == STAGED_REJECTED && s->by &&
		(buf_adds(x->out, " by ") || text_add_cut(x->out, s->by, 60)))
		return err_nomem(x->e);
	if (s->note &&
		(buf_adds(x->out, ": ") || text_add_cut(x->out, s->note, 200)))
		return err_nomem(x->e);
	return 0;
}

/* An agent learns with the next thing that it writes which of its changes were
 * not taken, and why; once. */
static int
tell_untold(struct call *c, struct buf *out, struct err *e)
{
	struct review_gate_telling x = {out, 0, e};
	int64_t ns = 0, session = 0;
	int rc;

	if (!c->ctx->is_agent || !c->ctx->session ||
		!(c->tool->flags & TF_WRITE))
		return 0;
	rc = namespace_find(c->st,
		c->ctx->user_scope ? "default" : c->ctx->namespace_, &ns, e);
	if (rc != 1)
		return rc;
	rc = label_find(c->st, c->ctx->session, &session, e);
	if (rc != 1)
		return rc;
	rc = staged_each_untold(c->st, ns, session, tell_decided, &x, e);
	if (rc < 0 || x.n == 0)
		return rc;
	if (x.n > TOLD &&
		buf_addf(out, "; and %lld more", (long long)(x.n - TOLD)) != 0)
		return err_nomem(e);
	if (buf_adds(out, ". list_staged tells more") != 0)
		return err_nomem(e);
	return staged_set_told(c->st, ns, session, e);
}

static int
tell_of_write(struct call *c, struct buf *out, struct err *e)
{
	int rc = 0;

	if (c->note.rule != 0)
		rc = buf_addf(out,
			"stored at once: rule %lld of the policy applies it.",
			(long long)c->note.rule);
	else if (c->note.is_staged)
		rc = buf_addf(out,
			"not in the memory yet: change %lld waits for review. "
			"This session reads it as if it were, others do once "
			"it is approved; list_staged tells what became of it.",
			(long long)c->note.change);
	return rc == 0 ? tell_untold(c, out, e) : err_nomem(e);
}

/* Puts what there is to say about the inbox into the result. */
static int
add_review(struct call *c, json_t *result, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc = tell_of_write(c, &text, e);

	if (rc != 0 || text.len == 0 || !json_is_object(result))
		return rc;
	if (!buf_str(&text) ||
		jx_set(result, "review",
			json_string(text.data + (text.data[0] == ' '))) != 0)
		return err_nomem(e);
	if (c->note.is_staged && jx_set(result, "staged", json_true()) != 0)
		return err_nomem(e);
	return 0;
}

int
review_tell(struct call *c, json_t **result, struct err *e)
{
	int rc;

	if (c->within || c->ctx->in_script)
		return 0;
	rc = add_review(c, *result, e);
	if (rc < 0) {
		json_decref(*result);
		*result = NULL;
	}
	return rc < 0 ? rc : 0;
}
