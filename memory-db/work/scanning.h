/* The thread that looks for conflicts (model/order/scan.h): it has a connection
 * that only reads, and a low priority. Whatever the writer has to do, a scan
 * gets on; the writer puts what was found into the queue.
 *
 * Without a scan the thread sleeps and its connection is closed. */
#ifndef WORK_SCANNING_H
#define WORK_SCANNING_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/work/background/background.h"
#include "memory-db/work/helper_thread.h"

struct scanning;

struct scanning_options {
	struct helper_room room;
	struct background *background;
	/* These have the ctx of the room. */
	enum background_mode (*mode)(void *ctx);
	/* Requests that the writer had so far. */
	uint64_t (*requests)(void *ctx);
	/* Is a request of a client under way? */
	bool (*is_busy)(void *ctx);
};

extern const struct background_task scanning_task;

/* Starts the thread, which waits for scanning_begin. */
int scanning_start(const struct scanning_options *o, struct scanning **ret,
	struct err *e) MUST_CHECK;
/* The writer serves from now on. NULL: nothing. */
void scanning_begin(struct scanning *x);
/* The writer committed: was a scan begun? Cheap. NULL: nothing. */
void scanning_note(struct scanning *x);
/* With the gate held alone (recover.h): closes its connection, which the next
 * look opens anew. */
void scanning_close(struct scanning *x);
/* Before the writer's queue is stopped: what it handed on is answered. */
void scanning_stop(struct scanning *x);
void scanning_free(struct scanning *x);

#endif
