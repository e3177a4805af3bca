/* The private view of a script: a group that is always rolled back. */
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/snapshot.h"

int
store_script_begin(struct store *st, int64_t *ret_change, struct err *e)
{
	int r = snapshot_pin(st->snapshot, e);

	if (r != 0)
		return r;
	st->changes_before = sqlite3_total_changes(st->db);
	r = store_group_begin(st, e);
	if (r == 0)
		r = lens_newest(st, ret_change, e);
	if (r != 0)
		store_script_end(st);
	return r;
}

void
store_script_end(struct store *st)
{
	st->deadline_ns = 0;
	atomic_store(&st->interrupted, false);
	/* Ids that the script gave are given again, to other facts. */
	if (sqlite3_total_changes(st->db) != st->changes_before)
		store_drop_kept(st);
	store_group_abort(st);
	snapshot_release(st->snapshot);
}
