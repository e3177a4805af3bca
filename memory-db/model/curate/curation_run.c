/* A slice of a run: it counts, is stopped by the brake, or writes a change.
 *
 *   count ----> (brake) ----> apply ----> done
 *                  |
 *                  +---> stopped: nothing was written
 *
 * The state of the run (model/time/sliced_run.h) has besides what each run has:
 *   "phase"   "count", "apply" and those of curation_branch.c
 *   "after"   existence fact looked at last
 *   "begun"   time of its begin       "looked"  entities counted
 *   "would"   what it is going to do  "passed"  entities in the phase apply
 *   "stopped" why, or absent
 * Judging depends on `begun` and not on the time of the slice, so a run that is
 * interrupted for a day decides as it would have without that. */
#include "memory-db/model/curate/curation.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/curate/curation_internal.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/change.h"

#define COUNT_MOST 4000 /* verdicts of a slice that only counts */

int64_t
running_int(const struct running *x, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(x->run.state, key));
}

int
running_set(struct running *x, const char *key, int64_t v)
{
	return jx_set(x->run.state, key, json_integer(v)) != 0 ? err_nomem(x->e)
							       : 0;
}

static bool
is_counting(const struct running *x)
{
	const char *phase = jx_text(x->run.state, "phase");

	return phase != NULL && strcmp(phase, "count") == 0;
}

int
running_phase(struct running *x, const char *phase)
{
	return jx_set(x->run.state, "phase", json_string(phase)) != 0
		       ? err_nomem(x->e)
		       : running_set(x, "after", 0);
}

int
running_tally(struct running *x, const struct curation_list *l)
{
	json_t *by_rule = json_object_get(x->run.state, "by_rule");

	for (size_t i = 0; i < l->n; i++) {
		const char *name = x->settings.rules[l->v[i].rule].name;
		json_t *n = json_object_get(by_rule, name);

		if (jx_set(by_rule, name,
			    json_integer(json_integer_value(n) + 1)) != 0)
			return err_nomem(x->e);
	}
	return 0;
}

/* --- begin ---------------------------------------------------------------- */
static int
begin_state(struct running *x)
{
	json_t *s = x->run.state;

	if (!x->run.is_new)
		return 0;
	if (jx_set(s, "by_rule", json_object()) != 0)
		return err_nomem(x->e);
	if (running_set(x, "begun", clock_now_ms()) != 0)
		return MDB_E_NOMEM;
	return running_phase(x, "count");
}

static int
running_begin(struct running *x, struct call *c,
	const struct curation_request *q)
{
	char target[64];
	struct write head = {.st = c->st};
	int rc = scope_write(c->st, c->ctx, &x->ns, &x->branch, x->e);

	if (rc)
		return rc;
	rc = curation_settings_read(c->st, x->ns, &x->settings, x->e);
	if (rc)
		return rc;
	rc = curation_rules_of(&x->settings, q->rules, &x->rules, x->e);
	if (rc)
		return rc;
	if (q->is_alone && x->settings.alone == CURATION_TIERS)
		x->rules &= ~CURATION_MAKERS;
	/* One target for a run that was begun by hand, too: it is one run. */
	head.ns = x->ns;
	snprintf(target, sizeof(target), "%" PRId64 " %" PRIx64, x->branch,
		x->rules);
	rc = sliced_run_begin(&x->run, &head, TOOL_NAME(curate), target,
		x->branch, x->e);
	if (rc != 0)
		return rc;
	rc = begin_state(x);
	if (rc)
		return rc;
	x->judging = (struct judging){.st = c->st,
		.settings = &x->settings,
		.rules = x->rules,
		.now = running_int(x, "begun"),
		.e = x->e};
	return expiry_begin(c->st, x->judging.now, &x->judging.expiry, x->e);
}

/* --- the brake ------------------------------------------------------------ */
static double
brake_most(const struct running *x)
{
	double share =
		x->settings.brake_share * (double)running_int(x, "looked");

	return share > x->settings.brake_least ? share
					       : x->settings.brake_least;
}

int
running_brake(struct running *x, int64_t would)
{
	char why[320];

	if (x->q->over_brake || (double)would <= brake_most(x))
		return 0;
	snprintf(why, sizeof(why),
		"stopped: this run would touch %" PRId64 " of %" PRId64
		" entities, more than %.0f (setting `curation`: brake_share, "
		"brake_least); look at it with dry_run, then pass confirm:true "
		"(memoryctl curate --confirm) to have it done",
		would, running_int(x, "looked"), brake_most(x));
	x->is_stopped = true;
	return jx_set(x->run.state, "stopped", json_string(why)) != 0
		       ? err_nomem(x->e)
		       : 0;
}

/* Verdicts that count for the brake: of an end somebody has decided. */
static int64_t
braked(const struct curation_list *l)
{
	int64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->v[i].rule != CURATION_expire;
	return n;
}

/* --- phases --------------------------------------------------------------- */
/* Counts until the time is up; *ret_more: it is not through. */
static int
curation_run_count(struct running *x, int64_t deadline, bool *ret_more)
{
	AUTO_CURATION_LIST struct curation_list l = {0};
	int rc = curation_look(&x->judging, x->ns, running_int(x, "after"),
		COUNT_MOST, deadline, &l);

	if (rc)
		return rc;
	/* Else the next slice would count the same again, for ever. */
	assert(l.is_end || l.looked > 0);
	rc = running_set(x, "looked", running_int(x, "looked") + l.looked);
	if (rc)
		return rc;
	rc = running_set(x, "would", running_int(x, "would") + braked(&l));
	if (rc)
		return rc;
	rc = running_set(x, "after", l.after);
	*ret_more = !l.is_end;
	if (rc || !l.is_end)
		return rc;
	rc = running_brake(x, running_int(x, "would"));
	if (rc)
		return rc;
	return running_phase(x, "apply");
}

static int
curation_run_apply(struct running *x, struct call *c, int64_t deadline,
	bool *ret_more)
{
	AUTO_CURATION_LIST struct curation_list l = {0};
	int rc = curation_look(&x->judging, x->ns, running_int(x, "after"),
		LIMIT_CURATE_MOVES, deadline, &l);

	if (rc)
		return rc;
	rc = running_cut(x, &l);
	if (rc)
		return rc;
	/* What was written since it was counted may be too much as well. */
	rc = running_brake(x, running_int(x, "braked") + braked(&l));
	if (rc || x->is_stopped)
		return rc;
	if (l.n > 0)
		rc = running_write(x, c, &l);
	*ret_more = !l.is_end;
	if (rc)
		return rc;
	rc = running_set(x, "braked", running_int(x, "braked") + braked(&l));
	if (rc)
		return rc;
	rc = running_tally(x, &l);
	if (rc)
		return rc;
	rc = running_tell(x, &l);
	if (rc)
		return rc;
	rc = running_set(x, "after", l.after);
	if (rc)
		return rc;
	(void)sliced_run_total(&x->run, "moved", (int64_t)l.n);
	return running_set(x, "passed", running_int(x, "passed") + l.looked);
}

static bool
is_applying(const struct running *x)
{
	const char *phase = jx_text(x->run.state, "phase");

	return phase != NULL && strcmp(phase, "apply") == 0;
}

static bool
consolidates(const struct running *x)
{
	return (x->rules & CURATION_MAKERS) != 0;
}

/* As many slices of counting as the time allows, then one that writes. */
static int
curation_run_work(struct running *x, struct call *c)
{
	int64_t deadline = clock_mono_ns() + x->q->budget_ns;
	bool more = true;
	int rc = 0;

	if (is_counting(x))
		rc = curation_run_count(x, deadline, &more);
	x->is_more = true;
	if (rc != 0 || x->is_stopped || is_counting(x))
		return rc;
	if (!is_applying(x))
		return curation_consolidate(x, c);
	rc = curation_run_apply(x, c, deadline, &more);
	if (rc != 0 || more || x->is_stopped || !consolidates(x)) {
		x->is_more = more;
		return rc;
	}
	return running_phase(x, "fork");
}

/* --- a slice -------------------------------------------------------------- */
static int64_t
remaining(const struct running *x)
{
	int64_t left = running_int(x, "looked") - running_int(x, "passed");

	if (x->is_stopped || !x->is_more)
		return 0;
	return left > 0 ? left : 1;
}

/* A run that found nothing to do is not kept, so a reply must not name it. */
static bool
curation_run_is_kept(const struct running *x)
{
	return x->is_more || !x->run.is_new || x->change != 0;
}

static int
curation_run_reply(struct running *x, json_t **ret, struct err *e)
{
	json_t *stopped = json_object_get(x->run.state, "stopped");
	AUTO_JSON json_t *j = json_pack("{s:I,s:I,s:O,s:O}", "looked",
		(json_int_t)running_int(x, "looked"), "moved",
		(json_int_t)sliced_run_total(&x->run, "moved", 0), "by_rule",
		json_object_get(x->run.state, "by_rule"), "moves", x->moves);

	if (!j ||
		(x->change != 0 &&
			jx_set(j, "change", json_integer(x->change)) != 0) ||
		(stopped && json_object_set(j, "stopped", stopped) != 0))
		return err_nomem(e);
	if (!curation_run_is_kept(x) ? jx_set(j, "done", json_true()) != 0
				     : sliced_run_reply(&x->run, j, e) != 0)
		return err_nomem(e);
	*ret = take_ptr(j);
	return 0;
}

int
curation_slice(struct call *c, const struct curation_request *q,
	json_t **ret_reply, struct err *e)
{
	AUTO_RUNNING struct running x = {.st = c->st,
		.q = q,
		.moves = json_array(),
		.e = e};
	int rc = x.moves ? running_begin(&x, c, q) : err_nomem(e);

	if (rc)
		return rc;
	rc = curation_run_work(&x, c);
	if (rc)
		return rc;
	/* A run that was stopped is kept, to be told. */
	if (x.is_stopped)
		x.run.is_new = false;
	rc = sliced_run_end(&x.run, x.change, remaining(&x), e);
	if (rc != 0)
		return rc;
	return curation_run_reply(&x, ret_reply, e);
}

/* --- rows that are told --------------------------------------------------- */
int
running_tell(struct running *x, const struct curation_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		json_t *row;
		int rc;

		if (json_array_size(x->moves) >= x->q->rows)
			return 0;
		rc = curation_row(x->st, &l->v[i], &row, x->e);
		if (rc != 0)
			return rc;
		if (row && jx_add(x->moves, row) != 0)
			return err_nomem(x->e);
	}
	return 0;
}

void
running_done(struct running *x)
{
	json_decref(x->moves);
	sliced_run_done(&x->run);
}
