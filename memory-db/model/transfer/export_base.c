/* What a log says of a base (store/log/base.h): which changes are folded, and the
 * numbers that a replay cannot count up to. */
#include "memory-db/model/transfer/export.h"

#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/log/base.h"
#include "memory-db/store/log/log.h"

/* Is the change part of a base? 1, 0. */
static int
is_folded(struct export_page *p, int64_t ns, int64_t change)
{
	int rc = p->base_ns == ns ? 0
				  : log_base(p->st, ns, &p->base, NULL, p->e);

	if (rc != 0)
		return rc;
	p->base_ns = ns;
	return change <= p->base;
}

/* A number of the row that a replay cannot count up to. */
int
export_base_op(struct export_page *p, json_t *o, const struct log_op *op)
{
	int64_t row;
	int rc = is_folded(p, op->fact >> STORE_NS_SHIFT, op->change);

	if (rc == 1)
		rc = log_base_past(p->st, op->fact, op->change, &row, p->e);
	return rc == 1 ? member_set_int(o, "past", row, p->e) : rc;
}

int
export_base_change(struct export_page *p, json_t *o, const struct log_change *c)
{
	int rc = is_folded(p, c->ns, c->id);

	if (rc != 1)
		return rc;
	rc = member_set_int(o, "fact_max", c->fact_max, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "past_max", c->past_max, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "folded", json_true(), p->e);
	if (rc != 0 || c->id != p->base)
		return rc;
	return member_set_new(o, "base", json_true(), p->e);
}

static int
push_version(void *ctx, const struct version_kept *v)
{
	struct export_page *p = ctx;
	int rc;

	if (v->entity != p->mark->a) {
		p->mark->a = v->entity;
		p->mark->b = 0;
		p->skip = 0;
	}
	if (p->skip > 0) {
		p->skip--;
		return 0;
	}
	rc = export_push(p,
		json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I}", "type", "version",
			"ns", (json_int_t)v->ns, "entity",
			(json_int_t)v->entity, "branch", (json_int_t)v->branch,
			"n", (json_int_t)v->n, "change", (json_int_t)v->change,
			"bytes", (json_int_t)v->bytes));
	if (rc != 0)
		return rc;
	p->mark->b++;
	return 0;
}

/* A log that goes on from a change has none of them. */
int
export_base_versions(struct export_page *p)
{
	int64_t base, after = p->mark->a > 0 ? p->mark->a - 1 : 0;
	int rc = log_base_newest(p->st, &base, p->e);

	if (rc != 0 || base == 0 || p->q->since > 0)
		return rc;
	p->skip = p->mark->b;
	return log_base_versions(p->st, p->q->ns, after, push_version, p, p->e);
}
