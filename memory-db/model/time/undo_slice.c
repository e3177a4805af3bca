/* Undo in slices; see undo_slice.h. State of the run: "all" [change], newest
 * first, of which "undone" are done; "more" [change] came by cascade. */
#include "memory-db/model/time/undo_slice.h"

#include <stdlib.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/time/undo_internal.h"
#include "memory-db/store/log/log.h"

static int
undo_slice_descending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x > y ? -1 : x < y;
}

/* A new run keeps the list of all selected changes, the newest first. */
static int
keep_all(struct undo *u, struct sliced_run *run, struct err *e)
{
	AUTO_FREE int64_t *v = calloc(u->changes.n + 1, sizeof(*v));
	json_t *all = json_array();
	size_t n = 0;

	if (!v || jx_set(run->state, "all", all) != 0 ||
		jx_set(run->state, "more", json_array()) != 0)
		return err_nomem(e);
	for (size_t i = 0; i < u->changes.cap; i++)
		if (u->changes.slots[i].id != 0)
			v[n++] = u->changes.slots[i].id;
	qsort(v, n, sizeof(*v), undo_slice_descending);
	for (size_t i = 0; i < n; i++)
		if (jx_add(all, json_integer(v[i])) != 0)
			return err_nomem(e);
	return 0;
}

static int
put_list(struct idset *set, const json_t *list, struct err *e)
{
	json_t *change;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, change)
		if (idset_put(set, json_integer_value(change)) == NULL)
			return err_nomem(e);
	return 0;
}

static size_t
undone(const struct sliced_run *run)
{
	return (size_t)json_integer_value(
		json_object_get(run->state, "undone"));
}

int
undo_slice_begin(struct undo *u, struct sliced_run *run, struct err *e)
{
	const json_t *all;
	int64_t facts = 0, ops;
	int rc = run->is_new ? keep_all(u, run, e) : 0;

	all = json_object_get(run->state, "all");
	if (rc != 0)
		return rc;
	rc = put_list(&u->others, all, e);
	if (rc != 0)
		return rc;
	rc = put_list(&u->others, json_object_get(run->state, "more"), e);
	if (rc != 0)
		return rc;
	rc = put_list(&u->others, json_object_get(run->state, "changes"), e);
	if (rc != 0)
		return rc;
	idset_done(&u->changes);
	u->undone = undone(run);
	if (u->undone > json_array_size(all))
		return err_set(e, MDB_E_CORRUPT,
			"the state of %s is damaged: it counts more changes "
			"than it has",
			run->id);
	for (; u->undone < json_array_size(all); u->undone++) {
		int64_t change =
			json_integer_value(json_array_get(all, u->undone));

		rc = log_op_count(u->w->st, change, &ops, e);
		if (rc != 0)
			return rc;
		facts += ops;
		if (u->changes.n > 0 && facts > run->room)
			return 0;
		if (!idset_put(&u->changes, change))
			return err_nomem(e);
	}
	return 0;
}

/* What all of them come to is too much for one change: the newest ones alone,
 * which are in the way of the others. They count as undone as far as they are
 * among those selected, of which the newest come first, too. */
static int
take_newest(struct undo *u, const struct sliced_run *run, struct err *e)
{
	const json_t *all = json_object_get(run->state, "all");
	AUTO_FREE int64_t *v = calloc(u->changes.n + 1, sizeof(*v));
	int64_t facts = 0, ops;
	size_t n = 0, taken = 0;

	if (!v)
		return err_nomem(e);
	for (size_t i = 0; i < u->changes.cap; i++)
		if (u->changes.slots[i].id != 0)
			v[n++] = u->changes.slots[i].id;
	qsort(v, n, sizeof(*v), undo_slice_descending);
	idset_done(&u->changes);
	for (; taken + 1 < n; taken++) {
		int rc = log_op_count(u->w->st, v[taken], &ops, e);

		if (rc != 0)
			return rc;
		facts += ops;
		if (taken > 0 && facts > run->room)
			break;
		if (!idset_put(&u->changes, v[taken]))
			return err_nomem(e);
	}
	u->undone = undone(run);
	while (u->undone < json_array_size(all) &&
		idset_has(&u->changes,
			json_integer_value(json_array_get(all, u->undone))))
		u->undone++;
	return 0;
}

int
undo_slice_plan(struct undo *u, struct sliced_run *run, struct err *e)
{
	int rc;

	for (;;) {
		rc = undo_plan(u, e);
		if (rc != MDB_E_LIMIT || u->changes.n < 2)
			return rc;
		*e = (struct err){0};
		rc = take_newest(u, run, e);
		if (rc != 0)
			return rc;
	}
}

int64_t
undo_ops(const struct undo *u)
{
	int64_t n = 0;

	for (size_t i = 0; i < u->facts_n; i++)
		n += u->facts[i].was != u->facts[i].is;
	for (size_t i = 0; i < u->attrs_n; i++)
		n += u->attrs[i].was != u->attrs[i].is;
	return n;
}

void
undo_only_along(struct undo *u, int64_t most)
{
	for (size_t i = 0; i < u->facts_n; i++)
		u->facts[i].is = u->facts[i].was;
	for (size_t i = 0; i < u->attrs_n; i++)
		if (!u->attrs[i].along || most-- <= 0)
			u->attrs[i].is = u->attrs[i].was;
}

int
undo_slice_apply(struct undo *u, struct sliced_run *run, struct err *e)
{
	if (undo_ops(u) > LIMIT_CHANGE_FACTS) {
		undo_only_along(u, run->room);
		idset_done(&u->changes);
		u->undone = undone(run);
	}
	return undo_apply(u, e);
}

int
undo_slice_end(struct undo *u, struct sliced_run *run, int64_t *ret_left,
	struct err *e)
{
	const json_t *all = json_object_get(run->state, "all");
	json_t *more = json_object_get(run->state, "more");

	for (size_t i = 0; i < u->changes.cap; i++) {
		int64_t id = u->changes.slots[i].id;

		/* By cascade: it is undone, and was not asked for. */
		if (id != 0 && !idset_has(&u->others, id) &&
			jx_add(more, json_integer(id)) != 0)
			return err_nomem(e);
	}
	*ret_left = (int64_t)(json_array_size(all) - u->undone);
	if (jx_set(run->state, "undone", json_integer((json_int_t)u->undone)) !=
		0)
		return err_nomem(e);
	u->hidden = sliced_run_total(run, "removed", u->hidden);
	u->shown = sliced_run_total(run, "restored", u->shown);
	u->attributes = sliced_run_total(run, "attributes", u->attributes);
	u->total = sliced_run_total(run, "undone", (int64_t)u->changes.n);
	return 0;
}
