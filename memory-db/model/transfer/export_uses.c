/* Counters beside the log as lines, when they are asked for: an export without
 * them is the same each time, however much was read in between. The mark of a page:
 * which counter (b), and the entity of the last line (a). */
#include "memory-db/model/transfer/export.h"

#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/beside/uses.h"
#include "memory-db/store/log/log.h"

static int
push_use(void *ctx, const struct use *u)
{
	struct export_page *p = ctx;
	json_t *o AUTO_JSON = NULL;
	int rc;

	if (p->mark->b == USE_READS)
		o = json_pack("{s:s,s:I,s:I,s:I,s:I}", "type", "usage",
			"entity", (json_int_t)u->entity, "n", (json_int_t)u->n,
			"at", (json_int_t)u->last_at, "confirmed",
			(json_int_t)u->confirmed_at);
	else
		o = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "type", "runs",
			"entity", (json_int_t)u->entity, "n", (json_int_t)u->n,
			"at", (json_int_t)u->last_at, "ok", (json_int_t)u->ok,
			"us", (json_int_t)u->us);
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->a = u->entity;
	return 0;
}

static int
note_at(void *ctx, const struct log_change *c)
{
	*(int64_t *)ctx = c->at;
	return 0;
}

/* An hour earlier than the change that the log goes on from: what is counted is
 * stored a moment later, and clocks are set. */
#define SLACK_MS (3600 * 1000)

/* Counters in the order of their lines: those of uses.h, then those of
 * outcomes.h. */
enum { OUTCOMES = USE_KIND_MAX, OUTCOME_DAYS, COUNTERS_MAX };

static int
export_counter(struct export_page *p, int64_t since)
{
	if (p->mark->b >= OUTCOMES)
		return export_outcomes(p, p->mark->b == OUTCOME_DAYS, since);
	return uses_each(p->st, (enum use_kind)p->mark->b, p->q->ns, p->mark->a,
		since, push_use, p, p->e);
}

int
export_uses(struct export_page *p)
{
	int64_t since = INT64_MIN;
	int rc = 0;

	if (p->q->since > 0)
		rc = log_get(p->st, p->q->since, note_at, &since, p->e);
	if (rc < 0)
		return rc;
	if (rc == 1)
		since -= SLACK_MS;
	for (; !p->full && p->mark->b < COUNTERS_MAX; p->mark->b++) {
		rc = export_counter(p, since);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		p->mark->a = 0;
		p->mark->ns = 0;
	}
	return 0;
}
