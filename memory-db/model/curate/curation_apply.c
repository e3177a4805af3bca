/* What a slice of a run does: its verdicts, as one change.
 *
 * A slice must not keep the writer for long, so it is cut by what it costs: to
 * move an entity sets one attribute, to hide one closes the span of each of
 * its facts. So a few hidden entities, or a part of a large one, make a slice;
 * the next slice begins with the entity at which this one was cut.
 *
 *   verdicts   a: hide (3 facts)   b: move   c: hide (9,000 facts)
 *   slice 1    a, b                then c in parts, told with the last
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "memory-db/model/curate/curation_internal.h"
#include "memory-db/model/write/write_expiry.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/change.h"

/* What goes by itself: the whole entity, or the facts of it whose end has come.
 * A large one goes in parts, each a slice; *ret_left: not all of it is gone. */
static int
curation_apply_hide(struct running *x, struct write *w,
	const struct verdict_move *v, size_t *ret_left)
{
	int64_t facts = 0;

	if (v->rule == CURATION_expire && v->becomes == 0)
		return write_expire_facts(w, v->entity, x->judging.now, &facts,
			x->e);
	return write_hide_part(w, v->entity, LIMIT_SLICE_FACTS, ret_left, x->e);
}

static int
do_verdict(struct running *x, struct write *w, const struct verdict_move *v,
	size_t *ret_left)
{
	switch (x->settings.rules[v->rule].act) {
	case CURATE_MOVE:
		return write_attr(w, v->entity, ATTR_TIER, v->becomes, x->e);
	case CURATE_CONFIRM:
		return write_attr(w, v->entity, ATTR_CONFIRMED, v->becomes,
			x->e);
	case CURATE_EXPIRE:
	case CURATE_HIDE:
		return curation_apply_hide(x, w, v, ret_left);
	case CURATE_TOLD:
	case CURATE_SEQUENCE:
	case CURATE_DAY:
	case CURATE_GATHER:
		break;
	}
	return 0;
}

/* *ret_left: more of it is to be done. */
static int
apply_one(struct running *x, struct write *w, const struct verdict_move *v,
	bool *ret_left)
{
	const struct curation_rule *r = &x->settings.rules[v->rule];
	struct curated row = {.change = change_id(w->change),
		.entity = v->entity,
		.rule = r->name,
		.was = v->was,
		.became = v->becomes,
		.age_days = v->age_days,
		.quiet_days = v->quiet_days,
		.uses = v->uses};
	AUTO_BUF struct buf name = {0};
	size_t left = 0;
	int rc = fact_existence(w->st, v->entity, NULL, NULL, &name, x->e);

	if (rc < 0)
		return rc;
	rc = do_verdict(x, w, v, &left);
	if (rc)
		return rc;
	*ret_left = left > 0;
	if (left > 0)
		return 0; /* told with its last part */
	rc = curated_add(w->st, x->run.id, &row, x->e);
	if (rc)
		return rc;
	return !buf_str(&name) ? err_nomem(x->e)
			       : write_note(w, name.data, x->e);
}

/* "curation run-1a2b3c4d: 12 to_episodic, 3 settle". */
static int
curation_apply_make_message(struct running *x, const struct curation_list *l,
	struct buf *out)
{
	int64_t n[CURATION_RULES] = {0};
	const char *between = ": ";
	int rc = buf_addf(out, "curation %s", x->run.id);

	for (size_t i = 0; i < l->n; i++)
		n[l->v[i].rule]++;
	if (rc != 0)
		return err_nomem(x->e);
	for (int i = 0; i < CURATION_RULES; i++) {
		if (n[i] == 0)
			continue;
		if (buf_addf(out, "%s%" PRId64 " %s", between, n[i],
			    x->settings.rules[i].name) != 0)
			return err_nomem(x->e);
		between = ", ";
	}
	return !buf_str(out) ? err_nomem(x->e) : 0;
}

/* The list ends before verdict n, and the next slice begins with its entity. */
static int
cut_list(struct running *x, struct curation_list *l, size_t n)
{
	int64_t existence = 0;
	int rc = fact_existence(x->st, l->v[n].entity, &existence, NULL, NULL,
		x->e);

	if (rc != 1)
		return rc < 0 ? rc : 0;
	l->n = n;
	l->after = existence - 1;
	l->is_end = false;
	return 0;
}

int
running_cut(struct running *x, struct curation_list *l)
{
	size_t hidden = 0;

	for (size_t i = 0; i < l->n; i++) {
		enum curation_act act = x->settings.rules[l->v[i].rule].act;

		hidden += act == CURATE_EXPIRE || act == CURATE_HIDE;
		if (hidden > LIMIT_CURATE_HIDES)
			return cut_list(x, l, i);
	}
	return 0;
}

static int
apply_list(struct running *x, struct write *w, struct curation_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		bool is_left = false;
		int rc = apply_one(x, w, &l->v[i], &is_left);

		if (rc)
			return rc;
		if (is_left)
			return cut_list(x, l, i);
	}
	return 0;
}

static int
write_list(struct running *x, struct write *w, struct call *c,
	struct curation_list *l)
{
	int rc = write_begin(w, c, CHANGE_CURATE, x->e);

	if (rc != 0)
		return rc;
	/* A retry of a slice that was written: the run stays where it is. */
	if (w->replay) {
		l->n = 0;
		l->looked = 0;
		l->after = running_int(x, "after");
		l->is_end = false;
		return write_end(w, x->e);
	}
	rc = apply_list(x, w, l);
	if (rc != 0)
		return rc;
	rc = write_end(w, x->e);
	if (rc != 0)
		return rc;
	return curated_trim(w->st, x->run.id, x->e);
}

int
running_write(struct running *x, struct call *c, struct curation_list *l)
{
	const struct context *given = c->ctx;
	struct context own = *given;
	AUTO_BUF struct buf message = {0};
	AUTO_WRITE struct write w = {0};
	int rc = curation_apply_make_message(x, l, &message);

	if (rc != 0)
		return rc;
	if (!own.message)
		own.message = message.data;
	c->ctx = &own;
	rc = write_list(x, &w, c, l);
	c->ctx = given;
	x->change = w.change_id;
	return rc;
}
