/* Facts that changes of the request under way have shown on main without being
 * compared with what is there: those of a merge, an approval, an import, an
 * undo. A write that compares its own (model/order/on_conflict.h) says so
 * (change_compared), and what is replayed from a log was compared where it was
 * written.
 *
 * Ranges of ids, as such facts follow each other: a merge that shows the facts 7
 * to 90 of a branch, some of which are tags, has one range. */
#ifndef STORE_LOG_SHOWN_LATE_H
#define STORE_LOG_SHOWN_LATE_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* Ranges of a request; more are one range with what lies between. */
#define SHOWN_LATE_MOST 16

struct shown_late {
	int64_t ns, first, last;
};

/* Of change_open_fact. */
int shown_late_note(struct store *st, int64_t ns, int64_t fact, struct err *e)
	MUST_CHECK;
/* Those noted since it was asked last; how many. */
size_t shown_late_take(struct store *st,
	struct shown_late ret[SHOWN_LATE_MOST]);

#endif
