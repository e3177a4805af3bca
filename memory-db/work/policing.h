/* The thread that asks policy functions (model/review/review_script.h): of each
 * change that waits in a namespace with the setting `review_script` it runs the
 * function in a jail and hands the answer to the writer. Neither the writer nor a
 * reader waits for a function. Nothing is done, and no connection is open, where
 * nothing was staged. */
#ifndef WORK_POLICING_H
#define WORK_POLICING_H

#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/work/helper_thread.h"

struct policing;
struct sandbox;

struct policing_options {
	struct helper_room room;
	struct sandbox *sandbox; /* borrowed */
};

int policing_start(const struct policing_options *o, struct policing **ret,
	struct err *e) MUST_CHECK;
/* The writer serves from now on. NULL: nothing. */
void policing_begin(struct policing *x);
/* A change was staged. NULL: nothing. */
void policing_note(struct policing *x);
/* With the gate held alone (recover.h): closes its connection. */
void policing_close(struct policing *x);
/* A function that runs is ended; what it was asked is asked again later. */
void policing_cancel(struct policing *x);
/* Before the writer's queue is stopped: what it handed on is answered. */
void policing_stop(struct policing *x);
void policing_free(struct policing *x);

#endif
