/* The threads beside the writer that look and then hand something to it: that
 * which looks for conflicts (scanning.h), and that which asks policy functions
 * (policing.h). */
#ifndef WORK_ASIDE_H
#define WORK_ASIDE_H

#include "common/cleanup.h"
#include "common/err.h"

struct helper_room;
struct work;

/* The threads, which wait for aside_begin. aside_stop and aside_free also after
 * an error. */
int aside_start(struct work *w, const struct helper_room *room, struct err *e)
	MUST_CHECK;
/* The writer serves from now on. */
void aside_begin(struct work *w);
/* With the gate held alone (recover.h): closes their connections. */
void aside_close(struct work *w);
/* Before the writer's queue is stopped. */
void aside_stop(struct work *w);
void aside_free(struct work *w);

#endif
