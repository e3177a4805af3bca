/* Scripts that overlap would keep the log beside the database growing. Each sees
 * the state of its beginning until it ends, and the log begins anew only in a
 * moment in which nobody stands in its past. With one script of ten seconds begun
 * every five there is no such moment:
 *
 *   script 1   |----------|
 *   script 2        |----------|
 *   script 3             |----------|     the log must keep all since script 1 began,
 *                                         then all since script 2 began, ...
 *
 * So, once the log is large and only scripts of our own are in the way, the next
 * script waits until those under way have ended and the log was cut back. Reads
 * are short, and wait for nothing. */
#ifndef WORK_LOG_ROOM_H
#define WORK_LOG_ROOM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

struct log_room {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* its clock is the monotonic one */
	unsigned running;	/* scripts that have begun */
	atomic_bool is_wanted;	/* the log is to be cut back first */
	int64_t given_up_ns;	/* somebody else is in the way: no script waits
				   until then */
};

void log_room_init(struct log_room *l);
void log_room_done(struct log_room *l);

/* The writer: whether scripts that have not begun shall wait. */
void log_room_want(struct log_room *l, bool on);

/* Around a script. Waits no longer than scripts run, and ends at once when
 * *cancelled becomes true. */
void log_room_enter(struct log_room *l, const atomic_bool *cancelled);
void log_room_leave(struct log_room *l);

#endif
