/* The change of an agent as the policy of its namespace sees it.
 *
 * A policy (model/scope/review_policy.h) asks what a change touches: types,
 * names, tags, how many facts, whether it deletes. This file gathers that
 * from the ops of the change, before the change is sealed. For example an
 * agent adds a fact to Ada and deletes one of Bob: two facts, the type
 * person, the names Ada and Bob, and `deletes` is true; a rule
 * {"when":{"deletes":true},"do":"refuse"} refuses the change. */
#include "memory-db/model/read/expiry.h"
#include "memory-db/model/write/write_policy.h"

#include "common/buf.h"
#include "common/jx.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/log.h"

/* --- what the change touches ---------------------------------------------- */
struct write_policy_gathering {
	struct write *w;
	struct review_change *c;
	struct idset entities; /* looked at */
	/* What an entity or a fact has one of, as shown and as hidden: the new
	 * value replaces the old one, which is no deletion. */
	struct idset shown, hidden;
	struct idset ends; /* what was given an end, as in `shown` */
	struct err *e;
};

struct gathered {
	struct write_policy_gathering *x;
	enum op_what what;
};

static bool
is_single(const struct fact *f)
{
	return f->kind == FACT_EXISTENCE || f->kind == FACT_METADATA ||
	       f->kind == FACT_NOTE;
}

static int
write_policy_note_place(struct write_policy_gathering *x, struct idset *set,
	int64_t of, int kind)
{
	return !idset_put(set, of * 8 + kind + 1) ? err_nomem(x->e) : 0;
}

static int
gather_single(struct write_policy_gathering *x, const struct fact *f,
	enum op_what what)
{
	int64_t of = f->kind == FACT_NOTE ? f->supersedes : f->entity;
	struct idset *set = what == OP_SHOW ? &x->shown : &x->hidden;
	int64_t at;

	/* An end of a fact stands in its metadata. */
	if (what == OP_SHOW && expiry_of_note(f, &at) &&
		write_policy_note_place(x, &x->ends, of, FACT_OBSERVATION) != 0)
		return MDB_E_NOMEM;
	return write_policy_note_place(x, set, of, (int)f->kind);
}

/* Tags of an entity stand in its metadata. */
static int
gather_tags(struct write_policy_gathering *x, const struct fact *f)
{
	AUTO_JSON json_t *o = jx_parse(f->text, f->text_n, NULL);
	json_t *tags = json_object_get(o, "tags");

	return json_is_array(tags) && json_array_extend(x->c->tags, tags) != 0
		       ? err_nomem(x->e)
		       : 0;
}

static int
gather_fact(void *ctx, const struct fact *f)
{
	struct gathered *g = ctx;
	struct write_policy_gathering *x = g->x;
	int rc = 0;

	if (f->kind == FACT_METADATA && f->method == METHOD_SCRIPT)
		x->c->skills = true;
	if (f->kind == FACT_METADATA && g->what == OP_SHOW)
		rc = gather_tags(x, f);
	if (rc != 0 || is_single(f))
		return rc != 0 ? rc : gather_single(x, f, g->what);
	if (g->what == OP_HIDE) {
		x->c->deletes = true;
		return 0;
	}
	if (f->kind == FACT_OBSERVATION)
		return write_policy_note_place(x, &x->shown, f->id,
			FACT_OBSERVATION);
	if (f->kind != FACT_TAG)
		return 0;
	return jx_add(x->c->tags, json_stringn(f->text, f->text_n)) != 0
		       ? err_nomem(x->e)
		       : 0;
}

/* Its name and type, now or, when it is deleted, as they were. */
static int
gather_entity(struct write_policy_gathering *x, int64_t entity)
{
	AUTO_BUF struct buf type = {0};
	json_t *name = NULL;
	int64_t label = 0;
	int rc;

	if (entity == 0 || idset_has(&x->entities, entity))
		return 0;
	if (!idset_put(&x->entities, entity))
		return err_nomem(x->e);
	rc = member_entity_name(x->w->st, entity, &name, x->e);
	if (rc != 0)
		return rc;
	if (jx_add(x->c->entities, name) != 0)
		return err_nomem(x->e);
	rc = fact_existence(x->w->st, entity, NULL, &label, NULL, x->e);
	if (rc == 1)
		rc = label_text(x->w->st, label, &type, x->e);
	if (rc == 1 && jx_add(x->c->types, json_stringn(type.data, type.len)))
		rc = err_nomem(x->e);
	return rc < 0 ? rc : 0;
}

static int
gather_op(void *ctx, const struct log_op *op)
{
	struct write_policy_gathering *x = ctx;
	struct gathered g = {x, op->what};
	int rc = 0;

	if (op->what == OP_ATTR &&
		(op->key == ATTR_PIN || op->key == ATTR_PIN_ASKED))
		x->c->pins = true;
	if (op->what == OP_ATTR && op->key == ATTR_EXPIRES && op->value > 0)
		rc = write_policy_note_place(x, &x->ends, op->entity,
			FACT_EXISTENCE);
	if (rc != 0)
		return rc;
	if (op->what == OP_SHOW || op->what == OP_HIDE)
		rc = fact_get(x->w->st, op->fact, gather_fact, &g, x->e);
	return rc < 0 ? rc : gather_entity(x, op->entity);
}

static int
write_policy_gather(struct write *w, struct review_change *c, struct err *e)
{
	struct write_policy_gathering x = {.w = w, .c = c, .e = e};
	int rc = lens_apply(w->st, &w->scope.lens, e);

	if (rc == 0)
		rc = log_ops(w->st, w->change_id, 0, 0, gather_op, &x, e);
	for (size_t i = 0; i < x.hidden.cap; i++)
		c->deletes |= x.hidden.slots[i].id != 0 &&
			      !idset_has(&x.shown, x.hidden.slots[i].id);
	/* What it gives an end goes by itself later, unless it is new. */
	for (size_t i = 0; i < x.ends.cap; i++)
		c->deletes |= x.ends.slots[i].id != 0 &&
			      (!idset_has(&x.shown, x.ends.slots[i].id) ||
				      idset_has(&x.hidden, x.ends.slots[i].id));
	c->facts = (int64_t)w->entries_n;
	c->bytes = w->bytes;
	idset_done(&x.entities);
	idset_done(&x.shown);
	idset_done(&x.hidden);
	idset_done(&x.ends);
	return rc;
}

/* --- the decision --------------------------------------------------------- */
static int
policy_say(const json_t *rules, const struct review_change *c,
	enum review_do *ret, size_t *ret_rule, struct err *e)
{
	const char *why;

	*ret = review_policy_decide(rules, c, ret_rule, &why);
	return *ret != REVIEW_REFUSE
		       ? 0
		       : err_set(e, MDB_E_DENIED,
				 "nothing was stored: rule %zu of the policy of "
				 "this namespace refuses it%s%.300s",
				 *ret_rule, why ? ": " : "", why ? why : "");
}

int
write_policy(struct write *w, enum review_do *ret, size_t *ret_rule,
	struct err *e)
{
	AUTO_JSON json_t *rules = NULL, *types = json_array();
	AUTO_JSON json_t *entities = json_array(), *tags = json_array();
	struct review_change c = {.tool = w->tool,
		.kind = w->note->kind,
		.client = w->ctx->client,
		.session = w->ctx->session,
		.types = types,
		.entities = entities,
		.tags = tags};
	int rc =
		!types || !entities || !tags
			? err_nomem(e)
			: settings_get(w->st, w->ns, SETTING_policy, &rules, e);

	*ret = w->is_approved ? REVIEW_APPLY : REVIEW_STAGE;
	*ret_rule = 0;
	if (w->is_approved)
		return rc;
	if (rc != 0 || json_array_size(rules) == 0)
		return rc;
	rc = write_policy_gather(w, &c, e);
	if (rc != 0)
		return rc;
	return policy_say(rules, &c, ret, ret_rule, e);
}
