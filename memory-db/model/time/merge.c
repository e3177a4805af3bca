/* Three-way merge of a branch into its parent: the order of the work.
 * merge.h has the rules and an example of what comes, stays and is in
 * conflict.
 *
 * First the facts are gathered that the branch touched since the fork, or
 * since the merge before this one. Then they are gone through entity by
 * entity, for whether an entity exists decides about all that is said of it.
 * Relations come last, because both ends must have been decided, and then
 * attributes.
 *
 * For example, a branch created Bob and "Ada knows Bob". Sorted by entity
 * the relation would come with Ada, before Bob exists on the parent; it
 * waits, Bob is created, and the relation is written in the end. */
#include "memory-db/model/time/merge_internal.h"

#include <assert.h>
#include <string.h>

#include "common/jx.h"
#include "common/vec.h"
#include "memory-db/model/time/sliced_run.h"

/* --- sides ---------------------------------------------------------------- */
struct parent {
	int64_t id, fork;
};

static int
get_parent(void *ctx, const struct branch_row *b)
{
	*(struct parent *)ctx = (struct parent){b->parent, b->fork};
	return 0;
}

static int
make_sides(struct merge *m)
{
	struct parent p = {0, 0};
	int64_t upto = 0;
	int rc = branch_get(m->st, m->branch, get_parent, &p, m->e);

	if (rc < 0)
		return rc;
	rc = lens_branch_name(m->st, m->branch, &m->name, m->e);
	if (rc < 0)
		return rc;
	if (!buf_str(&m->name))
		return err_nomem(m->e);
	m->parent = p.id;
	m->base_at = p.fork;
	m->ours = *lens_of(m->st);
	rc = lens_make(m->st, m->branch,
		m->at.upto != 0 ? m->at.upto : STORE_OPEN_END, &m->theirs,
		m->e);
	if (rc != 0)
		return rc;
	rc = branch_merged(m->st, m->branch, &m->base_at, &upto, m->e);
	if (rc == 1) /* the parent took the branch as it was then */
		return lens_make(m->st, m->branch, upto, &m->base, m->e);
	if (rc != 0)
		return rc;
	return lens_make(m->st, p.id, p.fork, &m->base, m->e);
}

int
merge_add_touched(void *ctx, int64_t fact, int64_t entity)
{
	struct merge *m = ctx;

	if (vec_room(m->touched, m->n, m->cap) != 0)
		return err_nomem(m->e);
	m->touched[m->n++] = (struct merge_touched){fact, entity, false};
	return 0;
}

static int
merge_by_entity(const void *a, const void *b)
{
	const struct merge_touched *x = a, *y = b;

	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

/* Each of those that wait once more. */
static int
merge_waiting_round(struct merge *m)
{
	size_t n;

	for (size_t i = 0; i < m->n; i++) {
		int rc = m->touched[i].waits ? merge_entity(m, i, &n) : 0;

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
merge_waiting_rounds(struct merge *m)
{
	while (m->waiting > 0) {
		size_t before = m->waiting;
		int rc;

		m->waiting = 0;
		rc = merge_waiting_round(m);
		if (rc != 0)
			return rc;
		/* Nobody begins to wait in a round, and the last one ends the
		 * waiting of all. */
		assert(m->waiting <= before);
		assert(!m->last_round || m->waiting == 0);
		m->last_round = m->waiting == before;
	}
	return 0;
}

/* Names move between entities: what waits for one is looked at again until no
 * more come free. */
static int
merge_waiting(struct merge *m)
{
	int64_t room = m->room;
	int rc;

	/* In one go, with all the room of a change. */
	if (m->room > 0 && m->waiting > 0 && change_ops(m->w->change) > 0) {
		m->cut = true;
		return 0;
	}
	m->room = 0;
	rc = merge_waiting_rounds(m);
	m->room = room;
	return rc;
}

/* --- relations, after all entities ---------------------------------------- */
static int
merge_relation(struct merge *m, const struct merge_item *x)
{
	int rc;

	if (x->f.kind != FACT_RELATION)
		return 0;
	if (merge_item_goes(x))
		return merge_item_hide(m, x);
	if (!merge_item_comes(x))
		return 0;
	rc = fact_existence(m->st, x->f.entity, NULL, NULL, NULL, m->e);
	if (rc == 1)
		rc = fact_existence(m->st, x->f.peer, NULL, NULL, NULL, m->e);
	if (rc == 1)
		return merge_item_show(m, x);
	return rc < 0 ? rc
		      : merge_conflict(m, x->f.entity, CONFLICT_MERGE,
				"relation", "an end is deleted", "related");
}

static int
merge_relations(struct merge *m)
{
	for (size_t i = 0; i < m->n; i++) {
		AUTO_ITEM struct merge_item x = {0};
		int rc;

		if (m->touched[i].entity < m->at.entity ||
			(m->touched[i].entity == m->at.entity &&
				m->touched[i].fact <= m->at.fact))
			continue;
		if (merge_is_tired(m))
			return 0;
		m->at.entity = m->touched[i].entity;
		m->at.fact = m->touched[i].fact;
		rc = merge_item_load(m, m->touched[i].fact, &x);
		if (rc != 0)
			return rc;
		rc = merge_relation(m, &x);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- tier and pin --------------------------------------------------------- */
static int
merge_attrs(struct merge *m)
{
	AUTO_MERGE struct merge pairs = {.e = m->e};
	int rc = m->pick ? merge_pick_attrs(m, &pairs)
			 : branch_each_attr(m->st, m->branch, merge_add_touched,
				   &pairs, m->e);

	if (rc != 0)
		return rc;
	for (size_t i = (size_t)m->at.attrs; i < pairs.n; i++) {
		if (merge_full(m))
			return 0;
		m->at.attrs++;
		rc = merge_attribute(m, pairs.touched[i].entity,
			(enum attr_key)pairs.touched[i].fact);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------ */
bool
merge_full(struct merge *m)
{
	if (m->room > 0 && change_ops(m->w->change) >= m->room)
		m->cut = true;
	return m->cut;
}

bool
merge_is_tired(struct merge *m)
{
	if (m->room > 0 && m->looked >= 4 * m->room)
		m->cut = true;
	return merge_full(m);
}

static int
merge_prepare(struct merge *m)
{
	int64_t newest;
	int rc = m->pick ? merge_pick_sides(m) : make_sides(m);

	if (rc != 0)
		return rc;
	rc = branch_newest(m->st, m->w->ns, m->parent, &newest, m->e);
	if (rc != 0)
		return rc;
	m->out->fast_forward = newest <= m->base_at;
	rc = m->pick ? merge_pick_facts(m)
		     : branch_each_fact(m->st, m->branch, merge_add_touched, m,
			       m->e);
	m->out->touched = (int64_t)m->n;
	if (rc != 0)
		return rc;
	if (m->n > 0)
		qsort(m->touched, m->n, sizeof(*m->touched), merge_by_entity);
	merge_set_waiting(m);
	return 0;
}

static int
merge_entities(struct merge *m)
{
	int64_t first = m->at.entity;
	bool within = m->at.pass != PASS_NEW;
	size_t n;

	for (size_t i = 0; !m->cut && i < m->n; i += n) {
		int64_t entity = m->touched[i].entity;
		int rc;

		n = 1;
		if (entity < first || (entity == first && !within))
			continue;
		if (merge_is_tired(m))
			return 0;
		rc = merge_entity(m, i, &n);
		if (rc != 0)
			return rc;
		if (!m->cut)
			m->at.pass = PASS_NEW;
	}
	return 0;
}

/* Phase by phase, until all is done or the slice is full. */
static int
run_phases(struct merge *m)
{
	static int (*const phases[])(struct merge *) = {
		[MERGE_ENTITIES] = merge_entities,
		[MERGE_NAMES] = merge_waiting,
		[MERGE_RELATIONS] = merge_relations,
		[MERGE_ATTRS] = merge_attrs,
	};

	assert(m->at.phase >= 0 && m->at.phase <= MERGE_DONE);
	while (m->at.phase < MERGE_DONE) {
		int rc = phases[m->at.phase](m);

		if (rc != 0 || m->cut)
			return rc;
		m->at.phase++;
		m->at.entity = m->at.pass = m->at.fact = 0;
	}
	return 0;
}

int
merge_run(struct merge *m, struct merge_result *ret)
{
	int rc;

	memset(ret, 0, sizeof(*ret));
	m->out = ret;
	ret->conflicts = json_array();
	rc = !ret->conflicts ? err_nomem(m->e) : merge_prepare(m);
	if (rc != 0)
		return rc;
	return run_phases(m);
}

/* upto 0: all that the branch has by now. What waits for review is not taken
 * yet: where it is rejected the branch can be merged again. */
int
merge_end(struct merge *m, int64_t upto)
{
	assert(m->branch != m->w->branch);
	if (m->w->is_staged)
		return 0;
	return change_branch(m->w->change, BRANCH_OP_MERGE, m->branch, upto,
		m->e);
}

void
merge_done(struct merge *m)
{
	free(m->touched);
	buf_done(&m->name);
	idset_done(&m->own);
	idset_done(&m->gone);
	idset_done(&m->told);
}

int
merge_apply(struct write *w, int64_t branch, struct merge_result *ret,
	struct err *e)
{
	struct merge m = {.w = w, .st = w->st, .e = e, .branch = branch};
	int r = merge_run(&m, ret);

	/* What was there already counts as taken: the next merge compares with
	 * it. */
	if (r == 0 && (change_ops(w->change) > 0 || ret->stands > 0 ||
			      json_array_size(ret->conflicts) > 0))
		r = merge_end(&m, 0);
	r = sliced_run_refuse(w, ret->touched, r, e);
	merge_done(&m);
	return r;
}

int
merge_record(struct write *w, int64_t branch, struct err *e)
{
	if (w->replay || w->change_id == 0 || w->is_staged)
		return 0;
	return branch_add_merge(w->st, branch, w->change_id, w->change_id - 1,
		e);
}

void
merge_result_done(struct merge_result *r)
{
	json_decref(r->conflicts);
	r->conflicts = NULL;
}
