/* A row of the queue as JSON: both facts with who said them and when, why they
 * are a conflict, and what was decided. For example, of two addresses of ada:
 * existing {"lives in Rome", said in May}, new {"lives in Oslo", said in
 * July}, and the reason in words, worked out anew from the two texts. */
#include "memory-db/model/order/queue.h"

#include <math.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/log.h"

/* {fact, entity, text, said_at, valid_from?, valid_to?, session?, client?,
 * actor?, hidden?} */
static int
tell_side(struct store *st, const struct queue_side *s, json_t *row,
	const char *key, struct err *e)
{
	json_t *o = json_object();
	struct origin origin = {0};
	int rc = member_set_new(row, key, o, e);

	if (rc)
		return rc;
	rc = provenance_origin(st, s->fact, &origin, e);
	if (rc)
		return rc;
	rc = member_set_int(o, "fact", s->fact, e);
	if (rc)
		return rc;
	rc = member_set_text(o, "entity", s->name.data, s->name.len, e);
	if (rc)
		return rc;
	rc = member_set_text(o, "text", s->text.data, s->text.len, e);
	if (rc)
		return rc;
	rc = member_set_time(o, "said_at", s->at, e);
	if (rc)
		return rc;
	if (s->from != INT64_MIN)
		rc = member_set_time(o, "valid_from", s->from, e);
	if (rc)
		return rc;
	if (s->to != INT64_MAX)
		rc = member_set_time(o, "valid_to", s->to, e);
	if (rc)
		return rc;
	rc = member_set_label(st, o, "session", origin.session, e);
	if (rc)
		return rc;
	rc = member_set_label(st, o, "client", origin.client, e);
	if (rc)
		return rc;
	rc = member_set_label(st, o, "actor", origin.actor, e);
	if (rc)
		return rc;
	if (!s->is_there)
		rc = member_set_bool(o, "hidden", true, e);
	return rc;
}

/* --- what was decided ----------------------------------------------------- */
struct queue_tell_deciding {
	struct store *st;
	json_t *o;
	struct err *e;
};

static int
queue_tell_change(void *ctx, const struct log_change *c)
{
	struct queue_tell_deciding *x = ctx;
	int rc = member_set_int(x->o, "change", c->id, x->e);

	if (rc)
		return rc;
	rc = member_set_time(x->o, "at", c->at, x->e);
	if (rc)
		return rc;
	rc = member_set_label(x->st, x->o, "session", c->session, x->e);
	if (rc)
		return rc;
	rc = member_set_label(x->st, x->o, "client", c->client, x->e);
	if (rc)
		return rc;
	rc = member_set_label(x->st, x->o, "actor", c->actor, x->e);
	if (rc)
		return rc;
	if (c->message)
		rc = member_set_text(x->o, "note", c->message, c->message_n,
			x->e);
	return rc;
}

static int
tell_decision(struct store *st, const struct queue_row *r, json_t *row,
	struct err *e)
{
	struct queue_tell_deciding x = {st, json_object(), e};
	int rc = member_set_new(row, "resolution", x.o, e);

	if (rc != 0)
		return rc;
	rc = member_set_new(x.o, "strategy",
		json_string(conflict_decision_name(r->decision)), e);
	if (rc != 0)
		return rc;
	rc = log_get(st, r->since, queue_tell_change, &x, e);
	return rc < 0 ? rc : 0;
}

/* --- the row -------------------------------------------------------------- */
/* Why the two facts are a conflict, in the words of who compares them. */
static int
tell_why(const struct queue_side *ours, const struct queue_side *theirs,
	json_t *row, struct err *e)
{
	struct fact_verdict v = {0};
	int rc = queue_compare(ours, theirs, &v, e);

	if (rc == 0 && v.reason.data)
		rc = member_set_text(row, "reason", v.reason.data, v.reason.len,
			e);
	buf_done(&v.reason);
	return rc;
}

static int
queue_tell_facts(struct store *st, const struct queue_row *r, json_t *row,
	struct err *e)
{
	AUTO_QUEUE_SIDE struct queue_side ours = {0}, theirs = {0};
	const char *reason = "a text of the two was forgotten";
	int rc = queue_sides(st, &r->c, &ours, &theirs, e);

	if (rc < 0)
		return rc;
	rc = rc == 1 ? tell_why(&ours, &theirs, row, e)
		     : member_set_text(row, "reason", reason, strlen(reason),
			       e);
	if (rc != 0)
		return rc;
	if (ours.text.data)
		rc = tell_side(st, &ours, row, "existing", e);
	if (rc != 0)
		return rc;
	if (theirs.text.data)
		return tell_side(st, &theirs, row, "new", e);
	return 0;
}

/* A conflict of a merge has no two facts; its notes say what both sides
 * have. */
static int
tell_merge(struct store *st, const struct queue_row *r, json_t *row,
	struct err *e)
{
	const char *notes = r->c.notes ? r->c.notes : "it was forgotten";
	AUTO_BUF struct buf name = {0};
	int rc = member_set_text(row, "reason", notes, strlen(notes), e);

	if (rc != 0)
		return rc;
	if (r->c.theirs > 0)
		rc = lens_branch_name(st, r->c.theirs, &name, e);
	if (rc == 1)
		rc = member_set_text(row, "branch", name.data, name.len, e);
	return rc < 0 ? rc : 0;
}

int
queue_tell(struct store *st, const struct queue_row *r, json_t **ret,
	struct err *e)
{
	AUTO_JSON json_t *row = json_pack("{s:I,s:s,s:s,s:I,s:f,s:s}", "id",
		(json_int_t)r->c.id, "state", queue_state_name(r->state),
		"conflict_type", conflict_kind_name(r->c.kind), "existing_id",
		(json_int_t)r->c.entity, "confidence",
		r->c.confidence < 0 ? 1.0
				    : round(r->c.confidence * 1000) / 1000,
		"suggested_action",
		r->c.action > 0 && r->c.action < DECIDED_MAX
			? conflict_decision_name(r->c.action)
			: "keep_both");
	json_t *name = NULL;
	int rc;

	if (!row)
		return err_nomem(e);
	rc = member_entity_name(st, r->c.entity, &name, e);
	if (rc)
		return rc;
	rc = member_set_new(row, "existing_entity", name, e);
	if (rc)
		return rc;
	rc = member_set_time(row, "detected_at", r->c.found, e);
	if (rc)
		return rc;
	rc = conflict_is_of_facts(r->c.kind) ? queue_tell_facts(st, r, row, e)
					     : tell_merge(st, r, row, e);
	if (rc)
		return rc;
	if (r->decision != DECIDED_NOT)
		rc = tell_decision(st, r, row, e);
	if (rc)
		return rc;
	*ret = take_ptr(row);
	return rc;
}
