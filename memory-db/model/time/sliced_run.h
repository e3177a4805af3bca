/* Runs: merges, undos, reverts and forgettings that are too large for one
 * change, as a series of changes.
 *
 * A call does one slice, which is a change that is right in itself, and says
 * whether more is to be done; the same call again goes on. What is left is kept
 * with the database, in the transaction of the slice: after a crash the same
 * call goes on as well. Two rows of `meta`:
 *   "open:<hash of method, namespace, target>" -> id, until the run is done
 *   "run:<id>" -> {"id", "method", "ns", "branch", "open", "remaining",
 *                  "changes":[id], "totals":{}, and what the method keeps}
 * The second one stays, so that the run can be undone as a whole, as long as it
 * is among the newest LIMIT_RUNS_KEPT. A log has a line for each, which a restore
 * takes over (sliced_run_rows.c). */
#ifndef MODEL_TIME_SLICED_RUN_H
#define MODEL_TIME_SLICED_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/write/write.h"

#define RUN_ID_SIZE 24

struct sliced_run {
	struct store *st;
	char id[RUN_ID_SIZE], open_key[40];
	json_t *state; /* owned; NULL: no run */
	bool is_new;
	int64_t room; /* facts of a slice: set by sliced_run_room */
};

/* The open run of a method with this target (a text that tells what it works
 * on), or a new one. branch: the one that is merged, else the one that is
 * written to. Nothing is written before sliced_run_end. */
int sliced_run_begin(struct sliced_run *r, const struct write *w,
	const char *method, const char *target, int64_t branch, struct err *e)
	MUST_CHECK;
/* The room of a slice: `most`, unless the call wants smaller ones. */
void sliced_run_room(struct sliced_run *r, const json_t *params, int64_t most);
/* 0 there is none; 1 with its id in r. */
int sliced_run_find(struct sliced_run *r, struct store *st, int64_t ns,
	const char *method, const char *target, struct err *e) MUST_CHECK;
/* Keeps the state after a slice. change 0: it wrote nothing. */
int sliced_run_end(struct sliced_run *r, int64_t change, int64_t remaining,
	struct err *e) MUST_CHECK;
/* Adds to a number of the totals and returns the sum. */
int64_t sliced_run_total(struct sliced_run *r, const char *key, int64_t more);
/* Adds done, run, slices and remaining to a reply. */
int sliced_run_reply(const struct sliced_run *r, json_t *reply, struct err *e)
	MUST_CHECK;
/* The same for the reply to a retry: how far the run is by now. */
int sliced_run_reply_again(struct store *st, int64_t ns, const char *method,
	const char *target, json_t *reply, struct err *e) MUST_CHECK;
void sliced_run_done(struct sliced_run *r);
#define AUTO_RUN __attribute__((cleanup(sliced_run_done)))

/* The changes of a run, whether it is done or not, and an end to it: what is
 * undone does not go on. MDB_E_NOT_FOUND. */
int sliced_run_changes(struct store *st, const char *id, int64_t ns,
	struct idset *ret, struct err *e) MUST_CHECK;
int sliced_run_close(struct store *st, const char *id, struct err *e)
	MUST_CHECK;

/* The state of a run of a method in a namespace, as a new object.
 * MDB_E_NOT_FOUND. */
int sliced_run_state(struct store *st, const char *id, int64_t ns,
	const char *method, json_t **ret, struct err *e) MUST_CHECK;
/* The states of all runs of a method in a namespace, the oldest first. fn
 * returns non-zero to stop. */
typedef int (*sliced_run_fn)(void *ctx, const json_t *state);
int sliced_run_each(struct store *st, int64_t ns, const char *method,
	sliced_run_fn fn, void *ctx, struct err *e) MUST_CHECK;

/* Runs of a namespace that are not done: an array of {run, method, remaining,
 * changes, branch?, discarded?}. What was half done on a branch that is gone is
 * gone, too; what a merge took of one is still there. */
int sliced_run_list(struct store *st, int64_t ns, json_t *ret_list,
	struct err *e) MUST_CHECK;

/* --- as rows: export and restore (sliced_run_rows.c) ---------------------- */
/* Runs of a namespace (0: all) from a number on (sliced_run_number), by it: those
 * with a change above `since` and those that are open, as far as they had come
 * with the change `upto`. fn borrows the state, and returns non-zero to stop. */
struct sliced_run_range {
	int64_t ns, since, upto, from;
};
typedef int (*sliced_run_row_fn)(void *ctx, json_t *state);
int sliced_run_rows(struct store *st, const struct sliced_run_range *range,
	sliced_run_row_fn fn, void *ctx, struct err *e) MUST_CHECK;
/* The number in the id of a state; false: it is no id of a run. */
bool sliced_run_number(const json_t *state, int64_t *ret);
/* Takes over the line of a run, whose id was looked at. Writer. */
int sliced_run_put(struct store *st, const json_t *line, struct err *e)
	MUST_CHECK;
/* Drops what is beyond LIMIT_RUNS_KEPT. Writer. */
int sliced_run_trim(struct store *st, struct err *e) MUST_CHECK;

/* Refuses what is too large for one change, with the count of its facts. */
int sliced_run_too_large(int64_t facts, struct err *e) MUST_CHECK;
/* Called with the result of a change: when it was refused for its size. */
int sliced_run_refuse(const struct write *w, int64_t facts, int r,
	struct err *e) MUST_CHECK;

#endif
