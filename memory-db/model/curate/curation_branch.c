/* Consolidation: on a branch of its own, which is merged by the fixed rules of
 * every merge and then discarded.
 *
 *   fork ----> gather ----> merge ----> drop ----> done
 *                 |                      ^
 *                 +--- (brake, nothing) -+
 *
 * Until the merge no read of the curated branch sees anything of it; what was
 * written there meanwhile counts as in any merge. Each arrow is a slice or
 * several, each a change. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/curate/curation_internal.h"
#include "memory-db/model/curate/gather.h"
#include "memory-db/model/time/merge.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"

#define PAGE 16

static int64_t
work_branch(const struct running *x)
{
	return running_int(x, "work");
}

static void
name_branch(const struct running *x, char *out, size_t size)
{
	snprintf(out, size, "curation/%s", x->run.id);
}

/* --- fork and drop -------------------------------------------------------- */
static int
fork_branch(struct running *x, struct write *w)
{
	int64_t fork = change_id(w->change), id = 0;
	char name[64];
	int rc;

	name_branch(x, name, sizeof(name));
	rc = branch_create(w->st, w->ns, name, "similar episodes, to be merged",
		x->branch, fork, &id, x->e);
	if (rc)
		return rc;
	rc = change_branch(w->change, BRANCH_OP_CREATE, id, fork, x->e);
	if (rc)
		return rc;
	rc = running_set(x, "work", id);
	if (rc)
		return rc;
	return running_phase(x, "gather");
}

static int
drop_branch(struct running *x, struct write *w)
{
	int rc =
		branch_set_state(w->st, work_branch(x), BRANCH_DISCARDED, x->e);

	if (rc)
		return rc;
	rc = change_branch(w->change, BRANCH_OP_DISCARD, work_branch(x), 0,
		x->e);
	if (rc)
		return rc;
	return running_phase(x, "done");
}

/* --- gather --------------------------------------------------------------- */
struct gathering {
	int64_t entity[PAGE], existence[PAGE];
	int n;
};

static int
add_entity(void *ctx, const struct fact *f)
{
	struct gathering *g = ctx;

	g->entity[g->n] = f->entity;
	g->existence[g->n] = f->id;
	return ++g->n == PAGE ? 1 : 0;
}

static int
note_group(struct running *x, struct write *w, const struct gather_group *g,
	int64_t entity)
{
	struct verdict_move v = {.rule = CURATION_consolidate,
		.entity = entity,
		.was = g->entity[0],
		.becomes = g->n,
		.uses = g->n};
	struct curation_list one = {.v = &v, .n = 1};
	struct curated row = {.change = change_id(w->change),
		.entity = entity,
		.rule = x->settings.rules[CURATION_consolidate].name,
		.was = v.was,
		.became = v.becomes,
		.uses = v.uses};
	int rc = curated_add(w->st, x->run.id, &row, x->e);

	(void)sliced_run_total(&x->run, "moved", 1);
	if (rc)
		return rc;
	rc = running_set(x, "gathered", running_int(x, "gathered") + g->n);
	if (rc)
		return rc;
	rc = running_tally(x, &one);
	if (rc)
		return rc;
	return running_tell(x, &one);
}

static int
gather_one(struct running *x, struct write *w, int64_t entity)
{
	struct gather_group g;
	int64_t made = 0;
	int rc = gather_find(&x->judging, x->ns, entity, &g);

	if (rc != 0 || g.n == 0)
		return rc;
	rc = gather_write(w, &g, &made, x->e);
	return rc == 0 ? note_group(x, w, &g, made) : rc;
}

/* As many episodes as the time allows, at least one. */
static int
gather(struct running *x, struct write *w)
{
	int64_t deadline = clock_mono_ns() + x->q->budget_ns;
	int64_t after = running_int(x, "after");
	bool is_end = false, is_late = false;
	int rc = 0;

	while (rc == 0 && !is_end && !is_late) {
		struct gathering g = {.n = 0};

		rc = fact_each_entity(w->st, x->ns, after, add_entity, &g,
			x->e);
		if (rc < 0)
			return rc;
		rc = 0;
		is_end = g.n < PAGE;
		for (int i = 0; rc == 0 && i < g.n && !is_late; i++) {
			rc = gather_one(x, w, g.entity[i]);
			after = g.existence[i];
			is_late = clock_mono_ns() > deadline &&
				  !(is_end && i == g.n - 1);
		}
	}
	if (rc)
		return rc;
	rc = running_brake(x, running_int(x, "gathered"));
	if (rc)
		return rc;
	if (x->is_stopped) {
		x->is_stopped = false; /* when the branch is gone */
		(void)json_object_del(json_object_get(x->run.state, "by_rule"),
			x->settings.rules[CURATION_consolidate].name);
		return running_phase(x, "drop");
	}
	rc = running_set(x, "after", after);
	if (rc || !is_end || is_late)
		return rc;
	return running_phase(x,
		running_int(x, "gathered") > 0 ? "merge" : "drop");
}

/* --- merge ---------------------------------------------------------------- */
static int
merge_part(struct running *x, struct write *w, struct merge_result *m)
{
	int rc;

	x->run.room = LIMIT_SLICE_FACTS;
	rc = merge_slice(w, work_branch(x), &x->run, m, x->e);
	if (rc)
		return rc;
	rc = write_end(w, x->e);
	if (rc)
		return rc;
	rc = merge_record_run(w, work_branch(x), &x->run, m, x->e);
	if (rc || m->remaining > 0)
		return rc;
	return running_phase(x, "drop");
}

static int
merge(struct running *x, struct write *w)
{
	struct merge_result m = {0};
	int rc = merge_part(x, w, &m);

	merge_result_done(&m);
	return rc;
}

/* --- a slice -------------------------------------------------------------- */
static const struct step {
	const char *phase;
	enum change_kind kind;
	enum { ON_MAIN, ON_WORK, ON_TARGET } on;
	int (*run)(struct running *x, struct write *w);
} steps[] = {
	{"fork", CHANGE_BRANCH, ON_MAIN, fork_branch},
	{"gather", CHANGE_CURATE, ON_WORK, gather},
	{"merge", CHANGE_CURATE, ON_TARGET, merge},
	{"drop", CHANGE_BRANCH, ON_MAIN, drop_branch},
};

static int
run_step(struct running *x, struct call *c, const struct step *s)
{
	int64_t on = s->on == ON_MAIN	? STORE_MAIN
		     : s->on == ON_WORK ? work_branch(x)
					: x->branch;
	const struct context *given = c->ctx;
	struct context own = *given;
	AUTO_WRITE struct write w = {0};
	char message[80];
	int rc;

	snprintf(message, sizeof(message), "curation %s: %s", x->run.id,
		x->settings.rules[CURATION_consolidate].name);
	if (!own.message)
		own.message = message;
	c->ctx = &own;
	rc = write_begin_on(&w, c, s->kind, on,
		s->on == ON_TARGET ? work_branch(x) : 0, x->e);
	if (rc == 0)
		rc = s->run(x, &w);
	if (rc == 0 && s->on != ON_TARGET)
		rc = write_end(&w, x->e);
	c->ctx = given;
	x->change = w.change_id;
	return rc;
}

int
curation_consolidate(struct running *x, struct call *c)
{
	const char *phase = jx_text(x->run.state, "phase");
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (strcmp(steps[i].phase, phase) == 0) {
			rc = run_step(x, c, &steps[i]);
			break;
		}
	phase = jx_text(x->run.state, "phase");
	x->is_more = !phase || strcmp(phase, "done") != 0;
	return rc;
}
