/* The private view of a script: a group that is always rolled back. */
#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/snapshot.h"

int
store_script_begin(struct store *st, int64_t *ret_change, struct err *e)
{
	int rc = snapshot_pin(st->snapshot, e);

	if (rc != 0)
		return rc;
	st->changes_before = sqlite3_total_changes(st->db);
	rc = store_group_begin(st, e);
	if (rc == 0)
		rc = lens_newest(st, ret_change, e);
	if (rc != 0)
		store_script_end(st);
	return rc;
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
