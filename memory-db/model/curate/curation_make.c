/* The rules that make something new: entities gathered in a group, procedures
 * out of sequences, summaries of days. Each goes through entities, facts or
 * days from where the slice before ended, as many as the time of the slice
 * allows, at least one, so that a run ends. The makers work one after the
 * other (makers[]) on a branch of their own, which is merged in the end, or
 * dropped when they gathered more than the brake allows. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/curate/curation_internal.h"
#include "memory-db/model/curate/days.h"
#include "memory-db/model/curate/gather.h"
#include "memory-db/model/curate/sequences.h"
#include "memory-db/store/beside/curated.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/log/change.h"

#define PAGE 16

static const struct maker {
	const char *phase;
	enum curation_rule_id rule;
} makers[] = {
	{"gather", CURATION_consolidate},
	{"sequence", CURATION_procedure},
	{"day", CURATION_day_summary},
};

const char *
running_maker(const struct running *x, const char *phase)
{
	bool is_behind = phase == NULL;

	for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
		if (is_behind && (x->rules >> makers[i].rule & 1))
			return makers[i].phase;
		is_behind |= phase && strcmp(phase, makers[i].phase) == 0;
	}
	return running_int(x, "made") > 0 ? "merge" : "drop";
}

/* Notes that a rule made one entity out of `of` others. */
static int
note_made(struct running *x, struct write *w, const struct verdict_move *v,
	int64_t of)
{
	struct verdict_move made = *v;
	struct curation_list one = {.v = &made, .n = 1};
	struct curated row = {.change = change_id(w->change),
		.entity = v->entity,
		.rule = x->settings.rules[v->rule].name,
		.was = v->was,
		.became = v->becomes,
		.uses = v->uses};
	int rc = curated_add(w->st, x->run.id, &row, x->e);

	(void)sliced_run_total(&x->run, "moved", 1);
	if (rc)
		return rc;
	rc = running_set(x, "gathered", running_int(x, "gathered") + of);
	if (rc)
		return rc;
	rc = running_set(x, "made", running_int(x, "made") + 1);
	if (rc)
		return rc;
	rc = running_tally(x, &one);
	if (rc)
		return rc;
	return running_tell(x, &one);
}

/* --- pages of what is looked at ------------------------------------------- */
/* What is looked at next, and where it stands. */
struct curation_make_page {
	int64_t id[PAGE], place[PAGE];
	int n;
};

static int
page_entity(void *ctx, const struct fact *f)
{
	struct curation_make_page *p = ctx;

	p->id[p->n] = f->entity;
	p->place[p->n] = f->id;
	return ++p->n == PAGE ? 1 : 0;
}

/* Every fact is a place, so that a page of relations ends, too. */
static int
page_fact(void *ctx, const struct fact *f)
{
	struct curation_make_page *p = ctx;

	p->id[p->n] = f->kind == FACT_OBSERVATION ? f->id : 0;
	p->place[p->n] = f->id;
	return ++p->n == PAGE ? 1 : 0;
}

static int
read_entities(struct running *x, int64_t after, struct curation_make_page *ret)
{
	int rc = fact_each_entity(x->st, x->ns, after, page_entity, ret, x->e);

	return rc < 0 ? rc : 0;
}

static int
curation_make_read_facts(struct running *x, int64_t after,
	struct curation_make_page *ret)
{
	int rc = fact_each_stored(x->st, x->ns, after, page_fact, ret, x->e);

	return rc < 0 ? rc : 0;
}

/* Days that are over; `after` is the one looked at last. */
static int
read_days(struct running *x, int64_t after, struct curation_make_page *ret)
{
	int64_t first, end;
	int rc = day_range(&x->judging, x->ns, &first, &end);

	if (rc)
		return rc;
	if (after >= first)
		first = after + 1;
	for (; first < end && ret->n < PAGE; first++) {
		ret->id[ret->n] = first;
		ret->place[ret->n++] = first;
	}
	return 0;
}

/* The makers have gathered too much: the branch goes unmerged. */
static int
give_up(struct running *x)
{
	json_t *by_rule = json_object_get(x->run.state, "by_rule");

	x->is_stopped = false; /* when the branch is gone */
	for (size_t i = 0; i < ARRAY_LEN(makers); i++)
		(void)json_object_del(by_rule,
			x->settings.rules[makers[i].rule].name);
	return running_phase(x, "drop");
}

/* As many as the time allows, at least one. */
static int
make(struct running *x, struct write *w, const char *phase,
	int (*read)(struct running *x, int64_t after,
		struct curation_make_page *ret),
	int (*one)(struct running *x, struct write *w, int64_t id))
{
	int64_t deadline = clock_mono_ns() + x->q->budget_ns;
	int64_t after = running_int(x, "after");
	bool is_end = false, is_late = false;
	int rc;

	while (!is_end && !is_late) {
		struct curation_make_page p = {.n = 0};

		rc = read(x, after, &p);
		if (rc)
			return rc;
		is_end = p.n < PAGE;
		for (int i = 0; i < p.n && !is_late; i++) {
			rc = p.id[i] != 0 ? one(x, w, p.id[i]) : 0;
			if (rc)
				return rc;
			after = p.place[i];
			is_late = clock_mono_ns() > deadline &&
				  !(is_end && i == p.n - 1);
		}
	}
	rc = running_brake(x, running_int(x, "gathered"));
	if (rc)
		return rc;
	if (x->is_stopped)
		return give_up(x);
	rc = running_set(x, "after", after);
	if (rc || !is_end || is_late)
		return rc;
	return running_phase(x, running_maker(x, phase));
}

/* --- the makers ----------------------------------------------------------- */
static int
curation_make_gather_one(struct running *x, struct write *w, int64_t entity)
{
	struct verdict_move v = {.rule = CURATION_consolidate};
	struct gather_group g;
	int rc = gather_find(&x->judging, x->ns, entity, &g);

	if (rc || g.n == 0)
		return rc;
	rc = gather_write(w, &g, &v.entity, x->e);
	if (rc)
		return rc;
	v.was = g.entity[0];
	v.becomes = v.uses = g.n;
	return note_made(x, w, &v, g.n);
}

int
running_gather(struct running *x, struct write *w)
{
	return make(x, w, "gather", read_entities, curation_make_gather_one);
}

static int
sequence_one(struct running *x, struct write *w, int64_t fact)
{
	struct verdict_move v = {.rule = CURATION_procedure};
	struct sequence s;
	int rc = sequence_find(&x->judging, x->ns, fact, &s);

	if (rc || s.tracks == 0)
		return rc;
	rc = sequence_write(w, &s, &v.entity, x->e);
	if (rc)
		return rc;
	v.was = s.steps;
	v.becomes = v.uses = s.tracks;
	return note_made(x, w, &v, s.tracks);
}

int
running_sequences(struct running *x, struct write *w)
{
	return make(x, w, "sequence", curation_make_read_facts, sequence_one);
}

/* A summary touches nothing of what is there: the brake does not count it. */
static int
day_one(struct running *x, struct write *w, int64_t number)
{
	struct verdict_move v = {.rule = CURATION_day_summary};
	struct day d;
	int rc = day_find(&x->judging, x->ns, number, &d);

	if (rc || d.n == 0)
		return rc;
	rc = day_write(w, &d, &v.entity, x->e);
	if (rc)
		return rc;
	v.was = number;
	v.becomes = v.uses = d.n;
	return note_made(x, w, &v, 0);
}

int
running_days(struct running *x, struct write *w)
{
	return make(x, w, "day", read_days, day_one);
}
