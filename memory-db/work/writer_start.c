/* What the writer does before its first request: the file is brought to the
 * schema of this program, all connections are opened, and branches whose owner
 * went away with a service that crashed are discarded. */
#include "common/log.h"
#include "memory-db/model/scope/branch_lease.h"
#include "memory-db/model/write/skill.h"
#include "memory-db/work/internal.h"

static void
on_progress(void *ctx, double p)
{
	struct work *w = ctx;

	work_is_busy(w); /* progress: the watchdog is content */
	atomic_store_explicit(&w->permille, (int)(p * 1000),
		memory_order_relaxed);
}

int
writer_open(struct work *w, struct err *e)
{
	struct database *db = w->opt.db;

	if (database_needs_migration(db) && !database_read_only(db)) {
		work_set_state(w, WORK_MIGRATING);
		if (database_migrate(db, on_progress, w, e))
			return e->code;
	}
	/* Over a read-only file it only fills the counters. */
	if (store_open(db, STORE_WRITER, &w->st, e))
		return e->code;
	for (size_t i = 0; i < WORK_READERS; i++)
		if (store_open(db, STORE_READER, &w->readers[i].st, e))
			return e->code;
	return 0;
}

static int
end_leases_work(struct store *st, void *ret_n, struct err *e)
{
	int rc = branch_lease_discard_all(st, ret_n, e);

	if (rc != 0)
		return rc;
	return skill_open(st, e);
}

/* What fails is tried again at the next start. */
void
writer_end_leases(struct work *w)
{
	struct err e = {0};
	int64_t n = 0;

	if (!w->st || database_read_only(w->opt.db))
		return;
	if (store_group_run(w->st, end_leases_work, &n, &e) != 0)
		log_event(LOG_WARN, "leased branches stay", 0,
			LOG_S("error", e.text));
	else if (n > 0)
		log_event(LOG_INFO, "leased branches discarded", 0,
			LOG_I("branches", n));
}
