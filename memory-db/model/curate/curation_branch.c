/* What makes new entities (curation_make.c) works on a branch of its own, which
 * is merged by the fixed rules of every merge and then discarded.
 *
 *   fork ----> gather, sequence, day ----> merge ----> drop ----> done
 *                 |                                      ^
 *                 +---------- (brake, nothing) ----------+
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
#include "memory-db/model/time/merge.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"

static int64_t
work_branch(const struct running *x)
{
	return running_int(x, "work");
}

static void
curation_branch_name_branch(const struct running *x, char *out, size_t size)
{
	snprintf(out, size, "curation/%s", x->run.id);
}

/* --- fork and drop -------------------------------------------------------- */
static int
curation_branch_fork_branch(struct running *x, struct write *w)
{
	int64_t fork = change_id(w->change), id = 0;
	char name[64];
	int rc;

	curation_branch_name_branch(x, name, sizeof(name));
	rc = branch_create(w->st, w->ns, name,
		"what curation makes, to be merged", x->branch, fork, &id,
		x->e);
	if (rc)
		return rc;
	rc = change_branch(w->change, BRANCH_OP_CREATE, id, fork, x->e);
	if (rc)
		return rc;
	rc = running_set(x, "work", id);
	if (rc)
		return rc;
	return running_phase(x, running_maker(x, NULL));
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

/* --- merge ---------------------------------------------------------------- */
static int
curation_branch_merge_part(struct running *x, struct write *w,
	struct merge_result *m)
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
curation_branch_merge(struct running *x, struct write *w)
{
	struct merge_result m = {0};
	int rc = curation_branch_merge_part(x, w, &m);

	merge_result_done(&m);
	return rc;
}

/* --- a slice -------------------------------------------------------------- */
static const struct curation_branch_step {
	const char *phase;
	enum change_kind kind;
	enum { ON_MAIN, ON_WORK, ON_TARGET } on;
	int (*run)(struct running *x, struct write *w);
} steps[] = {
	{"fork", CHANGE_BRANCH, ON_MAIN, curation_branch_fork_branch},
	{"gather", CHANGE_CURATE, ON_WORK, running_gather},
	{"sequence", CHANGE_CURATE, ON_WORK, running_sequences},
	{"day", CHANGE_CURATE, ON_WORK, running_days},
	{"merge", CHANGE_CURATE, ON_TARGET, curation_branch_merge},
	{"drop", CHANGE_BRANCH, ON_MAIN, drop_branch},
};

/* The branch that a step writes on. */
static int64_t
step_branch(const struct running *x, const struct curation_branch_step *s)
{
	switch (s->on) {
	case ON_MAIN:
		return STORE_MAIN;
	case ON_WORK:
		return work_branch(x);
	case ON_TARGET:
		break;
	}
	return x->branch;
}

static int
curation_branch_write_step(struct running *x, struct write *w, struct call *c,
	const struct curation_branch_step *s)
{
	int rc = write_begin_on(w, c, s->kind, step_branch(x, s),
		s->on == ON_TARGET ? work_branch(x) : 0, x->e);

	if (rc != 0)
		return rc;
	/* A retry: the step of then was done, none is done now. */
	if (w->replay)
		return write_end(w, x->e);
	rc = s->run(x, w);
	if (rc != 0 || s->on == ON_TARGET)
		return rc;
	return write_end(w, x->e);
}

static int
run_step(struct running *x, struct call *c,
	const struct curation_branch_step *s)
{
	const struct context *given = c->ctx;
	struct context own = *given;
	AUTO_WRITE struct write w = {0};
	char message[80];
	int rc;

	snprintf(message, sizeof(message), "curation %s: %s", x->run.id,
		s->phase);
	if (!own.message)
		own.message = message;
	c->ctx = &own;
	rc = curation_branch_write_step(x, &w, c, s);
	c->ctx = given;
	x->change = w.change_id;
	return rc;
}

int
curation_consolidate(struct running *x, struct call *c)
{
	const char *phase = jx_text(x->run.state, "phase");
	size_t i = 0;
	int rc;

	while (phase && i < ARRAY_LEN(steps) &&
		strcmp(steps[i].phase, phase) != 0)
		i++;
	if (!phase || i == ARRAY_LEN(steps))
		return err_set(x->e, MDB_E_CORRUPT,
			"the state of curation %s is damaged: there is no "
			"phase '%.40s'",
			x->run.id, phase ? phase : "");
	rc = run_step(x, c, &steps[i]);
	phase = jx_text(x->run.state, "phase");
	x->is_more = !phase || strcmp(phase, "done") != 0;
	return rc;
}
