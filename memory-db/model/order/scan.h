/* The scan of a whole memory for facts that do not go together.
 *
 * Facts are visited in the order of their ids; each is compared with older ones
 * as a write with on_conflict would have it, so a pair is looked at once and the
 * time grows with the number of facts. It follows main.
 *
 * Looking needs no writer. A thread with a connection that only reads makes many
 * short looks (scan_look), each in a snapshot of its own, and hands what they
 * found to the writer (scan_write), which puts it into the queue and notes how
 * far the scan is: after a crash it goes on there. For example
 *
 *   look    facts 1 to 40    2 findings
 *   look    facts 41 to 75   5 findings
 *   write   7 rows of the queue, "after": 75          some 1 ms of the writer
 *
 * So whatever the writer has to do, a scan gets on, and clients wait only for
 * findings. A scan that was asked for ends with the newest fact that there was
 * when it began. One that makes up for what busy writes left out ("catch-up",
 * on_conflict.h) goes on until it has seen all.
 *
 * A third kind of fact is looked at again: one that came onto main without being
 * compared, by a merge or an approval (look_later.h). Its id may be lower than
 * those of facts that were there before it, so it is compared with newer ones,
 * too. Such facts are ranges of ids in the state of the scan ("again"), and come
 * first.
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
#include "memory-db/model/order/queue.h"

struct conflicts_pause;
struct store;

/* Begins the scan of a namespace, or goes on with one that was stopped; from:
 * the fact before the first one, -1: from the beginning (or where it stopped).
 * One under way goes on. Writer. */
int scan_start(struct store *st, int64_t ns, int64_t from, struct err *e)
	MUST_CHECK;
/* Facts from `first` to `last` are compared with all others, by the scan under
 * way or one that begins for them. Writer. */
int scan_again(struct store *st, int64_t ns, int64_t first, int64_t last,
	struct err *e) MUST_CHECK;
/* Ends it where it is; what writes have left out is looked at all the same, when
 * the next one leaves out something. 1 stopped, 0 there was none. Writer. */
int scan_stop(struct store *st, int64_t ns, struct err *e) MUST_CHECK;
/* {state: never | running | stopped | done, checked, found, progress,
 * started_at?, ended_at?, queued: pending ones that scans found}, new. */
int scan_tell(struct store *st, int64_t ns, json_t **ret, struct err *e)
	MUST_CHECK;

/* How many scans were begun in this process: changes with each. Any thread. */
unsigned scan_asked(void);

/* --- the looking ---------------------------------------------------------- */
#define SCAN_FOUND_MAX 128

/* Where the looks are, and what they found since the last write. */
struct scan_place {
	int64_t ns, started_at; /* of the scan; ns 0: none is known */
	int64_t after, checked;
	/* Ranges of `again` that are done, and how far the next one is. */
	int64_t again_done, again_at;
	struct queue_found found[SCAN_FOUND_MAX];
	size_t n;
	bool is_done;			     /* the last look came to the end */
	const struct conflicts_pause *pause; /* borrowed, of who looks */
};

/* A look in the snapshot that the store (a reader) has begun. is_calm: nobody
 * has written for a moment; a scan that makes up for busy writes waits for that.
 * 1: it looked, 0: there is no scan to look for. After a failure place->ns is to
 * be set to 0. */
int scan_look(struct store *st, struct scan_place *place, bool is_calm,
	int64_t budget_ns, struct err *e) MUST_CHECK;
/* Writes what looks found, as a part of a group; again, when the group failed.
 * Writer. */
int scan_write(struct store *st, const struct scan_place *place, struct err *e)
	MUST_CHECK;
/* Is a scan under way? Cheap. */
bool scan_wanted(struct store *st, bool is_calm);

#endif
