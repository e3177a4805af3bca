/* What is told of curation: the preview of a run that does nothing, and the
 * report of runs that were done. A report reads the rows that a run wrote
 * beside its changes: the rule, the entity, and the numbers on which it was
 * decided. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/curate/curation_internal.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/beside/curated.h"

/* --- preview -------------------------------------------------------------- */
static int
preview_reply(struct running *x, const struct curation_list *l, int64_t change,
	json_t **ret)
{
	AUTO_JSON json_t *by_rule = json_object();
	AUTO_JSON json_t *j = NULL;
	char next[CURSOR_SIZE];

	for (size_t i = 0; by_rule != NULL && i < l->n; i++) {
		const char *name = x->settings.rules[l->v[i].rule].name;
		json_t *n = json_object_get(by_rule, name);

		if (jx_set(by_rule, name,
			    json_integer(json_integer_value(n) + 1)) != 0)
			return err_nomem(x->e);
	}
	j = json_pack("{s:b,s:I,s:I,s:O,s:O}", "dry_run", 1, "looked",
		(json_int_t)l->looked, "moved", (json_int_t)l->n, "by_rule",
		by_rule, "moves", x->moves);
	cursor_format(next, change, l->after, x->judging.now);
	if (!j || (!l->is_end && jx_set(j, "next", json_string(next)) != 0))
		return err_nomem(x->e);
	*ret = take_ptr(j);
	return 0;
}

int
curation_preview(struct call *c, const struct curation_request *q,
	const char *cursor, json_t **ret_reply, struct err *e)
{
	AUTO_CURATION_LIST struct curation_list l = {0};
	AUTO_RUNNING struct running x = {.st = c->st,
		.q = q,
		.moves = json_array(),
		.e = e};
	int64_t change = 0, after = 0, now = clock_now_ms();
	struct scope s;
	int rc = 0;

	if (!x.moves)
		return err_nomem(e);
	if (cursor)
		rc = cursor_parse(cursor, &change, &after, &now, e);
	if (rc)
		return rc;
	rc = scope_read(c->st, c->ctx, change, &s, e);
	if (rc)
		return rc;
	rc = curation_settings_read(c->st, s.ns[0], &x.settings, e);
	if (rc)
		return rc;
	rc = curation_rules_of(&x.settings, q->rules, &x.rules, e);
	if (rc)
		return rc;
	x.judging = (struct judging){.st = c->st,
		.settings = &x.settings,
		.rules = x.rules,
		.now = now,
		.is_preview = true,
		.e = e};
	rc = expiry_begin(c->st, now, &x.judging.expiry, e);
	if (rc)
		return rc;
	if (s.ns[0] == 0)
		l.is_end = true; /* a namespace that is not there yet */
	else
		rc = curation_look(&x.judging, s.ns[0], after, q->rows,
			clock_mono_ns() + q->budget_ns, &l);
	if (rc)
		return rc;
	rc = running_tell(&x, &l);
	if (rc)
		return rc;
	return preview_reply(&x, &l, s.change, ret_reply);
}

/* --- report --------------------------------------------------------------- */
struct report {
	struct store *st;
	json_t *rows;
	size_t most;
	int64_t last; /* seq */
	bool is_more;
	struct err *e;
};

static int
report_row(void *ctx, const struct curated *row)
{
	struct report *r = ctx;
	struct verdict_move v = {.entity = row->entity,
		.was = row->was,
		.becomes = row->became,
		.age_days = row->age_days,
		.quiet_days = row->quiet_days,
		.uses = row->uses};
	json_t *j;
	int rc;

	if (json_array_size(r->rows) >= r->most) {
		r->is_more = true;
		return 1;
	}
	r->last = row->seq;
	/* A rule of another version is not told. */
	if (!curation_rule_find(row->rule, &v.rule, NULL))
		return 0;
	rc = curation_row(r->st, &v, &j, r->e);
	if (rc != 0 || !j)
		return rc;
	if (jx_set(j, "change", json_integer(row->change)) != 0) {
		json_decref(j);
		return err_nomem(r->e);
	}
	return jx_add(r->rows, j) != 0 ? err_nomem(r->e) : 0;
}

static int
report_run(struct report *r, const char *run, const char *cursor,
	const json_t *state, json_t **ret)
{
	json_t *stopped = json_object_get(state, "stopped");
	int64_t change = 0, after = 0, unused = 0;
	AUTO_JSON json_t *j = NULL;
	char next[CURSOR_SIZE];
	int rc = cursor ? cursor_parse(cursor, &change, &after, &unused, r->e)
			: 0;

	if (rc != 0)
		return rc;
	rc = curated_each(r->st, run, after, report_row, r, r->e);
	if (rc < 0)
		return rc;
	j = json_pack("{s:s,s:O,s:O,s:O,s:O}", "run", run, "done",
		json_is_true(json_object_get(state, "open")) ? json_false()
							     : json_true(),
		"by_rule", json_object_get(state, "by_rule"), "changes",
		json_object_get(state, "changes"), "moves", r->rows);
	cursor_format(next, change, r->last, 0);
	if (!j || (r->is_more && jx_set(j, "next", json_string(next)) != 0) ||
		(stopped && json_object_set(j, "stopped", stopped) != 0))
		return err_nomem(r->e);
	*ret = take_ptr(j);
	return 0;
}

/* A run as a line of the list, newest first in the end. */
struct curation_tell_listing {
	int64_t ns;
	json_t *rows;
	struct err *e;
};

static int
list_run(void *ctx, const json_t *state)
{
	struct curation_tell_listing *l = ctx;
	json_t *stopped = json_object_get(state, "stopped"), *row;
	char at[CLOCK_TEXT_SIZE];

	clock_format(json_integer_value(json_object_get(state, "begun")), at);
	row = json_pack("{s:O,s:s,s:b,s:O,s:O}", "run",
		json_object_get(state, "id"), "at", at, "done",
		!json_is_true(json_object_get(state, "open")), "by_rule",
		json_object_get(state, "by_rule"), "changes",
		json_object_get(state, "changes"));
	if (row && stopped && json_object_set(row, "stopped", stopped) != 0) {
		json_decref(row);
		return err_nomem(l->e);
	}
	return !row || json_array_insert_new(l->rows, 0, row) != 0
		       ? err_nomem(l->e)
		       : 0;
}

static int
report_list(struct call *c, int64_t ns, json_t **ret, struct err *e)
{
	AUTO_JSON json_t *rows = json_array();
	struct curation_tell_listing l = {ns, rows, e};
	int rc = rows ? sliced_run_each(c->st, ns, TOOL_NAME(curate), list_run,
				&l, e)
		      : err_nomem(e);

	if (rc < 0)
		return rc;
	*ret = json_pack("{s:O}", "runs", rows);
	return *ret ? 0 : err_nomem(e);
}

int
curation_report(struct call *c, const char *run, const char *cursor,
	size_t rows, json_t **ret_reply, struct err *e)
{
	AUTO_JSON json_t *list = json_array(), *state = NULL;
	struct report r = {c->st, list, rows, 0, false, e};
	struct scope s;
	int rc = list ? scope_read(c->st, c->ctx, 0, &s, e) : err_nomem(e);

	if (rc != 0)
		return rc;
	if (!run)
		return report_list(c, s.ns[0], ret_reply, e);
	rc = sliced_run_state(c->st, run, s.ns[0], TOOL_NAME(curate), &state,
		e);
	if (rc != 0)
		return rc;
	return report_run(&r, run, cursor, state, ret_reply);
}
