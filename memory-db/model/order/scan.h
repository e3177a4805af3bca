/* The scan of a whole memory for facts that do not go together, in slices.
 *
 * Facts are visited in the order of their ids; each is compared with older ones
 * as a write with on_conflict would have it, so a pair is looked at once and the
 * time grows with the number of facts. What is found goes to the queue. How far
 * a scan is stands in the table meta, written with what it found: after a crash
 * it goes on there. It follows main, and visits what is written meanwhile, too.
 *
 * Keys of meta: "scan/<ns>" -> {"state", "after", ...}, and for those under way
 * "scanning/<ns>" -> the number of the namespace. */
#ifndef MODEL_ORDER_SCAN_H
#define MODEL_ORDER_SCAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Begins the scan of a namespace, or goes on with one that was stopped; from:
 * the fact before the first one, -1: from the beginning (or where it stopped).
 * One under way goes on. Writer. */
int scan_start(struct store *st, int64_t ns, int64_t from, struct err *e)
	MUST_CHECK;
/* Ends it where it is. 1 stopped, 0 there was none. Writer. */
int scan_stop(struct store *st, int64_t ns, struct err *e) MUST_CHECK;
/* {state: never | running | stopped | done, checked, found, progress,
 * started_at?, ended_at?, queued: pending ones that scans found}, new. */
int scan_tell(struct store *st, int64_t ns, json_t **ret, struct err *e)
	MUST_CHECK;

/* --- the task ------------------------------------------------------------- */
/* Of the scan under way, what is not written yet: its place is written each
 * second, and with what it finds, so that a slice mostly costs no COMMIT. */
struct scan_place {
	int64_t ns, started_at;
	int64_t after, checked, found;
	int64_t saved_ns; /* monotonic */
};

/* Is a scan under way? is_calm: nobody has written for a moment. A scan that
 * only makes up for what busy writes left out waits for that. Cheap. */
bool scan_wanted(struct store *st, bool is_calm);
/* A slice, in a transaction of its own. 1 more is to do, 0 done. */
int scan_step(struct store *st, struct scan_place *place, int64_t budget_ns,
	struct err *e) MUST_CHECK;

#endif
