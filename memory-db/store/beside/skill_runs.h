/* How the runs of skills went. Counters: noted in memory by any thread,
 * stored by the writer along with its next group or in its idle time. A crash
 * may lose the last second of them. */
#ifndef STORE_BESIDE_SKILL_RUNS_H
#define STORE_BESIDE_SKILL_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/store/engine/store.h"

struct run_sum {
	int64_t entity;
	int64_t runs, ok, us, last_at;
};

/* One run of the skill with that entity id. Without memory it is not
 * counted. */
void skill_run_note(struct database *db, int64_t entity, bool ok, int64_t us);

/* What is stored; zeros when it never ran. */
int skill_run_get(struct store *st, int64_t entity, struct run_sum *ret,
	struct err *e) MUST_CHECK;

/* Drops the figures of a skill (writer). */
int skill_run_forget(struct store *st, int64_t entity, struct err *e)
	MUST_CHECK;

#endif
