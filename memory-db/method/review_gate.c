#include "memory-db/method/review_gate.h"

#include <stdio.h>

#include "common/jx.h"
#include "memory-db/model/scope/inbox.h"
#include "memory-db/store/facts/namespaces.h"

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

/* It may reach other namespaces, or the setting itself. */
static int
gate_operator(struct call *c, struct err *e)
{
	bool is_any = false;
	int rc = inbox_any(c->st, &is_any, e);

	if (rc != 0 || !is_any)
		return rc;
	return err_set(e, MDB_E_DENIED,
		"%s: this memory protects main from agents, and that is the "
		"operator's to do (%s)",
		c->tool->name,
		c->tool->command ? c->tool->command : "memoryctl");
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

static int
tell_rule(struct call *c, json_t **result, struct err *e)
{
	char text[100];

	snprintf(text, sizeof(text),
		"stored at once: rule %lld of the policy applies it",
		(long long)c->note.rule);
	if (jx_set(*result, "review", json_string(text)) == 0)
		return 0;
	json_decref(*result);
	*result = NULL;
	return err_nomem(e);
}

int
review_tell(struct call *c, json_t **result, struct err *e)
{
	char text[300];

	if (c->within || c->ctx->in_script)
		return 0;
	if (c->note.rule != 0)
		return tell_rule(c, result, e);
	if (!c->note.is_staged)
		return 0;
	snprintf(text, sizeof(text),
		"not in the memory yet: change %lld waits for review. This "
		"session reads it as if it were, others do once it is "
		"approved; list_staged tells what became of it",
		(long long)c->note.change);
	if (jx_set(*result, "staged", json_true()) == 0 &&
		jx_set(*result, "review", json_string(text)) == 0)
		return 0;
	json_decref(*result);
	*result = NULL;
	return err_nomem(e);
}
