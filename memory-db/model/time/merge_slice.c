/* A merge in slices: what the run keeps between two calls (sliced_run.h).
 *
 * For example, 50,000 facts wait to be merged and a slice has room for
 * 10,000 ops. The first call merges the entities up to id 812, notes 812 in
 * the run and seals its change; the second call goes on behind 812. The
 * branch counts as merged when the last slice is done. */
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/time/merge_internal.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/engine/lens.h"

static const char *const members[] = {"phase", "entity", "pass", "fact",
	"attrs", "upto", "change"};

static void
cursor(struct merge_at *at, int64_t *ret[ARRAY_LEN(members)])
{
	int64_t *all[] = {&at->phase, &at->entity, &at->pass, &at->fact,
		&at->attrs, &at->upto, &at->change};

	memcpy(ret, all, sizeof(all));
}

static int
load_ids(struct idset *set, const struct sliced_run *run, const char *member,
	struct err *e)
{
	json_t *id;
	size_t i;

	json_array_foreach(json_object_get(run->state, member), i, id)
		if (idset_put(set, json_integer_value(id)) == NULL)
			return err_nomem(e);
	return 0;
}

static int
load_cursor(struct merge *m, const struct sliced_run *run)
{
	const json_t *at = json_object_get(run->state, "at");
	int64_t *v[ARRAY_LEN(members)];
	int rc;

	cursor(&m->at, v);
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		*v[i] = (int64_t)json_integer_value(
			json_object_get(at, members[i]));
	if (m->at.phase < MERGE_ENTITIES || m->at.phase > MERGE_DONE)
		return err_set(m->e, MDB_E_CORRUPT,
			"the state of merge %s is damaged: it has no phase "
			"%lld",
			run->id, (long long)m->at.phase);
	rc = load_ids(&m->own, run, "changes", m->e);
	if (rc != 0)
		return rc;
	rc = load_ids(&m->told, run, "told", m->e);
	/* What the branch has now is taken, and no more. */
	return rc == 0 && m->at.upto == 0
		       ? lens_newest(m->st, &m->at.upto, m->e)
		       : rc;
}

static int
save_cursor(struct merge *m, struct sliced_run *run)
{
	json_t *at = json_object(), *waiting = json_array();
	json_t *told = json_array();
	int64_t *v[ARRAY_LEN(members)];
	int bad = jx_set(run->state, "at", at);

	bad |= jx_set(run->state, "waiting", waiting);
	bad |= jx_set(run->state, "told", told);
	cursor(&m->at, v);
	for (size_t i = 0; !bad && i < ARRAY_LEN(members); i++)
		bad = jx_set(at, members[i], json_integer(*v[i]));
	for (size_t i = 0; !bad && i < m->n; i++)
		if (m->touched[i].waits)
			bad = jx_add(waiting,
				json_integer(m->touched[i].entity));
	for (size_t i = 0; !bad && i < m->told.cap; i++)
		if (m->told.slots[i].id != 0)
			bad = jx_add(told, json_integer(m->told.slots[i].id));
	return bad ? err_nomem(m->e) : 0;
}

/* Facts to be looked at, for themselves and as relations; one more for what
 * comes after them. */
static int64_t
merge_slice_left(const struct merge *m)
{
	int64_t n = 0;

	if (m->at.phase == MERGE_DONE)
		return 0;
	for (size_t i = 0; i < m->n && m->at.phase != MERGE_NAMES &&
			   m->at.phase != MERGE_ATTRS;
		i++)
		n += m->touched[i].entity > m->at.entity ||
		     (m->touched[i].entity == m->at.entity &&
			     m->at.pass != PASS_NEW);
	if (m->at.phase < MERGE_RELATIONS)
		n += (int64_t)m->n;
	return n + 1;
}

/* Marks the entities that waited for a name at the end of the slice before. */
void
merge_set_waiting(struct merge *m)
{
	const json_t *entity;
	size_t i, k = 0;

	/* Both are in order of entities. */
	json_array_foreach(m->waited, i, entity) {
		int64_t id = json_integer_value(entity);

		while (k < m->n && m->touched[k].entity < id)
			k++;
		if (k < m->n && m->touched[k].entity == id) {
			m->touched[k].waits = true;
			m->waiting++;
		}
	}
}

int
merge_slice(struct write *w, int64_t branch, struct sliced_run *run,
	struct merge_result *ret, struct err *e)
{
	AUTO_MERGE struct merge m = {.w = w,
		.st = w->st,
		.e = e,
		.branch = branch,
		.room = run->room,
		.waited = json_object_get(run->state, "waiting")};
	int64_t conflicts = 0, stands = 0;
	int rc = load_cursor(&m, run);

	if (rc != 0)
		return rc;
	rc = merge_run(&m, ret);
	if (rc != 0)
		return rc;
	ret->remaining = merge_slice_left(&m);
	conflicts = sliced_run_total(run, "conflicts",
		(int64_t)json_array_size(ret->conflicts));
	stands = sliced_run_total(run, "stands", ret->stands);
	if (ret->remaining == 0 && (change_ops(w->change) > 0 || m.own.n > 0 ||
					   conflicts > 0 || stands > 0))
		rc = merge_end(&m, m.at.upto);
	if (rc != 0)
		return rc;
	return save_cursor(&m, run);
}

int
merge_record_run(struct write *w, int64_t branch, struct sliced_run *run,
	const struct merge_result *m, struct err *e)
{
	json_t *at = json_object_get(run->state, "at");
	int64_t upto = json_integer_value(json_object_get(at, "upto"));

	if (w->replay || w->change_id == 0)
		return 0;
	if (jx_set(at, "change", json_integer(w->change_id)) != 0)
		return err_nomem(e);
	return m->remaining > 0 || w->is_staged
		       ? 0
		       : branch_add_merge(w->st, branch, w->change_id, upto, e);
}
