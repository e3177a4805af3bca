/* What stands beside the changes in an exported log: names that an entity
 * lent, conflicts, what waits for review, and runs. A replay of the changes alone
 * would not bring these back, as they are rows without ops. Each is one line,
 * in an order of its own; the mark of the page says which line was the last,
 * so that the next page goes on behind it. */
#include "memory-db/model/transfer/export.h"

#include "common/jx.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/entity_ids.h"
#include "memory-db/store/log/conflicts.h"
#include "memory-db/store/log/staged.h"

struct alias_run {
	struct export_page *p;
	int64_t skip; /* of the namespace, written before */
};

static int
push_alias(void *ctx, int64_t ns, const char *name, size_t n, int64_t entity)
{
	struct alias_run *run = ctx;
	struct export_page *p = run->p;
	AUTO_JSON json_t *o = NULL;
	int rc;

	if (ns != p->mark->ns) {
		p->mark->ns = ns;
		p->mark->a = run->skip = 0;
	}
	if (run->skip > 0) {
		run->skip--;
		return 0;
	}
	o = json_pack("{s:s, s:I}", "type", "alias", "ns", (json_int_t)ns);
	if (!o)
		return err_nomem(p->e);
	rc = member_set_text(o, "name", name, n, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_int(o, "entity", entity, p->e);
	if (rc != 0)
		return rc;
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->a++;
	return rc;
}

int
export_aliases(struct export_page *p)
{
	struct alias_run run = {p, p->mark->a};

	return entity_each_lent(p->st, p->q->ns, p->q->change, p->mark->ns, "",
		push_alias, &run, p->e);
}

static int
push_conflict(void *ctx, const struct conflict *c)
{
	struct export_page *p = ctx;
	json_t *o AUTO_JSON = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}",
		"type", "conflict", "id", (json_int_t)c->id, "entity",
		(json_int_t)c->entity, "kind", (json_int_t)c->kind, "state",
		(json_int_t)c->state, "found", (json_int_t)c->found);
	const struct {
		const char *key;
		int64_t v;
	} numbers[] = {{"other", c->other}, {"base", c->base},
		{"ours", c->ours}, {"theirs", c->theirs}, {"action", c->action},
		{"closed", c->closed}};
	int rc;

	if (!o)
		return err_nomem(p->e);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		rc = export_set_number(o, numbers[i].key, numbers[i].v,
			CONFLICT_NONE, p->e);
		if (rc != 0)
			return rc;
	}
	rc = export_set_share(o, "confidence", c->confidence, p->e);
	if (rc != 0)
		return rc;
	rc = export_set_string(o, "notes", c->notes, p->e);
	if (rc != 0)
		return rc;
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->a = c->id;
	return 0;
}

static int
push_staged(void *ctx, const struct staged *s)
{
	struct export_page *p = ctx;
	json_t *o AUTO_JSON =
		json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
			"type", "staged", "change", (json_int_t)s->change,
			"branch", (json_int_t)s->branch, "shown",
			(json_int_t)s->shown, "at", (json_int_t)s->at, "facts",
			(json_int_t)s->facts, "bytes", (json_int_t)s->bytes,
			"state", (json_int_t)s->state, "told", (int)s->told);
	int rc;

	if (!o)
		return err_nomem(p->e);
	rc = export_set_number(o, "decided", s->decided, 0, p->e);
	if (rc != 0)
		return rc;
	rc = export_set_number(o, "applied", s->applied, 0, p->e);
	if (rc != 0)
		return rc;
	rc = export_set_string(o, "by", s->by, p->e);
	if (rc != 0)
		return rc;
	rc = export_set_string(o, "note", s->note, p->e);
	if (rc != 0)
		return rc;
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->a = s->change;
	return 0;
}

int
export_conflicts(struct export_page *p)
{
	return conflict_each_at(p->st, p->q->ns, p->q->change, p->mark->a,
		push_conflict, p, p->e);
}

int
export_staged(struct export_page *p)
{
	return staged_each_at(p->st, p->q->ns, p->q->change, p->mark->a,
		push_staged, p, p->e);
}

static int
push_run(void *ctx, json_t *state)
{
	struct export_page *p = ctx;
	AUTO_JSON json_t *o = json_pack("{s:s}", "type", "run");
	int64_t number;
	int rc;

	if (!sliced_run_number(state, &number))
		return 0;
	if (!o || json_object_update(o, state) != 0)
		return err_nomem(p->e);
	rc = export_push(p, take_ptr(o));
	if (rc != 0)
		return rc;
	p->mark->a = number + 1;
	return 0;
}

/* The mark: the number of the run that comes next. */
int
export_runs(struct export_page *p)
{
	const struct sliced_run_range range = {.ns = p->q->ns,
		.since = p->q->since,
		.upto = p->q->change,
		.from = p->mark->a};

	return sliced_run_rows(p->st, &range, push_run, p, p->e);
}
